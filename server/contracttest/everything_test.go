package contracttest_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// typesAtOnce is how many types one document asks about, within the guard's limits.
const typesAtOnce = 4

// everythingOf are documents that ask nodes for every field of every type: values as they are, objects and
// connections for a sign of life.
func everythingOf(schema *ast.Schema) []string {
	nodes := slices.DeleteFunc(slices.Clone(ours(schema)), func(def *ast.Definition) bool {
		return def.Kind != ast.Object || !slices.Contains(def.Interfaces, "Node")
	})
	var documents []string
	for some := range slices.Chunk(nodes, typesAtOnce) {
		documents = append(documents, everythingOfThese(schema, some))
	}
	return documents
}

func everythingOfThese(schema *ast.Schema, nodes []*ast.Definition) string {
	var b strings.Builder
	b.WriteString("query($ids: [ID!]!) { nodes(ids: $ids) { id __typename")
	for _, def := range nodes {
		fmt.Fprintf(&b, " ... on %s {", def.Name)
		for _, field := range def.Fields {
			fmt.Fprintf(&b, " %s_%s: %s%s", def.Name, field.Name, field.Name, signOfLife(schema, field.Type))
		}
		b.WriteString(" }")
	}
	b.WriteString(" } }")
	return b.String()
}

func signOfLife(schema *ast.Schema, is *ast.Type) string {
	switch def := schema.Types[is.Name()]; {
	case def.Kind == ast.Scalar || def.Kind == ast.Enum:
		return ""
	case strings.HasSuffix(def.Name, "Connection"):
		return "(first: 1) { pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor } }"
	default:
		return " { __typename }"
	}
}
