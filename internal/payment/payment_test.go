package payment_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/topup"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/id"
	"citygraph/internal/payment"
	"citygraph/internal/seed/seedtest"
)

func TestWhatCannotBeOrdered(t *testing.T) {
	c := open(t)
	c.room(t, 100)
	ask := func(fen int64) error {
		_, err := c.TopUp(c.me, payment.Request{Key: uuid.New(), Amount: fen})
		return err
	}
	for _, fen := range []int64{0, -1, most + 1} {
		faulttest.Refused(t, "an amount", ask(fen), fault.BadAmount)
	}
	faulttest.Refused(t, "a fen too much", ask(101), fault.BalanceCap)
	faulttest.Refused(t, "what fits", ask(100), "")
	_, err := c.TopUp(t.Context(), payment.Request{Key: uuid.New(), Amount: 1})
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
	c.DB.CitizenCard.UpdateOneID(c.card.ID).SetStatus(citizencard.StatusLost).ExecX(seedtest.System(t))
	faulttest.Refused(t, "a lost card", ask(1), fault.CardNotActive)
	c.Provider = nil
	faulttest.Refused(t, "no provider", ask(1), fault.BadUserInput)
}

// Told fifty times at once, the card has the money once.
func TestAPaymentToldFiftyTimesIsOne(t *testing.T) {
	c := open(t)
	before, order := c.balance(t), c.order(t, 12_34)
	paid := c.till.pay(order, 12_34)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := c.Settle(t.Context(), order, paid); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c.stands(t, order, topup.StatusPaid)
	c.credited(t, before, 12_34)
	if n := c.arrived.Load(); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// Two orders that fit one by one are paid at once: one is on the card, the other goes back, however often the round comes by.
func TestTwoThatRaceAtTheCap(t *testing.T) {
	c := open(t)
	before := c.balance(t)
	c.room(t, 150)
	orders := []string{c.order(t, 100), c.order(t, 100)}
	var all sync.WaitGroup
	for _, order := range orders {
		paid := c.till.pay(order, 100)
		all.Go(func() {
			if err := c.Settle(t.Context(), order, paid); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c.credited(t, before, 100)
	for range 2 {
		if err := c.FollowDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.credited(t, before, 100)
	back := 0
	for _, order := range orders {
		want := topup.StatusPaid
		if c.till.refunds[order] > 0 {
			want = topup.StatusRefunded
		}
		back += c.till.refunds[order]
		c.stands(t, order, want)
	}
	if back != 1 || c.arrived.Load() != 1 || c.back.Load() != 1 {
		t.Errorf("%d refunds; told of %d that arrived and %d that go back", back, c.arrived.Load(), c.back.Load())
	}
}

func TestWhatWasNotOrderedIsNotCredited(t *testing.T) {
	c := open(t)
	before, order := c.balance(t), c.order(t, 100)
	for _, fen := range []int64{99, 101, 0, -100} {
		faulttest.Refused(t, "another amount", c.Settle(t.Context(), order, c.till.pay(order, fen)), "")
	}
	faulttest.Refused(t, "not paid", c.Settle(t.Context(), order, payment.Payment{Amount: 100}), "")
	faulttest.Refused(t, "an order that is none", c.Settle(t.Context(), id.New(id.TopUp), payment.Payment{Paid: true, TransactionID: "x", Amount: 100}), fault.NotFound)
	c.stands(t, order, topup.StatusPending)
	c.credited(t, before, 0)
}

// What nobody pays is asked for and closed when its time is over; money that comes after that goes back.
func TestAPaymentThatComesTooLate(t *testing.T) {
	c := open(t)
	before, order := c.balance(t), c.order(t, 100)
	follow := func() {
		t.Helper()
		if err := c.FollowDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	follow()
	c.stands(t, order, topup.StatusPending)
	c.clock.Turn(30 * time.Minute)
	follow()
	c.stands(t, order, topup.StatusClosed)
	if !c.till.closed[order] {
		t.Error("the provider still takes money for it")
	}
	faulttest.Refused(t, "late", c.Settle(t.Context(), order, c.till.pay(order, 100)), "")
	c.stands(t, order, topup.StatusFailed)
	follow()
	c.stands(t, order, topup.StatusRefunded)
	faulttest.Refused(t, "told again", c.Settle(t.Context(), order, c.till.pay(order, 100)), "")
	follow()
	c.stands(t, order, topup.StatusRefunded)
	c.credited(t, before, 0)
	if c.till.refunds[order] != 1 {
		t.Errorf("%d refunds", c.till.refunds[order])
	}
}

// A payment that nothing told of is found by the round.
func TestTheRoundFindsAPayment(t *testing.T) {
	c := open(t)
	before, order := c.balance(t), c.order(t, 100)
	c.till.pay(order, 100)
	c.clock.Turn(time.Hour) // paid in time and asked for late
	if err := c.FollowDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.stands(t, order, topup.StatusPaid)
	c.credited(t, before, 100)
}
