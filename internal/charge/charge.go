// Package charge takes money from a citizen card for the pay code that its holder shows, and gives it back: the till
// of a clinic and the gate of a scenic spot. Amounts are fen.
package charge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/hold"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/audit"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
	"citygraph/internal/ledger"
	"citygraph/internal/paycode"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Till charges pay codes.
type Till struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Events *event.Bus
	Once   idempotency.Ledger
	Book   *ledger.Book
	Ring   *paycode.Ring
	// Lender is the account that a clinic's charge draws on for what a person's card lacks; empty without one, and nil
	// lends nothing.
	Lender   func(ctx context.Context, personID string) (accountID string, err error)
	HoldLife time.Duration // from placing a hold to its letting go, when nobody captures it
	// Low is the balance in fen below which the holder is told that little is left; zero for never.
	Low int64
}

// Receipt is what the merchant sees of a transaction: nothing of the holder.
type Receipt struct {
	TransactionID string
	Amount        int64 // fen
	At            time.Time
}

// Charged tells that a code was charged.
type Charged struct {
	PersonID, CardID, TransactionID string
	Merchant                        lang.Text
	Amount                          int64 // fen
	Lent                            int64 // how much of it was drawn on the credit line, in fen
	Balance                         int64 // what is on the card now, in fen
	Low                             bool  // whether this charge brought the balance below Till.Low
}

// Refunded tells that a charge, or a part of one, was given back.
type Refunded struct {
	PersonID, CardID, TransactionID string
	AccountID                       string // the card's
	Merchant                        lang.Text
	Amount                          int64 // fen
	Lent                            bool  // whether the charge was drawn on the credit line
}

// Charge is what a merchant asks for.
type Charge struct {
	Key        uuid.UUID `json:"-"`
	MerchantID string    // a clinic or a scenic spot
	Code       string
	Amount     int64 // fen
}

// Charge takes the amount from the card of the code, once, and has its holder told. What the card lacks at a clinic is
// drawn on the holder's credit line. The merchant's own staff may: staff of the clinic, operators of the scenic spot. Returns UNAUTHENTICATED; FORBIDDEN; BAD_AMOUNT unless the amount
// is positive; PAYCODE_INVALID for a code that was not issued, or whose card is not there; PAYCODE_EXPIRED;
// PAYCODE_WRONG_PURPOSE for one that was issued for another kind of merchant; PAYCODE_REPLAYED for one that was
// charged before; CARD_NOT_ACTIVE; INSUFFICIENT_FUNDS; and IDEMPOTENCY_KEY_REUSED.
func (t *Till) Charge(ctx context.Context, c Charge) (*Receipt, error) {
	m, err := t.merchant(ctx, c.MerchantID)
	if err != nil {
		return nil, err
	}
	if c.Amount <= 0 {
		return nil, fault.New(fault.BadAmount).At("amount")
	}
	return t.once(ctx, idempotency.Request{Key: c.Key, Operation: "chargeCode", Input: c}, func(ctx context.Context) (string, error) {
		claims, err := t.verify(c.Code, m.purpose)
		if err != nil {
			return "", err
		}
		return t.take(ctx, m, claims, c.Amount)
	})
}

// verify reads a code. Why it was not issued here is the log's alone.
func (t *Till) verify(code string, purpose paycode.Purpose) (paycode.Claims, error) {
	claims, err := t.Ring.Verify(code, purpose, t.Clock.Now())
	switch {
	case errors.Is(err, paycode.ErrExpired):
		return claims, fault.New(fault.PayCodeExpired).At("code").Because(err)
	case errors.Is(err, paycode.ErrPurpose):
		return claims, fault.New(fault.PayCodeWrongPurpose).At("code").Because(err)
	case err != nil:
		return claims, fault.New(fault.PayCodeInvalid).At("code").Because(err)
	}
	return claims, nil
}

// take moves the money, in the transaction of ctx.
func (t *Till) take(ctx context.Context, m *merchant, claims paycode.Claims, amount int64) (string, error) {
	card, payee, err := t.spend(ctx, m, claims)
	if err != nil {
		return "", err
	}
	lines, lent, err := t.lines(ctx, m, card, payee.ID, amount)
	if err != nil {
		return "", err
	}
	made, err := t.Book.Post(ctx, ledger.Posting{
		Key: claims.Key(), Kind: ledgertransaction.KindCharge, Domain: m.domain, Merchant: m.name, Lines: lines,
	})
	if err != nil {
		return "", err
	}
	if err := audit.Record(ctx, t.DB, audit.Deed{Action: "chargeCode", Subject: card.PersonID, TargetID: made.ID}); err != nil {
		return "", err
	}
	return made.ID, t.Events.Emit(ctx, t.charged(card, made, lent))
}

// charged is what is told of a charge, of which so much was lent.
func (t *Till) charged(card *db.CitizenCard, made *db.LedgerTransaction, lent int64) Charged {
	balance := ledger.After(made, card.AccountID)
	return Charged{
		PersonID: card.PersonID, CardID: card.ID, TransactionID: made.ID, Merchant: made.Merchant, Amount: made.Amount, Lent: lent,
		Balance: balance, Low: balance < t.Low && balance+made.Amount-lent >= t.Low,
	}
}

// spend is the card of a code that nobody has charged or held yet, and nobody else can until the transaction of ctx ends; and
// the account of the merchant.
func (t *Till) spend(ctx context.Context, m *merchant, claims paycode.Claims) (*db.CitizenCard, *db.LedgerAccount, error) {
	system := viewer.AsSystem(ctx, "who shows a code lets the merchant have its card charged")
	key := claims.Key()
	if err := t.Store.Lock(ctx, key); err != nil {
		return nil, nil, err
	}
	// The key of a transaction, and that of a hold, is unique in the database as well.
	used, err := t.DB.LedgerTransaction.Query().Where(ledgertransaction.EventKey(key)).Exist(system)
	if err != nil {
		return nil, nil, fmt.Errorf("look whether the code was charged: %w", err)
	}
	if !used {
		if used, err = t.DB.Hold.Query().Where(hold.EventKey(key)).Exist(system); err != nil {
			return nil, nil, fmt.Errorf("look whether the code was held: %w", err)
		}
	}
	if used {
		return nil, nil, fault.New(fault.PayCodeReplayed).At("code")
	}
	card, err := t.active(system, claims.CardID)
	if err != nil {
		return nil, nil, err
	}
	payee, err := t.Book.Open(ctx, ledger.Account{Kind: ledgeraccount.KindMerchant, OwnerID: m.id})
	return card, payee, err
}

// active is the card of a code. Whoever would stop it waits until the transaction of ctx ends.
func (t *Till) active(ctx context.Context, cardID string) (*db.CitizenCard, error) {
	q := t.DB.CitizenCard.Query().Where(citizencard.ID(cardID))
	if t.Store.Dialect() == dialect.Postgres {
		q.ForShare()
	}
	card, err := q.Only(ctx)
	switch {
	case db.IsNotFound(err):
		return nil, fault.New(fault.PayCodeInvalid).At("code").Because(err)
	case err != nil:
		return nil, fmt.Errorf("load card: %w", err)
	case card.Status != citizencard.StatusActive:
		return nil, fault.New(fault.CardNotActive)
	}
	return card, nil
}

// once runs a verb that posts a transaction, and returns its receipt.
func (t *Till) once(ctx context.Context, r idempotency.Request, do func(context.Context) (string, error)) (*Receipt, error) {
	made, err := t.Once.Once(ctx, r, do)
	if err != nil {
		return nil, err
	}
	posted, err := t.DB.LedgerTransaction.Get(viewer.AsSystem(ctx, "a merchant sees the receipt of what it posted"), made)
	if err != nil {
		return nil, fmt.Errorf("load receipt: %w", err)
	}
	return &Receipt{TransactionID: posted.ID, Amount: posted.Amount, At: posted.CreatedAt}, nil
}
