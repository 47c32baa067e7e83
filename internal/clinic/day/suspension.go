package day

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/bookingsuspension"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Suspended tells that a person cannot book until an instant.
type Suspended struct {
	PatientID, SuspensionID string
	Missed                  int
	Until                   time.Time
}

// AppealDecided tells what became of an appeal.
type AppealDecided struct {
	PatientID, SuspensionID string
	Accepted                bool
	Until                   time.Time // of the suspension, where it stays
}

// Action is what a viewer may do with a suspension.
type Action string

// The actions.
const (
	Appeal Action = "APPEAL"
	Decide Action = "DECIDE"
)

// MarshalGQL writes the enum value.
func (a Action) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *Action) UnmarshalGQL(any) error { return errors.New("a suspension's action is not an input") }

// over is when a suspension ends, or has ended.
func over(s *db.BookingSuspension) time.Time {
	if s.Status == bookingsuspension.StatusLifted && s.DecidedAt != nil && s.DecidedAt.Before(s.EndsAt) {
		return *s.DecidedAt
	}
	return s.EndsAt
}

// suspend has a patient book no more who has missed so many appointments since the last suspension was over, in the
// transaction of the last of them. What is missed while one lasts counts for none.
func (d *Day) suspend(ctx context.Context, missed *db.Appointment) error {
	// Who counts waits for who counts before.
	if err := d.Store.Lock(ctx, "no-shows:"+missed.PatientID); err != nil {
		return err
	}
	now := d.Clock.Now()
	since := now.AddDate(0, 0, -d.Rules.Within)
	last, err := d.DB.BookingSuspension.Query().Where(bookingsuspension.PatientID(missed.PatientID)).
		Order(bookingsuspension.ByCreatedAt(sql.OrderDesc())).First(system(ctx))
	switch {
	case err == nil && over(last).After(now):
		return nil
	case err == nil && over(last).After(since):
		since = over(last)
	case err != nil && !db.IsNotFound(err):
		return fmt.Errorf("look for the last suspension: %w", err)
	}
	count, err := d.DB.Appointment.Query().Where(
		appointment.PatientID(missed.PatientID), appointment.StatusEQ(appointment.StatusNoShow), appointment.StartsAtGT(since),
	).Count(system(ctx))
	if err != nil {
		return fmt.Errorf("count missed appointments: %w", err)
	}
	if count < d.Rules.Missed {
		return nil
	}
	s, err := d.DB.BookingSuspension.Create().SetPatientID(missed.PatientID).SetMissed(count).
		SetEndsAt(now.AddDate(0, 0, d.Rules.Length)).SetCreatedAt(now).SetUpdatedAt(now).Save(system(ctx))
	if err != nil {
		return fmt.Errorf("suspend booking: %w", err)
	}
	if err := audit.Record(ctx, d.DB, audit.Deed{Action: "suspendBooking", Subject: s.PatientID, TargetID: s.ID}); err != nil {
		return err
	}
	return d.Events.Emit(ctx, Suspended{s.PatientID, s.ID, count, s.EndsAt})
}

// Suspensions narrows a query to those of a person; nobody named is the viewer. UNAUTHENTICATED; DELEGATION_SCOPE for whom the
// viewer may not book.
func (d *Day) Suspensions(ctx context.Context, q *db.BookingSuspensionQuery, personID *string) (*db.BookingSuspensionQuery, error) {
	ctx, err := d.For(ctx, personID, scope.Book)
	if err != nil {
		return nil, fault.From(err).At("person")
	}
	return q.Where(bookingsuspension.PatientID(viewer.From(ctx).Subject())), nil
}

// Appeals narrows a query to the suspensions whose appeal waits. Administrators may ask. UNAUTHENTICATED, FORBIDDEN.
func Appeals(ctx context.Context, q *db.BookingSuspensionQuery) (*db.BookingSuspensionQuery, error) {
	if err := mayDecide(ctx); err != nil {
		return nil, err
	}
	return q.Where(bookingsuspension.AppealedAtNotNil(), bookingsuspension.AppealOutcomeIsNil()), nil
}

func mayDecide(ctx context.Context) error {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return fault.New(fault.Unauthenticated)
	case !v.Has(viewer.Admin):
		return fault.New(fault.Forbidden)
	}
	return nil
}

// AllowedActions is what the viewer may do with a suspension now.
func (d *Day) AllowedActions(ctx context.Context, s *db.BookingSuspension) ([]Action, error) {
	v := viewer.From(ctx)
	actions := []Action{}
	if s.Status == bookingsuspension.StatusActive && s.AppealedAt == nil && s.EndsAt.After(d.Clock.Now()) {
		mine, err := d.ActsFor(ctx, s.PatientID, scope.Book)
		if err != nil {
			return nil, err
		}
		if mine {
			actions = append(actions, Appeal)
		}
	}
	if v.Has(viewer.Admin) && v.PersonID != s.PatientID && s.AppealedAt != nil && s.AppealOutcome == nil {
		actions = append(actions, Decide)
	}
	return actions, nil
}

// Forget drops the suspensions of a person whose account ends, in the transaction of ctx: they keep nobody from anything.
func (d *Day) Forget(ctx context.Context, personID string) error {
	if _, err := d.DB.BookingSuspension.Delete().Where(bookingsuspension.PatientID(personID)).Exec(system(ctx)); err != nil {
		return fmt.Errorf("delete suspensions: %w", err)
	}
	return nil
}
