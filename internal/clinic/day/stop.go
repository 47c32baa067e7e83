package day

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/slot"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
)

// Stopped tells that a practitioner is not there, and whom it concerns; of each once.
type Stopped struct {
	Clinic lang.Text
	Losses []Loss
}

// Loss is an appointment that was cancelled, or a place in a waiting list.
type Loss struct {
	PatientID string
	ID        string // of the appointment, or of the entry in the waiting list
	Waiting   bool   // whether it is an entry
	Start     time.Time
	Next      *time.Time // when the next slot of the department begins that is free; nil without one
}

// Stop says that a practitioner, or a place, is not there for a time.
type Stop struct {
	Key        uuid.UUID `json:"-"`
	ScheduleID string
	From, To   time.Time
}

// Rest is the job that goes on with a stop.
type Rest struct {
	ScheduleID string
	From, To   time.Time
}

// Kind is the job's stable name.
func (Rest) Kind() string { return "clinic.stop" }

// longestStop is for how long a schedule can be stopped at once.
const longestStop = 60 * 24 * time.Hour

// Stop makes the slots of a schedule that lie in a time, or reach into it, BUSY_UNAVAILABLE, cancels the appointments there but for
// those of patients who were called already, ends the waiting for them, and has everybody concerned told once. After
// this nothing can be booked there; the first hundred are told in the same transaction, and the rest by a job that goes on
// after a crash where it was. The clinic's staff may. Returns UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, BAD_USER_INPUT for a time that
// is over, runs backward or is longer than 60 days, IDEMPOTENCY_KEY_REUSED.
func (d *Day) Stop(ctx context.Context, s Stop) (*db.Schedule, error) {
	if _, err := serving(ctx); err != nil {
		return nil, err
	}
	if !s.To.After(s.From) || s.To.Sub(s.From) > longestStop || !s.To.After(d.Clock.Now()) {
		return nil, fault.BadInput("to", "停诊时间应晚于现在，且不超过60天。", "The time must end in the future, and within 60 days after it begins.")
	}
	stopped, err := d.Once.Once(ctx, idempotency.Request{Key: s.Key, Operation: "stopSchedule", Input: s}, func(ctx context.Context) (string, error) {
		diary, err := d.diary(ctx, s.ScheduleID)
		if err != nil {
			return "", err
		}
		return diary.ID, d.stop(ctx, diary, s)
	})
	if err != nil {
		return nil, err
	}
	return d.DB.Schedule.Get(ctx, stopped)
}

// stop closes the slots, and does the first part of what follows.
func (d *Day) stop(ctx context.Context, diary *db.Schedule, s Stop) error {
	now := d.Clock.Now()
	rest := Rest{ScheduleID: diary.ID, From: s.From.UTC(), To: s.To.UTC()}
	if rest.From.Before(now) {
		rest.From = now // what is over stays as it was
	}
	// Who checks in or is called waits here, or was quicker.
	if err := d.Store.Lock(ctx, queueOf(diary.ID, serviceDay(now))); err != nil {
		return err
	}
	// A booking that has taken a place holds its slot until it commits: the update waits, and what follows sees it.
	err := d.DB.Slot.Update().
		Where(slot.ScheduleID(diary.ID), slot.StartsAtLT(rest.To), slot.EndsAtGT(rest.From),
			slot.StatusIn(slot.StatusFree, slot.StatusBusy, slot.StatusBusyTentative)).
		SetStatus(slot.StatusBusyUnavailable).Exec(system(ctx))
	if err != nil {
		return fmt.Errorf("close slots: %w", err)
	}
	if err := audit.Record(ctx, d.DB, audit.Deed{Action: "stopSchedule", TargetID: diary.ID}); err != nil {
		return err
	}
	more, err := d.cancelSome(ctx, diary, rest)
	if err != nil || !more {
		return err
	}
	return d.Soon(ctx, rest)
}

// GoOn does what a stop has left to be done, a hundred at a time, each in a transaction of its own. It is the job's, and may
// begin again at any time.
func (d *Day) GoOn(ctx context.Context, rest Rest) error {
	for more := true; more; {
		err := d.Store.InTx(ctx, func(ctx context.Context) error {
			diary, err := d.DB.Schedule.Query().Where(schedule.ID(rest.ScheduleID)).WithClinic().Only(system(ctx))
			if err != nil {
				return fmt.Errorf("load schedule: %w", err)
			}
			more, err = d.cancelSome(ctx, diary, rest)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
