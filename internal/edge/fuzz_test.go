package edge

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// fuzzSchema has what the guard and the price look at: lists, connections, a @oneOf input.
const fuzzSchema = `
input Place @oneOf { id: ID name: String }
type Spot { id: ID! near(first: Int = 3): Page! tags: [String!]! }
type Page { edges: [Edge!]! }
type Edge { node: Spot! }
type Query { spots(first: Int, last: Int): Page! nodes(ids: [ID!]!): [Spot] place(by: Place!, n: Float): Int }`

func fuzzLibrary(t testing.TB) *library {
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: fuzzSchema})
	if err != nil {
		t.Fatal(err)
	}
	return newLibrary(Options{
		Schema:      &graphql.ExecutableSchemaMock{SchemaFunc: func() *ast.Schema { return schema }},
		AnyDocument: true,
		Limits:      Limits{}.withDefaults(),
	})
}

// FuzzDecodeRequest looks for a body that panics, or is accepted while asking for nothing.
func FuzzDecodeRequest(f *testing.F) {
	f.Add([]byte(`{"query":"{a}","variables":{"n":1},"operationName":null,"extensions":{}}`))
	f.Add([]byte(`{"extensions":{"persistedQuery":{"sha256Hash":"x"}}}`))
	f.Add([]byte(`[{}]`))
	f.Add([]byte(`query={a}&variables={"a":1}&extensions={}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, decode := range []func() (*request, *refusal){
			func() (*request, *refusal) { return decodeRequest(body) },
			func() (*request, *refusal) { return decodeQuery(string(body)) },
		} {
			q, refusal := decode()
			if (q == nil) == (refusal == nil) {
				t.Fatal("neither a request nor a refusal, or both")
			}
			if q != nil && q.text == "" && q.documentID == "" {
				t.Fatal("accepted a request for nothing")
			}
			if refusal != nil && len(encodeErrors(refusal.present(context.Background()))) > 1000 {
				t.Fatal("a long refusal")
			}
		}
	})
}

// FuzzDocument looks for a document that panics, that gets past the guard beyond its limits, or
// whose refusal repeats it.
func FuzzDocument(f *testing.F) {
	f.Add(`{spots(first:5){edges{node{id near{edges{node{tags}}}}}}}`)
	f.Add(`query($p:Place!,$n:Int=7){place(by:$p) spots(last:$n){...F}} fragment F on Page{edges{node{id}}}`)
	f.Add(`{...A} fragment A on Query{...B ...B} fragment B on Query{...A nodes(ids:[1]){id}}`)
	f.Add(`{place(by:{id:1},n:1e999) __schema{types{name}}}`)
	l := fuzzLibrary(f)
	f.Fuzz(func(t *testing.T, text string) {
		doc, refusal := l.prepare(text)
		if refusal != nil {
			answer := string(encodeErrors(refusal.present(context.Background())))
			if len(answer) > 1000 || len(text) > 60 && strings.Contains(answer, text) {
				t.Fatalf("refusal %s", answer)
			}
			return
		}
		for _, op := range doc.operations {
			if n := expanded(op.ast.SelectionSet); n > l.Limits.Fields {
				t.Fatalf("%d fields got past the guard", n)
			}
			if cost, f := op.price.of(nil, l.Limits); f == nil && (cost < 1 || cost > l.Limits.Cost) {
				t.Fatalf("priced at %d", cost)
			}
		}
	})
}

func expanded(set ast.SelectionSet) int {
	n := 0
	for _, item := range set {
		switch item := item.(type) {
		case *ast.Field:
			n += 1 + expanded(item.SelectionSet)
		case *ast.InlineFragment:
			n += expanded(item.SelectionSet)
		case *ast.FragmentSpread:
			n += expanded(item.Definition.SelectionSet)
		}
	}
	return n
}

// BenchmarkGuard measures the worst document that is worth measuring: a fragment bomb.
func BenchmarkGuard(b *testing.B) {
	var text strings.Builder
	text.WriteString("{...F0} fragment F90 on Query{nodes(ids:[1]){id}}")
	for i := range 90 {
		fmt.Fprintf(&text, " fragment F%d on Query{...F%d ...F%d}", i, i+1, i+1)
	}
	l := fuzzLibrary(b)
	for b.Loop() {
		if _, refusal := l.prepare(text.String()); refusal == nil {
			b.Fatal("a bomb passed")
		}
	}
}
