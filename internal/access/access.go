// Package access keeps the log of who read whose health, child's or identity data, and for what, so that
// the person can see it and an auditor can examine it. Sources: Personal Information Protection Law,
// articles 51 and 54; Provisions on the Cyber Protection of Children's Personal Information
// (儿童个人信息网络保护规定), article 15.
package access

import (
	"cmp"
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/requestid"
	"citygraph/internal/viewer"
)

// Reading is one entry: the context's viewer read, or was refused.
type Reading struct {
	Of         string // the person whose data they are
	Target     string // the noun that was read; may be empty
	Category   recordaccess.Category
	Purpose    recordaccess.Purpose // Unstated when empty
	Outcome    recordaccess.Outcome // Allowed when empty
	As         viewer.Role          // the role they read in; zero for a citizen
	OnBehalfOf string               // the person they act for; empty for themselves
}

// Note writes the reading. A verb that gives out such data calls it first and gives nothing when it
// fails: what is not logged is not read. It calls it for a refusal as well, outside any transaction the
// refusal rolls back, and for a person that never was, so that the two do not differ.
func Note(ctx context.Context, c *db.Client, r Reading) error {
	system := viewer.AsSystem(ctx, "the access log is written about the viewer, never by the viewer")
	row := c.RecordAccess.Create().
		SetPersonID(r.Of).SetTargetID(r.Target).SetCategory(r.Category).
		SetPurpose(cmp.Or(r.Purpose, recordaccess.PurposeUnstated)).SetOutcome(cmp.Or(r.Outcome, recordaccess.OutcomeAllowed)).
		SetOnBehalfOf(r.OnBehalfOf).SetRequestID(requestid.From(ctx))
	if err := describe(system, c, row, viewer.From(ctx), r.As); err != nil {
		return err
	}
	if err := row.Exec(system); err != nil {
		return fmt.Errorf("note a reading: %w", err)
	}
	return nil
}

// describe says who reads, as they are known now.
func describe(system context.Context, c *db.Client, row *db.RecordAccessCreate, v *viewer.Viewer, as viewer.Role) error {
	if _, ok := v.System(); ok {
		row.SetAccessorRole(recordaccess.AccessorRoleSystem).SetOrganisation(lang.Text{})
		return nil
	}
	reader, err := c.Person.Get(system, v.PersonID)
	if err != nil {
		return fmt.Errorf("name a reader: %w", err)
	}
	at, err := organisation(system, c, as.OrganisationID)
	if err != nil {
		return fmt.Errorf("name a reader's organisation: %w", err)
	}
	role := cmp.Or(recordaccess.AccessorRole(as.Kind), recordaccess.AccessorRoleCitizen)
	row.SetAccessorID(v.PersonID).SetAccessorName(reader.Name).SetAccessorRole(role).SetOrganisation(at)
	return nil
}

// organisation is the name of where a role is held; empty for a role held everywhere.
func organisation(ctx context.Context, c *db.Client, organisationID string) (lang.Text, error) {
	kind, _ := id.KindOf(organisationID)
	switch kind {
	case id.Clinic:
		at, err := c.Clinic.Get(ctx, organisationID)
		return nameOf(at, err, func(o *db.Clinic) lang.Text { return o.Name })
	case id.School:
		at, err := c.School.Get(ctx, organisationID)
		return nameOf(at, err, func(o *db.School) lang.Text { return o.Name })
	case id.ScenicSpot:
		at, err := c.ScenicSpot.Get(ctx, organisationID)
		return nameOf(at, err, func(o *db.ScenicSpot) lang.Text { return o.Name })
	case id.District:
		at, err := c.District.Get(ctx, organisationID)
		return nameOf(at, err, func(o *db.District) lang.Text { return o.Name })
	default:
		return lang.Text{}, nil
	}
}

func nameOf[T any](row *T, err error, name func(*T) lang.Text) (lang.Text, error) {
	if err != nil {
		return lang.Text{}, err
	}
	return name(row), nil
}
