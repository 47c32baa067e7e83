package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/creditline"
	"citygraph/internal/viewer"
)

// What is owed is the balance of its account in the file of money.
type creditLineFile struct {
	ID         string            `json:"id"`
	Status     creditline.Status `json:"status"`
	AccountID  string            `json:"accountId"`
	DueAt      *time.Time        `json:"dueAt"`      // null while nothing is owed
	RemindedAt *time.Time        `json:"remindedAt"` // null until you were told that it is near
	CreatedAt  time.Time         `json:"createdAt"`
	UpdatedAt  time.Time         `json:"updatedAt"`
}

func (e *Exports) creditLines(ctx context.Context) (any, error) {
	rows, err := e.DB.CreditLine.Query().Where(creditline.PersonID(viewer.From(ctx).PersonID)).Order(creditline.ByID()).All(ctx)
	return each(rows, err, func(l *db.CreditLine) creditLineFile {
		return creditLineFile{l.ID, l.Status, l.AccountID, l.DueAt, l.RemindedAt, l.CreatedAt, l.UpdatedAt}
	})
}
