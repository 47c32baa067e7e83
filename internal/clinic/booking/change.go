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
	"citygraph/internal/viewer"
)

// Move is a booked appointment that is to be at another time.
type Move struct {
	Key           uuid.UUID `json:"-"`
	AppointmentID string
	SlotID        string
}

// Reschedule takes a place in another slot and gives the one that is booked back, both or neither: the patient is never without
// a place. The new appointment is BOOKED, and the old one CANCELLED. The patient may, and who may book for them; they are told.
// Returns UNAUTHENTICATED; NOT_FOUND for another's appointment; INVALID_TRANSITION unless it is BOOKED; CUTOFF_PASSED, of either
// time; BAD_USER_INPUT for the slot it is in; and what Office.Book returns of a slot.
func (o *Office) Reschedule(ctx context.Context, m Move) (*db.Appointment, error) {
	found, err := o.mine(ctx, m.AppointmentID)
	if err != nil {
		return nil, err
	}
	leave, err := o.turns.take(ctx, m.SlotID)
	if err != nil {
		return nil, err
	}
	defer leave()
	w := wish{operation: "rescheduleAppointment", status: appointment.StatusBooked, except: found.ID}
	made, err := o.Once.Once(ctx, idempotency.Request{
		Key: m.Key, Operation: w.operation, Input: m,
		Early: func(ctx context.Context) (err error) {
			if found.SlotID == m.SlotID {
				return fault.BadInput("slotId", "已预约该时段。", "It is at this time already.")
			}
			w.slot, err = o.glance(ctx, m.SlotID)
			return err
		},
	}, func(ctx context.Context) (string, error) {
		ctx, err := o.acting(ctx, found.PatientID, "appointmentId")
		if err != nil {
			return "", err
		}
		if err := o.lock(ctx, found.PatientID); err != nil {
			return "", err
		}
		return o.move(ctx, found.ID, w)
	})
	if err != nil {
		return nil, err
	}
	return o.seen(ctx, made)
}

// move changes one place for another. The patient's lock is held.
func (o *Office) move(ctx context.Context, appointmentID string, w wish) (string, error) {
	old, err := o.DB.Appointment.Get(system(ctx), appointmentID)
	switch {
	case err != nil:
		return "", fmt.Errorf("load appointment: %w", err)
	case old.Status != appointment.StatusBooked:
		return "", notNow(old)
	case o.Terms.late(old.StartsAt, o.Clock.Now()):
		return "", fault.New(fault.CutoffPassed).At("appointmentId")
	}
	// Two who change their places with one another hold the slots in the same order.
	if old.SlotID < w.slot.ID {
		if _, err := o.hold(ctx, old.SlotID); err != nil {
			return "", err
		}
	}
	made, err := o.take(ctx, w)
	if err != nil {
		return "", err
	}
	if err := o.end(ctx, old, appointment.CancelReasonRescheduled); err != nil {
		return "", err
	}
	if err := o.giveBack(ctx, old.SlotID); err != nil {
		return "", err
	}
	return made.ID, o.Events.Emit(ctx, Booked{About: about(made), Moved: true})
}

// Cancel gives the place of an appointment back: one that is booked, held or offered. The patient may, and who may book for them;
// they are told of one that was booked. Returns UNAUTHENTICATED, NOT_FOUND for another's, INVALID_TRANSITION unless it is
// PENDING or BOOKED, and CUTOFF_PASSED for one that is booked and begins soon.
func (o *Office) Cancel(ctx context.Context, appointmentID string) (*db.Appointment, error) {
	found, err := o.mine(ctx, appointmentID)
	if err != nil {
		return nil, err
	}
	err = o.Store.InTx(ctx, func(ctx context.Context) error {
		ctx, err := o.acting(ctx, found.PatientID, "appointmentId")
		if err != nil {
			return err
		}
		if err := o.lock(ctx, found.PatientID); err != nil {
			return err
		}
		return o.cancel(ctx, appointmentID, "cancelAppointment")
	})
	if err != nil {
		return nil, err
	}
	return o.seen(ctx, appointmentID)
}

// cancel ends an appointment for the patient, whose lock is held.
func (o *Office) cancel(ctx context.Context, appointmentID, operation string) error {
	a, err := o.DB.Appointment.Get(system(ctx), appointmentID)
	if err != nil {
		return fmt.Errorf("load appointment: %w", err)
	}
	booked := a.Status == appointment.StatusBooked
	switch {
	case !booked && a.Status != appointment.StatusPending:
		return notNow(a)
	case booked && o.Terms.late(a.StartsAt, o.Clock.Now()):
		return fault.New(fault.CutoffPassed).At("appointmentId")
	}
	if err := o.end(ctx, a, appointment.CancelReasonPatient); err != nil {
		return err
	}
	if err := o.answer(ctx, a, waitlistentry.StatusLeft); err != nil {
		return err
	}
	if err := o.giveBack(ctx, a.SlotID); err != nil {
		return err
	}
	if err := audit.Record(ctx, o.DB, audit.Deed{Action: operation, Subject: a.PatientID, TargetID: a.ID}); err != nil || !booked {
		return err
	}
	return o.Events.Emit(ctx, Cancelled{about(a)})
}

// Forget gives back the places of a person whose account ends that are still to come, has them wait for nothing, and empties their
// name, in the transaction of ctx.
func (o *Office) Forget(ctx context.Context, patientID string) error {
	ctx = viewer.AsSystem(ctx, "who is gone comes to no appointment")
	if err := o.lock(ctx, patientID); err != nil {
		return err
	}
	now := o.Clock.Now()
	if err := o.DB.WaitlistEntry.Update().Where(
		waitlistentry.PatientID(patientID), waitlistentry.StatusIn(waitlistentry.StatusWaiting, waitlistentry.StatusOffered),
	).SetStatus(waitlistentry.StatusLeft).SetUpdatedAt(now).Exec(ctx); err != nil {
		return fmt.Errorf("leave waitlists: %w", err)
	}
	coming, err := o.DB.Appointment.Query().Where(
		appointment.PatientID(patientID), appointment.StatusIn(appointment.StatusPending, appointment.StatusBooked), appointment.EndsAtGT(now),
	).Order(appointment.BySlotID()).All(ctx)
	if err != nil {
		return fmt.Errorf("load appointments: %w", err)
	}
	for _, a := range coming {
		if err := o.end(ctx, a, appointment.CancelReasonAccountEnded); err != nil {
			return err
		}
		if err := o.giveBack(ctx, a.SlotID); err != nil {
			return err
		}
	}
	err = o.DB.Appointment.Update().Where(appointment.PatientID(patientID), appointment.PatientNameNEQ("")).SetPatientName("").Exec(ctx)
	if err != nil {
		return fmt.Errorf("empty names of patients: %w", err)
	}
	return nil
}
