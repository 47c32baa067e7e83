package announcement

import (
	"context"

	"citygraph/ent/db"
	row "citygraph/ent/db/announcement"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// TakeBack retracts an announcement that is published: families keep a tombstone without title and text, nothing more of it is
// pushed, and nobody more is told. Its author may, and a class teacher of the school. Returns UNAUTHENTICATED, NOT_FOUND,
// NOT_CLASS_TEACHER, INVALID_TRANSITION; FORBIDDEN for what the bureau had the school say.
func (b *Board) TakeBack(ctx context.Context, announcementID string) (*db.Announcement, error) {
	err := b.Store.InTx(ctx, func(ctx context.Context) error {
		a, err := b.teachers(ctx, announcementID)
		if err != nil {
			return err
		}
		if err := b.changes(ctx, a); err != nil {
			return err
		}
		taken, err := b.takeBack(ctx, a.ID)
		if err != nil {
			return err
		}
		if !taken {
			return fault.New(fault.InvalidTransition)
		}
		return audit.Record(ctx, b.DB, audit.Deed{Action: "retractAnnouncement", Subject: viewer.From(ctx).PersonID, TargetID: a.ID})
	})
	if err != nil {
		return nil, err
	}
	return b.DB.Announcement.Get(ctx, announcementID)
}

// takeBack retracts what is published, in the transaction of ctx, and reports whether it was.
func (b *Board) takeBack(ctx context.Context, announcementID string) (bool, error) {
	if err := b.Store.Lock(ctx, lock(announcementID)); err != nil { // no batch is under way from here
		return false, err
	}
	now := b.Clock.Now()
	n, err := b.DB.Announcement.Update().Where(row.ID(announcementID), row.StatusEQ(row.StatusPublished)).
		SetStatus(row.StatusRetracted).SetRetractedAt(now).SetUpdatedAt(now).Save(system(ctx))
	if err != nil || n == 0 {
		return false, err
	}
	b.wake(ctx, announcementID)
	return true, b.Events.Emit(ctx, Retracted{announcementID})
}
