package household_test

import (
	"context"
	"testing"
	"time"

	"citygraph/ent/db/guardianship"
	"citygraph/internal/clock"
	"citygraph/internal/household"
	"citygraph/internal/scope"
	"citygraph/internal/seed/seedtest"
)

func TestWhatAgeLeaves(t *testing.T) {
	const born = "2010-02-28"
	for day, want := range map[string]scope.Set{
		"2010-02-28": scope.All,
		"2024-02-27": scope.All,
		"2024-02-28": scope.All &^ scope.Of(scope.ReadRecord),
		"2026-02-27": scope.All &^ scope.Of(scope.ReadRecord),
		"2026-02-28": scope.Of(scope.Book, scope.School, scope.Notify),
		"2028-02-27": scope.Of(scope.Book, scope.School, scope.Notify),
		"2028-02-28": 0,
	} {
		at, err := time.ParseInLocation(time.DateOnly, day, clock.Shanghai)
		if err != nil {
			t.Fatal(err)
		}
		if got := household.LeftAt(born, at); got != want {
			t.Errorf("on %s %v are left", day, got.List())
		}
	}
	if household.LeftAt("", time.Now()) != 0 || household.LeftAt("2010-02-30", time.Now()) != 0 {
		t.Error("a child of no known age is guarded")
	}
}

// As the years pass, rights go and none comes back; who is of age has no guardian.
func TestGuardianshipFades(t *testing.T) {
	h := open(t)
	system := seedtest.System(t)
	left := func(child string) scope.Set {
		g := h.DB.Guardianship.Query().Where(
			guardianship.ChildID(seedtest.Person(t, child)), guardianship.GuardianID(seedtest.Person(t, "chenjing")),
		).OnlyX(system)
		return g.ScopeSet
	}
	h.DB.Guardianship.Update().Where(guardianship.StatusEQ(guardianship.StatusActive)).SetScopeSet(scope.All).ExecX(system)
	for _, step := range []struct {
		day     string
		changed int
		left    scope.Set // for the younger
	}{
		{"2025-05-07", 0, scope.All},
		{"2025-05-08", 1, scope.All},                               // the elder is fourteen
		{"2030-10-23", 2, scope.All &^ scope.Of(scope.ReadRecord)}, // the younger is, and the elder of age
		{"2032-10-23", 1, scope.Of(scope.Book, scope.School, scope.Notify)},
		{"2032-10-24", 0, scope.Of(scope.Book, scope.School, scope.Notify)},
		{"2034-10-23", 1, 0},
		{"2025-05-08", 0, 0},
	} {
		day, err := time.ParseInLocation(time.DateOnly, step.day, clock.Shanghai)
		if err != nil {
			t.Fatal(err)
		}
		h.clock.at = day
		changed, err := h.Fade(t.Context())
		if err != nil || changed != step.changed || left("zhouzihan") != step.left {
			t.Errorf("on %s %d change, %v are left, %v", step.day, changed, left("zhouzihan").List(), err)
		}
	}
	if h.may(t, "chenjing", "zhouzixuan", scope.School) || left("zhouzixuan") != 0 {
		t.Error("a grown son has a guardian")
	}
	if n := h.DB.Guardianship.Query().Where(guardianship.StatusEQ(guardianship.StatusBarred)).CountX(system); n != 2 {
		t.Errorf("%d bars are left of 2", n)
	}
}

// Whose account ends acts for nobody any more, and nobody for them; a court's bar outlives it.
func TestWhoIsGoneIsForgotten(t *testing.T) {
	h := open(t)
	system := seedtest.System(t)
	forget := func(key string) {
		err := h.Store.InTx(system, func(ctx context.Context) error { return h.Forget(ctx, seedtest.Person(t, key)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	forget("wangguiying")
	if h.may(t, "chenjing", "wangguiying", scope.Book) || h.DB.Delegation.Query().CountX(system) != 0 {
		t.Error("the grandmother's word outlives her account")
	}
	if !h.may(t, "chenjing", "zhouzihan", scope.School) {
		t.Error("another's right is gone with it")
	}
	forget("zhouwei")
	forget("chenjing")
	if n := h.DB.Guardianship.Query().Where(guardianship.StatusEQ(guardianship.StatusBarred)).CountX(system); n != 2 || h.DB.Guardianship.Query().CountX(system) != 2 {
		t.Errorf("%d bars are left", n)
	}
}
