package exec_test

import (
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"citygraph/graph/exec"
)

// A query collects a selection once; a subscription each time anew, and so holds no list between its events.
func TestASubscriptionKeepsNoFields(t *testing.T) {
	selections := ast.SelectionSet{&ast.Field{Name: "id", Alias: "id"}}
	for kind, kept := range map[ast.Operation]bool{ast.Query: true, ast.Mutation: true, ast.Subscription: false} {
		op := &graphql.OperationContext{Doc: &ast.QueryDocument{}, Operation: &ast.OperationDefinition{Operation: kind}}
		first, again := exec.CollectFields(op, selections, nil), exec.CollectFields(op, selections, nil)
		if len(first) != 1 || len(again) != 1 || first[0].Name != "id" {
			t.Fatalf("%s collects %v, then %v", kind, first, again)
		}
		if same := &first[0] == &again[0]; same != kept {
			t.Errorf("%s keeps what it collected: %t, want %t", kind, same, kept)
		}
	}
}
