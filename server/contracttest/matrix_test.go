package contracttest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"citygraph/internal/fault"
	"citygraph/server/citytest"
)

const (
	matrixFile = "matrix.txt"
	matrixHead = `# Who may do what, held by server/contracttest: for every root field of the schema, every type that node
# reaches and every @pii field, on which object, the outcome and whose it is. ALLOWED: an answer; EMPTY: null
# or no rows; else the code it is refused with.
# Rewritten by: go test ./server/contracttest -update. Review its diff as a change of rights.
`
)

// probe is one row of the matrix: a root field asked about some object by everyone in turn. It has its
// object made anew for each of them.
type probe struct {
	field string // as in Query.me
	about string
	ask   func(t testing.TB, r *rig, name string) (*citytest.Client, citytest.Vars)
	text  string // the document; its one root field is the field
}

func TestMatrix(t *testing.T) {
	r, schema := rowRig(t), snapshot(t)
	var objects strings.Builder
	for _, def := range ours(schema) { // before the probes change whose is what
		if def.Kind == ast.Object && slices.Contains(def.Interfaces, "Node") {
			objects.WriteString(r.nodeRows(t, def.Name))
		}
		for _, field := range def.Fields {
			if field.Directives.ForName("pii") != nil {
				objects.WriteString(r.piiRows(t, schema, def, field))
			}
		}
	}
	var out strings.Builder
	out.WriteString(matrixHead)
	covered := map[string]bool{}
	for _, p := range probes {
		covered[p.field] = true
		out.WriteString(row(t, p.field+": "+p.about, r.people, func(name string) string { return r.outcome(t, p, name) }))
	}
	out.WriteString(objects.String())
	for _, def := range []string{"Query", "Mutation", "Subscription"} {
		for _, field := range schema.Types[def].Fields {
			if name := def + "." + field.Name; !strings.HasPrefix(field.Name, "__") && !covered[name] {
				t.Errorf("%s has no row in probes: say who may", name)
			}
		}
	}
	matchGolden(t, matrixFile, out.String())
}

// row is a row of the matrix. A cell that is no answer to the question fails.
func row(t testing.TB, title string, people []string, outcome func(name string) string) string {
	t.Helper()
	return "\n" + title + "\n" + byOutcome(people, func(name string) string {
		got := outcome(name)
		if got != "ALLOWED" && got != "EMPTY" && !refusal(got) {
			t.Errorf("%s: %s gets %q, which says nothing of rights", title, name, got)
		}
		return got
	})
}

// refusal reports whether a code of the schema is about who asks for what.
func refusal(code string) bool {
	beside := []fault.Code{fault.InternalError, fault.RateLimited, fault.QueryTooComplex}
	return fault.Code(code).IsValid() && !slices.Contains(beside, fault.Code(code))
}

// nodeRows are the rows of a type: who finds whose by its id.
func (r *rowsRig) nodeRows(t testing.TB, name string) string {
	t.Helper()
	var out strings.Builder
	for _, s := range r.samples[name] {
		out.WriteString(row(t, "Query.node: "+name+", "+s.about, r.people, func(name string) string {
			return outcomeOf(t, r.member[name].Query(`query($id: ID!) { node(id: $id) { id } }`, citytest.Vars{"id": s.id}))
		}))
	}
	if out.Len() == 0 {
		t.Errorf("%s is a Node and has no rows in tables: say who may find it", name)
	}
	return out.String()
}

// ways lead to the @pii fields of types that are no Node themselves: one's own, and chenjing's by her id.
var ways = func() map[string]struct{ own, chenjings string } {
	found := recordWays()
	found["PersonalData"] = struct{ own, chenjings string }{
		`{ me { personalData { %s } } }`, `query($id: ID!) { node(id: $id) { ... on Person { personalData { %s } } } }`,
	}
	return found
}()

// piiRows are the rows of a field that identifies a person: of one's own object, and of another's.
func (r *rowsRig) piiRows(t testing.TB, schema *ast.Schema, def *ast.Definition, field *ast.FieldDefinition) string {
	t.Helper()
	asked := "pii: " + field.Name + signOfLife(schema, field.Type)
	pii := func(about, text string, vars citytest.Vars) string {
		return row(t, def.Name+"."+field.Name+": "+about, r.people, func(name string) string {
			return outcomeBelow(t, "pii", r.member[name].Query(text, vars))
		})
	}
	if way, ok := ways[def.Name]; ok {
		return pii("one's own", fmt.Sprintf(way.own, asked), nil) +
			pii("chenjing's", fmt.Sprintf(way.chenjings, asked), citytest.Vars{"id": castID("chenjing")})
	}
	var out strings.Builder
	for _, s := range r.samples[def.Name] {
		out.WriteString(pii(s.about, fmt.Sprintf("query($id: ID!) { node(id: $id) { ... on %s { %s } } }", def.Name, asked), citytest.Vars{"id": s.id}))
	}
	if out.Len() == 0 {
		t.Errorf("%s.%s identifies a person and nothing in ways leads there: say who may", def.Name, field.Name)
	}
	return out.String()
}

// outcomeBelow reads an answer for the value under a name, wherever it stands.
func outcomeBelow(t testing.TB, name string, a citytest.Answer) string {
	t.Helper()
	if code := a.Code(); code != "" {
		return code
	}
	var data any
	a.Decode(t, &data)
	if found := below(data, name); found != nil {
		return "ALLOWED"
	}
	return "EMPTY"
}

// below finds the first value under a name.
func below(data any, name string) any {
	switch data := data.(type) {
	case []any:
		for _, inner := range data {
			if found := below(inner, name); found != nil {
				return found
			}
		}
	case map[string]any:
		if found := data[name]; found != nil {
			return found
		}
		for _, inner := range data {
			if found := below(inner, name); found != nil {
				return found
			}
		}
	}
	return nil
}

// byOutcome lists people by what they got, a line for each outcome.
func byOutcome(people []string, outcome func(name string) string) string {
	got := map[string][]string{}
	var outcomes []string
	for _, name := range people {
		o := outcome(name)
		if got[o] == nil {
			outcomes = append(outcomes, o)
		}
		got[o] = append(got[o], name)
	}
	slices.Sort(outcomes)
	var out strings.Builder
	for _, o := range outcomes {
		fmt.Fprintf(&out, "  %-20s %s\n", o, strings.Join(got[o], " "))
	}
	return out.String()
}

// outcome runs a probe as one person.
func (r *rig) outcome(t testing.TB, p probe, name string) string {
	t.Helper()
	client, vars := p.ask(t, r, name)
	if strings.HasPrefix(p.field, "Subscription.") {
		return outcomeOf(t, r.firstEvent(t, client, p.text, vars))
	}
	return outcomeOf(t, client.Query(p.text, vars))
}

// firstEvent subscribes over an event stream and returns what comes first.
func (r *rig) firstEvent(t testing.TB, client *citytest.Client, document string, vars citytest.Vars) citytest.Answer {
	t.Helper()
	request := post(t, client, map[string]any{"query": document, "variables": vars})
	request.Header.Set("Accept", "text/event-stream")
	var stream bytes.Buffer
	status := r.serve(request, &stream, atOnce)
	for line := range strings.Lines(stream.String()) {
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			return read(t, status, []byte(data))
		}
	}
	return read(t, status, stream.Bytes()) // refused before the stream began
}

func read(t testing.TB, status int, body []byte) citytest.Answer {
	t.Helper()
	answer, err := citytest.Read(status, body)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// outcomeOf reads an answer to a single root field.
func outcomeOf(t testing.TB, a citytest.Answer) string {
	t.Helper()
	if code := a.Code(); code != "" {
		return code
	}
	var data map[string]json.RawMessage
	a.Decode(t, &data)
	for _, value := range data {
		var list []json.RawMessage
		if json.Unmarshal(value, &list) == nil && len(list) == 0 { // null, too
			return "EMPTY"
		}
		var object struct {
			Edges      *[]json.RawMessage
			Records    *[]json.RawMessage // of a page without edges
			UserErrors []struct{ Code string }
		}
		if json.Unmarshal(value, &object) == nil {
			if len(object.UserErrors) > 0 {
				return object.UserErrors[0].Code
			}
			if object.Edges != nil && len(*object.Edges) == 0 || object.Records != nil && len(*object.Records) == 0 {
				return "EMPTY"
			}
		}
	}
	return "ALLOWED"
}
