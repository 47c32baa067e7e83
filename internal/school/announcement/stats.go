package announcement

import (
	"context"

	"citygraph/ent/db"
	"citygraph/internal/viewer"
)

// Stats is how far an announcement has come.
type Stats struct {
	Delivered    int // guardians it was delivered to
	Read         int // of these, who have read it
	Acknowledged int // of these, who have taken note
}

// StatsOf are an announcement's figures; nil unless the viewer teaches at its school.
func StatsOf(ctx context.Context, a *db.Announcement) *Stats {
	if !viewer.From(ctx).HasAt(viewer.Teacher, a.SchoolID) {
		return nil
	}
	return &Stats{a.Delivered, a.Read, a.Acknowledged}
}

// Watch streams the figures of an announcement until ctx ends: as they are, and then whenever others are. A teacher of its
// school may; it ends with NOT_FOUND once they do not. Returns UNAUTHENTICATED, NOT_FOUND.
func (b *Board) Watch(ctx context.Context, announcementID string) (<-chan *Stats, error) {
	if _, err := b.teachers(ctx, announcementID); err != nil {
		return nil, err
	}
	out := make(chan *Stats)
	var last *Stats
	b.Hub.Follow(ctx, func() bool {
		now, err := b.look(ctx, announcementID)
		if err == nil && (last == nil || *now != *last) {
			last = now
			err = send(ctx, out, now)
		}
		if err != nil {
			b.Fail(ctx, err)
		}
		return err == nil
	}, func() { close(out) }, Topic(announcementID))
	return out, nil
}

func (b *Board) look(ctx context.Context, announcementID string) (*Stats, error) {
	a, err := b.teachers(ctx, announcementID)
	if err != nil {
		return nil, err
	}
	// Asked after the read: of what was committed after a session ended, nothing is told under it.
	return &Stats{a.Delivered, a.Read, a.Acknowledged}, b.Admit(ctx)
}

func send(ctx context.Context, out chan<- *Stats, s *Stats) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case out <- s:
		return nil
	}
}
