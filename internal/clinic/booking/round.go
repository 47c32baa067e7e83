package booking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/slot"
	"citygraph/ent/db/waitlistentry"
)

// Round is the job that lets go of what was held too long, offers what came free, and reminds.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "booking.round" }

// atOnce bounds what a round reads at once.
const atOnce = 500

// Tend gives back what was not booked in time, ends the waiting for what begins too soon, offers what is still to be offered, and
// tells patients of what is a day or an hour ahead, once each. What fails keeps nothing else from it. It is the system's, once
// a minute.
func (o *Office) Tend(ctx context.Context) error {
	now := o.Clock.Now()
	day, hour := now.Add(24*time.Hour), now.Add(time.Hour)
	return errors.Join(
		o.each(ctx, o.expire, appointment.StatusEQ(appointment.StatusPending), appointment.HeldUntilLTE(now)),
		o.closeWaiting(ctx, now),
		o.offerAll(ctx, now),
		o.each(ctx, o.remindDay, appointment.StatusEQ(appointment.StatusBooked), appointment.RemindedDayAtIsNil(),
			appointment.StartsAtGT(hour), appointment.StartsAtLTE(day)),
		o.each(ctx, o.remindHour, appointment.StatusEQ(appointment.StatusBooked), appointment.RemindedHourAtIsNil(),
			appointment.StartsAtGT(now), appointment.StartsAtLTE(hour)),
	)
}

// each does something to every appointment that meets the conditions, in a transaction of its own, if it still meets them when
// the patient's lock is held.
func (o *Office) each(ctx context.Context, do func(context.Context, *db.Appointment) error, meets ...predicate.Appointment) error {
	ctx = system(ctx)
	var errs []error
	for after := ""; ; {
		page, err := o.DB.Appointment.Query().Where(appointment.And(meets...), appointment.IDGT(after)).Order(appointment.ByID()).Limit(atOnce).All(ctx)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("look for appointments: %w", err))...)
		}
		for _, found := range page {
			after = found.ID
			errs = append(errs, o.Store.InTx(ctx, func(ctx context.Context) error {
				if err := o.lock(ctx, found.PatientID); err != nil {
					return err
				}
				a, err := o.DB.Appointment.Query().Where(appointment.ID(found.ID), appointment.And(meets...)).Only(ctx)
				if db.IsNotFound(err) {
					return nil // somebody was quicker
				}
				if err != nil {
					return fmt.Errorf("load appointment: %w", err)
				}
				return do(ctx, a)
			}))
		}
		if len(page) < atOnce {
			return errors.Join(errs...)
		}
	}
}

func (o *Office) expire(ctx context.Context, a *db.Appointment) error { return o.lapse(ctx, a) }

func (o *Office) remindDay(ctx context.Context, a *db.Appointment) error {
	return o.remind(ctx, a, 24*time.Hour, a.Update().SetRemindedDayAt(o.Clock.Now()))
}

func (o *Office) remindHour(ctx context.Context, a *db.Appointment) error {
	return o.remind(ctx, a, time.Hour, a.Update().SetRemindedHourAt(o.Clock.Now()))
}

// remind tells of what is so far ahead; nobody is reminded of what they booked later than that.
func (o *Office) remind(ctx context.Context, a *db.Appointment, ahead time.Duration, mark *db.AppointmentUpdateOne) error {
	if err := mark.SetUpdatedAt(o.Clock.Now()).Exec(ctx); err != nil {
		return fmt.Errorf("remind of appointment: %w", err)
	}
	if a.CreatedAt.Add(ahead).After(a.StartsAt) {
		return nil
	}
	return o.Events.Emit(ctx, Near{About: about(a), Hour: ahead == time.Hour})
}

// closeWaiting ends the waiting for slots that nobody can book any more.
func (o *Office) closeWaiting(ctx context.Context, now time.Time) error {
	err := o.DB.WaitlistEntry.Update().Where(
		waitlistentry.StatusEQ(waitlistentry.StatusWaiting), waitlistentry.StartsAtLT(now.Add(o.Terms.CutOff)),
	).SetStatus(waitlistentry.StatusExpired).SetUpdatedAt(now).Exec(system(ctx))
	if err != nil {
		return fmt.Errorf("end waiting: %w", err)
	}
	return nil
}

// offerAll offers the places that came free and that who gave them back did not live to offer.
func (o *Office) offerAll(ctx context.Context, now time.Time) error {
	slots, err := o.DB.Slot.Query().Where(slot.StatusEQ(slot.StatusFree), slot.StartsAtGT(now), func(s *sql.Selector) {
		d := sql.Dialect(s.Dialect())
		w, a := d.Table(waitlistentry.Table), d.Table(appointment.Table)
		s.Where(sql.In(s.C(slot.FieldID), d.Select(w.C(waitlistentry.FieldSlotID)).From(w).
			Where(sql.And(sql.EQ(w.C(waitlistentry.FieldStatus), waitlistentry.StatusWaiting), sql.GT(w.C(waitlistentry.FieldStartsAt), now)))))
		taken := d.Select(sql.Count("*")).From(a).
			Where(sql.And(sql.ColumnsEQ(a.C(appointment.FieldSlotID), s.C(slot.FieldID)), sql.NEQ(a.C(appointment.FieldStatus), appointment.StatusCancelled)))
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(slot.FieldCapacity)).WriteString(" - ").Ident(s.C(slot.FieldRemaining)).WriteString(" > (").Join(taken).WriteString(")")
		}))
	}).Order(slot.ByStartsAt()).Limit(atOnce).IDs(system(ctx))
	if err != nil {
		return fmt.Errorf("look for places to offer: %w", err)
	}
	var errs []error
	for _, slotID := range slots {
		errs = append(errs, o.offer(ctx, slotID))
	}
	return errors.Join(errs...)
}
