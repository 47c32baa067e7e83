package transit_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db/citizencard"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/transit"
)

// Invariant 12: a lost card pays no ride. What gates scanned before the report is owed, what they scan after it is
// not; codes that were stopped stay so when the card is found, which then pays what is owed.
func TestALostCardPaysNoRide(t *testing.T) {
	d := open(t)
	before, codes, holder := d.money(t), d.codes(t), d.city.As(t, "wangguiying")
	d.clock.Turn(time.Minute)
	ridden := d.scan("before", codes[0], 3_00)
	d.clock.Turn(time.Minute)
	if _, err := d.cards.ReportLoss(holder, nil); err != nil {
		t.Fatal(err)
	}
	stolen := d.scan("that second", codes[1], 3_00)
	d.clock.Turn(time.Minute)
	if got := d.settled(t, ridden, stolen, d.scan("after", codes[2], 3_00)); got != "ACCEPTED CARD_STOPPED CARD_STOPPED" {
		t.Error(got)
	}
	if got, want := d.money(t), (money{before.Card, 3_00, 3_00}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, err := d.cards.CancelLoss(holder, d.card.ID); err != nil {
		t.Fatal(err)
	}
	if len(d.soon) != 1 || d.soon[0].PersonID != d.rider {
		t.Errorf("to be recovered: %+v", d.soon)
	}
	if left, err := d.Recover(t.Context(), d.rider); left != 0 || err != nil {
		t.Errorf("found again %d are owed, %v", left, err)
	}
	if got := d.settled(t, d.scan("with the old codes", codes[3], 3_00), d.scan("with new ones", d.codes(t)[0], 3_00)); got != "CARD_STOPPED ACCEPTED" {
		t.Error(got)
	}
	if got, want := d.money(t), (money{before.Card - 6_00, 0, 6_00}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	d.sound(t)
}

// A card of any status but ACTIVE pays nothing, whatever its account does: its account may be another card's by now.
func TestOnlyAnActiveCardPays(t *testing.T) {
	d := open(t)
	before, codes := d.money(t), d.codes(t)
	for i, status := range []citizencard.Status{citizencard.StatusLost, citizencard.StatusFrozen, citizencard.StatusReplaced, citizencard.StatusClosed} {
		seedtest.PutCard(t, d.DB, d.card.ID, status)
		if got := d.settled(t, d.scan(string(status), codes[i], 1_00)); got != "ACCEPTED" {
			t.Errorf("%s: %s", status, got)
		}
	}
	if got, want := d.money(t), (money{before.Card, 4_00, 4_00}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	d.sound(t)
}

// Rides race with the report of a loss: each was paid from the card before it, or is owed.
func TestARideRacesWithALoss(t *testing.T) {
	d := open(t)
	before, codes, holder := d.money(t), d.codes(t), d.city.As(t, "wangguiying")
	scans := make([]transit.Scan, len(codes))
	for i, code := range codes {
		scans[i] = d.scan(fmt.Sprint(i), code, 1_00)
	}
	d.clock.Turn(time.Second)
	var all sync.WaitGroup
	var left int64
	for i := range scans {
		all.Go(func() {
			if _, err := d.Settle(t.Context(), d.bus, scans[i:i+1]); err != nil {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		if _, err := d.cards.ReportLoss(holder, nil); err != nil {
			t.Error(err)
		}
		left = d.DB.LedgerAccount.GetX(seedtest.System(t), d.card.AccountID).Balance
	})
	all.Wait()
	got := d.money(t)
	if got.Card != left || got.Paid != int64(len(codes))*1_00 || before.Card-got.Card+got.Owed != got.Paid {
		t.Errorf("%+v, and %d fen were left when the report was answered", got, left)
	}
	d.sound(t)
}
