package household

import (
	"context"
	"fmt"

	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/fault"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Guards fails unless the viewer is a guardian of the child now and the child's records are still theirs to
// answer for; a delegate of the child is no guardian. Inside a transaction the answer holds until its end,
// as with For. UNAUTHENTICATED for a visitor; DELEGATION_SCOPE alike for a child of others, a barred one
// and one who does not exist.
func (r *Register) Guards(ctx context.Context, childID string) error {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return fault.New(fault.Unauthenticated)
	}
	if err := r.hold(ctx, childID); err != nil {
		return err
	}
	guards, err := r.DB.Guardianship.Query().Where(
		guardianship.GuardianID(v.PersonID), guardianship.ChildID(childID),
		predicate.Guardianship(rule.Guarding(scope.Of(scope.ReadRecord))),
	).Exist(viewer.AsSystem(ctx, "the condition is the rule itself"))
	switch {
	case err != nil:
		return fmt.Errorf("ask whether the viewer is a guardian: %w", err)
	case !guards:
		return fault.New(fault.DelegationScope)
	}
	return nil
}

// Children lists whom the viewer answers for as a guardian within the scope now, by id.
func (r *Register) Children(ctx context.Context, s scope.Scope) ([]string, error) {
	children, err := r.DB.Guardianship.Query().Where(
		guardianship.GuardianID(viewer.From(ctx).PersonID), predicate.Guardianship(rule.Guarding(scope.Of(s))),
	).Select(guardianship.FieldChildID).Strings(viewer.AsSystem(ctx, "the condition is the rule itself"))
	if err != nil {
		return nil, fmt.Errorf("list children: %w", err)
	}
	return children, nil
}
