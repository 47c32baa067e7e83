package announcement

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	row "citygraph/ent/db/announcement"
	"citygraph/ent/db/delivery"
	"citygraph/ent/db/person"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/fault"
	"citygraph/internal/memo"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// The persons of a delivery are named, masked, to who may see the delivery, though no row rule shows them the persons: so these
// queries carry the rule of deliveries in their own words, and run for the system.

// Filter narrows the announcements of a family; nil parts do not.
type Filter struct {
	Child          *string // only what is about this person
	Unacknowledged bool    // only what waits for an acknowledgement
}

// Mine narrows a query to what was delivered to the viewer, with the pupils they may still speak for; it is run in the context
// returned. Returns UNAUTHENTICATED, and DELEGATION_SCOPE for a child the viewer may not speak for.
func (b *Board) Mine(ctx context.Context, q *db.DeliveryQuery, f Filter) (context.Context, *db.DeliveryQuery, error) {
	if err := signedIn(ctx); err != nil {
		return ctx, nil, err
	}
	if f.Child != nil {
		if _, err := b.For(ctx, f.Child, scope.School); err != nil {
			return ctx, nil, err
		}
		q.Where(delivery.HasStudentsWith(person.ID(*f.Child)))
	}
	if f.Unacknowledged {
		q.Where(waits())
	}
	return system(ctx), mine(ctx, q), nil
}

// mine narrows a query to what was delivered to the viewer.
func mine(ctx context.Context, q *db.DeliveryQuery) *db.DeliveryQuery {
	v := viewer.From(ctx)
	return q.Where(predicate.Delivery(rule.DeliveredTo(v))).WithGuardian().
		WithStudents(func(of *db.PersonQuery) { of.Where(spokenFor(v)) })
}

// spokenFor holds for the persons the viewer may act for within SCHOOL.
func spokenFor(v *viewer.Viewer) predicate.Person {
	return predicate.Person(rule.ActsFor(person.FieldID, v, scope.Of(scope.School)))
}

// waits holds for deliveries that are to be acknowledged.
func waits() predicate.Delivery {
	return delivery.And(delivery.AcknowledgedAtIsNil(), delivery.HasAnnouncementWith(
		row.AcknowledgementEQ(row.AcknowledgementRequired), row.StatusEQ(row.StatusPublished),
	))
}

// OfSchool narrows a query to a school's announcements, drafts among them. UNAUTHENTICATED for a visitor, FORBIDDEN for who is no teacher,
// NOT_FOUND for a school where the viewer does not teach.
func (b *Board) OfSchool(ctx context.Context, q *db.AnnouncementQuery, schoolID string) (*db.AnnouncementQuery, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !v.Has(viewer.Teacher):
		return nil, fault.New(fault.Forbidden)
	case !v.HasAt(viewer.Teacher, schoolID):
		return nil, fault.New(fault.NotFound).At("schoolId")
	}
	return q.Where(row.SchoolID(schoolID)), nil
}

// Pending narrows a query to the deliveries of an announcement whose guardians have not read it, or not acknowledged what is to be; it
// is run in the context returned. A teacher of its school may. Returns UNAUTHENTICATED, NOT_FOUND.
func (b *Board) Pending(ctx context.Context, q *db.DeliveryQuery, announcementID string) (context.Context, *db.DeliveryQuery, error) {
	a, err := b.teachers(ctx, announcementID)
	if err != nil {
		return ctx, nil, err
	}
	return system(ctx), q.Where(delivery.AnnouncementID(a.ID), pending(a)).WithGuardian().WithStudents(), nil
}

// DeliveryAction is what a guardian may do with a delivery.
type DeliveryAction string

// The actions.
const (
	MarkRead    DeliveryAction = "MARK_READ"
	Acknowledge DeliveryAction = "ACKNOWLEDGE"
)

// MarshalGQL writes the enum value.
func (a DeliveryAction) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *DeliveryAction) UnmarshalGQL(any) error {
	return errors.New("a delivery's action is not an input")
}

type waitingFor struct{ personID string }

// Answers is what the viewer may do with a delivery now: nothing with another's.
func (b *Board) Answers(ctx context.Context, d *db.Delivery) ([]DeliveryAction, error) {
	v, may := viewer.From(ctx), []DeliveryAction{}
	if d.GuardianID != v.PersonID {
		return may, nil
	}
	if d.ReadAt == nil {
		may = append(may, MarkRead)
	}
	if d.AcknowledgedAt != nil {
		return may, nil
	}
	open, err := memo.Once(ctx, waitingFor{v.PersonID}, func() ([]string, error) {
		return b.DB.Delivery.Query().Where(delivery.GuardianID(v.PersonID), waits()).IDs(system(ctx))
	})
	if err != nil {
		return nil, fmt.Errorf("ask what waits: %w", err)
	}
	if slices.Contains(open, d.ID) {
		may = append(may, Acknowledge)
	}
	return may, nil
}

// Pupils are those a delivery is about, as the viewer may know them: a teacher all, a guardian those they may still speak for.
func Pupils(ctx context.Context, d *db.Delivery) ([]Pupil, error) {
	persons, err := d.Edges.StudentsOrErr()
	if db.IsNotLoaded(err) {
		q := d.QueryStudents()
		if v := viewer.From(ctx); d.GuardianID == v.PersonID {
			q.Where(spokenFor(v))
		}
		persons, err = q.All(system(ctx))
	}
	if err != nil {
		return nil, fmt.Errorf("load pupils: %w", err)
	}
	pupils := make([]Pupil, len(persons))
	for i, p := range persons {
		pupils[i] = Pupil{p.ID, p.Name}
	}
	slices.SortFunc(pupils, func(a, b Pupil) int { return strings.Compare(a.PersonID, b.PersonID) })
	return pupils, nil
}

// Guardian is the masked name of whom it was delivered to.
func Guardian(ctx context.Context, d *db.Delivery) (string, error) {
	p, err := d.Edges.GuardianOrErr()
	if db.IsNotLoaded(err) {
		p, err = d.QueryGuardian().Only(system(ctx))
	}
	if err != nil {
		return "", fmt.Errorf("load guardian: %w", err)
	}
	return p.Name.String(), nil
}
