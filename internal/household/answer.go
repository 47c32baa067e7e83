package household

import (
	"context"
	"fmt"
	"slices"

	"citygraph/ent/db"
	"citygraph/ent/db/delegation"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Accept begins a delegation. The delegate may, in time. Returns UNAUTHENTICATED, NOT_FOUND for anybody
// else's proposal, INVALID_TRANSITION naming the status, also where a guardian's consent is missing.
func (r *Register) Accept(ctx context.Context, delegationID string) (*db.Delegation, error) {
	return r.move(ctx, "acceptDelegation", delegationID, func(ctx context.Context, d *db.Delegation) error {
		v, status := viewer.From(ctx), StatusAt(d, r.Clock.Now())
		switch {
		case v.PersonID != d.DelegateID:
			return fault.New(fault.NotFound).At("delegationId")
		case status != StatusProposed:
			return invalidTransition(status)
		}
		guardians, err := r.guardians(ctx, d.DelegatorID)
		if err != nil {
			return err
		}
		if n := r.missing(guardians, d.Consents, d.ScopeSet); n > 0 {
			return fault.New(fault.InvalidTransition).At("delegationId").Say(
				fmt.Sprintf("授权当前状态为待接受（%s），还需%d位监护人同意。", status, n),
				fmt.Sprintf("The delegation is proposed (%s); %d more guardians have to consent.", status, n))
		}
		if err := r.set(ctx, d.Update().SetState(delegation.StateActive)); err != nil {
			return err
		}
		return r.Events.Emit(ctx, Accepted{DelegationID: d.ID, DelegatorID: d.DelegatorID})
	})
}

// Consent writes down that a guardian of a minor delegator agrees. Returns UNAUTHENTICATED, NOT_FOUND for
// anybody else's proposal, INVALID_TRANSITION naming the status. To agree again changes nothing.
func (r *Register) Consent(ctx context.Context, delegationID string) (*db.Delegation, error) {
	return r.move(ctx, "consentToDelegation", delegationID, func(ctx context.Context, d *db.Delegation) error {
		v, status := viewer.From(ctx), StatusAt(d, r.Clock.Now())
		guardians, err := r.guardians(ctx, d.DelegatorID)
		if err != nil {
			return err
		}
		guards := slices.ContainsFunc(guardians, func(g *db.Guardianship) bool { return g.GuardianID == v.PersonID })
		switch {
		case !guards:
			return fault.New(fault.NotFound).At("delegationId")
		case status != StatusProposed:
			return invalidTransition(status)
		case slices.Contains(d.Consents, v.PersonID):
			return nil
		}
		return r.set(ctx, d.Update().AppendConsents([]string{v.PersonID}))
	})
}

// Revoke ends a delegation at once, or declines a proposal. Either side may, and a guardian of a minor
// delegator; the others are told. From its commit nothing succeeds under it. Returns UNAUTHENTICATED,
// NOT_FOUND for anybody else's, INVALID_TRANSITION naming the status when it has ended already.
func (r *Register) Revoke(ctx context.Context, delegationID string) (*db.Delegation, error) {
	return r.move(ctx, "revokeDelegation", delegationID, func(ctx context.Context, d *db.Delegation) error {
		status := StatusAt(d, r.Clock.Now())
		if status != StatusProposed && status != StatusActive {
			return invalidTransition(status)
		}
		if err := r.set(ctx, d.Update().SetState(delegation.StateRevoked)); err != nil {
			return err
		}
		r.wake(ctx, d.DelegateID)
		told := []string{d.DelegatorID, d.DelegateID}
		slices.Sort(told)
		told = slices.DeleteFunc(told, func(p string) bool { return p == viewer.From(ctx).PersonID })
		return r.Events.Emit(ctx, Revoked{DelegationID: d.ID, Told: told})
	})
}

// move does one step with a delegation the viewer may see, and writes it into the audit log.
func (r *Register) move(
	ctx context.Context, action, delegationID string, step func(context.Context, *db.Delegation) error,
) (*db.Delegation, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		d, err := r.change(ctx, delegationID)
		if err != nil {
			return err
		}
		if err := step(ctx, d); err != nil {
			return err
		}
		return audit.Record(ctx, r.DB, audit.Deed{Action: action, Subject: d.DelegatorID, TargetID: d.ID})
	})
	if err != nil {
		return nil, err
	}
	return r.DB.Delegation.Get(ctx, delegationID)
}

func (r *Register) set(ctx context.Context, u *db.DelegationUpdateOne) error {
	if err := u.Exec(viewer.AsSystem(ctx, "the household moves what its verb has checked")); err != nil {
		return fmt.Errorf("move delegation: %w", err)
	}
	return nil
}
