package contracttest_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	contracts "citygraph/mobile-contracts"
	"citygraph/mobile-contracts/compile"
)

// root is the root of the repository, seen from here.
const root = "../.."

// snapshot is the printed schema as clients read it.
func snapshot(t testing.TB) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: contracts.Schema})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func manifest(t testing.TB) *contracts.Manifest {
	t.Helper()
	m, err := contracts.Load()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// operations are those of all clients, each document once however many of them send it.
func operations(t testing.TB) []contracts.Operation {
	t.Helper()
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(manifest(t).Operations), func(o contracts.Operation) bool {
		twice := seen[o.ID]
		seen[o.ID] = true
		return twice
	})
}

func TestGeneratorChangesNothing(t *testing.T) {
	made, err := compile.Compile(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]byte{"schema.graphql": made.Schema, "manifest.json": made.Manifest} {
		committed, err := os.ReadFile(root + "/mobile-contracts/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(committed)); diff != "" {
			t.Errorf("%s is not what graph/schema and the operations make; run `go generate ./mobile-contracts`:\n%s", file, diff)
		}
	}
}

func TestOperationsFitTheSchema(t *testing.T) {
	schema, seen := snapshot(t), map[string]string{}
	for _, o := range manifest(t).Operations {
		document, err := parser.ParseQuery(&ast.Source{Name: o.Name, Input: o.Body})
		if err != nil {
			t.Fatalf("%s/%s: %v", o.Client, o.Name, err)
		}
		if problems := validator.ValidateWithRules(schema, document, nil); len(problems) > 0 {
			t.Errorf("%s/%s: %v", o.Client, o.Name, problems)
		}
		if len(document.Operations) != 1 || document.Operations[0].Name != o.Name || string(document.Operations[0].Operation) != o.Type {
			t.Errorf("%s/%s: the manifest says %s, the document does not", o.Client, o.Name, o.Type)
		}
		if body, ok := seen[o.ID]; ok && body != o.Body {
			t.Errorf("%s/%s: its id stands for another document", o.Client, o.Name)
		}
		seen[o.ID] = o.Body
	}
}

// ours are the definitions of the contract, without those of GraphQL itself, in order of their names.
func ours(schema *ast.Schema) []*ast.Definition {
	var found []*ast.Definition
	for _, def := range schema.Types {
		if !def.BuiltIn {
			found = append(found, def)
		}
	}
	slices.SortFunc(found, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	return found
}

func TestEverythingIsDescribed(t *testing.T) {
	schema := snapshot(t)
	described := func(what, text string) {
		if strings.TrimSpace(text) == "" {
			t.Errorf("%s has no description", what)
		}
	}
	for _, def := range ours(schema) {
		described(def.Name, def.Description)
		for _, field := range def.Fields {
			name := def.Name + "." + field.Name
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			for _, arg := range field.Arguments {
				described(name+"("+arg.Name+")", arg.Description)
			}
			described(name, field.Description)
		}
		for _, value := range def.EnumValues {
			described(def.Name+"."+value.Name, value.Description)
		}
	}
	for name, directive := range schema.Directives {
		if directive.Position == nil || directive.Position.Src.BuiltIn {
			continue
		}
		described("@"+name, directive.Description)
		for _, arg := range directive.Arguments {
			described("@"+name+"("+arg.Name+")", arg.Description)
		}
	}
}

var (
	typeName  = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
	fieldName = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)
	valueName = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)
)

func TestNames(t *testing.T) {
	for _, def := range ours(snapshot(t)) {
		if !typeName.MatchString(def.Name) {
			t.Errorf("type %s is not in PascalCase", def.Name)
		}
		for _, field := range def.Fields {
			if !strings.HasPrefix(field.Name, "__") && !fieldName.MatchString(field.Name) {
				t.Errorf("field %s.%s is not in camelCase", def.Name, field.Name)
			}
		}
		for _, value := range def.EnumValues {
			if !valueName.MatchString(value.Name) {
				t.Errorf("value %s.%s is not in CAPITALS", def.Name, value.Name)
			}
		}
		if id := def.Fields.ForName("id"); def.Kind == ast.Object && id != nil && def.Name != "NotificationTarget" {
			if id.Type.String() != "ID!" || !slices.Contains(def.Interfaces, "Node") {
				t.Errorf("%s has an id and is no Node", def.Name)
			}
		}
	}
}

// A connection is paged by exactly the four arguments entgql binds; one argument more or less on a
// nested connection costs a hand-written resolver (DESIGN §1).
func TestConnections(t *testing.T) {
	paging := []string{"after: Cursor", "first: Int", "before: Cursor", "last: Int"}
	schema := snapshot(t)
	for _, def := range ours(schema) {
		for _, field := range def.Fields {
			if !strings.HasSuffix(field.Type.Name(), "Connection") {
				continue
			}
			var arguments []string
			for _, arg := range field.Arguments {
				arguments = append(arguments, arg.Name+": "+arg.Type.String())
			}
			filters := len(arguments) - len(paging)
			if def.Name != "Query" && filters != 0 || filters < 0 || !slices.Equal(arguments[max(filters, 0):], paging) {
				t.Errorf("%s.%s is paged by %v", def.Name, field.Name, arguments)
			}
			if !field.Type.NonNull {
				t.Errorf("%s.%s can be null", def.Name, field.Name)
			}
		}
		if noun, ok := strings.CutSuffix(def.Name, "Connection"); ok {
			shape(t, def, "edges: ["+noun+"Edge!]!", "pageInfo: PageInfo!")
		}
		if noun, ok := strings.CutSuffix(def.Name, "Edge"); ok {
			shape(t, def, "node: "+noun+"!", "cursor: Cursor!")
		}
	}
}

// shape holds a type to its fields, in order.
func shape(t *testing.T, def *ast.Definition, want ...string) {
	t.Helper()
	var got []string
	for _, field := range def.Fields {
		got = append(got, field.Name+": "+field.Type.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s is %v, want %v", def.Name, got, want)
	}
}

// A mutation takes one input of its own and returns a payload whose nouns are null when refused.
func TestMutations(t *testing.T) {
	schema := snapshot(t)
	for _, field := range schema.Mutation.Fields {
		own := strings.ToUpper(field.Name[:1]) + field.Name[1:] + "Input!"
		switch args := field.Arguments; {
		case len(args) == 0: // nothing to say: signOut
		case len(args) != 1 || args[0].Name != "input" || args[0].Type.String() != own:
			t.Errorf("%s does not take exactly one input: %s", field.Name, own)
		}
		payload := schema.Types[field.Type.Name()]
		if !strings.HasSuffix(payload.Name, "Payload") || !field.Type.NonNull {
			t.Errorf("%s returns %s, not a payload", field.Name, field.Type)
		}
		for _, part := range payload.Fields {
			if part.Name == "userErrors" {
				if part.Type.String() != "[UserError!]!" {
					t.Errorf("%s.userErrors is %s", payload.Name, part.Type)
				}
			} else if part.Type.NonNull {
				t.Errorf("%s.%s cannot be null when refused", payload.Name, part.Name)
			}
		}
		if payload.Fields.ForName("userErrors") == nil {
			t.Errorf("%s has no userErrors", payload.Name)
		}
	}
}
