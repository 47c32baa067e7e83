// Package entitlement knows what concessions people are entitled to: those that follow from their age,
// and those that records or staff have granted.
package entitlement

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/entitlementgrant"
	"citygraph/ent/db/predicate"
	"citygraph/internal/clock"
	"citygraph/internal/entitlement/kind"
	"citygraph/internal/idempotency"
	"citygraph/internal/personal"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Entitlements are the verbs of entitlements.
type Entitlements struct {
	DB      *db.Client
	Store   *store.Store
	Clock   clock.Clock
	Once    idempotency.Ledger
	Records *personal.Records // tells ages

	// For answers whether the viewer may do this for that person now; see household.Register.
	For func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
}

// Entitlement is a concession a person is entitled to.
type Entitlement struct {
	Kind      kind.Kind
	Basis     kind.Basis
	GrantID   *string    // nil for what is computed
	ValidFrom *time.Time // nil for what is computed: it would be a birthday
	ValidTo   *time.Time // nil while nothing ends it
}

// Of lists what the person is entitled to at the instant: first what follows from their age, then what
// was granted, the oldest first. It is for verbs that price and admit: it asks nobody's leave, and the
// caller shows no more of it than they must. A person nobody knows is entitled to nothing. No faults but
// INTERNAL.
func (e *Entitlements) Of(ctx context.Context, personID string, at time.Time) ([]Entitlement, error) {
	found := []Entitlement{}
	age, known, err := e.Records.Age(ctx, personID, at)
	if err != nil {
		return nil, err
	}
	if basis, ok := senior(age); known && ok {
		found = append(found, Entitlement{Kind: kind.Senior, Basis: basis})
	}
	grants, err := e.DB.EntitlementGrant.Query().
		Where(entitlementgrant.PersonID(personID), entitlementgrant.ValidFromLTE(at), standing(at)).
		Order(entitlementgrant.ByID()).
		All(viewer.AsSystem(ctx, "verbs price and admit by what a person is entitled to"))
	if err != nil {
		return nil, fmt.Errorf("load grants: %w", err)
	}
	for _, g := range grants {
		found = append(found, *granted(g))
	}
	return found, nil
}

// standing holds for grants that have not ended at the instant, in whatever way.
func standing(at time.Time) predicate.EntitlementGrant {
	return entitlementgrant.And(
		entitlementgrant.Or(entitlementgrant.ValidToIsNil(), entitlementgrant.ValidToGT(at)),
		entitlementgrant.Or(entitlementgrant.WithdrawnAtIsNil(), entitlementgrant.WithdrawnAtGT(at)),
	)
}

// granted is what follows from a grant.
func granted(g *db.EntitlementGrant) *Entitlement {
	e := &Entitlement{Kind: g.Kind, Basis: g.Basis, GrantID: &g.ID, ValidFrom: &g.ValidFrom, ValidTo: g.ValidTo}
	if w := g.WithdrawnAt; w != nil && (e.ValidTo == nil || w.Before(*e.ValidTo)) {
		e.ValidTo = w
	}
	return e
}

// The ages a senior's concessions begin at. From sixty on a citizen is elderly: Law on the Protection of
// the Rights and Interests of the Elderly (老年人权益保障法), article 2; parks, museums and scenic spots open to
// them free or at a reduced price: article 59. As Hangzhou's buses and scenic spots apply it, half price
// from sixty and free from seventy on.
const (
	elderly = 60
	aged    = 70
)

// senior is the basis of a senior's entitlement at an age in completed years, and false below sixty.
func senior(age int) (kind.Basis, bool) {
	switch {
	case age >= aged:
		return kind.Age70, true
	case age >= elderly:
		return kind.Age60, true
	default:
		return "", false
	}
}
