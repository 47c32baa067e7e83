package household

import (
	"context"
	"fmt"

	"citygraph/ent/db/delegation"
	"citygraph/ent/db/guardianship"
	"citygraph/internal/viewer"
)

// Forget lets go of what stood between others and a person whose account has ended, in the transaction of
// ctx. A custody bar is a court's word and stays.
func (r *Register) Forget(ctx context.Context, personID string) error {
	ctx = viewer.AsSystem(ctx, "nobody acts for who is gone, and they act for nobody")
	if err := r.Store.Lock(ctx, key(personID)); err != nil {
		return err
	}
	of := delegation.Or(delegation.DelegatorID(personID), delegation.DelegateID(personID))
	delegates, err := r.DB.Delegation.Query().Where(of).Select(delegation.FieldDelegateID).Strings(ctx)
	if err != nil {
		return fmt.Errorf("load delegations: %w", err)
	}
	if _, err := r.DB.Delegation.Delete().Where(of).Exec(ctx); err != nil {
		return fmt.Errorf("delete delegations: %w", err)
	}
	_, err = r.DB.Guardianship.Delete().Where(
		guardianship.Or(guardianship.GuardianID(personID), guardianship.ChildID(personID)),
		guardianship.StatusNEQ(guardianship.StatusBarred),
	).Exec(ctx)
	if err != nil {
		return fmt.Errorf("delete guardianships: %w", err)
	}
	r.wake(ctx, delegates...)
	return nil
}
