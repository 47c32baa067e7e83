package household

import (
	"context"
	"fmt"
	"slices"

	"citygraph/ent/db"
	"citygraph/ent/db/delegation"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/person"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/memo"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// For answers whether the viewer may do this for that person now, and returns the context in which they
// do; nobody named is the viewer. Inside a transaction the answer holds until its end: who takes the right
// away waits for it, so that nothing succeeds under a right from the commit that ended it.
// UNAUTHENTICATED for a visitor; DELEGATION_SCOPE alike for a person the viewer may not act for, one under
// a custody bar and one who does not exist.
func (r *Register) For(ctx context.Context, personID *string, s scope.Scope) (context.Context, error) {
	return r.ForAny(ctx, personID, scope.Of(s))
}

// ForAny is For where any one of the scopes will do.
func (r *Register) ForAny(ctx context.Context, personID *string, scopes scope.Set) (context.Context, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case personID == nil || *personID == v.PersonID:
		return ctx, nil
	case !id.Is(*personID, id.Person):
		return nil, fault.New(fault.DelegationScope)
	}
	if err := r.hold(ctx, *personID); err != nil {
		return nil, err
	}
	may, err := r.DB.Person.Query().
		Where(person.ID(*personID), predicate.Person(rule.ActsFor(person.FieldID, v, scopes))).
		Exist(viewer.AsSystem(ctx, "the condition is the rule itself"))
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask whether the viewer may act: %w", err)
	case !may:
		return nil, fault.New(fault.DelegationScope)
	}
	return viewer.ActingFor(ctx, *personID), nil
}

// hold keeps the rights to act for the person as they are until the transaction of ctx ends.
func (r *Register) hold(ctx context.Context, personID string) error {
	if _, ok := store.TxFrom(ctx); !ok {
		return nil
	}
	return r.Store.LockShared(ctx, key(personID))
}

// ActsFor tells whether the viewer may do this for the person now, where For answers one question in a verb: it
// asks once in a response, for all persons the viewer acts for. The viewer acts for themselves.
func (r *Register) ActsFor(ctx context.Context, personID string, s scope.Scope) (bool, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() || personID == "" {
		return false, nil
	}
	persons, err := memo.Once(ctx, actsFor{v.PersonID, s}, func() ([]string, error) {
		return r.DB.Person.Query().Where(predicate.Person(rule.ActsFor(person.FieldID, v, scope.Of(s)))).
			IDs(viewer.AsSystem(ctx, "the condition is the rule itself"))
	})
	if err != nil {
		return false, fmt.Errorf("list whom the viewer acts for: %w", err)
	}
	return slices.Contains(persons, personID), nil
}

type actsFor struct {
	viewerID string
	scope    scope.Scope
}

// Told lists who is told what the person is told, by id: the person, and those who act for them within
// NOTIFY now.
func (r *Register) Told(ctx context.Context, personID string) ([]string, error) {
	system := viewer.AsSystem(ctx, "those who act for a person are told with them")
	delegates, err := r.DB.Delegation.Query().Where(
		delegation.DelegatorID(personID), predicate.Delegation(rule.Delegating(scope.Of(scope.Notify))),
	).Select(delegation.FieldDelegateID).Strings(system)
	if err != nil {
		return nil, fmt.Errorf("load delegates: %w", err)
	}
	guardians, err := r.DB.Guardianship.Query().Where(
		guardianship.ChildID(personID), predicate.Guardianship(rule.Guarding(scope.Of(scope.Notify))),
	).Select(guardianship.FieldGuardianID).Strings(system)
	if err != nil {
		return nil, fmt.Errorf("load guardians: %w", err)
	}
	told := slices.Concat([]string{personID}, delegates, guardians)
	slices.Sort(told)
	return slices.Compact(told), nil
}

// wake has those who stand on the right look again.
func (r *Register) wake(ctx context.Context, people ...string) {
	store.AfterCommit(ctx, func(context.Context) {
		for _, p := range people {
			r.Hub.Publish(Topic(p))
		}
	})
}

// guardians are those who answer for a minor now.
func (r *Register) guardians(ctx context.Context, childID string) ([]*db.Guardianship, error) {
	found, err := r.DB.Guardianship.Query().
		Where(guardianship.ChildID(childID), predicate.Guardianship(rule.Guarding(scope.All))).
		All(viewer.AsSystem(ctx, "a minor's guardians answer for what is given away"))
	if err != nil {
		return nil, fmt.Errorf("load guardians: %w", err)
	}
	return found, nil
}
