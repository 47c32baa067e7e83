package household

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/delegation"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/fault"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Relationship is why the viewer may act for a member of the household.
type Relationship string

// The relationships.
const (
	Self      Relationship = "SELF"
	Child     Relationship = "CHILD"
	Delegator Relationship = "DELEGATOR"
)

// MarshalGQL writes the enum value.
func (r Relationship) MarshalGQL(w io.Writer) { graphql.MarshalString(string(r)).MarshalGQL(w) }

// UnmarshalGQL refuses: a relationship is never an input.
func (r *Relationship) UnmarshalGQL(any) error { return errors.New("a relationship is not an input") }

// Household is the viewer and the people they may act for now.
type Household struct{ Members []*Member }

// Member is somebody the viewer may act for.
type Member struct {
	PersonID     string
	MaskedName   mask.Name
	Relationship Relationship
	Scopes       []scope.Scope
	ValidTo      *time.Time // when the last of the delegations runs out; nil for oneself and for children
}

// Mine is the household of the viewer: themselves, their children, and who has given them their word, in
// the order of their ids. UNAUTHENTICATED for a visitor.
func (r *Register) Mine(ctx context.Context) (*Household, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	me, err := r.DB.Person.Get(ctx, v.PersonID)
	if err != nil {
		return nil, fmt.Errorf("load viewer: %w", err)
	}
	guarded, err := r.DB.Guardianship.Query().
		Where(guardianship.GuardianID(v.PersonID), predicate.Guardianship(rule.Guarding(scope.All))).
		WithChild().Order(guardianship.ByChildID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load children: %w", err)
	}
	given, err := r.DB.Delegation.Query().
		Where(delegation.DelegateID(v.PersonID), predicate.Delegation(rule.Delegating(scope.All))).
		Order(delegation.ByDelegatorID(), delegation.ByValidTo()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load delegators: %w", err)
	}
	home := &Household{Members: []*Member{{PersonID: me.ID, MaskedName: me.Name, Relationship: Self, Scopes: scope.All.List()}}}
	for _, g := range guarded {
		home.Members = append(home.Members, &Member{
			PersonID: g.ChildID, MaskedName: g.Edges.Child.Name, Relationship: Child, Scopes: g.ScopeSet.List(),
		})
	}
	for _, d := range given {
		home.add(d)
	}
	return home, nil
}

// add enters a delegation; a child who gave their word stays a child, with more scopes.
func (h *Household) add(d *db.Delegation) {
	at := slices.IndexFunc(h.Members, func(m *Member) bool { return m.PersonID == d.DelegatorID })
	if at < 0 {
		h.Members = append(h.Members, &Member{
			PersonID: d.DelegatorID, MaskedName: d.DelegatorName, Relationship: Delegator,
			Scopes: d.ScopeSet.List(), ValidTo: new(d.ValidTo),
		})
		return
	}
	m := h.Members[at]
	m.Scopes = (scope.Of(m.Scopes...) | d.ScopeSet).List()
	if m.ValidTo != nil && d.ValidTo.After(*m.ValidTo) {
		m.ValidTo = new(d.ValidTo)
	}
}
