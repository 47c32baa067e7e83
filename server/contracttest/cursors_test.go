package contracttest_test

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"entgo.io/contrib/entgql"
	"github.com/99designs/gqlgen/graphql"

	"citygraph/graph/scalar"
	"citygraph/server/citytest"
)

// A cursor somebody was given stands for a position and for nothing else: in the hands of another it tells
// nothing of the row it was made of.
func TestAnothersCursorTellsNothing(t *testing.T) {
	r := register(t)
	tried := 0
	for _, field := range r.schema.Query.Fields {
		if !strings.HasSuffix(field.Type.Name(), "Connection") {
			continue
		}
		document := fmt.Sprintf("query($after: Cursor) { %s(after: $after, first: 2) { pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } } }", field.Name)
		for _, owner := range r.people {
			given := r.observed(t, r.member[owner], map[string]any{"query": document}, false)
			for _, text := range cursors.FindAllStringSubmatch(given.body, -1) {
				cursor, twin := r.twinOf(t, text[1])
				for _, name := range r.people {
					if r.visible[name][cursor.ID] {
						continue
					}
					tried++
					got := r.observed(t, r.member[name], map[string]any{"query": document, "variables": citytest.Vars{"after": text[1]}}, false)
					r.namesOnlyVisible(t, field.Name, name, got.body)
					other := r.observed(t, r.member[name], map[string]any{"query": document, "variables": citytest.Vars{"after": twin}}, false)
					if !reflect.DeepEqual(got, other) {
						t.Errorf("%s tells by a cursor of %s's in %s:\n%s", name, owner, field.Name, got.unlike(other))
					}
				}
			}
		}
	}
	if tried == 0 {
		t.Error("nobody's cursor was foreign to anybody")
	}
}

var cursors = regexp.MustCompile(`"cursor":"([^"]+)"`)

// twinOf reads a cursor, and makes the same of a row that is not there.
func (r *registry) twinOf(t *testing.T, text string) (scalar.Cursor, string) {
	t.Helper()
	ctx := scalar.WithCursorKey(t.Context(), bytes.Repeat([]byte("c"), 32)) // as citytest has it
	cursor, err := scalar.UnmarshalCursor(ctx, text)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	twin := entgql.Cursor[string]{ID: r.missing(t, cursor.ID), Value: cursor.Value}
	if err := scalar.MarshalCursor(twin).MarshalGQLContext(ctx, &out); err != nil {
		t.Fatal(err)
	}
	made, err := graphql.UnmarshalString(strings.Trim(out.String(), `"`))
	if err != nil {
		t.Fatal(err)
	}
	return cursor, made
}
