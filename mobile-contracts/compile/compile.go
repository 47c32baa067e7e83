// Package compile makes what the server embeds and clients code against: the printed schema and the
// manifest of every client's operations. It refuses an operation that the schema does not answer.
package compile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	_ "github.com/vektah/gqlparser/v2/validator/rules" // the standard rules

	contracts "citygraph/mobile-contracts"
)

// clients are the folders of operations.
var clients = []string{"citizen-app", "wechat-miniprogram", "home-school"}

// Contracts are the two files made of the SDL and the operations.
type Contracts struct {
	Schema   []byte // schema.graphql
	Manifest []byte // manifest.json
}

// Compile reads graph/schema and mobile-contracts under the root of the repository.
func Compile(root fs.FS) (*Contracts, error) {
	schema, err := loadSchema(root)
	if err != nil {
		return nil, err
	}
	manifest, err := manifestOf(root, schema)
	if err != nil {
		return nil, err
	}
	return &Contracts{Schema: printed(schema), Manifest: manifest}, nil
}

func loadSchema(root fs.FS) (*ast.Schema, error) {
	files, err := fs.Glob(root, "graph/schema/*.graphqls") // in order of their names
	if err != nil {
		return nil, err
	}
	var sources []*ast.Source
	for _, file := range files {
		text, err := fs.ReadFile(root, file)
		if err != nil {
			return nil, err
		}
		sources = append(sources, &ast.Source{Name: file, Input: string(text)})
	}
	return gqlparser.LoadSchema(sources...)
}

func printed(schema *ast.Schema) []byte {
	hideGeneratorHints(schema)
	var out bytes.Buffer
	out.WriteString("# The schema clients code against, printed by `make generate`. Review its diff as a contract.\n\n")
	formatter.NewFormatter(&out, formatter.WithIndent("  ")).FormatSchema(schema)
	return out.Bytes()
}

// hideGeneratorHints takes what only gqlgen reads out of the schema that clients see.
func hideGeneratorHints(schema *ast.Schema) {
	const hint = "goField"
	delete(schema.Directives, hint)
	for _, t := range schema.Types {
		for _, f := range t.Fields {
			f.Directives = slices.DeleteFunc(f.Directives, func(d *ast.Directive) bool { return d.Name == hint })
		}
	}
}

func manifestOf(root fs.FS, schema *ast.Schema) ([]byte, error) {
	m := contracts.Manifest{Format: "apollo-persisted-query-manifest", Version: 1, Operations: []contracts.Operation{}}
	for _, client := range clients {
		operations, err := operationsOf(root, schema, client)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", client, err)
		}
		m.Operations = append(m.Operations, operations...)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(m); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// operationsOf reads a client's folder; fragments come from the shared one.
func operationsOf(root fs.FS, schema *ast.Schema, client string) ([]contracts.Operation, error) {
	files, err := fs.Glob(root, "mobile-contracts/shared/*.graphql")
	if err != nil {
		return nil, err
	}
	own, err := fs.Glob(root, path.Join("mobile-contracts", client, "*.graphql"))
	if err != nil {
		return nil, err
	}
	files = append(files, own...)
	all := &ast.QueryDocument{}
	for _, file := range files {
		text, err := fs.ReadFile(root, file)
		if err != nil {
			return nil, err
		}
		document, err := parser.ParseQuery(&ast.Source{Name: file, Input: string(text)})
		if err != nil {
			return nil, err
		}
		all.Operations = append(all.Operations, document.Operations...)
		all.Fragments = append(all.Fragments, document.Fragments...)
	}
	slices.SortFunc(all.Operations, func(a, b *ast.OperationDefinition) int { return strings.Compare(a.Name, b.Name) })
	var operations []contracts.Operation
	for _, o := range all.Operations {
		body, err := standalone(schema, o, all.Fragments)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Name, err)
		}
		sum := sha256.Sum256([]byte(body))
		operations = append(operations, contracts.Operation{
			ID: hex.EncodeToString(sum[:]), Name: o.Name, Type: string(o.Operation), Client: client, Body: body,
		})
	}
	return operations, nil
}

// standalone prints an operation with the fragments it uses, and holds it to the schema.
func standalone(schema *ast.Schema, o *ast.OperationDefinition, fragments ast.FragmentDefinitionList) (string, error) {
	used := map[string]bool{}
	reach(o.SelectionSet, fragments, used)
	document := &ast.QueryDocument{Operations: ast.OperationList{o}}
	for _, f := range fragments {
		if used[f.Name] {
			document.Fragments = append(document.Fragments, f)
		}
	}
	var out bytes.Buffer
	formatter.NewFormatter(&out, formatter.WithIndent("  ")).FormatQueryDocument(document)
	printed, err := parser.ParseQuery(&ast.Source{Name: o.Name, Input: out.String()})
	if err != nil {
		return "", err
	}
	if problems := validator.ValidateWithRules(schema, printed, nil); len(problems) > 0 {
		return "", problems
	}
	return out.String(), nil
}

func reach(selections ast.SelectionSet, fragments ast.FragmentDefinitionList, used map[string]bool) {
	for _, s := range selections {
		switch s := s.(type) {
		case *ast.Field:
			reach(s.SelectionSet, fragments, used)
		case *ast.InlineFragment:
			reach(s.SelectionSet, fragments, used)
		case *ast.FragmentSpread:
			if f := fragments.ForName(s.Name); f != nil && !used[s.Name] {
				used[s.Name] = true
				reach(f.SelectionSet, fragments, used)
			}
		}
	}
}
