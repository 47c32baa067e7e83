package seed

import (
	"context"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/slot"
	"citygraph/internal/id"
	"citygraph/internal/mask"
)

// visits has the grandmother expected at the nurse's hospital, in the next of its slots; at none in a week without work.
func (w *writer) visits(ctx context.Context) error {
	grandmother, nurse := Cast[2], Cast[4]
	hospital, err := w.organisation(nurse)
	if err != nil {
		return err
	}
	at, err := w.db.Schedule.Query().Where(schedule.ClinicID(hospital)).Order(schedule.ByID()).First(ctx)
	if err != nil {
		return err
	}
	next, err := w.db.Slot.Query().Where(slot.ScheduleID(at.ID)).Order(slot.ByStartsAt()).First(ctx)
	if db.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := next.Update().AddRemaining(-1).Exec(ctx); err != nil {
		return err
	}
	return w.db.Appointment.Create().SetID(id.Derive(id.Appointment, 0, "cast/"+grandmother.Key)).SetCreatedAt(w.now).SetUpdatedAt(w.now).
		SetPatientID(grandmother.PersonID()).SetPatientName(mask.Name(grandmother.Name)).SetBookedByID(grandmother.PersonID()).
		SetSlotID(next.ID).SetScheduleID(at.ID).SetClinicID(at.ClinicID).SetStartsAt(next.StartsAt).SetEndsAt(next.EndsAt).
		SetStatus(appointment.StatusBooked).SetChannel(appointment.ChannelApp).Exec(ctx)
}
