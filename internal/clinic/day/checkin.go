package day

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// CheckIn says that a patient is there. Who is not of the clinic's staff shows it by the code at the desk, or by where
// they are; a code decides where both are given.
type CheckIn struct {
	AppointmentID string
	Code          *string
	Location      *geo.Input
}

// CheckIn puts the patient of a BOOKED appointment into the queue of its schedule and day. The patient may, and who may book for
// them, at the place; and the clinic's staff: on the day, from Rules.Early before the start until the end. Returns
// UNAUTHENTICATED, NOT_FOUND, INVALID_TRANSITION, CUTOFF_PASSED after the end, and BAD_USER_INPUT before it is time, and for
// a code or a place that is not the clinic's.
func (d *Day) CheckIn(ctx context.Context, in CheckIn) (*db.Appointment, error) {
	if err := signedIn(ctx, in.AppointmentID); err != nil {
		return nil, err
	}
	err := d.Store.InTx(ctx, func(ctx context.Context) error {
		a, err := found(d.DB.Appointment.Get(ctx, in.AppointmentID)) // as the viewer may see it
		if err != nil {
			return err
		}
		staff := viewer.From(ctx).HasAt(viewer.ClinicStaff, a.ClinicID)
		if !staff {
			if ctx, err = d.For(ctx, &a.PatientID, scope.Book); err != nil {
				return fault.New(fault.NotFound).At("appointmentId").Because(err) // the right has ended meanwhile
			}
		}
		switch {
		case a.Status != appointment.StatusBooked:
			return notNow(a.Status)
		case !staff:
			err = d.there(ctx, a, in)
		}
		if err == nil {
			err = d.inTime(a)
		}
		if err != nil {
			return err
		}
		return d.enqueue(ctx, a)
	})
	if err != nil {
		return nil, err
	}
	return found(d.DB.Appointment.Get(ctx, in.AppointmentID))
}

// inTime wants the day of the appointment, shortly before its start until its end.
func (d *Day) inTime(a *db.Appointment) error {
	now := d.Clock.Now()
	opens := a.StartsAt.Add(-d.Rules.Early)
	switch {
	case !now.Before(a.EndsAt) || serviceDay(now) > serviceDay(a.StartsAt):
		return fault.New(fault.CutoffPassed).Say("就诊时段已过，不能签到。", "The time of the appointment is over.")
	case now.Before(opens) || serviceDay(now) < serviceDay(a.StartsAt):
		minutes := int(d.Rules.Early / time.Minute)
		return fault.BadInput("appointmentId", fmt.Sprintf("请于就诊当天、开始前%d分钟内签到。", minutes),
			fmt.Sprintf("Check in on the day, from %d minutes before the start.", minutes))
	}
	return nil
}

// there wants the code at the desk of the clinic, or a place near it.
func (d *Day) there(ctx context.Context, a *db.Appointment, in CheckIn) error {
	switch {
	case in.Code != nil:
		if !d.posted(a.ClinicID, *in.Code) {
			return fault.BadInput("code", "签到码无效或已过期，请重新扫描本院的签到码。", "This is not the clinic's code, or no longer: scan it again at the desk.")
		}
		return nil
	case in.Location == nil:
		return fault.BadInput("code", "请扫描医院的签到码，或提供所在位置。", "Scan the code at the clinic's desk, or say where you are.")
	}
	at := in.Location.WGS84()
	if !at.Valid() {
		return fault.BadInput("location", "坐标无效。", "The coordinates are not valid.")
	}
	clinic, err := d.DB.Clinic.Get(ctx, a.ClinicID)
	if err != nil {
		return fmt.Errorf("load clinic: %w", err)
	}
	if geo.Distance(at, geo.Point{Lat: clinic.Lat, Lng: clinic.Lng}) > float64(d.Rules.Near) {
		return fault.BadInput("location", "您不在医院附近，请到院后签到。", "You are not at the clinic yet: check in there.")
	}
	return nil
}

// enqueue gives the patient the next number of the queue.
func (d *Day) enqueue(ctx context.Context, a *db.Appointment) error {
	day, now := serviceDay(a.StartsAt), d.Clock.Now()
	if err := d.Store.Lock(ctx, queueOf(a.ScheduleID, day)); err != nil {
		return err
	}
	priority, err := d.priority(ctx, a, day)
	if err != nil {
		return err
	}
	last, err := d.DB.Appointment.Query().
		Where(appointment.ScheduleID(a.ScheduleID), appointment.QueueDay(day), appointment.QueueNumberNotNil()).
		Order(appointment.ByQueueNumber(sql.OrderDesc())).First(system(ctx))
	number := 1
	switch {
	case err == nil:
		number = *last.QueueNumber + 1
	case !db.IsNotFound(err):
		return fmt.Errorf("look for the last number: %w", err)
	}
	changed, err := d.DB.Appointment.Update().Where(appointment.ID(a.ID), appointment.StatusEQ(appointment.StatusBooked)).
		SetStatus(appointment.StatusCheckedIn).SetQueueDay(day).SetQueueNumber(number).
		SetQueuePriority(priority).SetQueueRank(rankOf(priority)).SetCheckedInAt(now).SetUpdatedAt(now).Save(system(ctx))
	switch {
	case err != nil:
		return fmt.Errorf("check in: %w", err)
	case changed == 0:
		return fault.New(fault.InvalidTransition) // somebody was quicker
	}
	d.moved(ctx, a)
	return audit.Record(ctx, d.DB, audit.Deed{Action: "checkIn", Subject: a.PatientID, TargetID: a.ID})
}

// priority is why the patient is called before others: they were seen in this queue already and come back with results, or
// are of a great age.
func (d *Day) priority(ctx context.Context, a *db.Appointment, day string) (appointment.QueuePriority, error) {
	back, err := d.DB.Appointment.Query().Where(
		appointment.ScheduleID(a.ScheduleID), appointment.QueueDay(day), appointment.PatientID(a.PatientID),
		appointment.StatusEQ(appointment.StatusFulfilled),
	).Exist(system(ctx))
	if err != nil {
		return "", fmt.Errorf("look for an earlier visit: %w", err)
	}
	if back {
		return appointment.QueuePriorityRevisit, nil
	}
	age, known, err := d.Age(ctx, a.PatientID, a.StartsAt)
	if err != nil {
		return "", err
	}
	if known && age >= d.Rules.Senior {
		return appointment.QueuePrioritySenior, nil
	}
	return appointment.QueuePriorityRegular, nil
}
