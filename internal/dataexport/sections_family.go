package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/consent"
	"citygraph/ent/db/delegation"
	"citygraph/ent/db/entitlementgrant"
	"citygraph/ent/db/guardianship"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

type delegationFile struct {
	ID            string        `json:"id"`
	DelegatorName string        `json:"delegatorName"` // masked
	DelegateName  string        `json:"delegateName"`
	Scopes        []scope.Scope `json:"scopes"`
	State         string        `json:"state"`
	CreatedAt     time.Time     `json:"createdAt"`
	ValidTo       time.Time     `json:"validTo"`
}

func (e *Exports) delegations(ctx context.Context) (any, error) {
	me := viewer.From(ctx).PersonID
	rows, err := e.DB.Delegation.Query().
		Where(delegation.Or(delegation.DelegatorID(me), delegation.DelegateID(me))).Order(delegation.ByID()).All(ctx)
	return each(rows, err, func(r *db.Delegation) delegationFile {
		return delegationFile{
			r.ID, r.DelegatorName.String(), r.DelegateName.String(), r.ScopeSet.List(), string(r.State), r.CreatedAt, r.ValidTo,
		}
	})
}

type guardianshipFile struct {
	GuardianID string        `json:"guardianId"`
	ChildID    string        `json:"childId"`
	Basis      string        `json:"basis"`
	Status     string        `json:"status"`
	Scopes     []scope.Scope `json:"scopes"`
	CreatedAt  time.Time     `json:"createdAt"`
}

func (e *Exports) guardianships(ctx context.Context) (any, error) {
	rows, err := e.DB.Guardianship.Query().Order(guardianship.ByID()).All(ctx)
	return each(rows, err, func(r *db.Guardianship) guardianshipFile {
		return guardianshipFile{r.GuardianID, r.ChildID, string(r.Basis), string(r.Status), r.ScopeSet.List(), r.CreatedAt}
	})
}

type consentFile struct {
	Purpose     string     `json:"purpose"`
	Version     string     `json:"version"`
	Language    string     `json:"language"`
	Status      string     `json:"status"`
	GivenAt     time.Time  `json:"givenAt"`
	WithdrawnAt *time.Time `json:"withdrawnAt"`
}

func (e *Exports) consents(ctx context.Context) (any, error) {
	rows, err := e.DB.Consent.Query().Where(consent.PersonID(viewer.From(ctx).PersonID)).Order(consent.ByID()).All(ctx)
	return each(rows, err, func(r *db.Consent) consentFile {
		return consentFile{string(r.Purpose), r.Version, string(r.Language), string(r.Status), r.CreatedAt, r.WithdrawnAt}
	})
}

type entitlementFile struct {
	Kind        string     `json:"kind"`
	Basis       string     `json:"basis"`
	ValidFrom   time.Time  `json:"validFrom"`
	ValidTo     *time.Time `json:"validTo"`
	WithdrawnAt *time.Time `json:"withdrawnAt"`
}

func (e *Exports) entitlements(ctx context.Context) (any, error) {
	rows, err := e.DB.EntitlementGrant.Query().Where(entitlementgrant.PersonID(viewer.From(ctx).PersonID)).
		Order(entitlementgrant.ByID()).All(ctx)
	return each(rows, err, func(r *db.EntitlementGrant) entitlementFile {
		return entitlementFile{string(r.Kind), string(r.Basis), r.ValidFrom, r.ValidTo, r.WithdrawnAt}
	})
}
