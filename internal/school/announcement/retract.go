package announcement

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	row "citygraph/ent/db/announcement"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// TakeBack retracts an announcement that is published: families keep a tombstone without title and text, nothing more of it is
// pushed, and nobody more is told. Its author may, and a class teacher of the school. Returns UNAUTHENTICATED, NOT_FOUND,
// NOT_CLASS_TEACHER, INVALID_TRANSITION.
func (b *Board) TakeBack(ctx context.Context, announcementID string) (*db.Announcement, error) {
	err := b.Store.InTx(ctx, func(ctx context.Context) error {
		a, err := b.teachers(ctx, announcementID)
		if err != nil {
			return err
		}
		if err := b.keeps(ctx, a); err != nil {
			return err
		}
		if err := b.Store.Lock(ctx, lock(a.ID)); err != nil { // no batch is under way from here
			return err
		}
		now := b.Clock.Now()
		n, err := b.DB.Announcement.Update().Where(row.ID(a.ID), row.StatusEQ(row.StatusPublished)).
			SetStatus(row.StatusRetracted).SetRetractedAt(now).SetUpdatedAt(now).Save(system(ctx))
		if err != nil {
			return fmt.Errorf("retract announcement: %w", err)
		}
		if n == 0 {
			return fault.New(fault.InvalidTransition)
		}
		b.wake(ctx, a.ID)
		if err := audit.Record(ctx, b.DB, audit.Deed{Action: "retractAnnouncement", Subject: viewer.From(ctx).PersonID, TargetID: a.ID}); err != nil {
			return err
		}
		return b.Events.Emit(ctx, Retracted{a.ID})
	})
	if err != nil {
		return nil, err
	}
	return b.DB.Announcement.Get(ctx, announcementID)
}
