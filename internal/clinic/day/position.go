package day

import (
	"context"
	"slices"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/viewer"
)

// Position is where a patient stands in a queue.
type Position struct {
	Appointment *db.Appointment
	Ahead       int  // how many are called before, as it stands
	NowServing  *int // the number that was called last; nil before the first
	// EstimatedWaitMinutes is the day's pace times who is ahead and who is inside: the middle one of the times between the
	// ends of the last six visits, or before the second visit has ended the length of a slot over its capacity.
	EstimatedWaitMinutes int
}

// Position is where the patient of an appointment stands in the queue; nil before check-in and after the end. The patient may
// ask, and who may book for them. Returns UNAUTHENTICATED, NOT_FOUND.
func (d *Day) Position(ctx context.Context, appointmentID string) (*Position, error) {
	if err := signedIn(ctx, appointmentID); err != nil {
		return nil, err
	}
	a, err := d.own(ctx, appointmentID)
	if err != nil || a.Status != appointment.StatusCheckedIn {
		return nil, err
	}
	return d.position(ctx, a)
}

// position reads the queue of an appointment that was checked in.
func (d *Day) position(ctx context.Context, a *db.Appointment) (*Position, error) {
	l, err := d.line(ctx, a.ScheduleID, a.QueueDay)
	if err != nil {
		return nil, err
	}
	p := &Position{Appointment: a}
	if l.last != nil {
		p.NowServing = l.last.QueueNumber
	}
	ahead := slices.IndexFunc(l.waiting, func(w *db.Appointment) bool { return w.ID == a.ID })
	if ahead < 0 {
		return p, nil
	}
	pace, before := l.pace, ahead
	if pace == 0 {
		pace = a.EndsAt.Sub(a.StartsAt) / time.Duration(max(1, a.Edges.Slot.Capacity))
	}
	if l.inside {
		before++
	}
	p.Ahead = ahead
	p.EstimatedWaitMinutes = int((time.Duration(before)*pace + time.Minute - 1) / time.Minute)
	return p, nil
}

// Moved streams where the patient of an appointment stands in the queue, now and whenever it moves, until they are called or
// the appointment has ended, which is told last; nothing before check-in. The patient may follow it, and who may book for
// them; it ends with NOT_FOUND once they may no longer. Returns UNAUTHENTICATED, NOT_FOUND.
func (d *Day) Moved(ctx context.Context, appointmentID string) (<-chan *Position, error) {
	if err := signedIn(ctx, appointmentID); err != nil {
		return nil, err
	}
	a, err := d.own(ctx, appointmentID)
	if err != nil {
		return nil, fault.From(err)
	}
	out := make(chan *Position)
	var last *Position
	d.Hub.Follow(ctx, func() bool {
		told, over, err := d.look(ctx, a.ID, last, out)
		if err != nil {
			d.Fail(ctx, err)
		}
		last = told
		return err == nil && !over
	}, func() { close(out) }, queueOf(a.ScheduleID, serviceDay(a.StartsAt)), household.Topic(viewer.From(ctx).PersonID))
	return out, nil
}

// look sends where the patient stands unless it was told last, and returns what was, and whether nothing more will come.
func (d *Day) look(ctx context.Context, appointmentID string, last *Position, out chan<- *Position) (told *Position, over bool, err error) {
	a, err := d.own(ctx, appointmentID)
	if err != nil {
		return last, false, err
	}
	now := &Position{Appointment: a}
	switch a.Status {
	case appointment.StatusPending, appointment.StatusBooked:
		return last, false, nil
	case appointment.StatusCheckedIn:
		if now, err = d.position(ctx, a); err != nil {
			return last, false, err
		}
		over = a.CalledAt != nil
	default:
		over = true
	}
	// Asked after the read: of what was committed after a session ended, nothing is told under it.
	if err := d.Admit(ctx); err != nil {
		return last, false, err
	}
	if last != nil && !over && now.same(last) {
		return last, false, nil
	}
	select {
	case <-ctx.Done():
		return last, false, ctx.Err()
	case out <- now:
		return now, over, nil
	}
}

// same reports whether a patient would see no difference.
func (p *Position) same(as *Position) bool {
	serving := func(p *Position) int {
		if p.NowServing == nil {
			return 0
		}
		return *p.NowServing
	}
	return p.Ahead == as.Ahead && serving(p) == serving(as) && p.EstimatedWaitMinutes == as.EstimatedWaitMinutes
}
