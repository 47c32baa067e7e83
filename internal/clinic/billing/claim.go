package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/bill"
	"citygraph/internal/fault"
)

// Claim is the job that has the insurance bureau pay its share of a bill, or take back what was given back of it.
type Claim struct {
	BillID string `json:"bill_id"`
}

// Kind is the job's stable name.
func (Claim) Kind() string { return "bill.claim" }

// Cancel is the job that has the insurance bureau let go of what it keeps under a key.
type Cancel struct {
	Reservation string `json:"reservation"`
}

// Kind is the job's stable name.
func (Cancel) Kind() string { return "bill.cancel_claim" }

// reserved is what the bureau keeps for a bill, as a payment heard it.
type reserved struct {
	key  string
	fen  int64
	sure bool // false where the bureau did not say, and may keep something
}

// reserve has the bureau keep its share of the bill before the transaction that pays it, so that no transaction waits for it.
// The key stands in the bill before the bureau hears of it: whoever dies in between leaves something for the round to let go
// of. Two payers at once share it. A bill that is not ISSUED is left to the transaction to refuse.
func (d *Desk) reserve(ctx context.Context, b *db.Bill, ask bool) (reserved, error) {
	if b.Status != bill.StatusIssued || !ask || !d.Insurance.Answers() {
		return reserved{}, nil
	}
	key := b.ID + "/" + uuid.NewString()
	_, err := d.DB.Bill.Update().
		Where(bill.ID(b.ID), bill.StatusEQ(bill.StatusIssued), bill.ClaimNEQ(bill.ClaimReserved)).
		SetClaim(bill.ClaimReserved).SetReservation(key).SetUpdatedAt(d.Clock.Now()).Save(system(ctx))
	if err != nil {
		return reserved{}, fmt.Errorf("note the reservation: %w", err)
	}
	now, err := d.DB.Bill.Get(system(ctx), b.ID)
	if err != nil {
		return reserved{}, fmt.Errorf("load bill: %w", err)
	}
	if now.Status != bill.StatusIssued || now.Claim != bill.ClaimReserved {
		return reserved{}, nil
	}
	kept := reserved{key: now.Reservation}
	kept.fen, kept.sure = d.Insurance.Reserve(ctx, b.PatientID, kept.key, b.Total)
	return kept, nil
}

// outcome is where the share of a bill stands once it is paid, with the job that tells the bureau.
func (d *Desk) outcome(ctx context.Context, b *db.Bill, kept reserved) (bill.Claim, error) {
	switch {
	case kept.fen > 0:
		return bill.ClaimReserved, d.Claim(ctx, Claim{BillID: b.ID})
	case b.Claim != bill.ClaimReserved || kept.sure && kept.key == b.Reservation:
		return bill.ClaimNone, nil
	default:
		return bill.ClaimCancelled, d.Cancel(ctx, Cancel{Reservation: b.Reservation})
	}
}

// giveUp lets go of what was kept for a payment that was refused, unless somebody else's has taken it.
func (d *Desk) giveUp(ctx context.Context, billID string, kept reserved) error {
	if kept.key == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return d.letGo(ctx, billID, kept.key)
}

// letGo cancels a reservation of a bill that is not paid, if it still is the bill's.
func (d *Desk) letGo(ctx context.Context, billID, key string) error {
	return d.Store.InTx(ctx, func(ctx context.Context) error {
		n, err := d.DB.Bill.Update().
			Where(bill.ID(billID), bill.StatusEQ(bill.StatusIssued), bill.ClaimEQ(bill.ClaimReserved), bill.Reservation(key)).
			SetClaim(bill.ClaimCancelled).SetUpdatedAt(d.Clock.Now()).Save(system(ctx))
		if err != nil {
			return fmt.Errorf("let go of the reservation: %w", err)
		}
		if n == 0 {
			return nil
		}
		return d.Cancel(ctx, Cancel{Reservation: key})
	})
}

// Settle is the worker of Claim. It tells the bureau what its share is now, and notes that it has, unless something was given
// back meanwhile, which has a job of its own. Run again it says the same.
func (d *Desk) Settle(ctx context.Context, job Claim) error {
	b, err := d.DB.Bill.Get(system(ctx), job.BillID)
	if db.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load bill: %w", err)
	}
	if b.Claim != bill.ClaimReserved || b.InsuranceShare == 0 {
		return nil
	}
	if err := d.Insurance.Settle(ctx, b.Reservation, b.InsuranceShare-givenBack(b, b.Refunded).insured); err != nil {
		return fmt.Errorf("settle %s: %w", b.ID, err)
	}
	err = d.DB.Bill.Update().Where(bill.ID(b.ID), bill.ClaimEQ(bill.ClaimReserved), bill.Refunded(b.Refunded)).
		SetClaim(bill.ClaimSettled).SetUpdatedAt(d.Clock.Now()).Exec(system(ctx))
	if err != nil {
		return fmt.Errorf("note that the bureau has paid: %w", err)
	}
	return nil
}

// CancelClaim is the worker of Cancel.
func (d *Desk) CancelClaim(ctx context.Context, job Cancel) error {
	return d.Insurance.Cancel(ctx, job.Reservation)
}

const (
	// stale is how long a reservation waits for the transaction of its payment.
	stale = 2 * time.Minute
	// patience is how long the job of a share that is to be settled is left alone before it is enqueued again.
	patience = 12 * time.Hour
	// atOnce bounds what a round looks at; what is left over comes with the next.
	atOnce = 500
)

// mend lets go of what is kept for payments that died, and has shares settled whose jobs have given up.
func (d *Desk) mend(ctx context.Context) error {
	now := d.Clock.Now()
	waiting, err := d.DB.Bill.Query().Where(
		bill.ClaimEQ(bill.ClaimReserved),
		bill.Or(
			bill.And(bill.StatusEQ(bill.StatusIssued), bill.UpdatedAtLT(now.Add(-stale))),
			bill.And(bill.StatusIn(bill.StatusPaid, bill.StatusRefunded), bill.UpdatedAtLT(now.Add(-patience))),
		),
	).Order(bill.ByID()).Limit(atOnce).All(system(ctx))
	if err != nil {
		return fmt.Errorf("look for reservations: %w", err)
	}
	var errs []error
	for _, b := range waiting {
		if b.Status == bill.StatusIssued {
			errs = append(errs, d.letGo(ctx, b.ID, b.Reservation))
			continue
		}
		errs = append(errs, d.Store.InTx(ctx, func(ctx context.Context) error {
			n, err := d.DB.Bill.Update().Where(bill.ID(b.ID), bill.ClaimEQ(bill.ClaimReserved), bill.UpdatedAt(b.UpdatedAt)).
				SetUpdatedAt(now).Save(system(ctx))
			if err != nil || n == 0 {
				return err
			}
			return d.Claim(ctx, Claim{BillID: b.ID})
		}))
	}
	return errors.Join(errs...)
}

// parts are what of an amount went to each that had paid.
type parts struct{ lent, own, insured int64 }

// givenBack is how so much in all is given back of a bill: to the credit line first, then to the card, and to the insurance
// bureau last. The book gives back in the same order.
func givenBack(b *db.Bill, amount int64) parts {
	p := parts{lent: min(amount, b.CreditShare)}
	p.own = min(amount-p.lent, b.SelfShare)
	p.insured = amount - p.lent - p.own
	return p
}

// mayRefund is INVALID_TRANSITION for a bill that was not paid, and REFUND_EXCEEDS above what is left of it.
func mayRefund(b *db.Bill, amount int64) error {
	switch b.Status {
	case bill.StatusIssued, bill.StatusVoid:
		return notNow(b)
	case bill.StatusPaid, bill.StatusRefunded:
	}
	if amount > b.Total-b.Refunded {
		return fault.New(fault.RefundExceeds).At("amount")
	}
	return nil
}
