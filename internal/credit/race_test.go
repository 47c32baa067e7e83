package credit_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"citygraph/ent/db/creditline"
	"citygraph/internal/fault"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// 64 charges race for what is left of a card and a line: neither gives more than it has.
func TestChargesRaceForTheCap(t *testing.T) {
	h := lends(t, 105)
	codes := atOnce(t, 64, func(int) error { _, err := h.treat(t, 10); return err })
	if codes[""] != 40 || codes[fault.InsufficientFunds] != 24 {
		t.Errorf("charges ended with %v", codes)
	}
	h.has(t, 0, 295, creditline.StatusActive)
}

func TestRepaymentsRace(t *testing.T) {
	h := lends(t, 0)
	h.treated(t, 100)
	h.give(t, 1000)
	codes := atOnce(t, 20, func(int) error { return h.repay(30) })
	if codes[""] != 3 || codes[fault.BadAmount] != 17 {
		t.Errorf("repayments ended with %v", codes)
	}
	h.has(t, 910, 10, creditline.StatusActive)
}

// The round looks for what is overdue while it is repaid: a line on which nothing is owed is never OVERDUE.
func TestRepaymentsRaceWithTheRound(t *testing.T) {
	h := lends(t, 0)
	for i := range 4 {
		h.treated(t, 100)
		h.give(t, 100)
		h.clock.Turn(h.line(t).DueAt.Sub(h.clock.Now()))
		codes := atOnce(t, 16, func(i int) error {
			if i%2 == 0 {
				return h.Collect(t.Context())
			}
			return h.repay(100)
		})
		if codes[""] != 9 || codes[fault.BadAmount] != 7 {
			t.Errorf("round %d ended with %v", i, codes)
		}
		h.has(t, 0, 0, creditline.StatusActive)
		if told := strings.Count(h.told(t), "card/credit_overdue"); told > i+1 {
			t.Errorf("she was told %d times", told)
		}
	}
}

// Charges race with the round that stops the line: what was drawn was drawn before.
func TestChargesRaceWithTheRound(t *testing.T) {
	h := lends(t, 0)
	h.treated(t, 10)
	h.clock.Turn(h.line(t).DueAt.Sub(h.clock.Now()))
	codes := atOnce(t, 20, func(i int) error {
		if i == 10 {
			return h.Collect(t.Context())
		}
		_, err := h.treat(t, 10)
		return err
	})
	drawn := int64(codes[""] - 1)
	if codes[""]+codes[fault.InsufficientFunds] != 20 {
		t.Errorf("charges ended with %v", codes)
	}
	h.has(t, 0, 10+10*drawn, creditline.StatusOverdue)
}

// Invariant 12 for what is lent: after the commit of reportCardLoss nothing is drawn, though the card has nothing to take.
func TestLossRacesWithDraws(t *testing.T) {
	h := lends(t, 0)
	var owed atomic.Int64
	codes := atOnce(t, 24, func(i int) error {
		if i != 12 {
			_, err := h.treat(t, 10)
			return err
		}
		return h.Store.InTx(h.me, func(ctx context.Context) error {
			if _, err := h.cards.ReportLoss(ctx, nil); err != nil {
				return err
			}
			// Inside: the connections of the pool may all wait for this transaction.
			line := h.DB.CreditLine.Query().Where(creditline.PersonID(h.holder)).WithAccount().OnlyX(viewer.AsSystem(ctx, "look at what is owed"))
			store.AfterCommit(ctx, func(context.Context) { owed.Store(-line.Edges.Account.Balance) })
			return nil
		})
	})
	if drawn := int64(codes[""] - 1); owed.Load() != 10*drawn || codes[""]+codes[fault.CardNotActive] != 24 {
		t.Errorf("%d fen were owed when the card was lost, and callers ended with %v", owed.Load(), codes)
	}
	h.has(t, 0, owed.Load(), creditline.StatusActive)
}
