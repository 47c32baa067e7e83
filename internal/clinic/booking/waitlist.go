package booking

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/slot"
	"citygraph/ent/db/waitlistentry"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Join has the patient wait for a place in a full slot; the first who waits is offered the next that comes free. The patient may,
// and who may book for them. Returns UNAUTHENTICATED, NOT_FOUND, CUTOFF_PASSED, SLOT_NOT_RELEASED, DELEGATION_SCOPE,
// REAL_NAME_REQUIRED, BOOKING_SUSPENDED, APPOINTMENT_OVERLAP, INVALID_TRANSITION for who waits there already, BAD_USER_INPUT while
// a place is left or for a slot that cannot be booked at all, and IDEMPOTENCY_KEY_REUSED.
func (o *Office) Join(ctx context.Context, r Request) (*db.WaitlistEntry, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	once := idempotency.Request{Key: r.Key, Operation: "joinWaitlist", Input: r, Early: func(ctx context.Context) error {
		_, err := o.look(ctx, r.SlotID)
		return err
	}}
	made, err := o.Once.Once(ctx, once, func(ctx context.Context) (string, error) {
		ctx, err := o.For(ctx, r.OnBehalfOf, scope.Book)
		if err != nil {
			return "", err
		}
		if err := o.lock(ctx, viewer.From(ctx).Subject()); err != nil {
			return "", err
		}
		return o.join(ctx, r.SlotID, viewer.From(ctx).Subject())
	})
	if err != nil {
		return nil, err
	}
	return o.entry(ctx, made)
}

// join makes the entry. The patient's lock is held.
func (o *Office) join(ctx context.Context, slotID, patientID string) (string, error) {
	if _, err := o.mayBook(ctx, patientID); err != nil {
		return "", err
	}
	// Who gives a place back looks whether somebody waits while they hold the slot.
	s, err := o.hold(ctx, slotID)
	if err != nil {
		return "", err
	}
	switch {
	case s.Status != slot.StatusFree:
		return "", fault.BadInput("slotId", "该时段不可预约。", "This time cannot be booked.")
	case s.Remaining > 0 && o.Terms.bookable(s, o.Clock.Now()):
		return "", fault.BadInput("slotId", "该时段还有余号，请直接预约。", "A place is left: book it.")
	}
	if err := o.Terms.open(s, o.Clock.Now()); err != nil {
		return "", err
	}
	if err := o.unoccupied(ctx, patientID, s, ""); err != nil {
		return "", err
	}
	there, err := o.DB.WaitlistEntry.Query().Where(
		waitlistentry.SlotID(slotID), waitlistentry.PatientID(patientID), waitlistentry.StatusIn(waitlistentry.StatusWaiting, waitlistentry.StatusOffered),
	).Exist(system(ctx))
	if err != nil {
		return "", fmt.Errorf("look who waits: %w", err)
	}
	if there {
		return "", fault.New(fault.InvalidTransition).Say("已在该时段候补。", "The patient waits for this time already.")
	}
	now := o.Clock.Now()
	made, err := o.DB.WaitlistEntry.Create().SetID(id.New(id.WaitlistEntry)).SetCreatedAt(now).SetUpdatedAt(now).
		SetPatientID(patientID).SetSlotID(slotID).SetStartsAt(s.StartsAt).Save(system(ctx))
	if err != nil {
		return "", fmt.Errorf("join waitlist: %w", err)
	}
	return made.ID, audit.Record(ctx, o.DB, audit.Deed{Action: "joinWaitlist", Subject: patientID, TargetID: made.ID})
}

// Leave has the patient wait no longer; a place that is offered to them goes to the next. The patient may, and who may book for
// them. Returns UNAUTHENTICATED, NOT_FOUND for another's, and INVALID_TRANSITION unless it is WAITING or OFFERED.
func (o *Office) Leave(ctx context.Context, entryID string) (*db.WaitlistEntry, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	found, err := o.DB.WaitlistEntry.Query().Where(waitlistentry.ID(entryID), patientOf[waitlistRows](v)).Only(system(ctx))
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).At("waitlistEntryId")
	}
	if err != nil {
		return nil, fmt.Errorf("load waitlist entry: %w", err)
	}
	err = o.Store.InTx(ctx, func(ctx context.Context) error {
		ctx, err := o.acting(ctx, found.PatientID, "waitlistEntryId")
		if err != nil {
			return err
		}
		if err := o.lock(ctx, found.PatientID); err != nil {
			return err
		}
		return o.leave(ctx, entryID)
	})
	if err != nil {
		return nil, err
	}
	return o.entry(ctx, entryID)
}

// leave ends an entry. The patient's lock is held, without which nobody changes it.
func (o *Office) leave(ctx context.Context, entryID string) error {
	e, err := o.DB.WaitlistEntry.Get(system(ctx), entryID)
	switch {
	case err != nil:
		return fmt.Errorf("load waitlist entry: %w", err)
	case e.Status == waitlistentry.StatusOffered:
		return o.cancel(ctx, *e.AppointmentID, "leaveWaitlist")
	case e.Status != waitlistentry.StatusWaiting:
		return fault.NotNow("候补", "The entry", e.Status)
	}
	s, err := o.hold(ctx, e.SlotID)
	if err != nil {
		return err
	}
	if err := e.Update().SetStatus(waitlistentry.StatusLeft).SetUpdatedAt(o.Clock.Now()).Exec(system(ctx)); err != nil {
		return fmt.Errorf("leave waitlist: %w", err)
	}
	if _, err := o.letGo(ctx, s, ""); err != nil {
		return err
	}
	return audit.Record(ctx, o.DB, audit.Deed{Action: "leaveWaitlist", Subject: e.PatientID, TargetID: e.ID})
}

// entry is a waitlist entry as the viewer may see it now.
func (o *Office) entry(ctx context.Context, entryID string) (*db.WaitlistEntry, error) {
	e, err := o.DB.WaitlistEntry.Get(ctx, entryID)
	if err != nil {
		return nil, fmt.Errorf("load waitlist entry: %w", err)
	}
	return e, nil
}
