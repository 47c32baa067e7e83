package edge

import (
	"encoding/json"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"citygraph/internal/fault"
)

// A price is what an operation may cost: the number of fields the answer can hold. It is a sum of
// terms, each a constant times the page sizes given by variables, so that the document is walked
// once and a request only multiplies.
type price struct {
	terms []term
	pages []pageSize // every page size a variable decides
}

type term struct {
	factor int
	pages  []pageSize
}

// pageSize is a list length that a variable decides. List tells whether the variable is the list
// itself or the number asked for.
type pageSize struct {
	variable string
	list     bool
	fallback int // when the variable is absent
}

const costCap = 1 << 40

// priceOf walks an operation as expanded; the guard has bounded how far that goes. A field costs
// one point, or the weight of its @cost directive, times the sizes of the lists around it.
func priceOf(op *ast.OperationDefinition, l Limits) price {
	b := &biller{limits: l, byPages: map[string]int{}}
	b.selection(op.SelectionSet, term{factor: 1}, false)
	return b.price
}

type biller struct {
	limits  Limits
	price   price
	byPages map[string]int // index of the term with the same pages
}

// selection bills the fields of set. Sized says that the list they are in has been counted at the
// connection above, so that its edges and nodes are not counted again.
func (b *biller) selection(set ast.SelectionSet, times term, sized bool) {
	for _, item := range set {
		switch item := item.(type) {
		case *ast.Field:
			b.field(item, times, sized)
		case *ast.InlineFragment:
			b.selection(item.SelectionSet, times, sized)
		case *ast.FragmentSpread:
			b.selection(item.Definition.SelectionSet, times, sized)
		}
	}
}

func (b *biller) field(f *ast.Field, times term, sized bool) {
	b.add(times, weight(f))
	if len(f.SelectionSet) == 0 || f.Definition == nil {
		return
	}
	if f.Name == "__schema" || f.Name == "__type" {
		b.meta(f.SelectionSet, times)
		return
	}
	if page, ok := b.pageOf(f); ok {
		b.selection(f.SelectionSet, page.multiply(times), true)
		return
	}
	counted := sized && (f.Name == "edges" || f.Name == "nodes")
	if f.Definition.Type.Elem != nil && !counted {
		times.factor = min(times.factor*b.limits.AssumedSize, costCap)
	}
	b.selection(f.SelectionSet, times, false)
}

// meta bills introspection one point a field: its lists are the schema's own.
func (b *biller) meta(set ast.SelectionSet, times term) {
	for _, item := range set {
		switch item := item.(type) {
		case *ast.Field:
			b.add(times, 1)
			b.meta(item.SelectionSet, times)
		case *ast.InlineFragment:
			b.meta(item.SelectionSet, times)
		case *ast.FragmentSpread:
			b.meta(item.Definition.SelectionSet, times)
		}
	}
}

func (b *biller) add(times term, weight int) {
	key := ""
	for _, p := range times.pages {
		key += p.variable + " "
	}
	amount := min(times.factor*weight, costCap)
	if i, ok := b.byPages[key]; ok {
		b.price.terms[i].factor = min(b.price.terms[i].factor+amount, costCap)
		return
	}
	b.byPages[key] = len(b.price.terms)
	b.price.terms = append(b.price.terms, term{factor: amount, pages: times.pages})
}

// page is the size of one list: known, or a variable's.
type page struct {
	known int
	pageSize
}

func (p page) multiply(t term) term {
	if p.variable == "" {
		t.factor = min(t.factor*p.known, costCap)
		return t
	}
	pages := make([]pageSize, 0, len(t.pages)+1)
	t.pages = append(append(pages, t.pages...), p.pageSize)
	return t
}

// pageOf finds the argument that sizes a field's list: first or last of a connection, or a list of
// keys given to a field that answers with a list.
func (b *biller) pageOf(f *ast.Field) (page, bool) {
	found, ok := page{known: b.limits.AssumedSize}, false
	for _, def := range f.Definition.Arguments {
		keys := def.Type.Elem != nil && f.Definition.Type.Elem != nil
		if !isPageSize(def.Name) && !keys {
			continue
		}
		ok = true
		arg := f.Arguments.ForName(def.Name)
		switch {
		case arg != nil && arg.Value.Kind == ast.Variable:
			p := pageSize{variable: arg.Value.Raw, list: keys, fallback: b.limits.AssumedSize}
			if v := arg.Value.VariableDefinition; v != nil {
				p.fallback = literalSize(v.DefaultValue, literalSize(def.DefaultValue, p.fallback))
			}
			b.price.pages = append(b.price.pages, p)
			return page{pageSize: p}, true
		case arg != nil && arg.Value.Kind != ast.NullValue:
			return page{known: literalSize(arg.Value, found.known)}, true
		case def.DefaultValue != nil:
			found.known = literalSize(def.DefaultValue, found.known)
		}
	}
	return found, ok
}

// literalSize is the length a literal stands for, or otherwise when there is none.
func literalSize(v *ast.Value, otherwise int) int {
	switch {
	case v == nil:
	case v.Kind == ast.ListValue:
		return len(v.Children)
	case v.Kind == ast.IntValue:
		if n, err := strconv.Atoi(v.Raw); err == nil {
			return n
		}
	}
	return otherwise
}

// weight is what one occurrence of the field costs.
func weight(f *ast.Field) int {
	if f.Definition == nil {
		return 1
	}
	d := f.Definition.Directives.ForName("cost")
	if d == nil {
		return 1
	}
	if arg := d.Arguments.ForName("weight"); arg != nil {
		return literalSize(arg.Value, 1)
	}
	return 1
}

// alwaysAdmitted reports whether all that an operation does are mutations which no rate limit refuses. Its price still
// counts against what one operation may cost.
func alwaysAdmitted(op *ast.OperationDefinition) bool {
	if op.Operation != ast.Mutation {
		return false
	}
	for _, item := range op.SelectionSet {
		f, ok := item.(*ast.Field)
		if !ok || f.Definition == nil {
			return false
		}
		if f.Name != "__typename" && f.Definition.Directives.ForName("alwaysAdmitted") == nil {
			return false
		}
	}
	return true
}

// of is the price for the variables of one request. A page size outside the limit is refused.
func (p price) of(variables map[string]any, l Limits) (int, *fault.Fault) {
	for _, page := range p.pages {
		if n := page.in(variables); n < 0 || n > l.ListSize {
			return 0, errListSize
		}
	}
	sum := 0
	for _, t := range p.terms {
		amount := t.factor
		for _, page := range t.pages {
			amount = min(amount*page.in(variables), costCap)
		}
		sum = min(sum+amount, costCap)
	}
	if sum > l.Cost {
		return sum, errTooComplex
	}
	return sum, nil
}

// in is the page size the variables give; -1 when it is no size at all.
func (p pageSize) in(variables map[string]any) int {
	value, ok := variables[p.variable]
	if !ok || value == nil {
		return p.fallback
	}
	switch v := value.(type) {
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
	case []any:
		return len(v)
	default:
		if p.list {
			return 1 // a single key stands for a list of one
		}
	}
	return -1
}
