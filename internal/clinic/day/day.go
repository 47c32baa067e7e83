// Package day is the day at a clinic: patients say that they are there, wait in a queue, are called and seen, or do not
// come; and a practitioner is not there after all. Whoever changes a queue holds its key, so that numbers are dense and
// two desks never call the same patient; the conditions of the updates, and the index of the numbers, stand behind that.
package day

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/schedule"
	"citygraph/ent/rule"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Day are the verbs of the day at a clinic.
type Day struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Events *event.Bus
	Once   idempotency.Ledger
	Key    []byte // signs check-in codes, 32 bytes
	Rules  Rules

	// For answers whether the viewer may act for a person, and gives the context in which they do: DELEGATION_SCOPE else.
	For func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
	// ActsFor tells the same of the persons of a whole response, in one statement.
	ActsFor func(ctx context.Context, personID string, s scope.Scope) (bool, error)
	// Age is how many years a person has completed at an instant; not known before real-name binding.
	Age func(ctx context.Context, personID string, at time.Time) (years int, known bool, err error)
	// Window is from when until when a slot may begin that can be booked at an instant.
	Window func(now time.Time) (from, before time.Time)
	// Soon has a job go on with a stop, once the transaction of ctx is committed.
	Soon func(ctx context.Context, rest Rest) error

	Hub   *live.Hub
	Admit func(ctx context.Context) error      // fails once the subscriber of ctx may be told nothing more
	Fail  func(ctx context.Context, err error) // tells the subscriber of ctx why its stream ends
}

// Rules are what the city has decided about the day; configuration.
type Rules struct {
	Near   int           // how far from the clinic one checks in, in metres
	Early  time.Duration // how long before the start
	Grace  time.Duration // from the start until a patient who is not there may be held to have missed it
	Senior int           // from which age on one is called before others, in years

	Missed int // how many missed appointments suspend booking
	Within int // within so many days
	Length int // for so many days
}

// DefaultRules are the usual ones.
func DefaultRules() Rules {
	return Rules{Near: 500, Early: 2 * time.Hour, Grace: 15 * time.Minute, Senior: 70, Missed: 3, Within: 90, Length: 30}
}

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "appointments are changed by the verbs of their day, which have checked the right")
}

// serviceDay is the day of an instant in the city, YYYY-MM-DD.
func serviceDay(at time.Time) string { return at.In(clock.Shanghai).Format(time.DateOnly) }

// queueOf names the queue of a schedule and day: its lock, and the topic that wakes who waits in it.
func queueOf(scheduleID, day string) string { return "queue:" + scheduleID + ":" + day }

// moved wakes who waits in the queue of an appointment, after the commit.
func (d *Day) moved(ctx context.Context, a *db.Appointment) {
	topic := queueOf(a.ScheduleID, serviceDay(a.StartsAt))
	store.AfterCommit(ctx, func(context.Context) { d.Hub.Publish(topic) })
}

// serving are the clinics of whose staff the viewer is. UNAUTHENTICATED for a visitor, FORBIDDEN for who is of none's.
func serving(ctx context.Context) ([]string, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !v.Has(viewer.ClinicStaff):
		return nil, fault.New(fault.Forbidden)
	}
	return v.Organisations(viewer.ClinicStaff), nil
}

// served is an appointment at a clinic of whose staff the viewer is. UNAUTHENTICATED, FORBIDDEN, NOT_FOUND.
func (d *Day) served(ctx context.Context, appointmentID string) (*db.Appointment, error) {
	clinics, err := serving(ctx)
	if err != nil {
		return nil, err
	}
	return found(d.DB.Appointment.Query().Where(appointment.ID(appointmentID), appointment.ClinicIDIn(clinics...)).Only(system(ctx)))
}

// own is an appointment of the viewer's, or of somebody for whom they may book. NOT_FOUND else.
func (d *Day) own(ctx context.Context, appointmentID string) (*db.Appointment, error) {
	return found(d.DB.Appointment.Query().Where(appointment.ID(appointmentID), ofWhom(ctx)).WithSlot().Only(system(ctx)))
}

// ofWhom holds for the appointments of the viewer and of those for whom they may book.
func ofWhom(ctx context.Context) predicate.Appointment {
	return predicate.Appointment(rule.ActsFor(appointment.FieldPatientID, viewer.From(ctx), scope.Of(scope.Book)))
}

func found(a *db.Appointment, err error) (*db.Appointment, error) {
	switch {
	case db.IsNotFound(err):
		return nil, fault.New(fault.NotFound).At("appointmentId").Because(err)
	case err != nil:
		return nil, fmt.Errorf("load appointment: %w", err)
	}
	return a, nil
}

// diary is a schedule of a clinic of whose staff the viewer is, with the clinic. UNAUTHENTICATED, FORBIDDEN, NOT_FOUND.
func (d *Day) diary(ctx context.Context, scheduleID string) (*db.Schedule, error) {
	clinics, err := serving(ctx)
	if err != nil {
		return nil, err
	}
	s, err := d.DB.Schedule.Query().Where(schedule.ID(scheduleID), schedule.ClinicIDIn(clinics...)).WithClinic().Only(ctx)
	switch {
	case db.IsNotFound(err):
		return nil, fault.New(fault.NotFound).At("scheduleId").Because(err)
	case err != nil:
		return nil, fmt.Errorf("load schedule: %w", err)
	}
	return s, nil
}

// signedIn refuses visitors, and an id that is no appointment's.
func signedIn(ctx context.Context, appointmentID string) error {
	switch {
	case !viewer.From(ctx).SignedIn():
		return fault.New(fault.Unauthenticated)
	case !id.Is(appointmentID, id.Appointment):
		return fault.New(fault.NotFound).At("appointmentId")
	}
	return nil
}

// notNow refuses a step that the machine does not know.
func notNow(status appointment.Status) error {
	return fault.NotNow("预约", "The appointment", status)
}
