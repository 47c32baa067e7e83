package charge

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/viewer"
)

// Refund is what a merchant gives back.
type Refund struct {
	Key           uuid.UUID `json:"-"`
	TransactionID string
	Amount        int64 // fen
}

// Refund gives a charge, or a part of it, back to the card, lost or not, and has its holder told. The staff of the
// merchant that received it may. Returns UNAUTHENTICATED, NOT_FOUND for what is no charge that the viewer's merchant
// received, BAD_AMOUNT unless the amount is positive, REFUND_EXCEEDS above what is left of the charge, BALANCE_CAP and
// IDEMPOTENCY_KEY_REUSED.
func (t *Till) Refund(ctx context.Context, r Refund) (*Receipt, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	payer, err := t.payer(ctx, r.TransactionID)
	if err != nil {
		return nil, err
	}
	if r.Amount <= 0 {
		return nil, fault.New(fault.BadAmount).At("amount")
	}
	return t.once(ctx, idempotency.Request{Key: r.Key, Operation: "reverseTransaction", Input: r}, func(ctx context.Context) (string, error) {
		made, err := t.Book.Reverse(ctx, ledger.Reversal{
			Key: "refund/" + viewer.From(ctx).PersonID + "/" + r.Key.String(), TransactionID: r.TransactionID, Amount: r.Amount,
		})
		if err != nil {
			return "", err
		}
		if err := audit.Record(ctx, t.DB, audit.Deed{Action: "reverseTransaction", Subject: payer.PersonID, TargetID: made.ID}); err != nil {
			return "", err
		}
		return made.ID, t.Events.Emit(ctx, Refunded{
			PersonID: payer.PersonID, CardID: payer.ID, TransactionID: made.ID, Merchant: made.Merchant, Amount: r.Amount,
		})
	})
}

// payer is the card that a charge was taken from; NOT_FOUND unless the viewer's merchant received it.
func (t *Till) payer(ctx context.Context, transactionID string) (*db.CitizenCard, error) {
	system := viewer.AsSystem(ctx, "a merchant gives back what it received")
	accounts, err := t.DB.LedgerTransaction.Query().
		Where(ledgertransaction.ID(transactionID), ledgertransaction.KindEQ(ledgertransaction.KindCharge)).
		QueryEntries().QueryAccount().All(system)
	if err != nil {
		return nil, fmt.Errorf("load the accounts of the charge: %w", err)
	}
	var mine bool
	var from string
	for _, a := range accounts {
		switch a.Kind {
		case ledgeraccount.KindMerchant:
			mine = mine || staff(ctx, a.OwnerID)
		case ledgeraccount.KindCardBalance:
			from = a.ID
		}
	}
	if !mine || from == "" {
		return nil, fault.New(fault.NotFound).At("transactionId")
	}
	card, err := t.DB.CitizenCard.Query().Where(citizencard.AccountID(from)).Order(db.Desc(citizencard.FieldCreatedAt)).First(system)
	if err != nil {
		return nil, fmt.Errorf("load card: %w", err)
	}
	return card, nil
}
