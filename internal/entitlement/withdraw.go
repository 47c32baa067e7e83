package entitlement

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/entitlementgrant"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// WithdrawByHand ends a grant at once. Administrators may. Returns UNAUTHENTICATED, FORBIDDEN, NOT_FOUND,
// INVALID_TRANSITION.
func (e *Entitlements) WithdrawByHand(ctx context.Context, grantID string) (*Entitlement, error) {
	if err := administrator(ctx); err != nil {
		return nil, err
	}
	var ended *Entitlement
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		g, err := e.Withdraw(ctx, grantID)
		if err != nil {
			return err
		}
		ended = granted(g)
		return audit.Record(ctx, e.DB, audit.Deed{Action: "withdrawEntitlement", Subject: g.PersonID, TargetID: grantID})
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

// Withdraw ends a grant at once. It is for importers whose records no longer prove it; see WithdrawByHand
// for people. Returns NOT_FOUND, and INVALID_TRANSITION for one that has ended.
func (e *Entitlements) Withdraw(ctx context.Context, grantID string) (*db.EntitlementGrant, error) {
	unknown := fault.New(fault.NotFound).At("grantId")
	if !id.Is(grantID, id.EntitlementGrant) {
		return nil, unknown
	}
	now, system := e.Clock.Now(), viewer.AsSystem(ctx, "a grant is ended for its person by records or staff")
	ended, err := e.DB.EntitlementGrant.Update().
		Where(entitlementgrant.ID(grantID), standing(now)).SetWithdrawnAt(now).SetUpdatedAt(now).Save(system)
	if err != nil {
		return nil, fmt.Errorf("withdraw grant: %w", err)
	}
	g, err := e.DB.EntitlementGrant.Get(system, grantID)
	switch {
	case db.IsNotFound(err):
		return nil, unknown
	case err != nil:
		return nil, fmt.Errorf("load grant: %w", err)
	case ended == 0:
		return nil, fault.New(fault.InvalidTransition).At("grantId").
			Say("该资格已终止（ENDED），不能再次撤销。", "The entitlement has ended (ENDED); it cannot be withdrawn again.")
	}
	return g, nil
}
