package credit

import (
	"context"
	"fmt"

	"citygraph/ent/db/creditline"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/ledger"
)

// Lender is the account that a clinic's charge may draw on for the person; empty without a line that is ACTIVE, and from
// the withdrawal of their consent on. It is the till's; who draws tells Drawn of it in the same transaction.
func (l *Lines) Lender(ctx context.Context, personID string) (accountID string, err error) {
	line, err := l.of(ctx, personID)
	if err != nil || line == nil || line.Status != creditline.StatusActive {
		return "", err
	}
	agreed, err := l.Agreed(ctx, personID)
	if err != nil || !agreed {
		return "", err
	}
	return line.AccountID, nil
}

// Drawn begins a period when nothing was owed before: all that is drawn until it is repaid is due at its end. It belongs
// into the transaction of the draw, which holds the account. INSUFFICIENT_FUNDS for a line that became overdue or was
// closed while the draw waited for the account.
func (l *Lines) Drawn(ctx context.Context, personID string) error {
	line, err := l.of(ctx, personID)
	switch {
	case err != nil:
		return err
	case line == nil || line.Status != creditline.StatusActive:
		return fault.New(fault.InsufficientFunds)
	case line.DueAt != nil:
		return nil
	}
	now := l.Clock.Now()
	if err := line.Update().SetDueAt(clock.DayEnd(now, l.Days)).SetUpdatedAt(now).Exec(system(ctx)); err != nil {
		return fmt.Errorf("set when the credit line is due: %w", err)
	}
	return nil
}

// Refunded takes note that a merchant has given back what was drawn on the person's line, in the transaction that did:
// what is above what was owed goes on to the account of their card, out of which it was repaid before.
func (l *Lines) Refunded(ctx context.Context, personID, transactionID, cardAccountID string) error {
	line, err := l.of(ctx, personID)
	if err != nil || line == nil {
		return err
	}
	line, accounts, err := l.hold(ctx, line, cardAccountID)
	if err != nil {
		return err
	}
	owed := -accounts[line.AccountID].Balance
	if owed < 0 {
		if _, err := l.Book.Post(ctx, ledger.Posting{
			Key: "credit surplus/" + transactionID, Kind: ledgertransaction.KindTransfer, Domain: ledgertransaction.DomainCard,
			Lines: []ledger.Line{{AccountID: line.AccountID, Amount: owed}, {AccountID: cardAccountID, Amount: -owed}},
		}); err != nil {
			return err
		}
	}
	if owed > 0 || line.DueAt == nil {
		return nil
	}
	return l.set(ctx, line, creditline.StatusActive)
}
