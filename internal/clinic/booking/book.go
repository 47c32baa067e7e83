package booking

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/waitlistentry"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Request is a place that is asked for.
type Request struct {
	Key        uuid.UUID `json:"-"`
	SlotID     string
	OnBehalfOf *string // the patient; the viewer when nil
}

// Booking is what is to be booked: exactly one of a place that is held or offered, and a slot.
type Booking struct {
	Key           uuid.UUID `json:"-"`
	AppointmentID *string
	SlotID        *string
	OnBehalfOf    *string // the patient, with a slot
}

// Hold keeps a place in a slot for Terms.HoldLife, in which it can be booked. The patient may, and who may book for them. Returns
// UNAUTHENTICATED, NOT_FOUND, CUTOFF_PASSED, SLOT_NOT_RELEASED, SLOT_FULL, DELEGATION_SCOPE, REAL_NAME_REQUIRED, BOOKING_SUSPENDED,
// APPOINTMENT_OVERLAP and IDEMPOTENCY_KEY_REUSED.
func (o *Office) Hold(ctx context.Context, r Request) (*db.Appointment, error) {
	return o.place(ctx, idempotency.Request{Key: r.Key, Operation: "holdSlot", Input: r}, r, appointment.StatusPending)
}

// Book makes a place the patient's: one that is held or offered, or one in a slot, at once. The patient may, and who may book for
// them; they are told. Returns what Hold does; and BAD_USER_INPUT unless exactly one of the two is named, NOT_FOUND for
// another's appointment, HOLD_EXPIRED for one that was not booked in time, INVALID_TRANSITION for one that is not PENDING.
func (o *Office) Book(ctx context.Context, b Booking) (*db.Appointment, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	once := idempotency.Request{Key: b.Key, Operation: "bookAppointment", Input: b}
	switch {
	case (b.AppointmentID == nil) == (b.SlotID == nil):
		return nil, fault.BadInput("appointmentId", "请指定占号或时段中的一个。", "Name an appointment or a slot: exactly one.")
	case b.SlotID != nil:
		return o.place(ctx, once, Request{SlotID: *b.SlotID, OnBehalfOf: b.OnBehalfOf}, appointment.StatusBooked)
	case b.OnBehalfOf != nil:
		return nil, fault.BadInput("onBehalfOf", "占号已属于就诊人，无需再指定。", "The appointment says whose it is.")
	}
	return o.confirm(ctx, once, *b.AppointmentID)
}

// place takes a place in a slot, once.
func (o *Office) place(ctx context.Context, once idempotency.Request, r Request, as appointment.Status) (*db.Appointment, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	leave, err := o.turns.take(ctx, r.SlotID)
	if err != nil {
		return nil, err
	}
	defer leave()
	w := wish{operation: once.Operation, status: as}
	once.Early = func(ctx context.Context) (err error) {
		w.slot, err = o.glance(ctx, r.SlotID)
		return err
	}
	made, err := o.Once.Once(ctx, once, func(ctx context.Context) (string, error) {
		ctx, err := o.For(ctx, r.OnBehalfOf, scope.Book)
		if err != nil {
			return "", err
		}
		if err := o.lock(ctx, viewer.From(ctx).Subject()); err != nil {
			return "", err
		}
		a, err := o.take(ctx, w)
		if err != nil {
			return "", err
		}
		if as == appointment.StatusBooked {
			err = o.Events.Emit(ctx, Booked{About: about(a)})
		}
		return a.ID, err
	})
	if err != nil {
		return nil, err
	}
	return o.seen(ctx, made)
}

// confirm books what is held.
func (o *Office) confirm(ctx context.Context, once idempotency.Request, appointmentID string) (*db.Appointment, error) {
	found, err := o.mine(ctx, appointmentID)
	if err != nil {
		return nil, err
	}
	made, err := o.Once.Once(ctx, once, func(ctx context.Context) (string, error) {
		ctx, err := o.acting(ctx, found.PatientID, "appointmentId")
		if err != nil {
			return "", err
		}
		if err := o.lock(ctx, found.PatientID); err != nil {
			return "", err
		}
		if _, err := o.mayBook(ctx, found.PatientID); err != nil {
			return "", err
		}
		if err := o.become(ctx, found); err != nil {
			return "", err
		}
		if err := o.answer(ctx, found, waitlistentry.StatusAccepted); err != nil {
			return "", err
		}
		if err := audit.Record(ctx, o.DB, audit.Deed{Action: once.Operation, Subject: found.PatientID, TargetID: found.ID}); err != nil {
			return "", err
		}
		return found.ID, o.Events.Emit(ctx, Booked{About: about(found)})
	})
	if err != nil {
		return nil, err
	}
	return o.seen(ctx, made)
}

// become makes a place that is held BOOKED, unless it was let go: booking and expiry have one winner.
func (o *Office) become(ctx context.Context, a *db.Appointment) error {
	ctx, now := system(ctx), o.Clock.Now()
	n, err := o.DB.Appointment.Update().Where(
		appointment.ID(a.ID), appointment.StatusEQ(appointment.StatusPending), appointment.HeldUntilGT(now),
	).SetStatus(appointment.StatusBooked).ClearHeldUntil().SetUpdatedAt(now).Save(ctx)
	if err != nil {
		return fmt.Errorf("book appointment: %w", err)
	}
	if n == 1 {
		return nil
	}
	a, err = o.DB.Appointment.Get(ctx, a.ID) // as it is under the patient's lock
	switch {
	case err != nil:
		return fmt.Errorf("load appointment: %w", err)
	case a.Status == appointment.StatusPending, a.CancelReason != nil && *a.CancelReason == appointment.CancelReasonHoldExpired:
		return expired()
	}
	return notNow(a)
}
