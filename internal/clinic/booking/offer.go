package booking

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/slot"
	"citygraph/ent/db/waitlistentry"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/store"
)

// pageOfWaiting bounds how many of those who wait are read at once.
const pageOfWaiting = 100

// outcome is what came of offering a place to somebody.
type outcome int

const (
	nothing outcome = iota // no place is there to be offered
	passed                 // they cannot have it, or wait no longer
	offered
)

// offer gives the places of a slot that came free to those who wait, in order, one each; those who cannot have one now keep their
// turn for the next. What nobody can have goes to everybody. Each offer is a transaction of its own, since each needs the lock
// of another patient before that of the slot.
func (o *Office) offer(ctx context.Context, slotID string) error {
	ctx = system(ctx)
	behind := ""
	for {
		page, err := o.DB.WaitlistEntry.Query().Where(
			waitlistentry.SlotID(slotID), waitlistentry.StatusEQ(waitlistentry.StatusWaiting), waitlistentry.IDGT(behind),
		).Order(waitlistentry.ByID()).Limit(pageOfWaiting).All(ctx)
		if err != nil {
			return fmt.Errorf("look who waits: %w", err)
		}
		came := passed
		for _, e := range page {
			behind = e.ID
			if came, err = o.offerTo(ctx, e); err != nil || came == nothing {
				return err
			}
			if came == offered {
				behind = ""
				break
			}
		}
		if came == offered || len(page) == pageOfWaiting {
			continue
		}
		more := false
		err = o.Store.InTx(ctx, func(ctx context.Context) error {
			s, err := o.hold(ctx, slotID)
			if err != nil {
				return err
			}
			more, err = o.letGo(ctx, s, behind)
			return err
		})
		if err != nil || !more {
			return err
		}
	}
}

// offerTo offers one place to one who waits.
func (o *Office) offerTo(ctx context.Context, e *db.WaitlistEntry) (came outcome, err error) {
	err = o.Store.InTx(ctx, func(ctx context.Context) error {
		came = passed
		if err := o.lock(ctx, e.PatientID); err != nil {
			return err
		}
		s, err := o.hold(ctx, e.SlotID)
		if err != nil {
			return err
		}
		free, err := o.vacant(ctx, s)
		if err != nil {
			return err
		}
		if free <= 0 || !o.Terms.bookable(s, o.Clock.Now()) {
			came = nothing
			return nil
		}
		waits, err := o.DB.WaitlistEntry.Query().Where(waitlistentry.ID(e.ID), waitlistentry.StatusEQ(waitlistentry.StatusWaiting)).Exist(ctx)
		if err != nil {
			return fmt.Errorf("load waitlist entry: %w", err)
		}
		if !waits {
			return nil
		}
		patient, err := o.mayBook(ctx, e.PatientID)
		if err == nil {
			err = o.unoccupied(ctx, e.PatientID, s, "")
		}
		if err == nil {
			came = offered
			return o.propose(ctx, e, s, patient)
		}
		return passing(err)
	})
	return came, err
}

// propose makes the appointment that is an offer.
func (o *Office) propose(ctx context.Context, e *db.WaitlistEntry, s *db.Slot, patient *db.Person) error {
	row, err := o.create(ctx, s, patient)
	if err != nil {
		return err
	}
	now := o.Clock.Now()
	end := until(now, o.Terms.OfferLife, s.StartsAt)
	made, err := row.SetStatus(appointment.StatusPending).SetChannel(appointment.ChannelWaitlist).SetHeldUntil(end).Save(ctx)
	if err != nil {
		return fmt.Errorf("make appointment: %w", err)
	}
	if err := e.Update().SetStatus(waitlistentry.StatusOffered).SetAppointmentID(made.ID).SetUpdatedAt(now).Exec(ctx); err != nil {
		return fmt.Errorf("offer a place: %w", err)
	}
	if err := audit.Record(ctx, o.DB, audit.Deed{Action: "offerSlot", Subject: patient.ID, TargetID: made.ID}); err != nil {
		return err
	}
	store.AfterCommit(ctx, func(context.Context) { o.Hub.Publish(offersTopic(patient.ID)) })
	return o.Events.Emit(ctx, Offered{About: about(made), Until: end})
}

// vacant is how many places of a slot, which is held, are neither left for everybody nor anybody's.
func (o *Office) vacant(ctx context.Context, s *db.Slot) (int, error) {
	taken, err := o.DB.Appointment.Query().Where(appointment.SlotID(s.ID), appointment.StatusNEQ(appointment.StatusCancelled)).Count(system(ctx))
	if err != nil {
		return 0, fmt.Errorf("count places: %w", err)
	}
	return s.Capacity - s.Remaining - taken, nil
}

// letGo gives what was kept for those who wait to everybody, unless somebody waits behind the entry. The slot is held.
func (o *Office) letGo(ctx context.Context, s *db.Slot, behind string) (more bool, err error) {
	if more, err = o.waited(ctx, s.ID, behind); more || err != nil || s.Status != slot.StatusFree {
		return more, err
	}
	free, err := o.vacant(ctx, s)
	if err != nil || free <= 0 {
		return false, err
	}
	return false, o.add(ctx, s, free)
}

// passing is nil for what keeps a place from who waits, who keep their turn; an error of any other kind stays one.
func passing(err error) error {
	switch fault.CodeOf(err) {
	case fault.RealNameRequired, fault.BookingSuspended, fault.AppointmentOverlap:
		return nil
	}
	return err
}
