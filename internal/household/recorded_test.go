package household_test

import (
	"context"
	"sync"
	"testing"

	"citygraph/ent/db/guardianship"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/scope"
	"citygraph/internal/seed/seedtest"
)

func TestASchoolGivesAndTakesOnlyWhatSchoolsHaveSaid(t *testing.T) {
	h, system := open(t), seedtest.System(t)
	child := seedtest.Person(t, "zhouzihan")
	mother, father, stranger := seedtest.Person(t, "chenjing"), seedtest.Person(t, "zhouwei"), seedtest.Person(t, "maming")
	n, err := h.RecordAll(system, []household.Tie{{mother, child}, {father, child}, {stranger, child}, {stranger, child}})
	if err != nil || n != 1 {
		t.Fatalf("%d recorded, %v", n, err)
	}
	if !h.may(t, "maming", "zhouzihan", scope.School) || h.may(t, "zhouwei", "zhouzihan", scope.School) {
		t.Error("the new guardian may nothing, or the barred father something")
	}
	for guardian, want := range map[string]bool{mother: false, father: false, stranger: true} {
		ended, err := h.Withdraw(system, guardian, child)
		if err != nil || ended != want {
			t.Errorf("withdrawn %v, %v", ended, err)
		}
	}
	bar := h.city.DB.Guardianship.Query().Where(guardianship.GuardianID(father), guardianship.ChildID(child)).OnlyX(system)
	if bar.Status != guardianship.StatusBarred || !h.may(t, "chenjing", "zhouzihan", scope.School) || h.may(t, "maming", "zhouzihan", scope.School) {
		t.Errorf("the bar is %s, or rights are wrong", bar.Status)
	}
	if n, err := h.RecordAll(system, []household.Tie{{stranger, child}}); err != nil || n != 1 {
		t.Errorf("who is a guardian again: %d, %v", n, err)
	}
}

func TestTheAgeOfAChildIsWhatTheirSchoolSaysWhereNobodyElseKnows(t *testing.T) {
	h, system := open(t), seedtest.System(t)
	child := h.city.DB.Person.Create().SetName("王**").SaveX(system)
	tie := []household.Tie{{seedtest.Person(t, "maming"), child.ID}}
	if n, err := h.RecordAll(system, tie); err != nil || n != 0 {
		t.Fatalf("a child of unknown age: %d, %v", n, err)
	}
	h.Births = func(context.Context, ...string) (map[string]string, error) {
		return map[string]string{child.ID: h.Clock.Now().AddDate(-8, 0, 0).Format("2006-01-02")}, nil
	}
	if n, err := h.RecordAll(system, tie); err != nil || n != 1 {
		t.Fatalf("a child of eight: %d, %v", n, err)
	}
	if n, err := h.Fade(t.Context()); err != nil || n != 0 {
		t.Errorf("%d faded, %v", n, err)
	}
}

func TestOnlyTheSystemRecordsForASchool(t *testing.T) {
	h := open(t)
	if _, err := h.RecordAll(h.As(t, "lina"), nil); fault.CodeOf(err) != fault.Forbidden {
		t.Error(err)
	}
	if _, err := h.Withdraw(h.As(t, "lina"), "a", "b"); fault.CodeOf(err) != fault.Forbidden {
		t.Error(err)
	}
}

// A custody bar holds whoever comes first: it, or a school that knows nothing of it.
func TestABarAndASchoolsRecordMayComeAtOnce(t *testing.T) {
	h, system := open(t), seedtest.System(t)
	stranger := seedtest.Person(t, "maming")
	for i := range 10 {
		child := h.city.DB.Person.Create().SetName("王**").SaveX(system)
		h.Births = func(context.Context, ...string) (map[string]string, error) {
			return map[string]string{child.ID: h.Clock.Now().AddDate(-8, 0, 0).Format("2006-01-02")}, nil
		}
		var both sync.WaitGroup
		both.Go(func() {
			if err := h.Bar(system, stranger, child.ID); err != nil {
				t.Error(err)
			}
		})
		both.Go(func() {
			if _, err := h.RecordAll(system, []household.Tie{{stranger, child.ID}}); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		if g := h.city.DB.Guardianship.Query().Where(guardianship.ChildID(child.ID)).OnlyX(system); g.Status != guardianship.StatusBarred || g.ScopeSet != 0 {
			t.Errorf("time %d: %s", i, g.Status)
		}
	}
}
