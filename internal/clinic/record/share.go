package record

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Share lets the clinic of a visit read the patient's whole record for it, from check-in until Days after its end. The patient may, their
// guardians, and who acts for them within READ_RECORD, while the appointment is BOOKED or CHECKED_IN. Sharing again changes nothing. Returns
// UNAUTHENTICATED, NOT_FOUND for anybody else's, and INVALID_TRANSITION naming the status.
func (a *Archive) Share(ctx context.Context, appointmentID string) (*db.Appointment, error) {
	return a.change(ctx, "shareRecord", appointmentID, func(visit *db.Appointment) (*db.AppointmentUpdate, error) {
		switch {
		case visit.Status != appointment.StatusBooked && visit.Status != appointment.StatusCheckedIn:
			return nil, notNow(visit)
		case visit.SharedAt != nil:
			return nil, nil
		}
		return a.DB.Appointment.Update().Where(appointment.StatusIn(appointment.StatusBooked, appointment.StatusCheckedIn)).
			SetSharedAt(a.Clock.Now()), nil
	})
}

// Unshare takes the sharing back: from its commit on the clinic reads what was written at the visit and no more. Who may share may, also when the
// visit is over. What is not shared stays so. Returns UNAUTHENTICATED and NOT_FOUND for anybody else's.
func (a *Archive) Unshare(ctx context.Context, appointmentID string) (*db.Appointment, error) {
	return a.change(ctx, "unshareRecord", appointmentID, func(visit *db.Appointment) (*db.AppointmentUpdate, error) {
		if visit.SharedAt == nil {
			return nil, nil
		}
		return a.DB.Appointment.Update().ClearSharedAt(), nil
	})
}

// change makes the step that the visit allows, if there is one to make, for who may open the patient's record.
func (a *Archive) change(ctx context.Context, deed, appointmentID string, step func(*db.Appointment) (*db.AppointmentUpdate, error)) (*db.Appointment, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	var visit *db.Appointment
	err := a.Store.InTx(ctx, func(ctx context.Context) (err error) {
		if visit, err = a.mine(ctx, v, appointmentID); err != nil {
			return err
		}
		update, err := step(visit)
		if err != nil || update == nil {
			return err
		}
		now := a.Clock.Now()
		n, err := update.Where(appointment.ID(visit.ID)).SetUpdatedAt(now).Save(system(ctx))
		if err != nil {
			return fmt.Errorf("%s: %w", deed, err)
		}
		if visit, err = a.DB.Appointment.Get(system(ctx), visit.ID); err != nil {
			return fmt.Errorf("load appointment: %w", err)
		}
		if n == 0 { // it was cancelled or fulfilled meanwhile
			return notNow(visit)
		}
		return audit.Record(ctx, a.DB, audit.Deed{Action: deed, Subject: visit.PatientID, TargetID: visit.ID})
	})
	if err != nil {
		return nil, err
	}
	return visit, nil
}

// mine is an appointment of the viewer, or of somebody whose record they may open; the right to that holds until the transaction ends.
func (a *Archive) mine(ctx context.Context, v *viewer.Viewer, appointmentID string) (*db.Appointment, error) {
	visit, err := a.DB.Appointment.Query().Where(
		appointment.ID(appointmentID), predicate.Appointment(rule.ActsFor(appointment.FieldPatientID, v, scope.Of(scope.ReadRecord))),
	).Only(system(ctx))
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).At("appointmentId")
	}
	if err != nil {
		return nil, fmt.Errorf("load appointment: %w", err)
	}
	if _, err := a.For(ctx, &visit.PatientID, scope.ReadRecord); err != nil {
		return nil, err
	}
	return visit, nil
}
