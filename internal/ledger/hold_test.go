package ledger_test

import (
	"testing"
	"time"

	"citygraph/ent/db/hold"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/seed/seedtest"
)

func TestTheLifeOfAHold(t *testing.T) {
	b := open(t)
	ctx := t.Context()
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	until := b.clock.Now().Add(5 * time.Minute)
	order := reservation("slot/1", card, shop, 60, until)
	placed, err := b.Hold(ctx, order)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := b.Hold(ctx, order); err != nil || again.ID != placed.ID {
		t.Errorf("placed again: %v", err)
	}
	b.has(t, card, 100, 60)
	_, err = b.Post(ctx, b.transfer(card, shop, 41))
	faulttest.Refused(t, "what is held is not there to spend", err, fault.InsufficientFunds)
	_, err = b.Hold(ctx, reservation("slot/2", card, shop, 41, until))
	faulttest.Refused(t, "nor to be held", err, fault.InsufficientFunds)
	for what, fen := range map[string]int64{"nothing": 0, "less than nothing": -1, "more than the hold": 61} {
		_, err := b.Capture(ctx, placed.ID, fen)
		faulttest.Refused(t, what, err, fault.BadAmount)
	}
	if _, err := b.Capture(ctx, placed.ID, 45); err != nil {
		t.Fatal(err)
	}
	b.has(t, card, 55, 0)
	b.has(t, shop, 45, 0)
	_, err = b.Capture(ctx, placed.ID, 45)
	faulttest.Refused(t, "captured twice", err, fault.InvalidTransition)
	faulttest.Refused(t, "voided after", b.Void(ctx, placed.ID), fault.InvalidTransition)

	voided, err := b.Hold(ctx, reservation("slot/3", card, shop, 55, until))
	if err != nil {
		t.Fatal(err)
	}
	faulttest.Refused(t, "void", b.Void(ctx, voided.ID), "")
	b.has(t, card, 55, 0)
	_, err = b.Capture(ctx, voided.ID, 1)
	faulttest.Refused(t, "captured after", err, fault.InvalidTransition)
	faulttest.Refused(t, "a hold that is not there", b.Void(ctx, "hold_none"), fault.NotFound)
	b.sound(t)
}

func TestRefusedHolds(t *testing.T) {
	b := open(t)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	until := b.clock.Now().Add(time.Minute)
	if _, err := b.Hold(t.Context(), reservation("first", card, shop, 5, until)); err != nil {
		t.Fatal(err)
	}
	for what, tt := range map[string]struct {
		key, from, to string
		fen           int64
		until         time.Time
		want          fault.Code
	}{
		"nothing":            {"k", card, shop, 0, until, fault.BadAmount},
		"less than nothing":  {"k", card, shop, -5, until, fault.BadAmount},
		"for oneself":        {"k", card, card, 5, until, fault.BadAmount},
		"until now":          {"k", card, shop, 5, b.clock.Now(), fault.HoldExpired},
		"more than there is": {"k", card, shop, 96, until, fault.InsufficientFunds},
		"for nobody":         {"k", card, "account_none", 5, until, fault.NotFound},
		"a key in use":       {"first", card, shop, 6, until, fault.IdempotencyKeyReused},
	} {
		_, err := b.Hold(t.Context(), reservation(tt.key, tt.from, tt.to, tt.fen, tt.until))
		faulttest.Refused(t, what, err, tt.want)
	}
	b.has(t, card, 100, 5)
	b.sound(t)
}

// An expired hold cannot be captured, whether or not a round has been there; a round lets go of it.
func TestHoldsTimeOut(t *testing.T) {
	b := open(t)
	ctx := t.Context()
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	short, err := b.Hold(ctx, reservation("short", card, shop, 30, b.clock.Now().Add(time.Minute)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Hold(ctx, reservation("long", card, shop, 20, b.clock.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	if n, err := b.TimeOut(ctx); n != 0 || err != nil {
		t.Errorf("%d timed out before their time, %v", n, err)
	}
	b.clock.Turn(time.Minute)
	_, err = b.Capture(ctx, short.ID, 30)
	faulttest.Refused(t, "captured at its end", err, fault.HoldExpired)
	if n, err := b.TimeOut(ctx); n != 1 || err != nil {
		t.Errorf("%d timed out, %v", n, err)
	}
	b.has(t, card, 100, 20)
	_, err = b.Capture(ctx, short.ID, 30)
	faulttest.Refused(t, "captured after", err, fault.HoldExpired)
	if h := b.DB.Hold.GetX(seedtest.System(t), short.ID); h.Status != hold.StatusTimedOut {
		t.Errorf("it is %s", h.Status)
	}
	b.sound(t)
}

// From a card reported lost nothing is taken, a hold of before included, until it is found.
func TestNothingIsTakenFromABlockedAccount(t *testing.T) {
	b := open(t)
	ctx := t.Context()
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	before, err := b.Hold(ctx, reservation("before", card, shop, 30, b.clock.Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Block(ctx, card); err != nil {
		t.Fatal(err)
	}
	_, err = b.Capture(ctx, before.ID, 30)
	faulttest.Refused(t, "capture", err, fault.CardNotActive)
	_, err = b.Hold(ctx, reservation("after", card, shop, 1, b.clock.Now().Add(time.Hour)))
	faulttest.Refused(t, "hold", err, fault.CardNotActive)
	b.has(t, card, 100, 30)
	if err := b.Unblock(ctx, card); err != nil {
		t.Fatal(err)
	}
	_, err = b.Capture(ctx, before.ID, 30)
	faulttest.Refused(t, "capture once found", err, "")
	faulttest.Refused(t, "an account that is not there", b.Block(ctx, "account_none"), fault.NotFound)
	b.sound(t)
}
