package booking

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/session"
	"citygraph/ent/db/slot"
	"citygraph/ent/db/waitlistentry"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// look finds a slot; NOT_FOUND.
func (o *Office) look(ctx context.Context, slotID string) (*db.Slot, error) {
	s, err := o.DB.Slot.Query().Where(slot.ID(slotID)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).At("slotId")
	}
	if err != nil {
		return nil, fmt.Errorf("load slot: %w", err)
	}
	return s, nil
}

// glance is a slot in which a place can be had, as far as can be seen without a lock: most who come too late are refused here, and
// keep nobody waiting.
func (o *Office) glance(ctx context.Context, slotID string) (*db.Slot, error) {
	s, err := o.look(ctx, slotID)
	if err != nil {
		return nil, err
	}
	if err := o.Terms.open(s, o.Clock.Now()); err != nil {
		return nil, err
	}
	if s.Remaining == 0 {
		return nil, full()
	}
	return s, nil
}

// wish is a place to be taken.
type wish struct {
	operation string // the mutation
	slot      *db.Slot
	status    appointment.Status // PENDING or BOOKED
	except    string             // the appointment that goes for it
}

// take gives the viewer's subject a place in the slot, in the transaction of ctx. The patient's lock is held.
func (o *Office) take(ctx context.Context, w wish) (*db.Appointment, error) {
	v, now := viewer.From(ctx), o.Clock.Now()
	patient, err := o.mayBook(ctx, v.Subject())
	if err != nil {
		return nil, err
	}
	if err := o.unoccupied(ctx, patient.ID, w.slot, w.except); err != nil {
		return nil, err
	}
	channel, err := o.channel(ctx, v)
	if err != nil {
		return nil, err
	}
	row, err := o.create(ctx, w.slot, patient)
	if err != nil {
		return nil, err
	}
	if err := o.subtract(ctx, w.slot, channel); err != nil {
		return nil, err
	}
	row.SetBookedByID(v.PersonID).SetStatus(w.status).SetChannel(channel)
	if w.status == appointment.StatusPending {
		row.SetHeldUntil(until(now, o.Terms.HoldLife, w.slot.StartsAt))
	}
	made, err := row.Save(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("make appointment: %w", err)
	}
	return made, audit.Record(ctx, o.DB, audit.Deed{Action: w.operation, Subject: patient.ID, TargetID: made.ID})
}

// create begins the row of a patient's place in a slot.
func (o *Office) create(ctx context.Context, s *db.Slot, patient *db.Person) (*db.AppointmentCreate, error) {
	diary, err := o.DB.Schedule.Get(ctx, s.ScheduleID)
	if err != nil {
		return nil, fmt.Errorf("load schedule: %w", err)
	}
	now := o.Clock.Now()
	return o.DB.Appointment.Create().SetID(id.New(id.Appointment)).SetCreatedAt(now).SetUpdatedAt(now).
		SetPatientID(patient.ID).SetPatientName(patient.Name).
		SetSlotID(s.ID).SetScheduleID(s.ScheduleID).SetClinicID(diary.ClinicID).SetStartsAt(s.StartsAt).SetEndsAt(s.EndsAt), nil
}

// subtract takes a place off what is left of a slot: SLOT_FULL when nothing is, for anybody or for the channel.
func (o *Office) subtract(ctx context.Context, s *db.Slot, channel appointment.Channel) error {
	ctx = system(ctx)
	n, err := o.DB.Slot.Update().Where(slot.ID(s.ID), slot.RemainingGT(0), slot.StatusEQ(slot.StatusFree)).AddRemaining(-1).Save(ctx)
	if err != nil {
		return fmt.Errorf("take a place: %w", err)
	}
	if n == 0 {
		return full()
	}
	if channel != appointment.ChannelMiniProgram || o.Terms.MiniProgram >= 100 {
		return nil
	}
	// The slot's row is held from here on: nobody else counts.
	there, err := o.DB.Appointment.Query().Where(
		appointment.SlotID(s.ID), appointment.ChannelEQ(channel), appointment.StatusNEQ(appointment.StatusCancelled),
	).Count(ctx)
	if err != nil {
		return fmt.Errorf("count what the channel has: %w", err)
	}
	if (there+1)*100 > s.Capacity*o.Terms.MiniProgram {
		return full()
	}
	return nil
}

// channel is through what the viewer asks.
func (o *Office) channel(ctx context.Context, v *viewer.Viewer) (appointment.Channel, error) {
	if v.SessionID == "" {
		return appointment.ChannelApp, nil
	}
	mini, err := o.DB.Session.Query().Where(session.ID(v.SessionID), session.ClientEQ(session.ClientMiniProgram)).Exist(system(ctx))
	if err != nil {
		return "", fmt.Errorf("look at the session: %w", err)
	}
	if mini {
		return appointment.ChannelMiniProgram, nil
	}
	return appointment.ChannelApp, nil
}

// hold keeps a slot as it is until the transaction of ctx ends.
func (o *Office) hold(ctx context.Context, slotID string) (*db.Slot, error) {
	q := o.DB.Slot.Query().Where(slot.ID(slotID))
	if o.Store.Dialect() == dialect.Postgres {
		q.ForUpdate()
	}
	s, err := q.Only(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("hold slot: %w", err)
	}
	return s, nil
}

// giveBack returns the place of an appointment that has ended, in the transaction that ended it: to everybody, or, while somebody
// waits for the slot, to them. It then stays out of what is left until it is offered, right after the commit.
func (o *Office) giveBack(ctx context.Context, slotID string) error {
	s, err := o.hold(ctx, slotID)
	if err != nil {
		return err
	}
	waited, err := o.waited(ctx, slotID, "")
	if err != nil {
		return err
	}
	if waited && s.Status == slot.StatusFree {
		store.AfterCommit(ctx, func(ctx context.Context) {
			if err := o.offer(ctx, slotID); err != nil {
				o.Log.Error().Err(err).Msg("booking: a place was not offered; the next round offers it")
			}
		})
		return nil
	}
	return o.add(ctx, s, 1)
}

// add puts places back to what is left of a slot.
func (o *Office) add(ctx context.Context, s *db.Slot, places int) error {
	if err := o.DB.Slot.Update().Where(slot.ID(s.ID)).AddRemaining(places).Exec(system(ctx)); err != nil {
		return fmt.Errorf("give a place back: %w", err)
	}
	return nil
}

// waited reports whether somebody waits for the slot, behind an entry if one is given.
func (o *Office) waited(ctx context.Context, slotID, behind string) (bool, error) {
	found, err := o.DB.WaitlistEntry.Query().Where(
		waitlistentry.SlotID(slotID), waitlistentry.StatusEQ(waitlistentry.StatusWaiting), waitlistentry.IDGT(behind),
	).Exist(system(ctx))
	if err != nil {
		return false, fmt.Errorf("look who waits: %w", err)
	}
	return found, nil
}
