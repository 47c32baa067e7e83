package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/fault"
)

// Reversal takes back a transaction, or a part of one that a single account received.
type Reversal struct {
	Key           string // what it is posted for; one transaction ever has it
	TransactionID string
	Amount        int64 // fen
}

// Reverse posts the opposite of a transaction. All reversals of one sum to the original at most, and give no account
// more than it paid: a part goes to the payer's credit line first, to the insurance bureau last, and to what else paid in between. Posted
// again with the same key it returns the first reversal. Returns NOT_FOUND, INVALID_TRANSITION for a reversal, which
// is not reversed itself, BAD_AMOUNT unless the amount is positive, REFUND_EXCEEDS above what is left and for
// a part of what several accounts received, and what Post says of the accounts.
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
		made, err = b.reverse(ctx, original, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func (b *Book) reverse(ctx context.Context, original *db.LedgerTransaction, r Reversal) (*db.LedgerTransaction, error) {
	ids := make([]string, len(original.Edges.Entries))
	for i, e := range original.Edges.Entries {
		ids[i] = e.LedgerAccountID
	}
	accounts, err := b.lock(ctx, ids...)
	if err != nil {
		return nil, err
	}
	if first, err := b.reversed(ctx, r); first != nil || err != nil {
		return first, err
	}
	// Every reversal of the transaction holds the same locks: what is counted here stays so.
	before, err := b.DB.LedgerTransaction.Query().Where(ledgertransaction.ReversesID(original.ID)).WithEntries().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load reversals: %w", err)
	}
	lines, err := opposite(remaining(original, before, accounts), r.Amount)
	if err != nil {
		return nil, err
	}
	return b.write(ctx, accounts, Posting{
		Key: r.Key, Kind: ledgertransaction.KindReversal, Domain: original.Domain, Merchant: original.Merchant, Lines: lines,
		reverses: &reversed{original.ID, len(before) + 1},
	})
}

// reversed is the reversal with the key, nil without one; IDEMPOTENCY_KEY_REUSED for anything else that has it.
func (b *Book) reversed(ctx context.Context, r Reversal) (*db.LedgerTransaction, error) {
	first, err := b.DB.LedgerTransaction.Query().Where(ledgertransaction.EventKey(r.Key)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil //nolint:nilnil // none is the usual answer
	}
	if err != nil {
		return nil, fmt.Errorf("look for the reversal: %w", err)
	}
	if first.ReversesID == nil || *first.ReversesID != r.TransactionID || first.Amount != r.Amount {
		return nil, fault.New(fault.IdempotencyKeyReused)
	}
	return first, nil
}

// remaining are the lines of a transaction less what reversals have taken back of each. Who is given back
// first stands first.
func remaining(original *db.LedgerTransaction, reversals []*db.LedgerTransaction, accounts map[string]*db.LedgerAccount) []Line {
	back := map[string]int64{}
	for _, reversal := range reversals {
		for _, e := range reversal.Edges.Entries {
			back[e.LedgerAccountID] += e.Amount
		}
	}
	var lines []Line
	for _, e := range original.Edges.Entries {
		if left := e.Amount + back[e.LedgerAccountID]; left != 0 {
			lines = append(lines, Line{AccountID: e.LedgerAccountID, Amount: left})
		}
	}
	rank := func(l Line) int {
		switch accounts[l.AccountID].Kind {
		case ledgeraccount.KindCreditLine:
			return 0
		case ledgeraccount.KindInsurance:
			return 2
		default:
			return 1
		}
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.AccountID, b.AccountID))
	})
	return lines
}

// opposite are the lines that take so much of those that remain back; REFUND_EXCEEDS when it cannot be taken.
func opposite(remain []Line, amount int64) ([]Line, error) {
	var left int64
	receivers := 0
	for _, l := range remain {
		if l.Amount > 0 {
			left += l.Amount
			receivers++
		}
	}
	if amount > left || receivers > 1 && amount != left {
		return nil, fault.New(fault.RefundExceeds)
	}
	toGive := amount
	var lines []Line
	for _, l := range remain {
		if l.Amount > 0 {
			lines = append(lines, Line{AccountID: l.AccountID, Amount: -min(l.Amount, amount)})
			continue
		}
		if give := min(-l.Amount, toGive); give > 0 {
			lines = append(lines, Line{AccountID: l.AccountID, Amount: give})
			toGive -= give
		}
	}
	return lines, nil
}
