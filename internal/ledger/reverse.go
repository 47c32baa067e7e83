package ledger

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/fault"
)

// Reversal takes back a transaction, or a part of one between two accounts.
type Reversal struct {
	Key           string // what it is posted for; one transaction ever has it
	TransactionID string
	Amount        int64 // fen
}

// Reverse posts the opposite of a transaction. All reversals of one sum to the original at most. Posted again with
// the same key it returns the first reversal. Returns NOT_FOUND, INVALID_TRANSITION for a reversal, which
// is not reversed itself, BAD_AMOUNT unless the amount is positive, REFUND_EXCEEDS above what is left and for
// a part of a transaction of more than two entries, and what Post says of the accounts.
func (b *Book) Reverse(ctx context.Context, r Reversal) (*db.LedgerTransaction, error) {
	if r.Amount <= 0 {
		return nil, fault.New(fault.BadAmount)
	}
	var made *db.LedgerTransaction
	err := b.Store.InTx(system(ctx), func(ctx context.Context) error {
		original, err := b.DB.LedgerTransaction.Query().Where(ledgertransaction.ID(r.TransactionID)).WithEntries().Only(ctx)
		if db.IsNotFound(err) {
			return fault.New(fault.NotFound)
		}
		if err != nil {
			return fmt.Errorf("load transaction: %w", err)
		}
		if original.ReversesID != nil {
			return fault.New(fault.InvalidTransition)
		}
		if r.Amount > original.Amount || (len(original.Edges.Entries) > 2 && r.Amount != original.Amount) {
			return fault.New(fault.RefundExceeds)
		}
		p := Posting{
			Key: r.Key, Kind: ledgertransaction.KindReversal, Domain: original.Domain, Merchant: original.Merchant,
			Lines: opposite(original.Edges.Entries, original.Amount, r.Amount),
		}
		accounts, err := b.lock(ctx, p.accountIDs()...)
		if err != nil {
			return err
		}
		if made, err = b.posted(ctx, p); err != nil {
			return err
		}
		if made != nil {
			if made.ReversesID == nil || *made.ReversesID != original.ID {
				return fault.New(fault.IdempotencyKeyReused)
			}
			return nil
		}
		// Every reversal of the transaction holds the same locks: what is counted here stays so.
		before, err := b.DB.LedgerTransaction.Query().Where(ledgertransaction.ReversesID(original.ID)).All(ctx)
		if err != nil {
			return fmt.Errorf("load reversals: %w", err)
		}
		left := original.Amount
		for _, earlier := range before {
			left -= earlier.Amount
		}
		if r.Amount > left {
			return fault.New(fault.RefundExceeds)
		}
		p.reverses = &reversed{original.ID, len(before) + 1}
		made, err = b.write(ctx, accounts, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// opposite are the lines that take back so much of a transaction of so much in all.
func opposite(entries []*db.LedgerEntry, of, amount int64) []Line {
	lines := make([]Line, len(entries))
	for i, e := range entries {
		lines[i] = Line{AccountID: e.LedgerAccountID, Amount: -e.Amount}
		switch {
		case amount == of:
		case e.Amount > 0:
			lines[i].Amount = -amount
		default:
			lines[i].Amount = amount
		}
	}
	return lines
}
