// Package transit lets people ride without a network. A phone fetches a batch of codes while it has one; a gate checks
// them with the published keys alone and opens; its operator uploads the scans later, and is owed each ride once. What
// a card cannot pay at that moment is paid from a suspense account of the rider's, within caps, and taken from the card
// when there is money on it. Amounts are fen.
package transit

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
	"citygraph/internal/ledger"
	"citygraph/internal/paycode"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Terms are what a city sets. Whoever holds a stolen phone can ride for Out × FareCap at most.
type Terms struct {
	Codes      int           // of one batch
	Out        int           // codes of one card that are good and not used, at most
	Life       time.Duration // of a code, in whole hours
	FareCap    int64         // of one ride, in fen
	Within     time.Duration // from a scan to its upload, at most
	PersonOwes int64         // in suspense, of one person, at most, in fen
	CityOwes   int64         // in suspense, of all people together, at most, in fen
}

// DefaultTerms hold where a city sets none.
func DefaultTerms() Terms {
	return Terms{
		Codes: 10, Out: 20, Life: 24 * time.Hour, FareCap: 15_00, Within: 72 * time.Hour, PersonOwes: 60_00, CityOwes: 100_000_00,
	}
}

// Office gives out codes and settles what gates have taken.
type Office struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Events *event.Bus
	Once   idempotency.Ledger
	Book   *ledger.Book
	Ring   *paycode.Ring
	Terms  Terms
	// For answers whether the viewer may act for a person, and gives the context in which they do:
	// DELEGATION_SCOPE else.
	For func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
	// Soon enqueues Recovery in the transaction of ctx.
	Soon func(ctx context.Context, r Recovery) error
}

// Ridden tells that a ride was paid.
type Ridden struct {
	PersonID, CardID, TransactionID string
	Operator                        lang.Text
	Fare                            int64 // fen
	Owed                            bool  // whether the card could not pay it, and the rider owes it
}

// Recovered tells that money owed for rides was taken from a card.
type Recovered struct {
	PersonID, CardID, TransactionID string
	Amount                          int64 // fen
	Left                            int64 // what is still owed, in fen
}

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "rides are settled for operators and riders, who neither see nor write each other's rows")
}
