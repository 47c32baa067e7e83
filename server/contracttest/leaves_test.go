package contracttest_test

import (
	"encoding/json"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	contracts "citygraph/mobile-contracts"
	"citygraph/server/citytest"
)

// leaf is a value inside the variables of an operation: its place in the schema, and how to put another
// there.
type leaf struct {
	place string // such as SubmitCaseInput.address, or $text of an operation
	kind  string // the scalar or enum it is
	value any
	put   func(any)
}

// parsed is the operation of a document.
func parsed(t testing.TB, schema *ast.Schema, o contracts.Operation) *ast.OperationDefinition {
	t.Helper()
	document, errs := gqlparser.LoadQueryWithRules(schema, o.Body, nil)
	if errs != nil {
		t.Fatalf("%s: %v", o.Name, errs)
	}
	return document.Operations[0]
}

// leaves are all values inside variables that were given. The variables are as decoded from JSON.
func leaves(t testing.TB, schema *ast.Schema, o contracts.Operation, vars map[string]any) []leaf {
	t.Helper()
	var found []leaf
	for _, v := range parsed(t, schema, o).VariableDefinitions {
		if value, given := vars[v.Variable]; given {
			found = append(found, leavesBelow(schema, v.Type, "$"+v.Variable, value, func(x any) { vars[v.Variable] = x })...)
		}
	}
	return found
}

func leavesBelow(schema *ast.Schema, is *ast.Type, place string, value any, put func(any)) []leaf {
	var found []leaf
	switch value := value.(type) {
	case map[string]any:
		def := schema.Types[is.Name()]
		for _, field := range def.Fields {
			if inner, given := value[field.Name]; given {
				found = append(found, leavesBelow(schema, field.Type, def.Name+"."+field.Name, inner, func(x any) { value[field.Name] = x })...)
			}
		}
	case []any:
		for i, inner := range value {
			found = append(found, leavesBelow(schema, is.Elem, place, inner, func(x any) { value[i] = x })...)
		}
	case nil:
	default:
		found = append(found, leaf{place, is.Name(), value, put})
	}
	return found
}

// plainVars are variables as JSON has them, in a copy of their own.
func plainVars(t testing.TB, vars citytest.Vars) map[string]any {
	t.Helper()
	encoded, err := json.Marshal(vars)
	if err != nil {
		t.Fatal(err)
	}
	plain := map[string]any{}
	if err := json.Unmarshal(encoded, &plain); err != nil {
		t.Fatal(err)
	}
	if plain == nil { // no variables are written null
		return map[string]any{}
	}
	return plain
}
