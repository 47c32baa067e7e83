package contracttest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/oklog/ulid/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"citygraph/ent/db/recordaccess"
	"citygraph/internal/id"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
	contracts "citygraph/mobile-contracts"
	"citygraph/server/citytest"
)

// manyIDs is how many ids everybody tries.
const manyIDs = 10_000

// registry knows every row of the city, and whose eyes it is for.
type registry struct {
	*rowsRig
	schema  *ast.Schema
	table   map[string]string          // of each id there is
	visible map[string]map[string]bool // to each person
	kinds   []id.Kind                  // of all ids there are
}

func register(t *testing.T) *registry {
	t.Helper()
	r := &registry{rowsRig: rowRig(t), schema: snapshot(t), table: map[string]string{}, visible: map[string]map[string]bool{}}
	all := func(*sql.Selector) {}
	kinds := map[id.Kind]bool{}
	for _, table := range tables {
		ids, err := table.find(r.DB, all).IDs(viewer.AsSystem(t.Context(), "register every row"))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range ids {
			kind, ok := id.KindOf(row)
			if !ok {
				t.Fatalf("%s has a row %q", table.name, row)
			}
			r.table[row], kinds[kind] = table.name, true
		}
		for _, name := range r.people {
			ids, err := table.find(r.DB, all).IDs(viewer.With(t.Context(), r.viewers[name]))
			if err != nil {
				t.Fatal(err)
			}
			if r.visible[name] == nil {
				r.visible[name] = map[string]bool{}
			}
			for _, row := range ids {
				r.visible[name][row] = true
			}
		}
	}
	r.kinds = slices.Sorted(maps.Keys(kinds))
	return r
}

// foreignTo are the rows somebody must not see, one of each kind, in order of the kinds.
func (r *registry) foreignTo(name string) []string {
	first := map[id.Kind]string{}
	for _, row := range slices.Sorted(maps.Keys(r.table)) {
		if kind, _ := id.KindOf(row); first[kind] == "" && !r.visible[name][row] {
			first[kind] = row
		}
	}
	return slices.Sorted(maps.Values(first))
}

// missing is the next id of the same kind that nothing has. Any other could stand on the other side of a row of the
// same millisecond, and a cursor tells of that.
func (r *registry) missing(t *testing.T, row string) string {
	t.Helper()
	kind, _ := id.KindOf(row)
	u, err := ulid.ParseStrict(row[len(kind)+1:])
	if err != nil {
		t.Fatal(err)
	}
	for {
		for at := len(u) - 1; ; at-- {
			if u[at]++; u[at] != 0 {
				break
			}
		}
		if twin := string(kind) + "_" + u.String(); r.table[twin] == "" {
			return twin
		}
	}
}

// reply is all that an answer could tell by.
type reply struct {
	status     int
	body       string
	statements []string
	marks      [3]int
}

// unlike says where two replies differ.
func (r reply) unlike(other reply) string {
	return cmp.Diff(r, other, cmp.AllowUnexported(reply{}))
}

// observed runs a request in this process and keeps what could tell.
func (r *registry) observed(t *testing.T, by *citytest.Client, body map[string]any, stream bool) reply {
	t.Helper()
	request := post(t, by, body)
	if stream {
		request.Header.Set("Accept", "text/event-stream")
	}
	ctx, counter := store.RecordStatements(request.Context())
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // of a stream that says nothing
	defer cancel()
	var out bytes.Buffer
	status := r.serve(request.WithContext(ctx), &out, atOnce)
	begins, commits, rollbacks := counter.Marks()
	sent := slices.DeleteFunc(counter.Texts(), wakeUp.MatchString)
	if stream { // which watches its session beside, or ends before it could
		sent = slices.DeleteFunc(sent, ofSessions.MatchString)
	}
	slices.Sort(sent) // nodes asks the tables in an order of chance
	return reply{status, signed.ReplaceAllString(out.String(), "signed"), sent, [3]int{begins, commits, rollbacks}}
}

// Ten thousand ids, all there are and the rest thrown by dice, tried by everybody through nodes with all that
// can be asked of each type. What is not for their eyes answers as if it were not there: the same bytes
// for the same statements, whatever else is asked for beside it.
func TestTenThousandIDsTellNothing(t *testing.T) {
	r := register(t)
	documents := everythingOf(r.schema)
	ids := slices.Sorted(maps.Keys(r.table))
	for i := 0; len(ids) < manyIDs && !raceEnabled; i++ { // the race detector learns nothing from ids of dice
		ids = append(ids, id.New(r.kinds[i%len(r.kinds)]))
	}
	random := rand.New(rand.NewPCG(3, 2))
	random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	foreign := 0
	for _, name := range r.people {
		for batch, document := range r.batches(ids, documents) {
			twins := slices.Clone(batch)
			for i, row := range batch {
				if r.table[row] != "" && !r.visible[name][row] {
					twins[i] = r.missing(t, row)
					foreign++
				}
			}
			got := r.observed(t, r.member[name], map[string]any{"query": document, "variables": citytest.Vars{"ids": batch}}, false)
			r.onlyVisible(t, name, batch, got.body)
			if twin := r.observed(t, r.member[name], map[string]any{"query": document, "variables": citytest.Vars{"ids": twins}}, false); !reflect.DeepEqual(got, twin) {
				t.Fatalf("%s tells foreign ids (-) from missing ones (+):\n%s", name, got.unlike(twin))
			}
		}
	}
	t.Logf("%d ids there are among %d, tried by %d people, %d times foreign", len(r.table), len(ids), len(r.people), foreign)
}

// batches deals ids out to the documents that ask about their types, a hundred at a time; what has no type
// there, or is nobody's id, goes to each in turn.
func (r *registry) batches(ids, documents []string) iter.Seq2[[]string, string] {
	hands := make([][]string, len(documents))
	for i, row := range ids {
		at := slices.IndexFunc(documents, func(d string) bool { return strings.Contains(d, " ... on "+r.table[row]+" {") })
		if at < 0 {
			at = i % len(documents)
		}
		hands[at] = append(hands[at], row)
	}
	return func(yield func([]string, string) bool) {
		for i, hand := range hands {
			for batch := range slices.Chunk(hand, 100) {
				if !yield(batch, documents[i]) {
					return
				}
			}
		}
	}
}

// onlyVisible holds an answer to the rows for somebody's eyes, each in its place.
func (r *registry) onlyVisible(t *testing.T, name string, ids []string, body string) {
	t.Helper()
	var answer struct {
		Data struct{ Nodes []*struct{ ID string } }
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Data.Nodes) != len(ids) {
		t.Fatalf("%s is answered %.300s: %v", name, body, err)
	}
	for i, node := range answer.Data.Nodes {
		want := r.visible[name][ids[i]] && !slices.Contains(hiddenTypes, r.table[ids[i]])
		if (node != nil) != want || node != nil && node.ID != ids[i] {
			t.Errorf("%s asks for %s of %q and gets %+v", name, ids[i], r.table[ids[i]], node)
		}
	}
	r.namesOnlyVisible(t, name+": nodes", name, body)
}

// signed is the end of a link to a file, which is another every second.
var signed = regexp.MustCompile(`expires=\d+&signature=[A-Za-z0-9_-]+`)

var ofSessions = regexp.MustCompile("FROM [`\"]sessions[`\"]")

var anyID = regexp.MustCompile(`[a-z]+_[0-9A-HJKMNP-TV-Z]{26}`)

// namesOnlyVisible fails when an answer names a row that is not for somebody's eyes.
func (r *registry) namesOnlyVisible(t *testing.T, what, name, body string) {
	t.Helper()
	for _, found := range anyID.FindAllString(body, -1) {
		if r.viewers[name].Has(viewer.Auditor) && r.logged(t, found) {
			continue
		}
		if r.viewers[name].Has(viewer.Teacher) && r.taught(t, name, found) {
			continue
		}
		if r.namedInThreads(t, what, name, found) {
			continue
		}
		if table := r.table[found]; table != "" && !r.visible[name][found] {
			t.Errorf("%s names a %s that is not for %s: %s", what, table, name, found)
		}
	}
}

// logged reports whether the access log, which auditors read, names somebody: as whose data were read, as who
// read them, or as whom the reader acted for.
func (r *registry) logged(t *testing.T, personID string) bool {
	t.Helper()
	named, err := r.DB.RecordAccess.Query().
		Where(recordaccess.Or(recordaccess.PersonID(personID), recordaccess.AccessorID(personID), recordaccess.OnBehalfOf(personID))).
		Exist(viewer.AsSystem(t.Context(), "look for somebody in the access log"))
	if err != nil {
		t.Fatal(err)
	}
	return named
}

// asksOfAnybody are the places where a role lets its holder ask about anybody by their id.
var asksOfAnybody = map[viewer.RoleKind][]string{
	viewer.Auditor: {"Query.accessLog(person)", "Query.accessLog(accessor)", "Query.consents(person)", "Query.recordAccesses(person)"},
	viewer.Admin: {
		"Query.entitlements(person)", "GrantEntitlementInput.personId", "WithdrawEntitlementInput.grantId",
		"FreezeCardInput.cardId", "UnfreezeCardInput.cardId",
	},
}

// logsRefusals are the operations that note it when somebody is refused.
var logsRefusals = []string{"HealthRecords", "VisitRecords"}

// mayAskOfAnybody reports whether a role of somebody's lets them ask there about anybody.
func (r *registry) mayAskOfAnybody(name, place string) bool {
	return slices.ContainsFunc(r.viewers[name].Roles, func(held viewer.Role) bool { return slices.Contains(asksOfAnybody[held.Kind], place) })
}

// Every operation answers everybody with rows for their eyes alone; and wherever an operation takes an id, also
// where it need not be given, a foreign one is answered as a missing one and leaves nothing behind.
func TestEveryIDAnOperationTakes(t *testing.T) {
	r := register(t)
	tried := map[string]bool{}
	for _, o := range operations(t) {
		scene := scenes[o.Name](t, r.rig)
		before := r.rowsThereAre(t)
		for _, place := range idPlaces(r.schema, parsed(t, r.schema, o), plainVars(t, scene.vars)) {
			tried[place.name] = true
			for _, name := range r.askers() {
				if r.mayAskOfAnybody(name, place.name) {
					continue
				}
				for _, theirs := range r.foreignTo(name) {
					r.tellsNothing(t, o, scene, place, name, theirs)
				}
			}
		}
		after := r.rowsThereAre(t)
		if noted := "RecordAccess"; slices.Contains(logsRefusals, o.Name) {
			before[noted] = after[noted]
		}
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%s: refused, and the rows were (-) and are (+):\n%s", o.Name, cmp.Diff(before, after))
		}
		if o.Type == "query" {
			for _, name := range r.people {
				got := r.observed(t, r.member[name], map[string]any{"documentId": o.ID, "variables": scene.vars}, false)
				r.namesOnlyVisible(t, o.Name, name, got.body)
			}
		}
	}
	for _, def := range []*ast.Definition{r.schema.Query, r.schema.Mutation, r.schema.Subscription} {
		for _, field := range def.Fields {
			for _, arg := range field.Arguments {
				for _, name := range idNames(r.schema, arg.Type, def.Name+"."+field.Name+"("+arg.Name+")", nil) {
					if !tried[name] && field.Name != "node" && field.Name != "nodes" {
						t.Errorf("no operation of any client brings an id to %s", name)
					}
				}
			}
		}
	}
}

// askers are those who try every id everywhere: everybody, but for the race detector, which learns nothing
// from one more of them.
func (r *registry) askers() []string {
	if raceEnabled {
		return []string{visitor, "zhouwei"}
	}
	return r.people
}

// tellsNothing compares a foreign id with a missing one at one place.
func (r *registry) tellsNothing(t *testing.T, o contracts.Operation, s asked, place idPlace, name, theirs string) {
	t.Helper()
	answers := [2]reply{}
	for i, value := range []string{theirs, r.missing(t, theirs)} {
		vars := plainVars(t, s.vars)
		for _, l := range leaves(t, r.schema, o, vars) {
			if l.kind == "UUID" {
				l.put(uuid.NewString()) // a request of its own
			}
		}
		place.put(vars, value)
		answers[i] = r.observed(t, r.member[name], map[string]any{"documentId": o.ID, "variables": vars}, o.Type == "subscription")
		r.namesOnlyVisible(t, o.Name, name, answers[i].body)
	}
	if !reflect.DeepEqual(answers[0], answers[1]) {
		t.Errorf("%s tells a foreign %s (-) from a missing one (+) at %s:\n%s", name, r.table[theirs], place.name, answers[0].unlike(answers[1]))
	}
	if answers[0].status != http.StatusOK && answers[0].status != http.StatusUnauthorized {
		t.Errorf("%s at %s: %d %s", name, place.name, answers[0].status, answers[0].body)
	}
}

// rowsThereAre counts the rows of each table.
func (r *registry) rowsThereAre(t *testing.T) map[string]int {
	t.Helper()
	found := map[string]int{}
	for _, table := range tables {
		ids, err := table.find(r.DB, func(*sql.Selector) {}).IDs(viewer.AsSystem(t.Context(), "count what is there"))
		if err != nil {
			t.Fatal(err)
		}
		found[table.name] = len(ids)
	}
	return found
}
