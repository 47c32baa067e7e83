package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/topup"
	"citygraph/internal/viewer"
)

// Amounts in the file are fen.
type topUpFile struct {
	ID            string         `json:"id"`
	Amount        int64          `json:"amount"`
	Provider      topup.Provider `json:"provider"`
	Status        topup.Status   `json:"status"`
	TransactionID *string        `json:"transactionId"` // at the provider; null until it is paid
	CreatedAt     time.Time      `json:"createdAt"`
	UpdatedAt     time.Time      `json:"updatedAt"`
	ExpiresAt     time.Time      `json:"expiresAt"`
}

func (e *Exports) topUps(ctx context.Context) (any, error) {
	rows, err := e.DB.TopUp.Query().Where(topup.PersonID(viewer.From(ctx).PersonID)).Order(topup.ByID()).All(ctx)
	return each(rows, err, func(t *db.TopUp) topUpFile {
		return topUpFile{t.ID, t.Amount, t.Provider, t.Status, t.ProviderTransactionID, t.CreatedAt, t.UpdatedAt, t.ExpiresAt}
	})
}
