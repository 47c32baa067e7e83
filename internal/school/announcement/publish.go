package announcement

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"citygraph/ent/db"
	row "citygraph/ent/db/announcement"
	"citygraph/ent/db/person"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/viewer"
)

// Announcing is an announcement that a teacher makes.
type Announcing struct {
	Key      uuid.UUID `json:"-"`
	SchoolID string
	Kind     row.Kind
	Text
}

// Publish makes an announcement: published now, or at its time, or kept as a draft. A teacher of the school may, within
// what mayTell says. Returns UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, NOT_CLASS_TEACHER, EMPTY_AUDIENCE, BAD_USER_INPUT,
// GRADE_BROADCAST_FORBIDDEN, IDEMPOTENCY_KEY_REUSED.
func (b *Board) Publish(ctx context.Context, in Announcing) (*db.Announcement, error) {
	if err := signedIn(ctx); err != nil {
		return nil, err
	}
	request := idempotency.Request{Key: in.Key, Operation: "publishAnnouncement", Input: in}
	text := in.Text
	made, err := b.Once.Once(ctx, request, func(ctx context.Context) (string, error) {
		in.Text = text // as it came, where the transaction runs again
		if err := b.weigh(ctx, in.SchoolID, in.Kind, &in.Text); err != nil {
			return "", err
		}
		v := viewer.From(ctx)
		author, err := b.DB.Person.Query().Where(person.ID(v.PersonID)).Only(system(ctx))
		if err != nil {
			return "", fmt.Errorf("load author: %w", err)
		}
		a, err := b.DB.Announcement.Create().
			SetSchoolID(in.SchoolID).SetAuthorID(v.PersonID).SetAuthorName(author.Name).SetKind(in.Kind).
			SetAudience(in.Audience).SetTitle(in.Title).SetBody(in.Body).SetUrgency(in.Urgency).
			SetAcknowledgement(in.Acknowledgement).SetNillableDueAt(in.DueAt).SetNillablePublishAt(in.PublishAt).
			SetStatus(in.waiting()).Save(system(ctx))
		if err != nil {
			return "", fmt.Errorf("write announcement: %w", err)
		}
		if len(in.AttachmentIDs) > 0 {
			if err := b.Attach(ctx, in.AttachmentIDs, a.ID); err != nil {
				return "", err
			}
		}
		return a.ID, b.written(ctx, "publishAnnouncement", a, &in.Text)
	})
	if err != nil {
		return nil, err
	}
	return b.DB.Announcement.Get(ctx, made)
}

// Change is what a teacher says instead.
type Change struct {
	Key            uuid.UUID `json:"-"`
	AnnouncementID string
	Text
}

// Revise says something else in an announcement that is a draft or waits for its time: all that it says is given anew, and it
// is published now, or at its time, or kept as a draft. Its author may, and a class teacher of the school. Returns what Publish
// does, FORBIDDEN also for what the bureau had the school say; NOT_FOUND for an announcement of another school, INVALID_TRANSITION for one that is published.
func (b *Board) Revise(ctx context.Context, in Change) (*db.Announcement, error) {
	if err := signedIn(ctx); err != nil {
		return nil, err
	}
	request := idempotency.Request{Key: in.Key, Operation: "updateAnnouncement", Input: in}
	text := in.Text
	made, err := b.Once.Once(ctx, request, func(ctx context.Context) (string, error) {
		in.Text = text
		a, err := b.teachers(ctx, in.AnnouncementID)
		if err != nil {
			return "", err
		}
		if err := b.changes(ctx, a); err != nil {
			return "", err
		}
		if err := b.weigh(ctx, a.SchoolID, a.Kind, &in.Text); err != nil {
			return "", err
		}
		update := b.DB.Announcement.Update().Where(row.ID(a.ID), row.StatusIn(row.StatusDraft, row.StatusScheduled)).
			SetAudience(in.Audience).SetTitle(in.Title).SetBody(in.Body).SetUrgency(in.Urgency).
			SetAcknowledgement(in.Acknowledgement).SetStatus(in.waiting()).SetUpdatedAt(b.Clock.Now())
		if update.SetNillableDueAt(in.DueAt); in.DueAt == nil {
			update.ClearDueAt()
		}
		if update.SetNillablePublishAt(in.PublishAt); in.PublishAt == nil {
			update.ClearPublishAt()
		}
		n, err := update.Save(system(ctx))
		if err != nil {
			return "", fmt.Errorf("change announcement: %w", err)
		}
		if n == 0 {
			return "", fault.New(fault.InvalidTransition)
		}
		if err := b.Attach(ctx, in.AttachmentIDs, a.ID); err != nil {
			return "", err
		}
		a, err = b.DB.Announcement.Get(system(ctx), a.ID)
		if err != nil {
			return "", fmt.Errorf("load announcement: %w", err)
		}
		return a.ID, b.written(ctx, "updateAnnouncement", a, &in.Text)
	})
	if err != nil {
		return nil, err
	}
	return b.DB.Announcement.Get(ctx, made)
}

func signedIn(ctx context.Context) error {
	if !viewer.From(ctx).SignedIn() {
		return fault.New(fault.Unauthenticated)
	}
	return nil
}

// waiting is the status of what is not published yet.
func (t *Text) waiting() row.Status {
	if t.PublishAt != nil {
		return row.StatusScheduled
	}
	return row.StatusDraft
}

// weigh holds the viewer to the right, and a text to the rules.
func (b *Board) weigh(ctx context.Context, schoolID string, kind row.Kind, t *Text) error {
	if !viewer.From(ctx).Has(viewer.Teacher) {
		return fault.New(fault.Forbidden)
	}
	if err := t.check(kind, b.Clock.Now()); err != nil {
		return err
	}
	if err := b.mayTell(ctx, schoolID, t.Audience); err != nil {
		return err
	}
	return t.private()
}

// written follows what was written: who is reached, if it is no draft, and its publishing if it is to be now.
func (b *Board) written(ctx context.Context, action string, a *db.Announcement, t *Text) error {
	deed := audit.Deed{Action: action, Subject: viewer.From(ctx).PersonID, TargetID: a.ID}
	if a.Urgency == row.UrgencyUrgent {
		deed.Reason = string(a.Urgency) // counted here: what overrides a family's quiet hours
	}
	if err := audit.Record(ctx, b.DB, deed); err != nil {
		return err
	}
	if t.Draft {
		return nil
	}
	guardians, err := b.reached(ctx, a, span{}, BatchSize+1)
	if err != nil {
		return err
	}
	if len(guardians) == 0 {
		return fault.New(fault.EmptyAudience).At("audience")
	}
	if t.PublishAt != nil {
		return nil
	}
	return b.publish(ctx, a, row.StatusDraft, guardians)
}

// publish publishes an announcement that stands in the status, and has the first of its guardians. Few are told in the
// transaction of ctx, and many by jobs. It does nothing for one that no longer stands there.
func (b *Board) publish(ctx context.Context, a *db.Announcement, from row.Status, guardians []string) error {
	now := b.Clock.Now()
	n, err := b.DB.Announcement.Update().Where(row.ID(a.ID), row.StatusEQ(from)).
		SetStatus(row.StatusPublished).SetPublishedAt(now).SetUpdatedAt(now).Save(system(ctx))
	if err != nil {
		return fmt.Errorf("publish announcement: %w", err)
	}
	if n == 0 {
		return nil
	}
	b.wake(ctx, a.ID)
	if len(guardians) > BatchSize {
		return b.Enqueue(ctx, Spread{a.ID}, haste(a))
	}
	return b.deliver(ctx, a, guardians)
}

// haste has what is urgent go before everything else.
func haste(a *db.Announcement) jobs.Option {
	if a.Urgency == row.UrgencyUrgent {
		return jobs.WithPriority(jobs.Urgent)
	}
	return jobs.WithPriority(jobs.Low)
}
