package announcement

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	row "citygraph/ent/db/announcement"
	"citygraph/ent/db/delivery"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// Read marks the viewer's delivery of an announcement as read; what was read stays as it was. Returns UNAUTHENTICATED, and
// NOT_FOUND where the viewer has none, or speaks for none of its pupils any more.
func (b *Board) Read(ctx context.Context, announcementID string) (*db.Delivery, error) {
	return b.answer(ctx, announcementID, func(ctx context.Context, d *db.Delivery) error { return b.read(ctx, d) })
}

// Acknowledge says that the viewer has taken note, for all the pupils of their delivery; it is read by that. To acknowledge again
// does nothing. Returns UNAUTHENTICATED, NOT_FOUND as Read does, and INVALID_TRANSITION where nothing is to be acknowledged or
// the announcement was taken back.
func (b *Board) Acknowledge(ctx context.Context, announcementID string) (*db.Delivery, error) {
	return b.answer(ctx, announcementID, func(ctx context.Context, d *db.Delivery) error {
		if d.AcknowledgedAt != nil {
			return nil
		}
		a := d.Edges.Announcement
		if a.Status != row.StatusPublished || a.Acknowledgement != row.AcknowledgementRequired {
			return fault.New(fault.InvalidTransition)
		}
		n, err := b.DB.Delivery.Update().Where(delivery.ID(d.ID), delivery.AcknowledgedAtIsNil()).SetAcknowledgedAt(b.Clock.Now()).Save(system(ctx))
		if err != nil {
			return fmt.Errorf("acknowledge delivery: %w", err)
		}
		if n == 0 { // on another phone, at the same time
			return nil
		}
		if err := b.read(ctx, d); err != nil {
			return err
		}
		// Counted unless it was taken back at the same moment.
		n, err = b.DB.Announcement.Update().Where(row.ID(a.ID), row.StatusEQ(row.StatusPublished)).AddAcknowledged(1).Save(system(ctx))
		if err != nil {
			return fmt.Errorf("count acknowledgement: %w", err)
		}
		if n == 0 {
			return fault.New(fault.InvalidTransition)
		}
		b.wake(ctx, a.ID)
		return audit.Record(ctx, b.DB, audit.Deed{Action: "acknowledge", Subject: viewer.From(ctx).PersonID, TargetID: a.ID})
	})
}

// answer has the viewer do something with their delivery of an announcement.
func (b *Board) answer(ctx context.Context, announcementID string, do func(context.Context, *db.Delivery) error) (*db.Delivery, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !id.Is(announcementID, id.Announcement):
		return nil, fault.New(fault.NotFound)
	}
	own := func() *db.DeliveryQuery {
		return mine(ctx, b.DB.Delivery.Query().Where(delivery.AnnouncementID(announcementID)))
	}
	err := b.Store.InTx(ctx, func(ctx context.Context) error {
		found, err := own().WithAnnouncement().Only(system(ctx))
		if db.IsNotFound(err) {
			return fault.New(fault.NotFound).Because(err)
		}
		if err != nil {
			return fmt.Errorf("load delivery: %w", err)
		}
		return do(ctx, found)
	})
	if err != nil {
		return nil, err
	}
	return own().Only(system(ctx))
}

// read marks a delivery as read once, and counts it.
func (b *Board) read(ctx context.Context, d *db.Delivery) error {
	n, err := b.DB.Delivery.Update().Where(delivery.ID(d.ID), delivery.ReadAtIsNil()).SetReadAt(b.Clock.Now()).Save(system(ctx))
	if err != nil {
		return fmt.Errorf("mark delivery: %w", err)
	}
	if n == 0 {
		return nil
	}
	if err := b.DB.Announcement.Update().Where(row.ID(d.AnnouncementID)).AddRead(1).Exec(system(ctx)); err != nil {
		return fmt.Errorf("count reading: %w", err)
	}
	b.wake(ctx, d.AnnouncementID)
	return nil
}
