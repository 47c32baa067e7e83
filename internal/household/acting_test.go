package household_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db/delegation"
	"citygraph/ent/db/guardianship"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/id"
	"citygraph/internal/scope"
	"citygraph/internal/seed"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

var family = []string{"chenjing", "zhouwei", "wangguiying", "zhouzixuan", "zhouzihan"}

// Who may do what for whom in the demo city: every pair of the family and a stranger, every scope.
func TestWhoActsForWhom(t *testing.T) {
	h := open(t)
	teen := household.LeftAt(seed.Children[0].Born, time.Now())
	want := map[[2]string]scope.Set{
		{"chenjing", "wangguiying"}: scope.All &^ scope.Of(scope.School),
		{"chenjing", "zhouzixuan"}:  teen,
		{"chenjing", "zhouzihan"}:   household.LeftAt(seed.Children[1].Born, time.Now()),
	}
	for _, who := range append(slices.Clone(family), "maming") {
		for _, whom := range family {
			mine := want[[2]string{who, whom}]
			if who == whom {
				mine = scope.All
			}
			for _, s := range scope.All.List() {
				if got := h.may(t, who, whom, s); got != (mine&scope.Of(s) != 0) {
					t.Errorf("%s does %s for %s: %t", who, s, whom, got)
				}
			}
		}
	}
}

func TestActingNamesBoth(t *testing.T) {
	h := open(t)
	grandmother := seedtest.Person(t, "wangguiying")
	ctx, err := h.For(h.As(t, "chenjing"), &grandmother, scope.Case)
	if err != nil {
		t.Fatal(err)
	}
	if v := viewer.From(ctx); v.PersonID != seedtest.Person(t, "chenjing") || v.Subject() != grandmother {
		t.Errorf("acts as %+v", v)
	}
	own := h.As(t, "chenjing")
	for _, self := range []*string{nil, new(seedtest.Person(t, "chenjing"))} {
		if ctx, err = h.For(own, self, scope.Pay); err != nil || viewer.From(ctx).Subject() != seedtest.Person(t, "chenjing") {
			t.Errorf("for oneself: %v", err)
		}
	}
	for name, other := range map[string]string{"nobody": id.New(id.Person), "no person": id.New(id.CityCase), "nothing": "x"} {
		if _, err := h.For(own, &other, scope.Book); fault.CodeOf(err) != fault.DelegationScope {
			t.Errorf("for %s: %v", name, err)
		}
	}
	if _, err := h.For(t.Context(), nil, scope.Book); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor: %v", err)
	}
}

// A bar beats the word of the child and what the register said before; lifted, only what is written anew
// holds.
func TestACustodyBarBeatsEverything(t *testing.T) {
	h := open(t)
	system := seedtest.System(t)
	child, mother := seedtest.Person(t, "zhouzihan"), seedtest.Person(t, "chenjing")
	h.DB.Delegation.Create().SetDelegatorID(child).SetDelegateID(mother).SetDelegatorName("周*").SetDelegateName("陈*").
		SetScopeSet(scope.All).SetConsents([]string{}).SetState(delegation.StateActive).
		SetAcceptBy(h.Clock.Now()).SetValidTo(h.Clock.Now().Add(time.Hour)).ExecX(system)
	if err := h.Bar(system, mother, child); err != nil {
		t.Fatal(err)
	}
	if h.may(t, "chenjing", "zhouzihan", scope.School) {
		t.Error("a barred mother acts")
	}
	if diff := cmp.Diff([]string{"zhouzihan"}, h.told(t, "zhouzihan", "zhouzihan", "chenjing", "zhouwei")); diff != "" {
		t.Error(diff)
	}
	if err := h.Record(system, mother, child, guardianship.BasisSchoolRecord); err != nil {
		t.Fatal(err)
	}
	if h.may(t, "chenjing", "zhouzihan", scope.School) {
		t.Error("a school's record has lifted the court's bar")
	}
	if err := h.End(system, mother, child); err != nil {
		t.Fatal(err)
	}
	if !h.may(t, "chenjing", "zhouzihan", scope.School) { // by the delegation
		t.Error("the child's own word does not hold again")
	}
	if err := h.Record(system, mother, child, guardianship.BasisCivilRecord); err != nil {
		t.Fatal(err)
	}
	members, err := h.Mine(h.As(t, "chenjing"))
	if err != nil || len(members.Members) != 4 {
		t.Errorf("%d members, %v", len(members.Members), err)
	}
}

func TestOnlyTheSystemWritesGuardianships(t *testing.T) {
	h := open(t)
	a, b := seedtest.Person(t, "maming"), seedtest.Person(t, "zhouzihan")
	for _, name := range []string{"", "chenjing", "fanglei"} {
		ctx := h.As(t, name)
		for _, err := range []error{h.Record(ctx, a, b, guardianship.BasisCivilRecord), h.Bar(ctx, a, b), h.End(ctx, a, b)} {
			if fault.CodeOf(err) != fault.Forbidden {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
}

// What is done under a right is done before the right ends: a revocation waits for the transaction that
// acts, and nothing that asks after its commit succeeds.
func TestRevocationWaitsForWhoActs(t *testing.T) {
	h := open(t)
	d := h.DB.Delegation.Query().OnlyX(seedtest.System(t))
	grandmother := seedtest.Person(t, "wangguiying")
	err := h.Store.InTx(h.As(t, "chenjing"), func(ctx context.Context) error {
		if _, err := h.For(ctx, &grandmother, scope.Case); err != nil {
			return err
		}
		impatient, giveUp := context.WithTimeout(h.As(t, "wangguiying"), 500*time.Millisecond)
		defer giveUp()
		if _, err := h.Revoke(impatient, d.ID); err == nil {
			t.Error("it is revoked while somebody acts under it")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !h.may(t, "chenjing", "wangguiying", scope.Case) {
		t.Fatal("a revocation that gave up has taken the right")
	}
	if _, err := h.Revoke(h.As(t, "wangguiying"), d.ID); err != nil {
		t.Fatal(err)
	}
	if h.may(t, "chenjing", "wangguiying", scope.Case) {
		t.Error("the right outlives its revocation")
	}
}

// Every minute that passes is known without a job: what has run out holds no longer.
func TestADelegationRunsOut(t *testing.T) {
	h := open(t)
	d := h.given(t, "maming", "lina", scope.Book)
	if !h.may(t, "lina", "maming", scope.Book) {
		t.Fatal("it does not hold")
	}
	// Row rules go by the machine's clock.
	past := h.Clock.Now().Add(-time.Minute)
	tx := "UPDATE delegations SET valid_to = $1 WHERE id = $2"
	if _, err := h.DB.ExecContext(seedtest.System(t), tx, past, d.ID); err != nil {
		t.Fatal(err)
	}
	if h.may(t, "lina", "maming", scope.Book) {
		t.Error("it holds after its time")
	}
	d = h.DB.Delegation.GetX(seedtest.System(t), d.ID)
	if s := household.StatusAt(d, h.Clock.Now()); s != household.StatusExpired {
		t.Errorf("it is %s", s)
	}
	if _, err := h.Revoke(h.As(t, "maming"), d.ID); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("revoked after its time: %v", err)
	}
}
