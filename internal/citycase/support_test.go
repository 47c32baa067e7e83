package citycase_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/casesupporter"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// crowd are so many people without any role.
func (o *office) crowd(t *testing.T, n int) []context.Context {
	t.Helper()
	people := make([]context.Context, n)
	for i := range people {
		person := o.city.DB.Person.Create().SaveX(seedtest.System(t))
		people[i] = viewer.With(t.Context(), &viewer.Viewer{PersonID: person.ID})
	}
	return people
}

// supportersAreCounted is invariant 14 for every case: the count is that of its rows, which are of distinct
// people and never its reporter; a chain of merged cases ends; and nobody follows a case that was merged.
func (o *office) supportersAreCounted(t *testing.T) {
	t.Helper()
	ctx := seedtest.System(t)
	byID := map[string]*db.CityCase{}
	for _, c := range o.city.DB.CityCase.Query().AllX(ctx) {
		byID[c.ID] = c
	}
	for _, c := range byID {
		people := o.city.DB.CaseSupporter.Query().Where(casesupporter.CityCaseID(c.ID)).AllX(ctx)
		distinct := map[string]bool{}
		for _, p := range people {
			distinct[p.PersonID] = true
		}
		if len(people) != c.Supporters || len(distinct) != c.Supporters || distinct[c.ReporterID] {
			t.Errorf("%s counts %d supporters and has %d rows of %d people", c.Number, c.Supporters, len(people), len(distinct))
		}
		if c.Status == machine.Duplicate && (c.DuplicateOfID == "" || c.Supporters != 0) {
			t.Errorf("%s was merged into %q and keeps %d followers", c.Number, c.DuplicateOfID, c.Supporters)
		}
		steps := 0
		for at := c; at.DuplicateOfID != ""; at = byID[at.DuplicateOfID] {
			if steps++; steps > len(byID) {
				t.Fatalf("%s was merged in a circle", c.Number)
			}
		}
	}
}

func TestSupportersAreDistinctPeople(t *testing.T) {
	o := open(t)
	c := o.at(t, machine.Accepted)
	people := o.crowd(t, 12)
	var everyone sync.WaitGroup
	for range 3 { // each comes three times, by keys of their own
		for _, ctx := range people {
			everyone.Go(func() {
				if _, err := o.Support(ctx, uuid.New(), c.ID); err != nil {
					t.Error(err)
				}
			})
		}
	}
	everyone.Wait()
	if now := o.city.DB.CityCase.GetX(t.Context(), c.ID); now.Supporters != len(people) {
		t.Errorf("%d supporters of %d", now.Supporters, len(people))
	}
	o.supportersAreCounted(t)
	for member, want := range map[string]fault.Code{"": fault.Unauthenticated, "chenjing": fault.Forbidden, "maming": ""} {
		if _, err := o.Support(o.city.As(t, member), uuid.New(), c.ID); fault.CodeOf(err) != want {
			t.Errorf("%q: %v", member, err)
		}
	}
	unread := o.submitted(t)
	if _, err := o.Support(people[0], uuid.New(), unread.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("what no officer has read: %v", err)
	}
}

func TestFollowersMoveOnce(t *testing.T) {
	o := open(t)
	officer := o.city.As(t, "zhaoqiang")
	one, two, three := o.at(t, machine.Accepted), o.at(t, machine.Accepted), o.theirs(t, "maming")
	people := o.crowd(t, 3)
	for _, s := range []struct {
		who    context.Context
		caseID string
	}{
		{people[0], one.ID}, {people[1], one.ID}, {people[1], two.ID}, {people[2], two.ID}, {o.city.As(t, "maming"), one.ID},
	} {
		if _, err := o.Support(s.who, uuid.New(), s.caseID); err != nil {
			t.Fatal(err)
		}
	}
	merged, err := o.Merge(officer, one.ID, two.ID, "同一盏灯")
	if err != nil || merged.Status != machine.Duplicate || merged.DuplicateOfID != two.ID || merged.Supporters != 0 {
		t.Fatalf("merged %+v, %v", merged, err)
	}
	if now := o.city.DB.CityCase.GetX(officer, two.ID); now.Supporters != 4 { // the reporter of both is one
		t.Errorf("%d follow the one that goes on", now.Supporters)
	}
	if _, err := o.Merge(officer, two.ID, three.ID, ""); err != nil {
		t.Fatal(err)
	}
	if now := o.city.DB.CityCase.GetX(officer, three.ID); now.Supporters != 4 { // without its reporter, with that of the others
		t.Errorf("%d follow the last", now.Supporters)
	}
	o.supportersAreCounted(t)
	for name, tt := range map[string]struct {
		from, into string
		code       fault.Code
	}{
		"again":          {one.ID, three.ID, fault.InvalidTransition},
		"into itself":    {three.ID, three.ID, fault.BadUserInput},
		"into a part":    {three.ID, one.ID, fault.BadUserInput},
		"into nothing":   {three.ID, "case_x", fault.NotFound},
		"into another's": {three.ID, o.elsewhere(t).ID, fault.NotFound},
	} {
		if _, err := o.Merge(officer, tt.from, tt.into, ""); fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := o.Merge(o.city.As(t, "maming"), three.ID, o.at(t, machine.Accepted).ID, ""); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("a citizen merges: %v", err)
	}
}

// theirs is an accepted case of a member's in Xihu District.
func (o *office) theirs(t testing.TB, member string) *db.CityCase {
	t.Helper()
	c, err := o.Submit(o.city.As(t, member), o.report(t))
	if err != nil {
		t.Fatal(err)
	}
	if c, err = o.Accept(o.city.As(t, "zhaoqiang"), c.ID, ""); err != nil {
		t.Fatal(err)
	}
	return c
}

// elsewhere is a case in Shangcheng District that no officer has read.
func (o *office) elsewhere(t *testing.T) *db.CityCase {
	t.Helper()
	r := o.report(t)
	r.Location.Lat, r.Location.Lng = 30.245, 120.17
	c, err := o.Submit(o.city.As(t, "chenjing"), r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Invariant 14 in a crowd: cases are merged every way at once while people come to support them.
func TestMergingAndSupportingAtOnce(t *testing.T) {
	o := open(t)
	officer := o.city.As(t, "zhaoqiang")
	var all []string
	for range 8 {
		all = append(all, o.at(t, machine.Accepted).ID)
	}
	people := o.crowd(t, 10)
	var everyone sync.WaitGroup
	for i, ctx := range people {
		everyone.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for range 12 {
				_, err := o.Support(ctx, uuid.New(), all[random.IntN(len(all))])
				if code := fault.CodeOf(err); code != "" && code != fault.InvalidTransition {
					t.Error(err)
				}
			}
		})
	}
	for i := range 4 {
		everyone.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 2))
			for range 12 {
				_, err := o.Merge(officer, all[random.IntN(len(all))], all[random.IntN(len(all))], "")
				if code := fault.CodeOf(err); code != "" && code != fault.InvalidTransition && code != fault.BadUserInput {
					t.Error(err)
				}
			}
		})
	}
	everyone.Wait()
	o.supportersAreCounted(t)
	o.historiesAreWhole(t)
	states := map[machine.Status]int{}
	for _, caseID := range all {
		states[o.city.DB.CityCase.GetX(officer, caseID).Status]++
	}
	if states[machine.Duplicate] == 0 || states[machine.Accepted] == 0 {
		t.Errorf("nothing to see: %s", cmp.Diff(nil, fmt.Sprint(states)))
	}
}
