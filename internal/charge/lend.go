package charge

import (
	"context"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/fault"
	"citygraph/internal/ledger"
)

// lines take the amount from the card for the payee. What it lacks at a clinic is lent by the holder's credit line: first
// treat, later pay. How much that is stays so until the transaction ends, and so does the card: one that is
// stopped draws nothing, though it may have nothing to take.
func (t *Till) lines(ctx context.Context, m *merchant, card *db.CitizenCard, payeeID string, amount int64) (lines []ledger.Line, lent int64, err error) {
	lines = []ledger.Line{{AccountID: card.AccountID, Amount: -amount}, {AccountID: payeeID, Amount: amount}}
	if t.Lender == nil || m.domain != ledgertransaction.DomainClinic {
		return lines, 0, nil
	}
	lenderID, err := t.Lender(ctx, card.PersonID)
	if err != nil || lenderID == "" {
		return lines, 0, err
	}
	accounts, err := t.Book.Lock(ctx, card.AccountID, lenderID, payeeID)
	if err != nil {
		return nil, 0, err
	}
	own := accounts[card.AccountID]
	if own.Blocked {
		return nil, 0, fault.New(fault.CardNotActive)
	}
	has := max(own.Balance-own.Held, 0)
	if has >= amount {
		return lines, 0, nil
	}
	lines[0] = ledger.Line{AccountID: lenderID, Amount: has - amount}
	if has > 0 {
		lines = append(lines, ledger.Line{AccountID: card.AccountID, Amount: -has})
	}
	return lines, amount - has, nil
}
