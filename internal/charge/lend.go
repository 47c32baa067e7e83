package charge

import (
	"context"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/ledger"
)

// lines take the amount from the card for the payee. What it lacks at a clinic is lent by the holder's credit line: first
// treat, later pay.
func (t *Till) lines(ctx context.Context, m *merchant, card *db.CitizenCard, payeeID string, amount int64) (lines []ledger.Line, lent int64, err error) {
	purse := ledger.Purse{CardAccountID: card.AccountID}
	if t.Lender != nil && m.domain == ledgertransaction.DomainClinic {
		if purse.LenderAccountID, err = t.Lender(ctx, card.PersonID); err != nil {
			return nil, 0, err
		}
	}
	f, err := t.Book.Fund(ctx, purse, payeeID, amount)
	return f.Lines, f.Lent, err
}
