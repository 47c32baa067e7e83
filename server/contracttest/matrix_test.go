package contracttest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"citygraph/server/citytest"
)

const (
	matrixFile = "matrix.txt"
	matrixHead = `# Who may do what, held by server/contracttest: for every root field of the schema, on which object, the
# outcome and whose it is. ALLOWED: an answer; EMPTY: null or no rows; else the code it is refused with.
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
	r := start(t)
	r.settle(t)
	var out strings.Builder
	out.WriteString(matrixHead)
	covered := map[string]bool{}
	for _, p := range probes {
		covered[p.field] = true
		fmt.Fprintf(&out, "\n%s: %s\n%s", p.field, p.about, byOutcome(r.people, func(name string) string {
			return r.outcome(t, p, name)
		}))
	}
	schema := snapshot(t)
	for _, def := range []string{"Query", "Mutation", "Subscription"} {
		for _, field := range schema.Types[def].Fields {
			if name := def + "." + field.Name; !strings.HasPrefix(field.Name, "__") && !covered[name] {
				t.Errorf("%s has no row in probes: say who may", name)
			}
		}
	}
	for _, def := range schema.Types {
		for _, field := range def.Fields {
			named := func(p probe) bool { return strings.Contains(p.text, " "+field.Name+" ") }
			if field.Directives.ForName("pii") != nil && !slices.ContainsFunc(probes, named) {
				t.Errorf("%s.%s identifies a person and has no row in probes: say who may", def.Name, field.Name)
			}
		}
	}
	matchGolden(t, matrixFile, out.String())
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
			UserErrors []struct{ Code string }
		}
		if json.Unmarshal(value, &object) == nil {
			if len(object.UserErrors) > 0 {
				return object.UserErrors[0].Code
			}
			if object.Edges != nil && len(*object.Edges) == 0 {
				return "EMPTY"
			}
		}
	}
	return "ALLOWED"
}
