package seedtest

import (
	"testing"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/person"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/slot"
	"citygraph/internal/viewer"
)

// PutAppointment gives a member of the cast a place in the next free slot of xumin's clinic that they have no place in, as the
// verbs of booking and of the day would leave it in the status. Nothing is told of it.
func PutAppointment(t testing.TB, c *City, member string, status appointment.Status) *db.Appointment {
	t.Helper()
	ctx, patient := System(t), Person(t, member)
	clinicID := viewer.From(c.As(t, "xumin")).Organisations(viewer.ClinicStaff)[0]
	free, err := c.DB.Slot.Query().Where(
		slot.StatusEQ(slot.StatusFree), slot.RemainingGT(0), slot.HasScheduleWith(schedule.ClinicID(clinicID)),
		func(s *sql.Selector) {
			taken := sql.Dialect(s.Dialect()).Table(appointment.Table)
			s.Where(sql.NotIn(s.C(slot.FieldID), sql.Dialect(s.Dialect()).Select(taken.C(appointment.FieldSlotID)).From(taken).
				Where(sql.EQ(taken.C(appointment.FieldPatientID), patient))))
		},
	).Order(slot.ByStartsAt(), slot.ByID()).First(ctx)
	if err != nil {
		t.Fatal(err)
	}
	name, err := c.DB.Person.Query().Where(person.ID(patient)).Only(ctx)
	if err != nil {
		t.Fatal(err)
	}
	row := c.DB.Appointment.Create().SetPatientID(patient).SetPatientName(name.Name).SetBookedByID(patient).
		SetSlotID(free.ID).SetScheduleID(free.ScheduleID).SetClinicID(clinicID).SetStartsAt(free.StartsAt).SetEndsAt(free.EndsAt).
		SetStatus(status).SetChannel(appointment.ChannelApp)
	switch status {
	case appointment.StatusPending:
		row.SetHeldUntil(free.StartsAt)
	case appointment.StatusCheckedIn, appointment.StatusFulfilled:
		n, err := c.DB.Appointment.Query().Where(appointment.ScheduleID(free.ScheduleID), appointment.QueueNumberNotNil()).Count(ctx)
		if err != nil {
			t.Fatal(err)
		}
		row.SetQueueDay(free.StartsAt.Format("2006-01-02")).SetQueueNumber(n + 1).SetQueuePriority(appointment.QueuePriorityRegular).
			SetCheckedInAt(free.StartsAt)
	case appointment.StatusCancelled:
		row.SetCancelReason(appointment.CancelReasonPatient)
	case appointment.StatusBooked, appointment.StatusNoShow:
	}
	made, err := row.Save(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if status != appointment.StatusCancelled {
		if err := free.Update().AddRemaining(-1).Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return made
}
