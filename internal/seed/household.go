package seed

import (
	"context"
	"time"

	"citygraph/ent/db/delegation"
	"citygraph/ent/db/guardianship"
	"citygraph/internal/clock"
	"citygraph/internal/household"
	"citygraph/internal/id"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
)

// household writes who acts for whom: the mother for her children, from whom a custody order keeps their
// father, and for the grandmother in all but school.
func (w *writer) household(ctx context.Context) error {
	mother, father, grandmother := Cast[0], Cast[1], Cast[2]
	for i, child := range Children {
		err := w.db.Guardianship.Create().SetID(id.Derive(id.Guardianship, 2*i, "cast/"+child.Key)).
			SetCreatedAt(w.now).SetUpdatedAt(w.now).SetGuardianID(mother.PersonID()).SetChildID(child.PersonID()).
			SetBasis(guardianship.BasisCivilRecord).SetScopeSet(household.LeftAt(child.Born, w.now.In(clock.Shanghai))).Exec(ctx)
		if err != nil {
			return err
		}
		err = w.db.Guardianship.Create().SetID(id.Derive(id.Guardianship, 2*i+1, "cast/"+child.Key)).
			SetCreatedAt(w.now).SetUpdatedAt(w.now).SetGuardianID(father.PersonID()).SetChildID(child.PersonID()).
			SetBasis(guardianship.BasisCivilRecord).SetStatus(guardianship.StatusBarred).SetScopeSet(0).Exec(ctx)
		if err != nil {
			return err
		}
	}
	given := scope.All &^ scope.Of(scope.School)
	return w.db.Delegation.Create().SetID(id.Derive(id.Delegation, 0, "cast/"+grandmother.Key)).
		SetCreatedAt(w.now).SetUpdatedAt(w.now).SetDelegatorID(grandmother.PersonID()).SetDelegateID(mother.PersonID()).
		SetDelegatorName(mask.Name(grandmother.Name)).SetDelegateName(mask.Name(mother.Name)).
		SetScopeSet(given).SetConsents([]string{}).SetState(delegation.StateActive).
		SetAcceptBy(w.now.Add(7 * 24 * time.Hour)).SetValidTo(w.now.AddDate(1, 0, 0)).Exec(ctx)
}
