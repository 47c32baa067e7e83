package edge

import (
	"github.com/vektah/gqlparser/v2/ast"

	"citygraph/internal/fault"
)

// shape is what a selection expands to. Numbers stop growing at shapeCap, so that a fragment bomb
// cannot overflow them.
type shape struct {
	fields int // with every fragment spread in place
	roots  int // fields at the top
	depth  int
	meta   int // depth below __schema or __type
}

const shapeCap = 1 << 20

// guard measures a parsed document before it is validated. Each selection and each fragment is
// visited once, so the work is linear in the text whatever the document expands to.
type guard struct {
	limits     Limits
	fragments  map[string]*ast.FragmentDefinition
	shapes     map[string]*shape // nil while the fragment is being measured
	fields     int               // as written
	aliases    int
	directives int
	fault      *fault.Fault
}

// check refuses a document that is over a limit, contains itself, or asks for introspection where
// that is off.
func (l Limits) check(doc *ast.QueryDocument, introspection bool) *fault.Fault {
	if len(doc.Operations) > l.Operations || len(doc.Fragments) > l.Fragments {
		return errTooComplex
	}
	g := &guard{limits: l, fragments: map[string]*ast.FragmentDefinition{}, shapes: map[string]*shape{}}
	for _, f := range doc.Fragments {
		g.fragments[f.Name] = f
	}
	for _, f := range doc.Fragments {
		g.directives += len(f.Directives)
		if g.fragment(f.Name).fields > l.Fields { // even one that nothing spreads is validated
			return errTooComplex
		}
	}
	for _, op := range doc.Operations {
		g.directives += len(op.Directives)
		s := g.selection(op.SelectionSet)
		switch {
		case g.fault != nil:
			return g.fault
		case s.meta > 0 && !introspection:
			return errIntrospection
		case s.fields > l.Fields, s.roots > l.RootFields, s.depth > l.Depth, s.meta > l.IntrospectionDepth:
			return errTooComplex
		}
	}
	if g.fields > l.Fields || g.aliases > l.Aliases || g.directives > l.Directives {
		return errTooComplex
	}
	return nil
}

func (g *guard) selection(set ast.SelectionSet) shape {
	var sum shape
	for _, item := range set {
		switch item := item.(type) {
		case *ast.Field:
			sum.add(g.field(item))
		case *ast.InlineFragment:
			g.directives += len(item.Directives)
			sum.add(g.selection(item.SelectionSet))
		case *ast.FragmentSpread:
			g.directives += len(item.Directives)
			sum.add(g.fragment(item.Name))
		}
	}
	return sum
}

func (g *guard) field(f *ast.Field) shape {
	g.fields++
	g.directives += len(f.Directives)
	if f.Alias != f.Name {
		g.aliases++
	}
	below := g.selection(f.SelectionSet)
	s := shape{fields: below.fields + 1, roots: 1, depth: below.depth + 1, meta: below.meta}
	if f.Name == "__schema" || f.Name == "__type" {
		s.depth, s.meta = 1, below.depth+1
	}
	return s
}

func (g *guard) fragment(name string) shape {
	if s, measured := g.shapes[name]; measured {
		if s == nil {
			g.fault = errCycle
			return shape{}
		}
		return *s
	}
	f := g.fragments[name]
	if f == nil {
		return shape{} // validation says so better
	}
	g.shapes[name] = nil
	s := g.selection(f.SelectionSet)
	g.shapes[name] = &s
	return s
}

func (s *shape) add(o shape) {
	s.fields = min(s.fields+o.fields, shapeCap)
	s.roots = min(s.roots+o.roots, shapeCap)
	s.depth = max(s.depth, o.depth)
	s.meta = max(s.meta, o.meta)
}
