package payment_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/topup"
	"citygraph/internal/event"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/payment"
	"citygraph/internal/seed/seedtest"
)

// till is a provider at which a test pays.
type till struct {
	mu      sync.Mutex
	paid    map[string]payment.Payment
	closed  map[string]bool
	refunds map[string]int

	underWay         bool // refunds arrive later
	payer            string
	stranger, broken error
	prepaid          int
}

func (*till) Name() topup.Provider { return topup.ProviderSandbox }

func (p *till) Query(_ context.Context, o payment.Order) (payment.Payment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paid[o.ID], nil
}

func (p *till) Close(_ context.Context, o payment.Order) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed[o.ID] = true
	return nil
}

func (p *till) Refund(_ context.Context, o payment.Order) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refunds[o.ID]++
	return !p.underWay, nil
}

func (p *till) Payer(context.Context, string) (string, error) { return p.payer, p.stranger }

func (p *till) Prepay(_ context.Context, o payment.Order, payer string) (*payment.Prepay, error) {
	p.prepaid++
	return &payment.Prepay{Package: o.ID + " by " + payer}, p.broken
}

func (p *till) pay(order string, fen int64) payment.Payment {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paid[order] = payment.Payment{Paid: true, TransactionID: "paid/" + order, Amount: fen, Currency: payment.CNY}
	return p.paid[order]
}

// counter is a city in which chenjing tops her card up.
type counter struct {
	*payment.TopUps
	till  *till
	clock *seedtest.Clock
	me    context.Context
	card  *db.CitizenCard

	arrived, back atomic.Int32 // how often it was told
}

const most = 500_00

func open(t *testing.T) *counter {
	t.Helper()
	city, clock := seedtest.Open(t), seedtest.NewClock()
	c := &counter{
		till: &till{paid: map[string]payment.Payment{}, closed: map[string]bool{}, refunds: map[string]int{}}, clock: clock, me: city.As(t, "chenjing"),
		card: city.DB.CitizenCard.Query().Where(citizencard.PersonID(seedtest.Person(t, "chenjing"))).OnlyX(seedtest.System(t)),
	}
	bus := event.New()
	event.On(bus, func(context.Context, payment.ToppedUp) error { c.arrived.Add(1); return nil })
	event.On(bus, func(context.Context, payment.GivenBack) error { c.back.Add(1); return nil })
	c.TopUps = &payment.TopUps{
		DB: city.DB, Store: city.Store, Clock: clock, Once: idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock},
		Book: &ledger.Book{DB: city.DB, Store: city.Store, Clock: clock}, Providers: []payment.Provider{c.till}, Most: most, Life: 30 * time.Minute, Log: zerolog.Nop(),
		Events: bus,
		Soon:   func(context.Context, string) error { return nil },
	}
	return c
}

// settle tells what the till says of a payment.
func (c *counter) settle(t *testing.T, order string, p payment.Payment) error {
	t.Helper()
	return c.Settle(t.Context(), topup.ProviderSandbox, order, p)
}

func (c *counter) order(t *testing.T, fen int64) string {
	t.Helper()
	made, _, err := c.TopUp(c.me, payment.Request{Key: uuid.New(), Amount: fen})
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// room leaves the card so many fen below its cap.
func (c *counter) room(t *testing.T, fen int64) {
	t.Helper()
	c.DB.LedgerAccount.UpdateOneID(c.card.AccountID).SetCeiling(c.balance(t) + fen).ExecX(seedtest.System(t))
}

func (c *counter) balance(t *testing.T) int64 {
	t.Helper()
	return c.DB.LedgerAccount.GetX(seedtest.System(t), c.card.AccountID).Balance
}

func (c *counter) stands(t *testing.T, topUpID string, want topup.Status) {
	t.Helper()
	if got := c.DB.TopUp.GetX(seedtest.System(t), topUpID).Status; got != want {
		t.Errorf("the top-up is %s, want %s", got, want)
	}
}

// credited fails unless so many fen came onto the card and out of the provider's account, and the book is sound.
func (c *counter) credited(t *testing.T, before, fen int64) {
	t.Helper()
	if got := c.balance(t) - before; got != fen {
		t.Errorf("%d fen came onto the card, want %d", got, fen)
	}
	var cleared int64
	for _, a := range c.DB.LedgerAccount.Query().Where(ledgeraccount.KindEQ(ledgeraccount.KindProviderClearing)).AllX(seedtest.System(t)) {
		cleared -= a.Balance
	}
	if cleared != fen {
		t.Errorf("%d fen came from the provider, want %d", cleared, fen)
	}
	if _, err := c.Book.Verify(context.WithoutCancel(t.Context()), func(v ledger.Violation) { t.Errorf("%s %s: %s", v.Rule, v.ID, v.Detail) }); err != nil {
		t.Error(err)
	}
}
