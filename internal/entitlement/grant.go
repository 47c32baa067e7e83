package entitlement

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/entitlementgrant"
	"citygraph/internal/audit"
	"citygraph/internal/entitlement/kind"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/viewer"
)

// Proof is what records say about a person.
type Proof struct {
	PersonID  string
	Kind      kind.Kind
	Basis     kind.Basis
	ValidFrom time.Time  // now when it is earlier: a start in a register may be a birth date
	ValidTo   *time.Time // nil until it is withdrawn
	ID        string     `json:"-"` // of the grant, for a seed whose rows are the same every time; fresh when empty
}

// GrantByHand grants what an administrator has seen proof of. Administrators may. Returns
// UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, BAD_USER_INPUT, IDEMPOTENCY_KEY_REUSED.
func (e *Entitlements) GrantByHand(ctx context.Context, key uuid.UUID, p Proof) (*Entitlement, error) {
	if err := administrator(ctx); err != nil {
		return nil, err
	}
	request := idempotency.Request{Key: key, Operation: "grantEntitlement", Input: p}
	grantID, err := e.Once.Once(ctx, request, func(ctx context.Context) (string, error) {
		made, err := e.Grant(ctx, p)
		if err != nil {
			return "", err
		}
		return made.ID, audit.Record(ctx, e.DB, audit.Deed{Action: "grantEntitlement", Subject: p.PersonID, TargetID: made.ID})
	})
	if err != nil {
		return nil, err
	}
	made, err := e.DB.EntitlementGrant.Get(ctx, grantID)
	if err != nil {
		return nil, fmt.Errorf("load grant: %w", err)
	}
	return granted(made), nil
}

// Grant writes what records prove. It is for importers and the seed, which answer for their records; see
// GrantByHand for people. Of the same kind and basis one stands at a time: the earlier one ends where the
// new one begins, and to grant the same again gives the first. Returns NOT_FOUND, BAD_USER_INPUT.
func (e *Entitlements) Grant(ctx context.Context, p Proof) (made *db.EntitlementGrant, err error) {
	now := e.Clock.Now()
	if p = p.kept(); p.ValidFrom.Before(now) {
		p.ValidFrom = now
	}
	if err := p.check(now); err != nil {
		return nil, err
	}
	err = e.Store.InTx(ctx, func(ctx context.Context) error {
		if err := e.known(ctx, p.PersonID, "personId"); err != nil {
			return err
		}
		if err := e.Store.Lock(ctx, "entitlements of "+p.PersonID); err != nil {
			return err
		}
		made, err = e.grant(ctx, p, now)
		return err
	})
	return made, err
}

// kept is the proof with its instants as both databases keep and compare them.
func (p Proof) kept() Proof {
	p.ValidFrom = p.ValidFrom.UTC().Truncate(time.Microsecond)
	if p.ValidTo != nil {
		p.ValidTo = new(p.ValidTo.UTC().Truncate(time.Microsecond))
	}
	return p
}

// check holds the proof to its rules.
func (p *Proof) check(now time.Time) error {
	switch {
	case p.Kind == kind.Senior:
		return fault.BadInput("kind", "老年人资格由系统按年龄计算，无需登记。", "Seniority is computed from age and is not granted.")
	case !p.Basis.Proves(p.Kind):
		return fault.BadInput("basis", "该依据不能证明此类资格。", "This basis does not prove an entitlement of this kind.")
	case p.ValidTo != nil && !p.ValidTo.After(now):
		return fault.BadInput("validTo", "有效期已过。", "The validity is past.")
	case p.ValidTo != nil && !p.ValidTo.After(p.ValidFrom):
		return fault.BadInput("validTo", "有效期的结束须晚于开始。", "The validity must end after it begins.")
	}
	return nil
}

// grant writes the grant beside those that stand. The key of the person's entitlements is held.
func (e *Entitlements) grant(ctx context.Context, p Proof, now time.Time) (*db.EntitlementGrant, error) {
	system := viewer.AsSystem(ctx, "a grant is written for its person by records or staff")
	others, err := e.DB.EntitlementGrant.Query().
		Where(entitlementgrant.PersonID(p.PersonID), entitlementgrant.KindEQ(p.Kind), entitlementgrant.BasisEQ(p.Basis), standing(p.ValidFrom)).
		Order(entitlementgrant.ByID()).All(system)
	if err != nil {
		return nil, fmt.Errorf("load grants: %w", err)
	}
	for _, g := range others {
		if same(g, p, now) {
			return g, nil
		}
	}
	for _, g := range others {
		switch {
		case p.ValidTo != nil && !p.ValidTo.After(g.ValidFrom):
			continue
		case !g.ValidFrom.Before(p.ValidFrom):
			return nil, fault.BadInput("validFrom", "在此期间已登记同类资格，请先撤销。", "One that begins within this time is granted already. Withdraw it first.")
		}
		if err := g.Update().SetValidTo(p.ValidFrom).Exec(system); err != nil {
			return nil, fmt.Errorf("end earlier grant: %w", err)
		}
	}
	made, err := e.DB.EntitlementGrant.Create().SetID(cmp.Or(p.ID, id.New(id.EntitlementGrant))).
		SetCreatedAt(now).SetUpdatedAt(now).SetPersonID(p.PersonID).SetKind(p.Kind).SetBasis(p.Basis).
		SetValidFrom(p.ValidFrom).SetNillableValidTo(p.ValidTo).Save(system)
	if err != nil {
		return nil, fmt.Errorf("write grant: %w", err)
	}
	return made, nil
}

// same reports whether the grant says what the proof says: it ends then, and begins then or both have
// begun.
func same(g *db.EntitlementGrant, p Proof, now time.Time) bool {
	ends := g.ValidTo == nil && p.ValidTo == nil || g.ValidTo != nil && p.ValidTo != nil && g.ValidTo.Equal(*p.ValidTo)
	begins := g.ValidFrom.Equal(p.ValidFrom) || !g.ValidFrom.After(now) && !p.ValidFrom.After(now)
	return ends && begins
}

// administrator returns UNAUTHENTICATED for a visitor, and FORBIDDEN for who is no administrator.
func administrator(ctx context.Context) error {
	switch v := viewer.From(ctx); {
	case !v.SignedIn():
		return fault.New(fault.Unauthenticated)
	case !v.Has(viewer.Admin):
		return fault.New(fault.Forbidden)
	}
	return nil
}
