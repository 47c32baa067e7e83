package sandbox

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/topup"
	"citygraph/internal/payment"
	"citygraph/internal/viewer"
)

// readAtOnce is how many orders are in memory at a time.
const readAtOnce = 500

// In is the provider over a database, in which it finds what it has said.
func (Provider) In(client *db.Client) Provider { return Provider{orders: client} }

// Records are the orders of the day that it said were paid, and those that it gave back; none without a database.
func (p Provider) Records(ctx context.Context, day time.Time, each func(payment.Record) error) error {
	if p.orders == nil {
		return nil
	}
	ctx = viewer.AsSystem(ctx, "a provider knows all of its orders")
	last := ""
	for {
		rows, err := p.orders.TopUp.Query().Where(
			topup.IDGT(last), topup.ProviderEQ(p.Name()), topup.ProviderTransactionIDNotNil(),
			topup.UpdatedAtGTE(day.UTC()), topup.UpdatedAtLT(day.AddDate(0, 0, 1).UTC()),
		).Order(topup.ByID()).Limit(readAtOnce).All(ctx)
		if err != nil {
			return fmt.Errorf("load orders: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		for _, row := range rows {
			if err := tell(row, each); err != nil {
				return err
			}
			last = row.ID
		}
	}
}

// tell hands over what was paid for an order, and what went back.
func tell(row *db.TopUp, each func(payment.Record) error) error {
	r := payment.Record{
		OrderID: row.ID, TransactionID: *row.ProviderTransactionID, Kind: payment.RecordTopUp, Amount: row.Amount, At: row.UpdatedAt,
		Status: payment.RecordSuccess,
	}
	if err := each(r); err != nil || row.Status != topup.StatusRefunded {
		return err
	}
	r.Kind = payment.RecordRefund
	return each(r)
}
