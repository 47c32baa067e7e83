// Package booking gives people places in the slots of clinics: held, booked, moved and given back, and offered in order to
// who waits for one. Who changes what a patient has holds the patient's lock first and that of the slot after it, so that a
// patient never has two places at a time, and a slot never more than it is for.
package booking

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/waitlistentry"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Office books.
type Office struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Events *event.Bus
	Once   idempotency.Ledger
	Log    zerolog.Logger
	Terms  Terms

	// For answers whether the viewer may act for a person, and gives the context in which they do: DELEGATION_SCOPE else.
	For func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
	// ActsFor tells the same of the persons of a whole response, in one statement.
	ActsFor func(ctx context.Context, personID string, s scope.Scope) (bool, error)

	Hub   *live.Hub
	Admit func(ctx context.Context) error      // fails once the subscriber of ctx may be told nothing more
	Fail  func(ctx context.Context, err error) // tells the subscriber of ctx why its stream ends

	turns turns // at slots
}

// About is whose appointment an event is about, and when it begins.
type About struct {
	AppointmentID, PatientID string
	PatientName              mask.Name
	Start                    time.Time
}

// Booked tells that a place is the patient's.
type Booked struct {
	About
	Moved bool // from another time
}

// Cancelled tells that the patient, or who books for them, gave a booked place back.
type Cancelled struct{ About }

// Offered tells that a place came free for who waits first, and until when it is kept for them.
type Offered struct {
	About
	Until time.Time
}

// Near tells that an appointment is a day ahead, or an hour.
type Near struct {
	About
	Hour bool
}

func about(a *db.Appointment) About {
	return About{AppointmentID: a.ID, PatientID: a.PatientID, PatientName: a.PatientName, Start: a.StartsAt}
}

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "places in slots are taken and given back by the verbs of booking")
}

// lock makes those who change what the patient has follow one another.
func (o *Office) lock(ctx context.Context, patientID string) error {
	return o.Store.Lock(ctx, "patient/"+patientID)
}

// seen is the appointment as the viewer may see it now.
func (o *Office) seen(ctx context.Context, appointmentID string) (*db.Appointment, error) {
	a, err := o.DB.Appointment.Get(ctx, appointmentID)
	if err != nil {
		return nil, fmt.Errorf("load appointment: %w", err)
	}
	return a, nil
}

// mine is an appointment that the viewer may change for the patient; NOT_FOUND for any other.
func (o *Office) mine(ctx context.Context, appointmentID string) (*db.Appointment, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	a, err := o.DB.Appointment.Query().Where(appointment.ID(appointmentID), patientOf[appointmentRows](v)).Only(system(ctx))
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).At("appointmentId")
	}
	if err != nil {
		return nil, fmt.Errorf("load appointment: %w", err)
	}
	return a, nil
}

// acting is the context in which the viewer acts for a patient whose row they have seen, and may do so until the transaction
// ends; NOT_FOUND at the field from the commit that ended the right.
func (o *Office) acting(ctx context.Context, patientID, field string) (context.Context, error) {
	acting, err := o.For(ctx, &patientID, scope.Book)
	if fault.CodeOf(err) == fault.DelegationScope {
		return nil, fault.New(fault.NotFound).At(field)
	}
	return acting, err
}

// end takes the place from an appointment, which stands as it was read. Who has been quicker wins: INVALID_TRANSITION.
func (o *Office) end(ctx context.Context, a *db.Appointment, why appointment.CancelReason) error {
	now := o.Clock.Now()
	n, err := o.DB.Appointment.Update().Where(appointment.ID(a.ID), appointment.StatusEQ(a.Status)).
		SetStatus(appointment.StatusCancelled).SetCancelReason(why).ClearHeldUntil().SetEndedAt(now).SetUpdatedAt(now).Save(system(ctx))
	if err != nil {
		return fmt.Errorf("cancel appointment: %w", err)
	}
	if n == 0 {
		return notNow(a)
	}
	return nil
}

// answer closes the offer that an appointment was, if it was one.
func (o *Office) answer(ctx context.Context, a *db.Appointment, to waitlistentry.Status) error {
	if a.Channel != appointment.ChannelWaitlist {
		return nil
	}
	err := o.DB.WaitlistEntry.Update().Where(waitlistentry.AppointmentID(a.ID), waitlistentry.StatusEQ(waitlistentry.StatusOffered)).
		SetStatus(to).SetUpdatedAt(o.Clock.Now()).Exec(system(ctx))
	if err != nil {
		return fmt.Errorf("answer an offer: %w", err)
	}
	return nil
}

func notNow(a *db.Appointment) error {
	return fault.NotNow("预约", "The appointment", a.Status)
}

func expired() error {
	return fault.New(fault.HoldExpired).Say("占号已过期，请重新选择。", "The place was kept no longer. Choose again.")
}
