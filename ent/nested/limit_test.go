package nested_test

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/ent/nested"
	"citygraph/ent/rule"
	"citygraph/internal/clock"
	"citygraph/internal/seed"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

const perCase = 50

// histories gives chenjing's cases long histories, and returns the cases.
func histories(t *testing.T, city *seedtest.City) []driver.Value {
	t.Helper()
	ctx := seedtest.System(t)
	cases, err := city.DB.CityCase.Query().Where(citycase.ReporterID(seedtest.Person(t, "chenjing"))).IDs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var ids []driver.Value
	for _, id := range cases[:3] {
		ids = append(ids, id)
		if _, err := city.DB.CaseEvent.Delete().Where(caseevent.CityCaseID(id)).Exec(ctx); err != nil {
			t.Fatal(err)
		}
		for seq := range perCase {
			err := city.DB.CaseEvent.Create().SetCityCaseID(id).SetSeq(seq + 1).SetToStatus("SUBMITTED").
				SetActorKind(caseevent.ActorKindOfficer).SetActorID(seedtest.Person(t, "zhaoqiang")).
				SetPublic(seq%2 == 0).Exec(ctx)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return ids
}

// last selects the last events of the cases that the viewer may see.
func last(name string, cases []driver.Value, limit int, v *viewer.Viewer) (string, []any) {
	d := sql.Dialect(name)
	table := d.Table(caseevent.Table)
	s := d.Select(table.C("id"), table.C("city_case_id"), table.C("seq")).From(table)
	s.WithContext(context.Background())
	nested.Of(s, caseevent.FieldCityCaseID, cases)
	rule.CaseEvent.Read.For(v)(s)
	nested.LimitPerParent(limit, sql.ExprFunc(func(b *sql.Builder) { b.Ident("id").WriteString(" DESC") }))(s)
	return s.Query()
}

func TestTheLastOfEachParentByTheRules(t *testing.T) {
	city := seedtest.Open(t)
	cases := histories(t, city)
	citizen := &viewer.Viewer{PersonID: seedtest.Person(t, "chenjing")}
	for what, want := range map[*viewer.Viewer][]int{
		viewer.From(viewer.AsSystem(t.Context(), "see everything")): {50, 49, 48},
		citizen: {49, 47, 45}, // public steps only
	} {
		for _, parents := range [][]driver.Value{cases, cases[:1]} {
			query, args := last(city.Store.Dialect(), parents, 3, what)
			rows := &sql.Rows{}
			if err := city.Store.Driver().Query(t.Context(), query, args, rows); err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			got := map[string][]int{}
			for rows.Next() {
				var id, parent string
				var seq int
				if err := rows.Scan(&id, &parent, &seq); err != nil {
					t.Fatal(err)
				}
				got[parent] = append(got[parent], seq)
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
			for _, parent := range parents {
				if seqs := got[parent.(string)]; !slices.Equal(seqs, want) { //nolint:forcetypeassert // ids are strings
					t.Errorf("the last three are %v, want %v", seqs, want)
				}
			}
		}
	}
}

// The planner's own account: the histories are searched by index, and no more rows are read than shown.
func TestNoMoreChildrenAreReadThanShown(t *testing.T) {
	city := seedtest.Bare(t)
	// Enough cases that their index is worth its while.
	err := seed.City(t.Context(), city.Store, city.DB, seed.Options{Citizens: 5000, Seed: 1, Clock: clock.System{}, Vault: seedtest.Vault(t)})
	if err != nil {
		t.Fatal(err)
	}
	cases := histories(t, city)
	query, args := last(city.Store.Dialect(), cases, 3, viewer.From(viewer.AsSystem(t.Context(), "see everything")))
	explain := map[string]string{
		dialect.SQLite: "EXPLAIN QUERY PLAN ", dialect.Postgres: "EXPLAIN (ANALYZE, FORMAT JSON) ",
	}[city.Store.Dialect()]
	if city.Store.Dialect() == dialect.Postgres {
		if _, err := city.Store.Writer().ExecContext(t.Context(), "ANALYZE"); err != nil {
			t.Fatal(err)
		}
	}
	rows := &sql.Rows{}
	if err := city.Store.Driver().Query(t.Context(), explain+query, args, rows); err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if city.Store.Dialect() == dialect.SQLite {
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(step, "SCAN "+caseevent.Table) || strings.Contains(step, "TEMP B-TREE") && strings.Contains(step, "RIGHT") {
				t.Errorf("the plan reads more than it shows: %s", step)
			}
		}
		return
	}
	var text string
	for rows.Next() {
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		t.Fatal(err)
	}
	if read := plans[0].Plan.read(); read > 3*float64(len(cases)) {
		t.Errorf("%g events are read to show %d:\n%s", read, 3*len(cases), text)
	}
}

// node is a step of PostgreSQL's plan.
type node struct {
	Relation string  `json:"Relation Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Removed  float64 `json:"Rows Removed by Filter"`
	Plans    []node
}

// read counts the events that the plan took from their table.
func (n node) read() float64 {
	var sum float64
	if n.Relation == caseevent.Table {
		sum = (n.Rows + n.Removed) * n.Loops
	}
	for _, below := range n.Plans {
		sum += below.read()
	}
	return sum
}

func ExampleEmptyPage() {
	none := 0
	fmt.Println(nested.EmptyPage(&none, nil), nested.EmptyPage(nil, nil))
	// Output: true false
}
