package consent

import (
	"context"
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/consent"
	"citygraph/internal/consent/terms"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// History narrows a query to the consents of a person; the viewer's for nil. The person may, the guardians
// of a child under fourteen, and auditors. Returns UNAUTHENTICATED for a visitor, and DELEGATION_SCOPE for
// anybody else's.
func (c *Consents) History(ctx context.Context, q *db.ConsentQuery, personID *string) (*db.ConsentQuery, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case personID == nil || *personID == v.PersonID:
		return q.Where(consent.PersonID(v.PersonID)), nil
	case !v.Has(viewer.Auditor):
		if err := c.Guards(ctx, *personID); err != nil {
			return nil, fault.From(err).At("person")
		}
	}
	return q.Where(consent.PersonID(*personID)), nil
}

// Read is the text that was agreed to.
func (c *Consents) Read(given *db.Consent) (*terms.Text, error) {
	text, found := c.Texts.Find(given.Purpose, given.Version)
	if !found {
		return nil, fault.Internal(errors.New("the text of consent " + given.ID + " is gone"))
	}
	return &text, nil
}

// Giver is who gave a consent.
type Giver string

// The givers.
const (
	Self     Giver = "SELF"
	Guardian Giver = "GUARDIAN"
)

// GivenBy is who gave the consent.
func GivenBy(given *db.Consent) Giver {
	if given.GivenByID == given.PersonID {
		return Self
	}
	return Guardian
}

// MarshalGQL writes the enum value.
func (g Giver) MarshalGQL(w io.Writer) { graphql.MarshalString(string(g)).MarshalGQL(w) }

// UnmarshalGQL refuses: who gives a consent is never an input.
func (g *Giver) UnmarshalGQL(any) error { return errors.New("a giver is not an input") }
