package day

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/slot"
	"citygraph/ent/db/waitlistentry"
	"citygraph/internal/audit"
)

// atOnce bounds what one transaction cancels.
const atOnce = 100

// closed are the slots of a stop.
func (r Rest) closed() predicate.Slot {
	return slot.And(slot.ScheduleID(r.ScheduleID), slot.StatusEQ(slot.StatusBusyUnavailable), slot.StartsAtLT(r.To), slot.EndsAtGT(r.From))
}

// cancelSome cancels some of the appointments of a stop and ends some waiting, in the transaction of ctx, and reports whether there may
// be more.
func (d *Day) cancelSome(ctx context.Context, diary *db.Schedule, r Rest) (more bool, err error) {
	cancelled, moreOf, err := d.cancelled(ctx, r)
	if err != nil {
		return false, err
	}
	left, moreWait, err := d.left(ctx, r)
	if err != nil {
		return false, err
	}
	losses := make([]Loss, 0, len(cancelled)+len(left))
	deeds := make([]audit.Deed, 0, cap(losses))
	for _, a := range cancelled {
		losses = append(losses, Loss{PatientID: a.PatientID, ID: a.ID, Start: a.StartsAt})
		deeds = append(deeds, audit.Deed{Action: "stopSchedule", Subject: a.PatientID, TargetID: a.ID})
	}
	for _, w := range left {
		if w.Status == waitlistentry.StatusWaiting { // who was offered a place is told of that
			losses = append(losses, Loss{PatientID: w.PatientID, ID: w.ID, Waiting: true, Start: w.StartsAt})
		}
	}
	if len(cancelled) > 0 {
		d.moved(ctx, cancelled[0])
		if err := audit.RecordAll(ctx, d.DB, deeds); err != nil {
			return false, err
		}
	}
	if len(losses) > 0 {
		if err := d.offer(ctx, diary, losses); err != nil {
			return false, err
		}
		if err := d.Events.Emit(ctx, Stopped{diary.Edges.Clinic.Name, losses}); err != nil {
			return false, err
		}
	}
	return moreOf || moreWait, nil
}

// cancelled cancels up to a hundred appointments, the first first, and gives their places back. A patient who was called is seen.
func (d *Day) cancelled(ctx context.Context, r Rest) (rows []*db.Appointment, more bool, err error) {
	live := appointment.And(
		appointment.ScheduleID(r.ScheduleID), appointment.StartsAtLT(r.To), appointment.EndsAtGT(r.From), appointment.HasSlotWith(r.closed()),
		appointment.StatusIn(appointment.StatusPending, appointment.StatusBooked, appointment.StatusCheckedIn), appointment.CalledAtIsNil(),
	)
	some, err := d.DB.Appointment.Query().Where(live).Order(appointment.ByStartsAt(), appointment.ByID()).Limit(atOnce).IDs(system(ctx))
	if err != nil || len(some) == 0 {
		return nil, false, wrapped("look for appointments", err)
	}
	q := d.DB.Appointment.Query().Where(appointment.IDIn(some...), live).Order(appointment.ByID())
	if d.Store.Dialect() == dialect.Postgres {
		q.ForUpdate() // as they stand when whoever changes them now has committed
	}
	if rows, err = q.All(system(ctx)); err != nil {
		return nil, false, fmt.Errorf("hold appointments: %w", err)
	}
	ids, taken, now := make([]string, len(rows)), map[string]int{}, d.Clock.Now()
	for i, a := range rows {
		ids[i] = a.ID
		taken[a.SlotID]++
	}
	err = d.DB.Appointment.Update().Where(appointment.IDIn(ids...)).
		SetStatus(appointment.StatusCancelled).SetCancelReason(appointment.CancelReasonClinicStopped).
		ClearHeldUntil().SetEndedAt(now).SetUpdatedAt(now).Exec(system(ctx))
	if err != nil {
		return nil, false, fmt.Errorf("cancel appointments: %w", err)
	}
	return rows, len(some) == atOnce, d.giveBack(ctx, taken)
}

// giveBack gives slots back what was taken of each: a statement for each number of places, not for each slot.
func (d *Day) giveBack(ctx context.Context, taken map[string]int) error {
	byCount := map[int][]string{}
	for slotID, n := range taken {
		byCount[n] = append(byCount[n], slotID)
	}
	for n, slots := range byCount {
		if err := d.DB.Slot.Update().Where(slot.IDIn(slots...)).AddRemaining(n).Exec(system(ctx)); err != nil {
			return fmt.Errorf("give places back: %w", err)
		}
	}
	return nil
}

// left ends the waiting of up to a hundred, and returns them as they were.
func (d *Day) left(ctx context.Context, r Rest) (rows []*db.WaitlistEntry, more bool, err error) {
	live := waitlistentry.And(
		waitlistentry.StatusIn(waitlistentry.StatusWaiting, waitlistentry.StatusOffered),
		waitlistentry.StartsAtLT(r.To), waitlistentry.HasSlotWith(r.closed()),
	)
	some, err := d.DB.WaitlistEntry.Query().Where(live).Order(waitlistentry.ByID()).Limit(atOnce).IDs(system(ctx))
	if err != nil || len(some) == 0 {
		return nil, false, wrapped("look for who waits", err)
	}
	q := d.DB.WaitlistEntry.Query().Where(waitlistentry.IDIn(some...), live).Order(waitlistentry.ByID())
	if d.Store.Dialect() == dialect.Postgres {
		q.ForUpdate()
	}
	if rows, err = q.All(system(ctx)); err != nil {
		return nil, false, fmt.Errorf("hold who waits: %w", err)
	}
	ids := make([]string, len(rows))
	for i, w := range rows {
		ids[i] = w.ID
	}
	err = d.DB.WaitlistEntry.Update().Where(waitlistentry.IDIn(ids...)).
		SetStatus(waitlistentry.StatusLeft).SetUpdatedAt(d.Clock.Now()).Exec(system(ctx))
	return rows, len(some) == atOnce, wrapped("end waiting", err)
}

func wrapped(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// offer names to each the next free slot of the same department: one statement for all.
func (d *Day) offer(ctx context.Context, diary *db.Schedule, losses []Loss) error {
	if diary.DepartmentID == nil {
		return nil
	}
	first := slices.MinFunc(losses, func(a, b Loss) int { return a.Start.Compare(b.Start) }).Start
	from, before := d.Window(d.Clock.Now())
	if first.Before(from) {
		first = from
	}
	free, err := d.DB.Slot.Query().Where(bookable(), slot.StartsAtGTE(first), slot.StartsAtLT(before), slot.HasScheduleWith(schedule.DepartmentID(*diary.DepartmentID))).
		Order(slot.ByStartsAt(), slot.ByID()).Limit(mostOffers).Select(slot.FieldStartsAt).All(ctx)
	if err != nil {
		return fmt.Errorf("look for free slots: %w", err)
	}
	for i := range losses {
		at, _ := slices.BinarySearchFunc(free, losses[i].Start, func(s *db.Slot, start time.Time) int { return cmp.Compare(s.StartsAt.UnixMicro(), start.UnixMicro()) })
		if at < len(free) {
			losses[i].Next = &free[at].StartsAt
		}
	}
	return nil
}

// mostOffers bounds how many free slots are looked through for what is named in a notice.
const mostOffers = 500

// bookable holds for slots with a free place.
func bookable() predicate.Slot {
	return slot.And(slot.StatusEQ(slot.StatusFree), slot.RemainingGT(0))
}
