package booking

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/waitlistentry"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Filter says whose appointments are asked for; nil parts do not narrow.
type Filter struct {
	PersonID *string // the viewer's own when nil
	Status   *appointment.Status
	From     *time.Time // those that end after it
}

// Appointments narrows a query to a person's. They may, and who may book for them. UNAUTHENTICATED, DELEGATION_SCOPE.
func (o *Office) Appointments(ctx context.Context, q *db.AppointmentQuery, f Filter) (*db.AppointmentQuery, error) {
	acting, err := o.For(ctx, f.PersonID, scope.Book)
	if err != nil {
		return nil, err
	}
	q.Where(appointment.PatientID(viewer.From(acting).Subject()))
	if f.Status != nil {
		q.Where(appointment.StatusEQ(*f.Status))
	}
	if f.From != nil {
		q.Where(appointment.EndsAtGT(f.From.UTC()))
	}
	return q, nil
}

// AtClinic narrows a query to those who come to a clinic on a service day, cancelled ones included. Its staff may. Returns
// UNAUTHENTICATED, FORBIDDEN, and BAD_USER_INPUT for a day that is none.
func (o *Office) AtClinic(ctx context.Context, q *db.AppointmentQuery, clinicID, day string) (*db.AppointmentQuery, error) {
	if err := staff(ctx, clinicID); err != nil {
		return nil, err
	}
	from, err := serviceDay("day", day)
	if err != nil {
		return nil, err
	}
	return q.Where(appointment.ClinicID(clinicID), appointment.StartsAtGTE(from.UTC()), appointment.StartsAtLT(from.AddDate(0, 0, 1).UTC())), nil
}

// Waitlist narrows a query to what a person waits for, and waited. They may, and who may book for them. UNAUTHENTICATED,
// DELEGATION_SCOPE.
func (o *Office) Waitlist(ctx context.Context, q *db.WaitlistEntryQuery, personID *string) (*db.WaitlistEntryQuery, error) {
	acting, err := o.For(ctx, personID, scope.Book)
	if err != nil {
		return nil, err
	}
	return q.Where(waitlistentry.PatientID(viewer.From(acting).Subject())), nil
}

func staff(ctx context.Context, clinicID string) error {
	switch v := viewer.From(ctx); {
	case !v.SignedIn():
		return fault.New(fault.Unauthenticated)
	case !v.HasAt(viewer.ClinicStaff, clinicID):
		return fault.New(fault.Forbidden)
	}
	return nil
}

// serviceDay is the midnight in Shanghai at which a day begins.
func serviceDay(field, day string) (time.Time, error) {
	at, err := time.ParseInLocation(time.DateOnly, day, clock.Shanghai)
	if err != nil {
		return at, fault.BadInput(field, "日期格式应为YYYY-MM-DD。", "A day is written YYYY-MM-DD.")
	}
	return at, nil
}
