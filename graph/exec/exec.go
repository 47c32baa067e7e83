// Package exec holds what generated code calls in the place of gqlgen's own.
package exec

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// CollectFields is graphql.CollectFields, except that it keeps nothing with a subscription: between events, an idle
// subscriber would have all the lists of its last one.
func CollectFields(op *graphql.OperationContext, selections ast.SelectionSet, satisfies []string) []graphql.CollectedField {
	if op.Operation.Operation == ast.Subscription {
		op = &graphql.OperationContext{Doc: op.Doc, Variables: op.Variables}
	}
	return graphql.CollectFields(op, selections, satisfies)
}

// Enter returns the context below a field that is read from a struct.
func Enter(ctx context.Context, field graphql.CollectedField) context.Context {
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Field: field})
}

// Slice marshals the elements of a list one after another: what they hold was loaded with the list.
// A panic in one makes it null, and an error of its own.
func Slice(ctx context.Context, n int, element func(ctx context.Context, i int) graphql.Marshaler) graphql.Array {
	elements := make(graphql.Array, n)
	places := make([]place, n)
	for i := range elements {
		p := &places[i]
		p.index = i
		p.field.Index = &p.index
		elements[i] = marshal(graphql.WithFieldContext(ctx, &p.field), i, element)
	}
	return elements
}

// place is where an element stands, for the paths of errors below it.
type place struct {
	field graphql.FieldContext
	index int
}

func marshal(ctx context.Context, i int, element func(context.Context, int) graphql.Marshaler) (m graphql.Marshaler) {
	defer func() {
		if r := recover(); r != nil {
			graphql.AddError(ctx, graphql.Recover(ctx, r))
			m = graphql.Null
		}
	}()
	return element(ctx, i)
}
