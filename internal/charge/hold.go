package charge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/hold"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
	"citygraph/internal/ledger"
	"citygraph/internal/viewer"
)

// Hold is what a merchant and a holder see of money that is kept back on a card for a payment that may come.
type Hold struct {
	HoldID    string
	Status    HoldStatus
	Amount    int64 // fen
	Merchant  lang.Text
	ExpiresAt time.Time // from when on it cannot be captured
}

// HoldStatus is where a hold stands: PENDING, then one of the others for good.
type HoldStatus hold.Status

// MarshalGQL writes the enum value.
func (s HoldStatus) MarshalGQL(w io.Writer) { graphql.MarshalString(string(s)).MarshalGQL(w) }

// UnmarshalGQL refuses: a status is never an input.
func (s *HoldStatus) UnmarshalGQL(any) error {
	return errors.New("the status of a hold is not an input")
}

func seen(h *db.Hold) *Hold {
	return &Hold{HoldID: h.ID, Status: HoldStatus(h.Status), Amount: h.Amount, Merchant: h.Merchant, ExpiresAt: h.ExpiresAt}
}

// Held tells that money was kept back on a card, or let go again.
type Held struct {
	PersonID, CardID, HoldID string
	Merchant                 lang.Text
	Amount                   int64 // fen
	Released                 bool
}

// Hold keeps so much back on the card of the code, once, and has its holder told: a deposit, of which Capture takes what
// is due. Nothing is drawn on the credit line. Who may and what is returned are as with Charge.
func (t *Till) Hold(ctx context.Context, c Charge) (*Hold, error) {
	m, err := t.merchant(ctx, c.MerchantID)
	if err != nil {
		return nil, err
	}
	if c.Amount <= 0 {
		return nil, fault.New(fault.BadAmount).At("amount")
	}
	holdID, err := t.Once.Once(ctx, idempotency.Request{Key: c.Key, Operation: "holdCode", Input: c}, func(ctx context.Context) (string, error) {
		claims, err := t.verify(c.Code, m.purpose)
		if err != nil {
			return "", err
		}
		card, payee, err := t.spend(ctx, m, claims)
		if err != nil {
			return "", err
		}
		placed, err := t.Book.Hold(ctx, ledger.Reservation{
			Key: claims.Key(), AccountID: card.AccountID, PayeeID: payee.ID, Amount: c.Amount, ExpiresAt: t.Clock.Now().Add(t.HoldLife),
			Domain: hold.Domain(m.domain), Merchant: m.name,
		})
		if err != nil {
			return "", err
		}
		return placed.ID, t.held(ctx, "holdCode", card, placed, false)
	})
	if err != nil {
		return nil, err
	}
	return t.look(ctx, holdID)
}

// held records what became of a hold, and tells it.
func (t *Till) held(ctx context.Context, action string, card *db.CitizenCard, h *db.Hold, released bool) error {
	if err := audit.Record(ctx, t.DB, audit.Deed{Action: action, Subject: card.PersonID, TargetID: h.ID}); err != nil {
		return err
	}
	return t.Events.Emit(ctx, Held{PersonID: card.PersonID, CardID: card.ID, HoldID: h.ID, Merchant: h.Merchant, Amount: h.Amount, Released: released})
}

// Capture is what is taken of a hold.
type Capture struct {
	Key    uuid.UUID `json:"-"`
	HoldID string
	Amount int64 // fen; what is over is let go
}

// Capture takes what is due of a hold, lets go of the rest, and has the holder told. The staff of the merchant that placed it
// may. Returns UNAUTHENTICATED, NOT_FOUND for anybody else's, BAD_AMOUNT unless the amount is positive and within the hold,
// HOLD_EXPIRED, INVALID_TRANSITION for a hold that is captured or voided, CARD_NOT_ACTIVE for a card that was stopped, and
// IDEMPOTENCY_KEY_REUSED.
func (t *Till) Capture(ctx context.Context, c Capture) (*Receipt, error) {
	card, _, err := t.mine(ctx, c.HoldID)
	if err != nil {
		return nil, err
	}
	return t.once(ctx, idempotency.Request{Key: c.Key, Operation: "captureHold", Input: c}, func(ctx context.Context) (string, error) {
		made, err := t.Book.Capture(ctx, c.HoldID, c.Amount)
		if fault.CodeOf(err) == fault.BadAmount {
			return "", fault.From(err).At("amount")
		}
		if err != nil {
			return "", err
		}
		if err := audit.Record(ctx, t.DB, audit.Deed{Action: "captureHold", Subject: card.PersonID, TargetID: made.ID}); err != nil {
			return "", err
		}
		return made.ID, t.Events.Emit(ctx, t.charged(card, made, 0))
	})
}

// Void lets go of a hold of which nothing is due, and has the holder told. Who may, and what is returned, are as with
// Capture.
func (t *Till) Void(ctx context.Context, holdID string) (*Hold, error) {
	card, h, err := t.mine(ctx, holdID)
	if err != nil {
		return nil, err
	}
	err = t.Store.InTx(ctx, func(ctx context.Context) error {
		if err := t.Book.Void(ctx, holdID); err != nil {
			return err
		}
		return t.held(ctx, "voidHold", card, h, true)
	})
	if err != nil {
		return nil, err
	}
	return t.look(ctx, holdID)
}

// mine is a hold that the viewer's merchant placed, with the card that the held money's owner has now.
func (t *Till) mine(ctx context.Context, holdID string) (*db.CitizenCard, *db.Hold, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, nil, fault.New(fault.Unauthenticated)
	}
	system := viewer.AsSystem(ctx, "a merchant resolves the holds that it placed")
	// Whose accounts are asked first: a hold that is another's is looked for just as one that is not there.
	payees, err := t.DB.LedgerAccount.Query().Where(ledgeraccount.KindEQ(ledgeraccount.KindMerchant), ledgeraccount.OwnerIDIn(employers(ctx)...)).IDs(system)
	if err != nil {
		return nil, nil, fmt.Errorf("load the accounts that are paid: %w", err)
	}
	h, err := t.DB.Hold.Query().Where(hold.ID(holdID), hold.PayeeIDIn(payees...)).Only(system)
	if db.IsNotFound(err) {
		return nil, nil, fault.New(fault.NotFound).At("holdId")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("load hold: %w", err)
	}
	card, err := t.latest(system, citizencard.AccountID(h.LedgerAccountID))
	return card, h, err
}

func (t *Till) look(ctx context.Context, holdID string) (*Hold, error) {
	h, err := t.DB.Hold.Get(viewer.AsSystem(ctx, "a merchant sees the holds that it placed"), holdID)
	if err != nil {
		return nil, fmt.Errorf("load hold: %w", err)
	}
	return seen(h), nil
}

// mostHolds bounds what a holder sees at once.
const mostHolds = 100

// Pending are the holds on the viewer's own card that may still be captured, the next to expire first. UNAUTHENTICATED for
// a visitor.
func (t *Till) Pending(ctx context.Context) ([]*Hold, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	rows, err := t.DB.Hold.Query().Where(
		hold.StatusEQ(hold.StatusPending), hold.ExpiresAtGT(t.Clock.Now()),
		hold.HasAccountWith(ledgeraccount.KindEQ(ledgeraccount.KindCardBalance), ledgeraccount.OwnerID(v.PersonID)),
	).Order(hold.ByExpiresAt(), hold.ByID()).Limit(mostHolds).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load holds: %w", err)
	}
	holds := make([]*Hold, len(rows))
	for i, row := range rows {
		holds[i] = seen(row)
	}
	return holds, nil
}
