package edge

import (
	"fmt"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// cachePolicy says for how long anyone may keep the answer of an operation: 0 is not at all.
type cachePolicy struct{ maxAge int }

// cachePolicyOf reads the @cacheControl hints of everything an operation selects. Only a query
// whose root fields all carry a maxAge may be kept; below them a hint can only shorten it, and one
// PRIVATE field or type makes the whole answer private.
func cachePolicyOf(schema *ast.Schema, op *ast.OperationDefinition) cachePolicy {
	if op.Operation != ast.Query {
		return cachePolicy{}
	}
	h := &hints{schema: schema, shared: true, maxAge: -1}
	h.selection(op.SelectionSet, true)
	if !h.shared || h.maxAge < 0 {
		return cachePolicy{}
	}
	return cachePolicy{maxAge: h.maxAge}
}

// header is the Cache-Control value. A signed-in client may keep the answer for itself only.
func (p cachePolicy) header(signedIn bool) string {
	switch {
	case p.maxAge <= 0:
		return "no-store"
	case signedIn:
		return fmt.Sprintf("private, max-age=%d", p.maxAge)
	}
	return fmt.Sprintf("public, max-age=%d", p.maxAge)
}

type hints struct {
	schema *ast.Schema
	shared bool
	maxAge int // -1 until a hint is seen
}

func (h *hints) selection(set ast.SelectionSet, root bool) {
	for _, item := range set {
		switch item := item.(type) {
		case *ast.Field:
			h.field(item, root)
		case *ast.InlineFragment:
			h.selection(item.SelectionSet, root)
		case *ast.FragmentSpread:
			h.selection(item.Definition.SelectionSet, root)
		}
	}
}

func (h *hints) field(f *ast.Field, root bool) {
	if f.Name == "__typename" {
		return
	}
	hinted := h.read(f.Definition.Directives)
	if t := h.schema.Types[f.Definition.Type.Name()]; t != nil {
		hinted = h.read(t.Directives) || hinted
	}
	if root && !hinted {
		h.shared = false
	}
	h.selection(f.SelectionSet, false)
}

// read takes in one hint and reports whether it gives an age.
func (h *hints) read(list ast.DirectiveList) bool {
	d := list.ForName("cacheControl")
	if d == nil {
		return false
	}
	if scope := d.Arguments.ForName("scope"); scope != nil && scope.Value.Raw == "PRIVATE" {
		h.shared = false
	}
	age := d.Arguments.ForName("maxAge")
	if age == nil {
		return false
	}
	seconds, err := strconv.Atoi(age.Value.Raw)
	if err != nil {
		h.shared = false
		return false
	}
	if h.maxAge < 0 || seconds < h.maxAge {
		h.maxAge = seconds
	}
	return true
}
