// Package payment takes money into citizen cards through payment providers. An order is a TopUp; what a provider
// says of it becomes one posting in the book, however often and in whatever order it is said.
package payment

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"citygraph/ent/db"
	"citygraph/ent/db/topup"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// CNY is the one currency of the book, as ISO 4217 has it.
const CNY = "CNY"

// Order is what a provider is asked to take money for.
type Order struct {
	ID        string    // of the TopUp; the order's number at the provider
	Amount    int64     // in fen
	ExpiresAt time.Time // when nobody is to pay for it any more
}

// Prepay is what a mini-program asks its user to pay with, named as wx.requestPayment names it.
type Prepay struct {
	TimeStamp, NonceStr, Package, SignType, PaySign string
}

// Payment is what a provider says of an order.
type Payment struct {
	Paid          bool
	Closed        bool   // nobody can pay for it any more
	TransactionID string // the payment's number at the provider
	Amount        int64  // what was paid, in hundredths of the currency
	Currency      string // as ISO 4217 has it
}

// Provider takes money from people's wallets and banks. All calls can be made again: they name the order.
type Provider interface {
	// Name is the provider's, as rows have it. Its clearing account in the book belongs to it.
	Name() topup.Provider
	// Payer is how the provider knows a person; a fault for the client when it does not.
	Payer(ctx context.Context, personID string) (string, error)
	// Prepay tells the provider of the order, and is what the payer's app goes on with; nil when there is nothing to do there.
	Prepay(ctx context.Context, o Order, payer string) (*Prepay, error)
	// Query asks what became of an order.
	Query(ctx context.Context, o Order) (Payment, error)
	// Close has nobody pay for the order from now on. It fails for an order that is paid.
	Close(ctx context.Context, o Order) error
	// Refund gives back all that was paid for the order, and reports whether the money is there; asked again it tells how it stands.
	Refund(ctx context.Context, o Order) (bool, error)
}

// TopUps are the verbs of topping up.
type TopUps struct {
	DB        *db.Client
	Store     *store.Store
	Clock     clock.Clock
	Once      idempotency.Ledger
	Book      *ledger.Book
	Providers []Provider    // the first is the usual one; none turns topping up off
	Most      int64         // that one top-up may be, in fen
	Life      time.Duration // of an order that nobody pays
	Log       zerolog.Logger
	Events    *event.Bus
	// Soon enqueues Follow in the transaction of ctx.
	Soon func(ctx context.Context, topUpID string) error
}

// ToppedUp tells that the money of a top-up is on the card.
type ToppedUp struct {
	PersonID, TopUpID string
	Amount, Balance   int64 // fen
}

// GivenBack tells that the money of a top-up, which could not be put on the card, goes back to who paid it.
type GivenBack struct {
	PersonID, TopUpID string
	Amount            int64 // fen
}

// Follow is the job that asks the provider of one top-up.
type Follow struct {
	TopUpID string `json:"topUpId"`
}

// Kind is the job's stable name.
func (Follow) Kind() string { return "payment.follow" }

// Round is the job that asks the providers of all top-ups that are not settled.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "payment.round" }

// provider returns the one of the name, nil when the city has none such.
func (t *TopUps) provider(name topup.Provider) Provider {
	for _, p := range t.Providers {
		if p.Name() == name {
			return p
		}
	}
	return nil
}

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "what a provider says of a payment is not its holder's to write")
}
