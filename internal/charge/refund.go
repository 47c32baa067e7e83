package charge

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/predicate"
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

// Refund gives a charge, or a part of it, back to the card, lost or not, and has its holder told; what was drawn on the
// credit line goes there first. The staff of the merchant that received it may. Returns UNAUTHENTICATED, NOT_FOUND for what is no charge that the viewer's merchant
// received, BAD_AMOUNT unless the amount is positive, REFUND_EXCEEDS above what is left of the charge, BALANCE_CAP and
// IDEMPOTENCY_KEY_REUSED.
func (t *Till) Refund(ctx context.Context, r Refund) (*Receipt, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	paid, err := t.paid(ctx, r.TransactionID)
	if err != nil {
		return nil, err
	}
	if r.Amount <= 0 {
		return nil, fault.New(fault.BadAmount).At("amount")
	}
	return t.once(ctx, idempotency.Request{Key: r.Key, Operation: "reverseTransaction", Input: r}, func(ctx context.Context) (string, error) {
		// All at once, the card's too: what was lent and is repaid goes on to it.
		if _, err := t.Book.Lock(ctx, append(paid.accounts, paid.card.AccountID)...); err != nil {
			return "", err
		}
		made, err := t.Book.Reverse(ctx, ledger.Reversal{
			Key: "refund/" + viewer.From(ctx).PersonID + "/" + r.Key.String(), TransactionID: r.TransactionID, Amount: r.Amount,
		})
		if err != nil {
			return "", err
		}
		if err := audit.Record(ctx, t.DB, audit.Deed{Action: "reverseTransaction", Subject: paid.card.PersonID, TargetID: made.ID}); err != nil {
			return "", err
		}
		return made.ID, t.Events.Emit(ctx, Refunded{
			PersonID: paid.card.PersonID, CardID: paid.card.ID, AccountID: paid.card.AccountID, TransactionID: made.ID,
			Merchant: made.Merchant, Amount: r.Amount, Lent: paid.lent,
		})
	})
}

// paid is a charge as whoever gives it back sees it.
type paid struct {
	card     *db.CitizenCard // of its holder
	accounts []string        // all that it moved
	lent     bool            // whether the credit line is one
}

// paid is the charge with the id; NOT_FOUND unless the viewer's merchant received it.
func (t *Till) paid(ctx context.Context, transactionID string) (*paid, error) {
	system := viewer.AsSystem(ctx, "a merchant gives back what it received")
	accounts, err := t.DB.LedgerTransaction.Query().
		Where(
			ledgertransaction.ID(transactionID), ledgertransaction.KindEQ(ledgertransaction.KindCharge),
			ledgertransaction.Not(ledgertransaction.EventKeyHasPrefix(ledger.BillKey)), // given back through its bill, which counts it
		).
		QueryEntries().QueryAccount().All(system)
	if err != nil {
		return nil, fmt.Errorf("load the accounts of the charge: %w", err)
	}
	var p paid
	var mine bool
	var holder string
	for _, a := range accounts {
		p.accounts = append(p.accounts, a.ID)
		switch a.Kind {
		case ledgeraccount.KindMerchant:
			mine = mine || staff(ctx, a.OwnerID)
		case ledgeraccount.KindCreditLine:
			holder, p.lent = a.OwnerID, true
		case ledgeraccount.KindCardBalance:
			holder = a.OwnerID
		}
	}
	if !mine || holder == "" {
		return nil, fault.New(fault.NotFound).At("transactionId")
	}
	p.card, err = t.latest(system, citizencard.PersonID(holder))
	return &p, err
}

// latest is the last card that was issued of those, whatever has become of it.
func (t *Till) latest(ctx context.Context, of predicate.CitizenCard) (*db.CitizenCard, error) {
	card, err := t.DB.CitizenCard.Query().Where(of).Order(db.Desc(citizencard.FieldCreatedAt)).First(ctx)
	if err != nil {
		return nil, fmt.Errorf("load card: %w", err)
	}
	return card, nil
}
