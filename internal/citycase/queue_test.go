package citycase_test

import (
	"slices"
	"testing"
	"time"

	"citygraph/ent/db/citycase"
	cases "citygraph/internal/citycase"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Each filter of a queue keeps what it says and nothing else.
func TestQueueFilters(t *testing.T) {
	o := open(t)
	accepted, held, filed := o.at(t, machine.Accepted), o.at(t, machine.Suspended), o.at(t, machine.Filed)
	closed := o.at(t, machine.Closed)
	officer := o.city.As(t, "zhaoqiang")
	mine, err := o.Dispatch(officer, cases.Dispatch{CaseID: filed.ID, OfficerID: viewer.From(officer).PersonID})
	if err != nil {
		t.Fatal(err)
	}
	overdue, soon, own, free := cases.Overdue, cases.DueSoon, cases.AssignedToMe, cases.Unassigned
	category, district := accepted.CategoryID, o.elsewhere(t).DistrictID
	status := machine.Suspended
	passing := func(f cases.QueueFilter) []string {
		t.Helper()
		q, err := o.Queue(officer, o.city.DB.CityCase.Query(), f)
		if err != nil {
			t.Fatal(err)
		}
		return q.Where(citycase.IDIn(accepted.ID, held.ID, mine.ID, closed.ID)).IDsX(officer)
	}
	expect := func(name string, f cases.QueueFilter, want ...string) {
		t.Helper()
		got := passing(f)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	expect("all", cases.QueueFilter{}, accepted.ID, held.ID, mine.ID, closed.ID)
	expect("on hold", cases.QueueFilter{Status: &status}, held.ID)
	expect("mine", cases.QueueFilter{Assignment: &own}, mine.ID)
	expect("nobody's", cases.QueueFilter{Assignment: &free}, accepted.ID, held.ID)
	expect("of the category", cases.QueueFilter{CategoryID: &category}, accepted.ID, held.ID, mine.ID, closed.ID)
	expect("of another district", cases.QueueFilter{DistrictID: &district})
	expect("overdue on time", cases.QueueFilter{Due: &overdue})
	o.clock.Turn(accepted.DueAt.Sub(o.clock.Now()) - time.Hour)
	expect("due soon", cases.QueueFilter{Due: &soon}, accepted.ID, mine.ID)
	o.clock.Turn(2 * time.Hour)
	expect("due soon when over", cases.QueueFilter{Due: &soon})
	expect("overdue", cases.QueueFilter{Due: &overdue}, accepted.ID, mine.ID)
	expect("overdue and mine", cases.QueueFilter{Due: &overdue, Assignment: &own}, mine.ID)
}

// Officers see whom of their districts they can give cases to, and how much each has to do.
func TestColleagues(t *testing.T) {
	o := open(t)
	filed := o.at(t, machine.Filed)
	officer := o.city.As(t, "zhaoqiang")
	if _, err := o.Dispatch(officer, cases.Dispatch{CaseID: filed.ID, OfficerID: viewer.From(officer).PersonID}); err != nil {
		t.Fatal(err)
	}
	got, err := o.Colleagues(officer)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d colleagues, %v", len(got), err)
	}
	for _, c := range got {
		want := map[string]int{viewer.From(officer).PersonID: 1}[c.OfficerID]
		if c.OpenCases != want || c.DistrictID != filed.DistrictID || c.MaskedName.String() == "" {
			t.Errorf("%+v", c)
		}
	}
	for member, want := range map[string]fault.Code{"": fault.Unauthenticated, "chenjing": fault.Forbidden, "qianjun": fault.Forbidden, "sunli": ""} {
		if _, err := o.Colleagues(o.city.As(t, member)); fault.CodeOf(err) != want {
			t.Errorf("%q: %v", member, err)
		}
	}
}
