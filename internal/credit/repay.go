package credit

import (
	"context"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/creditline"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/viewer"
)

// Repayment is what a holder repays with.
type Repayment struct {
	Key    uuid.UUID `json:"-"`
	Amount int64     // fen
}

// Repay repays a part of what the viewer owes on their own credit line, or all of it, from their own card. When nothing
// is owed any more the line is ACTIVE and nothing is due. Nobody else may. Returns UNAUTHENTICATED; BAD_AMOUNT unless the
// amount is positive and at most what is owed; NOT_FOUND without a line; INVALID_TRANSITION for one that is closed;
// CARD_NOT_ACTIVE; INSUFFICIENT_FUNDS; and IDEMPOTENCY_KEY_REUSED.
func (l *Lines) Repay(ctx context.Context, r Repayment) (*db.CreditLine, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if r.Amount <= 0 {
		return nil, fault.New(fault.BadAmount).At("amount")
	}
	lineID, err := l.Once.Once(ctx, idempotency.Request{Key: r.Key, Operation: "repayCreditLine", Input: r}, func(ctx context.Context) (string, error) {
		return l.repay(ctx, r)
	})
	if err != nil {
		return nil, err
	}
	return l.load(ctx, lineID)
}

func (l *Lines) repay(ctx context.Context, r Repayment) (string, error) {
	personID := viewer.From(ctx).PersonID
	line, err := l.of(ctx, personID)
	switch {
	case err != nil:
		return "", err
	case line == nil:
		return "", fault.New(fault.NotFound)
	}
	card, err := l.card(ctx, personID)
	if err != nil {
		return "", err
	}
	line, accounts, err := l.hold(ctx, line, card.AccountID)
	switch {
	case err != nil:
		return "", err
	case line.Status == creditline.StatusClosed:
		return "", notNow(line)
	case r.Amount > -accounts[line.AccountID].Balance:
		return "", fault.New(fault.BadAmount).At("amount")
	}
	made, err := l.Book.Post(ctx, ledger.Posting{
		Key: "repayment/" + personID + "/" + r.Key.String(), Kind: ledgertransaction.KindRepayment, Domain: ledgertransaction.DomainCard,
		Lines: []ledger.Line{{AccountID: card.AccountID, Amount: -r.Amount}, {AccountID: line.AccountID, Amount: r.Amount}},
	})
	if err != nil {
		return "", err
	}
	if r.Amount == -accounts[line.AccountID].Balance {
		if err := l.set(ctx, line, creditline.StatusActive); err != nil {
			return "", err
		}
	}
	if err := audit.Record(ctx, l.DB, audit.Deed{Action: "repayCreditLine", Subject: personID, TargetID: made.ID}); err != nil {
		return "", err
	}
	return line.ID, l.Events.Emit(ctx, Repaid{PersonID: personID, LineID: line.ID, TransactionID: made.ID, Amount: r.Amount})
}
