package dataexport

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/announcement"
	"citygraph/ent/db/delivery"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/viewer"
)

type announcementsFile struct {
	Delivered []deliveryFile     `json:"delivered"`
	Written   []announcementFile `json:"written"` // as a teacher
}

type deliveryFile struct {
	announcementFile
	ReadAt         *time.Time `json:"readAt"`
	AcknowledgedAt *time.Time `json:"acknowledgedAt"`
	ChasedAt       *time.Time `json:"chasedAt"`
}

// Title and body are null once the school has taken it back.
type announcementFile struct {
	ID          string              `json:"id"`
	Kind        announcement.Kind   `json:"kind"`
	Status      announcement.Status `json:"status"`
	Title       *string             `json:"title"`
	Body        *string             `json:"body"`
	DueAt       *time.Time          `json:"dueAt"`
	PublishedAt *time.Time          `json:"publishedAt"`
	CreatedAt   time.Time           `json:"createdAt"`
}

func announced(a *db.Announcement, mayRead bool) announcementFile {
	f := announcementFile{ID: a.ID, Kind: a.Kind, Status: a.Status, DueAt: a.DueAt, PublishedAt: a.PublishedAt, CreatedAt: a.CreatedAt}
	if mayRead {
		f.Title, f.Body = &a.Title, &a.Body
	}
	return f
}

// announcements are those delivered to the person that are still theirs to read, and those they wrote, even at a school where they
// teach no longer.
func (e *Exports) announcements(ctx context.Context) (any, error) {
	v := viewer.From(ctx)
	system := viewer.AsSystem(ctx, "the conditions are the rule itself")
	at, err := e.DB.Delivery.Query().Where(predicate.Delivery(rule.DeliveredTo(v))).Order(delivery.ByID()).WithAnnouncement().All(system)
	if err != nil {
		return nil, fmt.Errorf("load deliveries: %w", err)
	}
	delivered, err := each(at, nil, func(d *db.Delivery) deliveryFile {
		a := d.Edges.Announcement
		return deliveryFile{announced(a, a.Status != announcement.StatusRetracted), d.ReadAt, d.AcknowledgedAt, d.ChasedAt}
	})
	if err != nil {
		return nil, err
	}
	own, err := e.DB.Announcement.Query().Where(announcement.AuthorID(v.PersonID)).Order(announcement.ByID()).All(system)
	written, err := each(own, err, func(a *db.Announcement) announcementFile { return announced(a, true) })
	return announcementsFile{delivered, written}, err
}
