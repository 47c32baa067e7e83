package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/attachment"
	"citygraph/internal/viewer"
)

type attachmentFile struct {
	ID             string          `json:"id"`
	AnnouncementID *string         `json:"announcementId"` // null while nothing names it
	MessageID      *string         `json:"messageId"`
	Kind           attachment.Kind `json:"kind"`
	Name           string          `json:"name"`
	SizeBytes      int             `json:"sizeBytes"`
	CreatedAt      time.Time       `json:"createdAt"`
}

// attachments reads as the system: whoever uploaded a file has a right to know of it, though what it goes with may be theirs to see no more.
func (e *Exports) attachments(ctx context.Context) (any, error) {
	rows, err := e.DB.Attachment.Query().Where(attachment.UploaderID(viewer.From(ctx).PersonID)).Order(attachment.ByID()).
		All(viewer.AsSystem(ctx, "a person is told of the attachments they uploaded"))
	return each(rows, err, func(r *db.Attachment) attachmentFile {
		return attachmentFile{r.ID, r.AnnouncementID, r.MessageID, r.Kind, r.Name, r.SizeBytes, r.CreatedAt}
	})
}
