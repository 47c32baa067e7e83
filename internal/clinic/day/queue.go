package day

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/internal/audit"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
)

// Called tells that a patient is called.
type Called struct {
	PatientID, AppointmentID string
	Clinic                   lang.Text
	Number                   int
}

// Near tells that the turn of patients is near; of each once.
type Near struct {
	Clinic lang.Text
	Turns  []Turn
}

// Turn is a patient before whom so many are called.
type Turn struct {
	PatientID, AppointmentID string
	Ahead                    int
}

// near is how many may be ahead of who is told that their turn is near.
const near = 3

// Call is what a desk asks for.
type Call struct {
	Key        uuid.UUID `json:"-"`
	ScheduleID string
}

// CallNext calls the next patient of today's queue of a schedule, and has them told, and those whose turn is near; nil when
// nobody waits. The clinic's staff may. Returns UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, IDEMPOTENCY_KEY_REUSED.
func (d *Day) CallNext(ctx context.Context, c Call) (*db.Appointment, error) {
	if _, err := serving(ctx); err != nil {
		return nil, err
	}
	called, err := d.Once.Once(ctx, idempotency.Request{Key: c.Key, Operation: "callNext", Input: c}, func(ctx context.Context) (string, error) {
		diary, err := d.diary(ctx, c.ScheduleID)
		if err != nil {
			return "", err
		}
		return d.call(ctx, diary)
	})
	if err != nil || called == "" {
		return nil, err
	}
	return d.DB.Appointment.Get(ctx, called)
}

// call calls the first who waits, in the transaction of ctx; "" for nobody.
func (d *Day) call(ctx context.Context, diary *db.Schedule) (string, error) {
	now := d.Clock.Now()
	day := serviceDay(now)
	if err := d.Store.Lock(ctx, queueOf(diary.ID, day)); err != nil {
		return "", err
	}
	l, err := d.line(ctx, diary.ID, day)
	if err != nil {
		return "", err
	}
	at := now
	if l.last != nil && !at.After(*l.last.CalledAt) {
		at = l.last.CalledAt.Add(time.Microsecond) // who was called last is read from the instants
	}
	for i, a := range l.waiting {
		changed, err := d.DB.Appointment.Update().
			Where(appointment.ID(a.ID), appointment.StatusEQ(appointment.StatusCheckedIn), appointment.CalledAtIsNil()).
			SetCalledAt(at).SetUpdatedAt(now).Save(system(ctx))
		if err != nil {
			return "", fmt.Errorf("call: %w", err)
		}
		if changed == 0 {
			continue // it was cancelled meanwhile
		}
		d.moved(ctx, a)
		if err := d.tell(ctx, diary, a, l.waiting[i+1:]); err != nil {
			return "", err
		}
		return a.ID, audit.Record(ctx, d.DB, audit.Deed{Action: "callNext", Subject: a.PatientID, TargetID: a.ID})
	}
	return "", nil
}

// tell has the patient told who is called, and those who come soon after.
func (d *Day) tell(ctx context.Context, diary *db.Schedule, called *db.Appointment, then []*db.Appointment) error {
	clinic := diary.Edges.Clinic.Name
	if err := d.Events.Emit(ctx, Called{called.PatientID, called.ID, clinic, *called.QueueNumber}); err != nil {
		return err
	}
	var turns []Turn
	var ids []string
	for ahead, a := range then[:min(len(then), near+1)] {
		if a.TurnToldAt == nil {
			turns, ids = append(turns, Turn{a.PatientID, a.ID, ahead}), append(ids, a.ID)
		}
	}
	if len(turns) == 0 {
		return nil
	}
	if err := d.DB.Appointment.Update().Where(appointment.IDIn(ids...)).SetTurnToldAt(d.Clock.Now()).Exec(system(ctx)); err != nil {
		return fmt.Errorf("tell whose turn is near: %w", err)
	}
	return d.Events.Emit(ctx, Near{clinic, turns})
}

// line reads a queue: one statement.
func (d *Day) line(ctx context.Context, scheduleID, day string) (line, error) {
	rows, err := d.DB.Appointment.Query().
		Where(appointment.ScheduleID(scheduleID), appointment.QueueDay(day), appointment.QueueNumberNotNil()).All(system(ctx))
	if err != nil {
		return line{}, fmt.Errorf("read queue: %w", err)
	}
	return lineOf(rows), nil
}

// Queue are those who wait in the queue of a schedule and of the day of an instant, today without one, in the order in which they
// are called; read loads them with what is asked of them. The clinic's staff may ask. Returns UNAUTHENTICATED, FORBIDDEN,
// NOT_FOUND.
func (d *Day) Queue(ctx context.Context, scheduleID string, at *time.Time, read func(*db.AppointmentQuery) ([]*db.Appointment, error)) ([]*db.Appointment, error) {
	if _, err := d.diary(ctx, scheduleID); err != nil {
		return nil, err
	}
	if at == nil {
		at = new(d.Clock.Now())
	}
	l, err := d.line(ctx, scheduleID, serviceDay(*at))
	if err != nil || len(l.waiting) == 0 {
		return nil, err
	}
	ids := make([]string, len(l.waiting))
	for i, a := range l.waiting {
		ids[i] = a.ID
	}
	rows, err := read(d.DB.Appointment.Query().Where(appointment.IDIn(ids...)))
	return arranged(rows, ids, func(a *db.Appointment) string { return a.ID }), err
}

// arranged puts rows into the order of their ids, without those that are not there.
func arranged[T any](rows []T, ids []string, idOf func(T) string) []T {
	byID := make(map[string]T, len(rows))
	for _, row := range rows {
		byID[idOf(row)] = row
	}
	order := make([]T, 0, len(rows))
	for _, one := range ids {
		if row, ok := byID[one]; ok {
			order = append(order, row)
		}
	}
	return order
}
