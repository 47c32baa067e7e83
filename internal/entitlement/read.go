package entitlement

import (
	"context"
	"fmt"

	"citygraph/ent/db/person"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/access"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// List lists what a person is entitled to now; the viewer for nil. The person may, who may book for them,
// and administrators, whose reading is noted in the access log. Returns UNAUTHENTICATED for a visitor,
// DELEGATION_SCOPE for anybody else's, and to administrators NOT_FOUND for who never was.
func (e *Entitlements) List(ctx context.Context, personID *string) ([]Entitlement, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if personID == nil || *personID == v.PersonID || !v.Has(viewer.Admin) {
		acting, err := e.For(ctx, personID, scope.Book)
		if err != nil {
			return nil, fault.From(err).At("person")
		}
		return e.Of(ctx, viewer.From(acting).Subject(), e.Clock.Now())
	}
	if err := e.known(ctx, *personID, "person"); err != nil {
		return nil, err
	}
	err := access.Note(ctx, e.DB, access.Reading{
		Of: *personID, Category: recordaccess.CategoryIdentity, Purpose: recordaccess.PurposeDuty,
		As: viewer.Role{Kind: viewer.Admin},
	})
	if err != nil {
		return nil, err
	}
	return e.Of(ctx, *personID, e.Clock.Now())
}

// known returns NOT_FOUND at the field for a person who never was.
func (e *Entitlements) known(ctx context.Context, personID, field string) error {
	unknown := fault.New(fault.NotFound).At(field)
	if !id.Is(personID, id.Person) {
		return unknown
	}
	found, err := e.DB.Person.Query().Where(person.ID(personID)).
		Exist(viewer.AsSystem(ctx, "entitlements are of people the city knows"))
	if err != nil {
		return fmt.Errorf("look for person: %w", err)
	}
	if !found {
		return unknown
	}
	return nil
}
