package leave

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	row "citygraph/ent/db/leaverequest"
	"citygraph/internal/audit"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/freetext"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/resident"
	"citygraph/internal/school/part"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Asking is what is asked for a pupil.
type Asking struct {
	Key      uuid.UUID
	PupilID  string
	Kind     row.Kind
	From, To time.Time
	Reason   *string // 1 to 500 characters
}

const (
	mostReason = 500
	mostSpan   = 30 * 24 * time.Hour
	mostAgo    = 24 * time.Hour
	mostAhead  = 366 * 24 * time.Hour
)

// Request asks for leave for a pupil. Who may act for them within SCHOOL may, and a pupil who is of age; its class teachers are told, and not what for.
// Returns UNAUTHENTICATED; DELEGATION_SCOPE; FORBIDDEN for a minor of themselves; NOT_FOUND for who is in no homeroom class; BAD_USER_INPUT,
// also where it overlaps another that is submitted or approved; REAL_NAME_REQUIRED for a reason where the pupil has no key of their own;
// IDEMPOTENCY_KEY_REUSED.
func (d *Desk) Request(ctx context.Context, in Asking) (*db.LeaveRequest, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	// Requests are remembered by a digest of their input. A reason could be guessed from a plain one.
	input := struct {
		PupilID, Kind, From, To, Digest string
	}{in.PupilID, string(in.Kind), in.From.UTC().String(), in.To.UTC().String(), ""}
	if in.Reason != nil {
		input.Digest = d.People.Vault.BlindIndex("leave reason", *in.Reason)
	}
	made, err := d.Once.Once(ctx, idempotency.Request{Key: in.Key, Operation: "requestLeave", Input: input}, func(ctx context.Context) (string, error) {
		return d.request(ctx, in)
	})
	if err != nil {
		return nil, err
	}
	return d.seen(ctx, made)
}

func (d *Desk) request(ctx context.Context, in Asking) (string, error) {
	if err := d.speaks(ctx, in.PupilID); err != nil {
		return "", err
	}
	if err := in.check(d.Clock.Now()); err != nil {
		return "", err
	}
	class, err := part.Homeroom(ctx, d.DB, in.PupilID)
	switch {
	case err != nil:
		return "", err
	case class == nil:
		return "", fault.New(fault.NotFound).At("studentId")
	}
	if err := d.Store.Lock(ctx, lockOf(in.PupilID)); err != nil {
		return "", err
	}
	overlaps, err := d.DB.LeaveRequest.Query().Where(
		row.StudentID(in.PupilID), row.StatusIn(row.StatusSubmitted, row.StatusApproved), row.StartsAtLT(in.To), row.EndsAtGT(in.From),
	).Exist(system(ctx))
	switch {
	case err != nil:
		return "", fmt.Errorf("look for other leave: %w", err)
	case overlaps:
		return "", fault.BadInput("startsAt", "这段时间已有请假。", "There is leave for a part of this time already.")
	}
	leaveID := id.New(id.LeaveRequest)
	create := d.DB.LeaveRequest.Create().SetID(leaveID).SetCreatedAt(d.Clock.Now()).SetUpdatedAt(d.Clock.Now()).
		SetStudentID(in.PupilID).SetSchoolClassID(class.ID).SetSchoolID(class.SchoolID).
		SetRequesterID(viewer.From(ctx).PersonID).SetKind(in.Kind).SetStartsAt(in.From.UTC()).SetEndsAt(in.To.UTC())
	if in.Reason != nil {
		key, bound, err := d.People.Key(system(ctx), in.PupilID)
		switch {
		case err != nil:
			return "", err
		case !bound:
			return "", fault.New(fault.RealNameRequired).At("reason")
		}
		sealed, err := key.Seal(place(leaveID), []byte(*in.Reason))
		if err != nil {
			return "", err
		}
		create.SetSealed(sealed)
	}
	made, err := create.Save(system(ctx))
	if err != nil {
		return "", fmt.Errorf("write leave: %w", err)
	}
	return leaveID, d.moved(ctx, "requestLeave", made)
}

// speaks holds the viewer to be one who may ask for the pupil.
func (d *Desk) speaks(ctx context.Context, pupilID string) error {
	if _, err := d.For(ctx, &pupilID, scope.School); err != nil {
		return err
	}
	if pupilID != viewer.From(ctx).PersonID {
		return nil
	}
	adult, err := d.adult(ctx, pupilID)
	if err == nil && !adult {
		err = fault.New(fault.Forbidden)
	}
	return err
}

func (d *Desk) adult(ctx context.Context, pupilID string) (bool, error) {
	age, known, err := d.People.Age(ctx, pupilID, d.Clock.Now().In(clock.Shanghai))
	return known && age >= resident.OfAge, err
}

func (in *Asking) check(now time.Time) error {
	switch {
	case !in.To.After(in.From) || in.To.After(in.From.Add(mostSpan)):
		return fault.BadInput("endsAt", "请假最长30天，且结束须晚于开始。", "Leave lasts at most 30 days, and ends after it begins.")
	case in.From.Before(now.Add(-mostAgo)) || in.From.After(now.Add(mostAhead)):
		return fault.BadInput("startsAt", "开始时间不得早于一天前，也不得晚于一年后。", "It begins not more than a day ago, and within a year.")
	case in.Reason == nil:
		return nil
	}
	reason := *in.Reason // the caller's stays as it was typed
	in.Reason = &reason
	return freetext.Lines("reason", in.Reason, mostReason)
}

// moved records what was done with a leave, and has it told.
func (d *Desk) moved(ctx context.Context, action string, l *db.LeaveRequest) error {
	if err := audit.Record(ctx, d.DB, audit.Deed{Action: action, Subject: l.StudentID, TargetID: l.ID}); err != nil {
		return err
	}
	pupil, err := d.DB.Person.Get(system(ctx), l.StudentID)
	if err != nil {
		return fmt.Errorf("load pupil: %w", err)
	}
	leaders, err := part.Leaders(ctx, d.DB, l.SchoolClassID)
	if err != nil {
		return err
	}
	speakers, err := part.Speakers(ctx, d.DB, l.StudentID)
	if err != nil {
		return err
	}
	return d.Events.Emit(ctx, Moved{l.ID, l.StudentID, pupil.Name, l.Status, l.StartsAt, l.EndsAt, leaders, speakers[l.StudentID]})
}
