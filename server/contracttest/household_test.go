package contracttest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/delegation"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
	"citygraph/internal/seed"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

// proposal is the input that asks a member of the cast to book for the viewer.
func (r *rig) proposal(t testing.TB, key string) citytest.Vars {
	t.Helper()
	i := slices.IndexFunc(seed.Cast, func(m seed.Member) bool { return m.Key == key })
	return citytest.Vars{
		"idempotencyKey": uuid.NewString(), "delegateId": castID(key), "delegateName": seed.Cast[i].Name, "scopes": []string{"BOOK"},
	}
}

// withdraw takes back everything that was given since the city was seeded.
func (r *rig) withdraw(t testing.TB) {
	t.Helper()
	err := r.DB.Delegation.Update().Where(delegation.DelegatorIDNEQ(castID("wangguiying"))).SetState(delegation.StateRevoked).
		Exec(viewer.AsSystem(t.Context(), "make room for the next proposal"))
	if err != nil {
		t.Fatal(err)
	}
}

// proposed is the id of a delegation that waits to be accepted.
func (r *rig) proposed(t testing.TB, from, to string) string {
	t.Helper()
	r.withdraw(t)
	system := viewer.AsSystem(t.Context(), "lay out a proposal")
	d, err := r.DB.Delegation.Create().SetDelegatorID(castID(from)).SetDelegateID(castID(to)).
		SetDelegatorName(mask.Name("甲某")).SetDelegateName(mask.Name("乙某")).SetScopeSet(scope.Of(scope.Book)).SetConsents([]string{}).
		SetAcceptBy(time.Now().Add(time.Hour)).SetValidTo(time.Now().Add(24 * time.Hour)).Save(system)
	if err != nil {
		t.Fatal(err)
	}
	return d.ID
}
