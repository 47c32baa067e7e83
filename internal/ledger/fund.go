package ledger

import (
	"context"

	"citygraph/internal/fault"
)

// BillKey begins the key of every transaction that pays a clinic's bill.
const BillKey = "bill/"

// Purse is what a payment is taken from, in this order: what somebody else pays of it, the payer's card, and the payer's
// credit line for what the card lacks.
type Purse struct {
	CardAccountID   string
	LenderAccountID string // of the credit line; empty without one
	InsurerID       string // the account of who pays Insured; empty when that is nothing
	Insured         int64  // fen
}

// Funding is how a payment is taken: its lines, and what each of the purse's accounts gives, in fen.
type Funding struct {
	Lines                  []Line
	Insured, Lent, FromOwn int64
}

// Fund lays out a payment to the payee without posting it. How it is laid out stays right until the transaction of ctx ends,
// and so does the card: one that is stopped draws nothing, though it may have nothing to take. CARD_NOT_ACTIVE for such a
// one. What a card without a credit line lacks, Post refuses.
func (b *Book) Fund(ctx context.Context, p Purse, payeeID string, amount int64) (Funding, error) {
	f := Funding{Insured: p.Insured, FromOwn: amount - p.Insured, Lines: []Line{{AccountID: payeeID, Amount: amount}}}
	take := func(accountID string, fen int64) {
		if fen > 0 {
			f.Lines = append(f.Lines, Line{AccountID: accountID, Amount: -fen})
		}
	}
	if p.LenderAccountID != "" && f.FromOwn > 0 {
		ids := []string{p.CardAccountID, p.LenderAccountID, payeeID}
		if p.Insured > 0 {
			ids = append(ids, p.InsurerID)
		}
		accounts, err := b.Lock(ctx, ids...)
		if err != nil {
			return Funding{}, err
		}
		card := accounts[p.CardAccountID]
		if card.Blocked {
			return Funding{}, fault.New(fault.CardNotActive)
		}
		f.Lent = max(f.FromOwn-max(card.Balance-card.Held, 0), 0)
		f.FromOwn -= f.Lent
	}
	take(p.InsurerID, f.Insured)
	take(p.LenderAccountID, f.Lent)
	take(p.CardAccountID, f.FromOwn)
	return f, nil
}
