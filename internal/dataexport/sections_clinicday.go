package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/bookingsuspension"
	"citygraph/internal/viewer"
)

// Who decided an appeal did it for the city.
type suspensionFile struct {
	ID            string                           `json:"id"`
	Status        bookingsuspension.Status         `json:"status"`
	Missed        int                              `json:"missed"`
	EndsAt        time.Time                        `json:"endsAt"`
	AppealReason  *bookingsuspension.AppealReason  `json:"appealReason"`  // null without an appeal
	AppealedAt    *time.Time                       `json:"appealedAt"`    // null without an appeal
	AppealOutcome *bookingsuspension.AppealOutcome `json:"appealOutcome"` // null while it waits
	DecidedAt     *time.Time                       `json:"decidedAt"`     // null while it waits
	CreatedAt     time.Time                        `json:"createdAt"`
	UpdatedAt     time.Time                        `json:"updatedAt"`
}

func (e *Exports) suspensions(ctx context.Context) (any, error) {
	rows, err := e.DB.BookingSuspension.Query().Where(bookingsuspension.PatientID(viewer.From(ctx).PersonID)).Order(bookingsuspension.ByID()).All(ctx)
	return each(rows, err, func(s *db.BookingSuspension) suspensionFile {
		return suspensionFile{
			s.ID, s.Status, s.Missed, s.EndsAt, s.AppealReason, s.AppealedAt, s.AppealOutcome, s.DecidedAt, s.CreatedAt, s.UpdatedAt,
		}
	})
}
