package payment_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"citygraph/ent/db"
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
		_, _, err := c.TopUp(c.me, payment.Request{Key: uuid.New(), Amount: fen})
		return err
	}
	for _, fen := range []int64{0, -1, most + 1} {
		faulttest.Refused(t, "an amount", ask(fen), fault.BadAmount)
	}
	faulttest.Refused(t, "a fen too much", ask(101), fault.BalanceCap)
	faulttest.Refused(t, "what fits", ask(100), "")
	_, _, err := c.TopUp(t.Context(), payment.Request{Key: uuid.New(), Amount: 1})
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
	c.DB.CitizenCard.UpdateOneID(c.card.ID).SetStatus(citizencard.StatusLost).ExecX(seedtest.System(t))
	faulttest.Refused(t, "a lost card", ask(1), fault.CardNotActive)
	c.Providers = nil
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
			if err := c.settle(t, order, paid); err != nil {
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
			if err := c.settle(t, order, paid); err != nil {
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
		faulttest.Refused(t, "another amount", c.settle(t, order, c.till.pay(order, fen)), "")
	}
	faulttest.Refused(t, "not paid", c.settle(t, order, payment.Payment{Amount: 100}), "")
	dollars := c.till.pay(order, 100)
	dollars.Currency = "USD"
	faulttest.Refused(t, "another currency", c.settle(t, order, dollars), "")
	faulttest.Refused(t, "another provider", c.Settle(t.Context(), topup.ProviderWechatPay, order, c.till.pay(order, 100)), fault.NotFound)
	faulttest.Refused(t, "a refund of another provider", c.Refunded(t.Context(), topup.ProviderWechatPay, order), fault.NotFound)
	faulttest.Refused(t, "a refund of what was not paid", c.Refunded(t.Context(), topup.ProviderSandbox, order), "")
	faulttest.Refused(t, "an order that is none", c.settle(t, id.New(id.TopUp), payment.Payment{Paid: true, TransactionID: "x", Amount: 100, Currency: payment.CNY}), fault.NotFound)
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
	faulttest.Refused(t, "late", c.settle(t, order, c.till.pay(order, 100)), "")
	c.stands(t, order, topup.StatusFailed)
	follow()
	c.stands(t, order, topup.StatusRefunded)
	faulttest.Refused(t, "told again", c.settle(t, order, c.till.pay(order, 100)), "")
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

// What is not what was ordered is asked for once more, and then no more: nobody's log has it every minute.
func TestARoundAsksOnceForWhatWasNotOrdered(t *testing.T) {
	c := open(t)
	var log strings.Builder
	c.Log = zerolog.New(&log)
	before, order := c.balance(t), c.order(t, 100)
	c.till.pay(order, 99)
	for range 3 {
		if err := c.FollowDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.stands(t, order, topup.StatusClosed)
	c.credited(t, before, 0)
	if told := strings.Count(log.String(), "not what was ordered"); told != 1 {
		t.Errorf("told %d times: %s", told, log.String())
	}
}

// Nobody can pay at the provider any more: the order is closed before its time.
func TestAnOrderThatTheProviderClosed(t *testing.T) {
	c := open(t)
	order := c.order(t, 100)
	c.till.paid[order] = payment.Payment{Closed: true}
	if err := c.FollowDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.stands(t, order, topup.StatusClosed)
}

// A refund is told of when it has arrived, whether the round asks or the provider tells.
func TestARefundTakesItsTime(t *testing.T) {
	c := open(t)
	c.till.underWay = true
	late := func() string {
		order := c.order(t, 100)
		c.clock.Turn(30 * time.Minute)
		if err := c.FollowDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		faulttest.Refused(t, "late", c.settle(t, order, c.till.pay(order, 100)), "")
		return order
	}
	asked, told := late(), late()
	if err := c.FollowDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.stands(t, asked, topup.StatusFailed)
	c.stands(t, told, topup.StatusFailed)
	for range 2 {
		if err := c.Refunded(t.Context(), topup.ProviderSandbox, told); err != nil {
			t.Fatal(err)
		}
	}
	c.stands(t, told, topup.StatusRefunded)
	c.till.underWay = false
	if err := c.FollowDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.stands(t, asked, topup.StatusRefunded)
	if n := c.back.Load(); n != 2 {
		t.Errorf("told %d times of two refunds", n)
	}
}

// The same key asks again how to pay, while there is something to pay; a provider that fails leaves the order for it.
func TestHowToPay(t *testing.T) {
	c := open(t)
	c.till.payer = "openid"
	c.till.stranger = fault.New(fault.BadUserInput)
	request := payment.Request{Key: uuid.New(), Amount: 100}
	ask := func() (*db.TopUp, *payment.Prepay, error) { return c.TopUp(c.me, request) }
	_, _, err := ask()
	faulttest.Refused(t, "a stranger", err, fault.BadUserInput)
	if n := c.DB.TopUp.Query().CountX(seedtest.System(t)); n != 0 {
		t.Errorf("%d orders of a stranger", n)
	}
	c.till.stranger, c.till.broken = nil, errors.New("no answer")
	_, _, err = ask()
	faulttest.Refused(t, "no answer", err, fault.InternalError)
	c.till.broken = nil
	row, prepay, err := ask()
	if err != nil || prepay == nil || prepay.Package != row.ID+" by openid" {
		t.Fatalf("%+v, %v", prepay, err)
	}
	if n := c.DB.TopUp.Query().CountX(seedtest.System(t)); n != 1 {
		t.Errorf("%d orders for one key", n)
	}
	c.clock.Turn(29*time.Minute + time.Second)
	if _, prepay, err = ask(); err != nil || prepay != nil {
		t.Errorf("in the last minute: %+v, %v", prepay, err)
	}
	faulttest.Refused(t, "paid", c.settle(t, row.ID, c.till.pay(row.ID, 100)), "")
	asked := c.till.prepaid
	if again, prepay, err := ask(); err != nil || prepay != nil || again.Status != topup.StatusPaid || c.till.prepaid != asked {
		t.Errorf("once paid: %+v, %+v, %v", again, prepay, err)
	}
}
