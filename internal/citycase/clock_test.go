package citycase_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/workday"
)

// On hold the clock stands still, and what was left of it runs on afterwards, on working days.
func TestTheClockStopsOnHold(t *testing.T) {
	o := open(t)
	c := o.at(t, machine.InProgress)
	officer := o.city.As(t, "zhaoqiang")
	left := workday.Between(o.clock.Now(), c.DueAt)
	if _, err := o.Suspend(officer, c.ID, "等待材料"); err != nil {
		t.Fatal(err)
	}
	o.clock.Turn(20 * 24 * time.Hour)
	resumed, err := o.Resume(officer, c.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := workday.Between(o.clock.Now(), resumed.DueAt); got != left || resumed.StoppedAt != nil {
		t.Errorf("%s are left, want %s", got, left)
	}
	// What is overdue stays so.
	o.clock.Turn(30 * 24 * time.Hour)
	if _, err := o.Suspend(officer, c.ID, "等待材料"); err != nil {
		t.Fatal(err)
	}
	o.clock.Turn(24 * time.Hour)
	late, err := o.Resume(officer, c.ID, "")
	if err != nil || !late.DueAt.Equal(resumed.DueAt) {
		t.Errorf("due at %s, want %s: %v", late.DueAt, resumed.DueAt, err)
	}
}

// A reporter reopens within the window and a bounded number of times; each time the case has a clock of
// its own, and is rated anew.
func TestReopeningIsBounded(t *testing.T) {
	o := open(t)
	mother := o.city.As(t, "chenjing")
	c := o.at(t, machine.Closed)
	closeAgain := func() {
		t.Helper()
		for _, e := range smooth(machine.Closed)[2:] {
			if _, err := o.do(o.city.As(t, o.who(e.By)), c.ID, e.Action, e.Outcome); err != nil {
				t.Fatalf("%s: %v", e.Action, err)
			}
		}
	}
	if _, err := o.Rate(mother, c.ID, 2, "太慢"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Rate(mother, c.ID, 5, ""); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("rated again: %v", err)
	}
	for range 2 {
		o.clock.Turn(24 * time.Hour)
		reopened, err := o.Reopen(mother, c.ID, "又不亮了")
		if err != nil {
			t.Fatal(err)
		}
		if reopened.Rating != nil || reopened.ClosedAt != nil || !reopened.DueAt.After(o.clock.Now()) || reopened.ResolverID != "" {
			t.Errorf("reopened %+v", reopened)
		}
		closeAgain()
	}
	if _, err := o.Reopen(mother, c.ID, "又不亮了"); fault.CodeOf(err) != fault.ReopenLimit {
		t.Errorf("a third time: %v", err)
	}
	now := o.city.DB.CityCase.GetX(mother, c.ID)
	if slices.Contains(o.allowed(t, mother, now), machine.Reopen) {
		t.Error("offered a third time")
	}
	c = o.at(t, machine.Closed)
	o.clock.Turn(15*24*time.Hour + time.Second)
	if _, err := o.Reopen(mother, c.ID, "又不亮了"); fault.CodeOf(err) != fault.ReopenLimit {
		t.Errorf("after the window: %v", err)
	}
}

// Those whose promise runs out are told of once before, and once after; nobody is told of what is on hold.
func TestEscalation(t *testing.T) {
	o := open(t)
	c, held, moved := o.at(t, machine.InProgress), o.at(t, machine.Suspended), o.at(t, machine.Accepted)
	look := func() []string {
		t.Helper()
		o.due = nil
		if _, err := o.Escalate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, d := range o.due {
			if slices.Contains([]string{c.ID, held.ID, moved.ID}, d.CaseID) {
				told = append(told, d.CaseID+map[bool]string{false: " nearly due", true: " overdue"}[d.Overdue])
			}
		}
		slices.Sort(told)
		return told
	}
	if got := look(); len(got) != 0 {
		t.Errorf("on time, told of %v", got)
	}
	o.clock.Turn(c.DueAt.Sub(o.clock.Now()) - 30*time.Minute)
	want := []string{c.ID + " nearly due", moved.ID + " nearly due"}
	if diff := cmp.Diff(want, look()); diff != "" {
		t.Error(diff)
	}
	if got := look(); len(got) != 0 {
		t.Errorf("told again of %v", got)
	}
	if _, err := o.Suspend(o.city.As(t, "zhaoqiang"), c.ID, "等待材料"); err != nil {
		t.Fatal(err)
	}
	o.clock.Turn(2 * time.Hour)
	if diff := cmp.Diff([]string{moved.ID + " overdue"}, look()); diff != "" {
		t.Error(diff)
	}
	o.clock.Turn(1000 * time.Hour)
	if got := look(); len(got) != 0 {
		t.Errorf("told again of %v", got)
	}
}
