package household

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/guardianship"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Record writes down that somebody is a guardian of a minor, as a school or civil record says; a bar stays
// until it is lifted. What they may do follows from the child's age: nothing for who is of age or whose
// birth date is not known. For importers and the system alone: FORBIDDEN to anybody else.
func (r *Register) Record(ctx context.Context, guardianID, childID string, basis guardianship.Basis) error {
	return r.tie(ctx, "recordGuardianship", guardianID, childID, func(ctx context.Context, found *db.Guardianship) error {
		left, err := r.left(ctx, childID)
		switch {
		case err != nil:
			return err
		case found == nil:
			return r.DB.Guardianship.Create().SetGuardianID(guardianID).SetChildID(childID).
				SetBasis(basis).SetScopeSet(left).Exec(ctx)
		case found.Status == guardianship.StatusBarred:
			return found.Update().SetBasis(basis).Exec(ctx)
		}
		return found.Update().SetBasis(basis).SetStatus(guardianship.StatusActive).SetScopeSet(left).Exec(ctx)
	})
}

// Bar keeps somebody from a child by a custody order. It beats every delegation and guardianship, and
// holds from its commit. For importers and the system alone: FORBIDDEN to anybody else.
func (r *Register) Bar(ctx context.Context, personID, childID string) error {
	return r.settle(ctx, "barGuardian", personID, childID, guardianship.StatusBarred)
}

// End writes down that somebody is no guardian of a child any more, or barred no longer. For importers and
// the system alone: FORBIDDEN to anybody else.
func (r *Register) End(ctx context.Context, personID, childID string) error {
	return r.settle(ctx, "endGuardianship", personID, childID, guardianship.StatusEnded)
}

func (r *Register) settle(ctx context.Context, action, personID, childID string, status guardianship.Status) error {
	return r.tie(ctx, action, personID, childID, func(ctx context.Context, found *db.Guardianship) error {
		r.wake(ctx, personID)
		if found != nil {
			return found.Update().SetStatus(status).SetScopeSet(0).Exec(ctx)
		}
		return r.DB.Guardianship.Create().SetGuardianID(personID).SetChildID(childID).
			SetBasis(guardianship.BasisCivilRecord).SetStatus(status).SetScopeSet(0).Exec(ctx)
	})
}

// tie changes what stands between a guardian and a child, alone. A school's record may have come first, which takes no lock: then
// it is done again.
func (r *Register) tie(
	ctx context.Context, action, guardianID, childID string, change func(context.Context, *db.Guardianship) error,
) error {
	err := r.tieOnce(ctx, action, guardianID, childID, change)
	if _, inside := store.TxFrom(ctx); inside {
		return err
	}
	if _, came := store.IsUniqueViolation(err); came {
		return r.tieOnce(ctx, action, guardianID, childID, change)
	}
	return err
}

func (r *Register) tieOnce(
	ctx context.Context, action, guardianID, childID string, change func(context.Context, *db.Guardianship) error,
) error {
	if _, system := viewer.From(ctx).System(); !system {
		return fault.New(fault.Forbidden)
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if err := r.Store.Lock(ctx, key(childID)); err != nil {
			return err
		}
		found, err := r.DB.Guardianship.Query().
			Where(guardianship.GuardianID(guardianID), guardianship.ChildID(childID)).Only(ctx)
		if db.IsNotFound(err) {
			found, err = nil, nil
		}
		if err == nil {
			err = change(ctx, found)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", action, err)
		}
		return audit.Record(ctx, r.DB, audit.Deed{Action: action, Subject: childID, TargetID: guardianID})
	})
}
