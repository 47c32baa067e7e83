package ledger

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/hold"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/predicate"
	"citygraph/internal/fault"
	"citygraph/internal/lang"
	"citygraph/internal/store"
)

// Reservation is money to be kept back in an account for a payment that may come.
type Reservation struct {
	Key       string // what it is placed for; one hold ever has it
	AccountID string
	PayeeID   string // the account a capture pays
	Amount    int64  // fen
	ExpiresAt time.Time
	Domain    hold.Domain
	Merchant  lang.Text
}

// Hold keeps back a part of an account's balance until it is captured, voided or expires. Placed again with the
// same key it returns the first hold, and IDEMPOTENCY_KEY_REUSED when they differ. Returns BAD_AMOUNT unless
// the amount is positive, HOLD_EXPIRED for an instant that has passed, NOT_FOUND for an account that is not
// there, CARD_NOT_ACTIVE for a blocked one, and INSUFFICIENT_FUNDS.
func (b *Book) Hold(ctx context.Context, r Reservation) (*db.Hold, error) {
	if r.Amount <= 0 || r.AccountID == r.PayeeID {
		return nil, fault.New(fault.BadAmount)
	}
	var placed *db.Hold
	err := b.Store.InTx(system(ctx), func(ctx context.Context) error {
		accounts, err := b.lock(ctx, r.AccountID, r.PayeeID)
		if err != nil {
			return err
		}
		if placed, err = b.placed(ctx, r); placed != nil || err != nil {
			return err
		}
		if !r.ExpiresAt.After(b.Clock.Now()) {
			return fault.New(fault.HoldExpired)
		}
		if err := refusal(accounts[r.AccountID], -r.Amount); err != nil {
			return err
		}
		kept, err := b.DB.LedgerAccount.Update().Where(ledgeraccount.ID(r.AccountID), ledgeraccount.Blocked(false), covers(r.Amount)).
			AddHeld(r.Amount).SetUpdatedAt(b.Clock.Now()).Save(ctx)
		if err != nil {
			return fmt.Errorf("keep back: %w", err)
		}
		if kept == 0 {
			return fault.New(fault.InsufficientFunds)
		}
		placed, err = b.DB.Hold.Create().SetCreatedAt(b.Clock.Now()).SetUpdatedAt(b.Clock.Now()).SetEventKey(r.Key).
			SetLedgerAccountID(r.AccountID).SetPayeeID(r.PayeeID).SetAmount(r.Amount).SetExpiresAt(r.ExpiresAt).
			SetDomain(r.Domain).SetMerchant(r.Merchant).Save(ctx)
		if _, taken := store.IsUniqueViolation(err); taken {
			return fault.New(fault.IdempotencyKeyReused).Because(err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return placed, nil
}

// placed is the hold with the reservation's key, nil without one; IDEMPOTENCY_KEY_REUSED when it is another.
func (b *Book) placed(ctx context.Context, r Reservation) (*db.Hold, error) {
	first, err := b.DB.Hold.Query().Where(hold.EventKey(r.Key)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil //nolint:nilnil // none is the usual answer
	}
	if err != nil {
		return nil, fmt.Errorf("look for the hold: %w", err)
	}
	if first.LedgerAccountID != r.AccountID || first.PayeeID != r.PayeeID || first.Amount != r.Amount {
		return nil, fault.New(fault.IdempotencyKeyReused)
	}
	return first, nil
}

// covers holds for accounts that have so much to spare, in fen.
func covers(amount int64) predicate.LedgerAccount {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString("(floor IS NULL OR balance - held - ").Arg(amount).WriteString(" >= floor)")
		}))
	}
}

// Capture pays a hold's payee so much of it, in fen, and lets go of the rest. Returns BAD_AMOUNT unless the
// amount is positive and within the hold, NOT_FOUND, HOLD_EXPIRED, INVALID_TRANSITION for a hold that is
// captured or voided, CARD_NOT_ACTIVE for a blocked account, and BALANCE_CAP for the payee's.
func (b *Book) Capture(ctx context.Context, holdID string, amount int64) (*db.LedgerTransaction, error) {
	var charge *db.LedgerTransaction
	err := b.Store.InTx(system(ctx), func(ctx context.Context) error {
		h, accounts, err := b.pending(ctx, holdID)
		if err != nil {
			return err
		}
		if !h.ExpiresAt.After(b.Clock.Now()) {
			return fault.New(fault.HoldExpired)
		}
		if amount <= 0 || amount > h.Amount {
			return fault.New(fault.BadAmount)
		}
		if err := b.letGo(ctx, h, accounts[h.LedgerAccountID]); err != nil {
			return err
		}
		charge, err = b.write(ctx, accounts, Posting{
			Key: "capture/" + h.ID, Kind: ledgertransaction.KindCharge, Domain: ledgertransaction.Domain(h.Domain), Merchant: h.Merchant,
			Lines: []Line{{AccountID: h.LedgerAccountID, Amount: -amount}, {AccountID: h.PayeeID, Amount: amount}},
		})
		if err != nil {
			return err
		}
		return b.resolve(ctx, h, hold.StatusCaptured, &charge.ID)
	})
	if err != nil {
		return nil, err
	}
	return charge, nil
}

// Void lets go of a hold. Returns NOT_FOUND, HOLD_EXPIRED for one that has timed out, and INVALID_TRANSITION for
// one that is captured or voided.
func (b *Book) Void(ctx context.Context, holdID string) error {
	return b.release(ctx, holdID, hold.StatusVoided)
}

func (b *Book) release(ctx context.Context, holdID string, to hold.Status) error {
	return b.Store.InTx(system(ctx), func(ctx context.Context) error {
		h, accounts, err := b.pending(ctx, holdID)
		if err != nil {
			return err
		}
		if err := b.letGo(ctx, h, accounts[h.LedgerAccountID]); err != nil {
			return err
		}
		return b.resolve(ctx, h, to, nil)
	})
}

// pending loads a hold with its accounts, which it locks: a hold is resolved by whoever holds its account.
func (b *Book) pending(ctx context.Context, holdID string) (*db.Hold, map[string]*db.LedgerAccount, error) {
	h, err := b.DB.Hold.Get(ctx, holdID)
	if db.IsNotFound(err) {
		return nil, nil, fault.New(fault.NotFound)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("load hold: %w", err)
	}
	accounts, err := b.lock(ctx, h.LedgerAccountID, h.PayeeID)
	if err != nil {
		return nil, nil, err
	}
	if h, err = b.DB.Hold.Get(ctx, holdID); err != nil { // as it stands under the lock
		return nil, nil, fmt.Errorf("load hold: %w", err)
	}
	switch h.Status {
	case hold.StatusPending:
		return h, accounts, nil
	case hold.StatusTimedOut:
		return nil, nil, fault.New(fault.HoldExpired)
	default:
		return nil, nil, fault.New(fault.InvalidTransition).Say(
			fmt.Sprintf("预授权当前状态为%s，不能执行此操作。", h.Status), fmt.Sprintf("The hold is %s; this cannot be done now.", h.Status))
	}
}

// letGo gives the account what the hold kept back.
func (b *Book) letGo(ctx context.Context, h *db.Hold, a *db.LedgerAccount) error {
	n, err := b.DB.LedgerAccount.Update().Where(ledgeraccount.ID(a.ID), ledgeraccount.HeldGTE(h.Amount)).
		AddHeld(-h.Amount).SetUpdatedAt(b.Clock.Now()).Save(ctx)
	if err != nil {
		return fmt.Errorf("let go: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("let go: less is held in %s than its hold %s", a.ID, h.ID)
	}
	a.Held -= h.Amount
	return nil
}

// resolve ends a hold that is still pending.
func (b *Book) resolve(ctx context.Context, h *db.Hold, to hold.Status, transactionID *string) error {
	n, err := b.DB.Hold.Update().Where(hold.ID(h.ID), hold.StatusEQ(hold.StatusPending)).
		SetStatus(to).SetNillableLedgerTransactionID(transactionID).SetUpdatedAt(b.Clock.Now()).Save(ctx)
	if err != nil {
		return fmt.Errorf("resolve hold: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("resolve hold: %s was resolved under its lock", h.ID)
	}
	return nil
}
