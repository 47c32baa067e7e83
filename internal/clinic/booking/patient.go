package booking

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/bookingsuspension"
	"citygraph/ent/db/person"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/waitlistentry"
	"citygraph/ent/rule"
	"citygraph/internal/fault"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// appointmentRows and waitlistRows are predicates on rows that have a patient.
type (
	appointmentRows = predicate.Appointment
	waitlistRows    = predicate.WaitlistEntry
)

// patientOf holds for the rows of the viewer, and of those they may book for.
func patientOf[P appointmentRows | waitlistRows](v *viewer.Viewer) P {
	return P(rule.ActsFor(appointment.FieldPatientID, v, scope.Of(scope.Book)))
}

// mayBook is the patient, unless a place cannot be theirs: REAL_NAME_REQUIRED before real-name binding, BOOKING_SUSPENDED.
func (o *Office) mayBook(ctx context.Context, patientID string) (*db.Person, error) {
	ctx = system(ctx)
	patient, err := o.DB.Person.Query().Where(person.ID(patientID), person.HasPersonalData()).Only(ctx)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.RealNameRequired)
	}
	if err != nil {
		return nil, fmt.Errorf("load patient: %w", err)
	}
	suspended, err := o.suspended(ctx, patientID)
	if err != nil {
		return nil, err
	}
	if suspended {
		return nil, fault.New(fault.BookingSuspended)
	}
	return patient, nil
}

func (o *Office) suspended(ctx context.Context, patientID string) (bool, error) {
	found, err := o.DB.BookingSuspension.Query().Where(
		bookingsuspension.PatientID(patientID), bookingsuspension.StatusEQ(bookingsuspension.StatusActive), bookingsuspension.EndsAtGT(o.Clock.Now()),
	).Exist(system(ctx))
	if err != nil {
		return false, fmt.Errorf("look for a suspension: %w", err)
	}
	return found, nil
}

// unoccupied refuses with APPOINTMENT_OVERLAP when the patient, whose lock is held, has something else at the time of the slot than
// the appointment that is excepted. What they held in the slot and let lapse is let go.
func (o *Office) unoccupied(ctx context.Context, patientID string, s *db.Slot, except string) error {
	there, err := o.DB.Appointment.Query().Where(
		appointment.PatientID(patientID), appointment.StatusNEQ(appointment.StatusCancelled), appointment.IDNEQ(except),
		appointment.StartsAtLT(s.EndsAt), appointment.EndsAtGT(s.StartsAt),
	).All(system(ctx))
	if err != nil {
		return fmt.Errorf("look for other appointments: %w", err)
	}
	var lapsed *db.Appointment
	for _, a := range there {
		switch {
		case o.live(a):
			return fault.New(fault.AppointmentOverlap)
		case a.SlotID != s.ID:
		case a.Status == appointment.StatusPending:
			lapsed = a
		default: // they have been there
			return fault.New(fault.AppointmentOverlap)
		}
	}
	if lapsed != nil {
		return o.lapse(ctx, lapsed)
	}
	return nil
}

// live reports whether the appointment keeps its patient from another at the same time.
func (o *Office) live(a *db.Appointment) bool {
	switch a.Status {
	case appointment.StatusBooked, appointment.StatusCheckedIn:
		return true
	case appointment.StatusPending:
		return o.held(a)
	case appointment.StatusFulfilled, appointment.StatusCancelled, appointment.StatusNoShow:
	}
	return false
}

func (o *Office) held(a *db.Appointment) bool {
	return a.Status == appointment.StatusPending && a.HeldUntil != nil && o.Clock.Now().Before(*a.HeldUntil)
}

// lapse takes the place of what was held and not booked in time, in the transaction of ctx, which has the patient's lock.
func (o *Office) lapse(ctx context.Context, a *db.Appointment) error {
	if err := o.end(ctx, a, appointment.CancelReasonHoldExpired); err != nil {
		return err
	}
	if err := o.answer(ctx, a, waitlistentry.StatusExpired); err != nil {
		return err
	}
	return o.giveBack(ctx, a.SlotID)
}
