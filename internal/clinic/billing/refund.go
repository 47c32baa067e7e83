package billing

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/bill"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgerentry"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/viewer"
)

// Void takes back a bill that nobody has paid, and tells the patient. The staff of the clinic may. Returns UNAUTHENTICATED,
// NOT_FOUND for another clinic's, and INVALID_TRANSITION unless it is ISSUED.
func (d *Desk) Void(ctx context.Context, billID string) (*db.Bill, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	err := d.Store.InTx(ctx, func(ctx context.Context) error {
		b, err := d.hold(ctx, billID, atMine(ctx))
		if err != nil {
			return err
		}
		if b.Status != bill.StatusIssued {
			return notNow(b)
		}
		claim := b.Claim
		if claim == bill.ClaimReserved {
			claim = bill.ClaimCancelled
			if err := d.Cancel(ctx, Cancel{Reservation: b.Reservation}); err != nil {
				return err
			}
		}
		if err := d.change(ctx, b, func(u *db.BillUpdateOne) { u.SetStatus(bill.StatusVoid).SetClaim(claim) }); err != nil {
			return err
		}
		if err := audit.Record(ctx, d.DB, audit.Deed{Action: "voidBill", Subject: b.PatientID, TargetID: b.ID}); err != nil {
			return err
		}
		return d.Events.Emit(ctx, Voided{BillID: b.ID, PatientID: b.PatientID, Clinic: b.Edges.Clinic.Name})
	})
	if err != nil {
		return nil, err
	}
	return d.DB.Bill.Get(ctx, billID)
}

// Return is what a clinic gives back of a bill.
type Return struct {
	Key    uuid.UUID `json:"-"`
	BillID string
	Amount int64 // fen
}

// Refund gives a bill, or a part of it, back to what paid it: the credit line first, then the card, lost or not, and the
// insurance account last, through the bureau; and tells who paid. The staff of the clinic may. Returns UNAUTHENTICATED;
// BAD_AMOUNT unless the amount is positive; NOT_FOUND for another clinic's; INVALID_TRANSITION for a bill that was not
// paid; REFUND_EXCEEDS above what is left of it; BALANCE_CAP for a card that cannot take so much; and
// IDEMPOTENCY_KEY_REUSED.
func (d *Desk) Refund(ctx context.Context, r Return) (*db.Bill, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if r.Amount <= 0 {
		return nil, fault.New(fault.BadAmount).At("amount")
	}
	billID, err := d.Once.Once(ctx, idempotency.Request{Key: r.Key, Operation: "refundBill", Input: r}, func(ctx context.Context) (string, error) {
		return d.refund(ctx, r)
	})
	if err != nil {
		return nil, err
	}
	return d.DB.Bill.Get(ctx, billID)
}

func (d *Desk) refund(ctx context.Context, r Return) (string, error) {
	b, err := d.hold(ctx, r.BillID, atMine(ctx))
	if err != nil {
		return "", err
	}
	if err := mayRefund(b, r.Amount); err != nil {
		return "", err
	}
	made, accountID, err := d.giveBack(ctx, b, r)
	if err != nil {
		return "", err
	}
	before, after := givenBack(b, b.Refunded), givenBack(b, b.Refunded+r.Amount)
	toBureau := after.insured > before.insured
	if toBureau {
		if err := d.Claim(ctx, Claim{BillID: b.ID}); err != nil {
			return "", err
		}
	}
	if err := d.change(ctx, b, func(u *db.BillUpdateOne) {
		u.AddRefunded(r.Amount)
		if toBureau {
			u.SetClaim(bill.ClaimReserved)
		}
		if b.Refunded+r.Amount == b.Total {
			u.SetStatus(bill.StatusRefunded)
		}
	}); err != nil {
		return "", err
	}
	if err := audit.Record(ctx, d.DB, audit.Deed{Action: "refundBill", Subject: b.PatientID, TargetID: b.ID}); err != nil {
		return "", err
	}
	return b.ID, d.Events.Emit(ctx, Refunded{
		BillID: b.ID, PatientID: b.PatientID, PayerID: b.PayerID, TransactionID: made.ID, AccountID: accountID, Clinic: b.Edges.Clinic.Name,
		Amount: r.Amount, Own: after.lent + after.own - before.lent - before.own, Lent: b.CreditShare > 0,
	})
}

// giveBack posts the transaction that takes the amount back from the clinic. It holds the account of the payer's card as
// well, on to which goes what was lent and is repaid.
func (d *Desk) giveBack(ctx context.Context, b *db.Bill, r Return) (made *db.LedgerTransaction, accountID string, err error) {
	accounts, err := d.DB.LedgerEntry.Query().Where(ledgerentry.LedgerTransactionID(*b.LedgerTransactionID)).
		Select(ledgerentry.FieldLedgerAccountID).Strings(system(ctx))
	if err != nil {
		return nil, "", fmt.Errorf("load the accounts of the bill: %w", err)
	}
	card, err := d.DB.CitizenCard.Query().Where(citizencard.PersonID(b.PayerID)).Order(db.Desc(citizencard.FieldCreatedAt)).First(system(ctx))
	if err != nil {
		return nil, "", fmt.Errorf("load card: %w", err)
	}
	if _, err := d.Book.Lock(ctx, append(accounts, card.AccountID)...); err != nil {
		return nil, "", err
	}
	made, err = d.Book.Reverse(ctx, ledger.Reversal{
		Key: "refund/" + b.ID + "/" + r.Key.String(), TransactionID: *b.LedgerTransactionID, Amount: r.Amount,
	})
	return made, card.AccountID, err
}
