package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/transitbatch"
	"citygraph/ent/db/transitride"
	"citygraph/internal/viewer"
)

// rideFiles are the batches of codes that were given out for a person's card, and what gates took of them.
type rideFiles struct {
	Batches []batchFile `json:"batches"`
	Rides   []rideFile  `json:"rides"`
}

type batchFile struct {
	ID        string     `json:"id"`
	CardID    string     `json:"cardId"`
	Codes     int        `json:"codes"`
	IssuedAt  time.Time  `json:"issuedAt"`
	ExpiresAt time.Time  `json:"expiresAt"`
	StoppedAt *time.Time `json:"stoppedAt"`
}

// Amounts in the file are fen.
type rideFile struct {
	ID            string                `json:"id"`
	BatchID       *string               `json:"batchId"`
	OperatorID    string                `json:"operatorId"`
	Gate          string                `json:"gate"`
	Fare          int64                 `json:"fare"`
	ScannedAt     time.Time             `json:"scannedAt"`
	Outcome       transitride.Outcome   `json:"outcome"`
	PaidFrom      *transitride.PaidFrom `json:"paidFrom"` // null for one that was refused
	TransactionID *string               `json:"transactionId"`
}

func (e *Exports) rides(ctx context.Context) (any, error) {
	me := viewer.From(ctx).PersonID
	given, err := e.DB.TransitBatch.Query().Where(transitbatch.PersonID(me)).Order(transitbatch.ByID()).All(ctx)
	batches, err := each(given, err, func(b *db.TransitBatch) batchFile {
		return batchFile{b.ID, b.CardID, b.Codes, b.IssuedAt, b.ExpiresAt, b.StoppedAt}
	})
	if err != nil {
		return nil, err
	}
	taken, err := e.DB.TransitRide.Query().Where(transitride.PersonID(me)).Order(transitride.ByID()).All(ctx)
	rides, err := each(taken, err, func(r *db.TransitRide) rideFile {
		return rideFile{r.ID, r.TransitBatchID, r.OperatorID, r.Gate, r.Fare, r.ScannedAt, r.Outcome, r.PaidFrom, r.LedgerTransactionID}
	})
	return rideFiles{batches, rides}, err
}
