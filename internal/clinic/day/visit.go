package day

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
)

// Fulfil says that a patient who is CHECKED_IN was seen. The clinic's staff may. Returns UNAUTHENTICATED, FORBIDDEN, NOT_FOUND,
// INVALID_TRANSITION.
func (d *Day) Fulfil(ctx context.Context, appointmentID string) (*db.Appointment, error) {
	return d.end(ctx, appointmentID, "fulfilAppointment", appointment.StatusCheckedIn, appointment.StatusFulfilled,
		func(context.Context, *db.Appointment) error { return nil })
}

// MarkNoShow says that the patient of a BOOKED appointment did not come; the third within Rules.Within days suspends their
// booking. The clinic's staff may, Rules.Grace after the start. Returns UNAUTHENTICATED, FORBIDDEN, NOT_FOUND,
// INVALID_TRANSITION.
func (d *Day) MarkNoShow(ctx context.Context, appointmentID string) (*db.Appointment, error) {
	return d.end(ctx, appointmentID, "markNoShow", appointment.StatusBooked, appointment.StatusNoShow, d.suspend)
}

// end moves an appointment from one status to an end of its life, and does what follows from it.
func (d *Day) end(ctx context.Context, appointmentID, action string, from, to appointment.Status, then func(context.Context, *db.Appointment) error) (*db.Appointment, error) {
	err := d.Store.InTx(ctx, func(ctx context.Context) error {
		a, err := d.served(ctx, appointmentID)
		if err != nil {
			return err
		}
		now := d.Clock.Now()
		switch {
		case a.Status != from:
			return notNow(a.Status)
		case to == appointment.StatusNoShow && now.Before(a.StartsAt.Add(d.Rules.Grace)):
			return fault.New(fault.InvalidTransition).Say("就诊开始时间过后才能标记爽约。", "A patient may still come: it is too early for this.")
		}
		changed, err := d.DB.Appointment.Update().Where(appointment.ID(a.ID), appointment.StatusEQ(from)).
			SetStatus(to).SetEndedAt(now).SetUpdatedAt(now).Save(system(ctx))
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", action, err)
		case changed == 0:
			return fault.New(fault.InvalidTransition) // somebody was quicker
		}
		d.moved(ctx, a)
		if err := audit.Record(ctx, d.DB, audit.Deed{Action: action, Subject: a.PatientID, TargetID: a.ID}); err != nil {
			return err
		}
		return then(ctx, a)
	})
	if err != nil {
		return nil, err
	}
	return found(d.DB.Appointment.Get(ctx, appointmentID))
}
