package card_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/card"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
)

// caps are those of the tests, in fen.
var caps = card.Caps{Named: 5_000_00, Anonymous: 1_000_00}

// office is where cards are issued and moved.
type office struct {
	*card.Cards
	city *seedtest.City

	mu   sync.Mutex
	told []string // of what became of cards
	fail error    // of who is told
}

func open(t *testing.T) *office {
	t.Helper()
	city, bus := seedtest.Open(t), event.New()
	o := &office{city: city, Cards: &card.Cards{
		DB: city.DB, Store: city.Store, Clock: clock.System{}, Events: bus, Caps: caps,
		Once: idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock.System{}},
		Book: &ledger.Book{DB: city.DB, Store: city.Store, Clock: clock.System{}},
		For:  (&household.Register{DB: city.DB, Store: city.Store}).For,
	}}
	event.On(bus, func(_ context.Context, e card.Moved) error { return o.hear(string(e.Action)) })
	event.On(bus, func(context.Context, card.Replaced) error { return o.hear("REPLACED") })
	return o
}

func (o *office) hear(what string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = append(o.told, what)
	return o.fail
}

// of is the card that a member holds, with its account.
func (o *office) of(t *testing.T, name string) *db.CitizenCard {
	t.Helper()
	return o.DB.CitizenCard.Query().Where(citizencard.HolderID(seedtest.Person(t, name))).WithAccount().OnlyX(seedtest.System(t))
}

// spend takes money from a card's account for a merchant.
func (o *office) spend(t *testing.T, c *db.CitizenCard, fen int64) error {
	t.Helper()
	shop, err := o.Book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindMerchant, OwnerID: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.Book.Post(t.Context(), ledger.Posting{
		Key: uuid.NewString(), Kind: ledgertransaction.KindCharge, Domain: ledgertransaction.DomainClinic,
		Lines: []ledger.Line{{AccountID: c.AccountID, Amount: -fen}, {AccountID: shop.ID, Amount: fen}},
	})
	return err
}

// move has the bank take money out of an account; a negative amount goes in.
func (o *office) move(t *testing.T, accountID string, fen int64) {
	t.Helper()
	bank, err := o.Book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindProviderClearing, OwnerID: "bank"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Book.Post(t.Context(), ledger.Posting{
		Key: uuid.NewString(), Kind: ledgertransaction.KindTransfer, Domain: ledgertransaction.DomainCard,
		Lines: []ledger.Line{{AccountID: accountID, Amount: -fen}, {AccountID: bank.ID, Amount: fen}},
	}); err != nil {
		t.Fatal(err)
	}
}

// sound fails unless the book adds up.
func (o *office) sound(t *testing.T) {
	t.Helper()
	if _, err := o.Book.Verify(seedtest.System(t), func(v ledger.Violation) { t.Errorf("%s %s: %s", v.Rule, v.ID, v.Detail) }); err != nil {
		t.Fatal(err)
	}
}

// crowd calls a verb from many places at once and counts the answers by their code.
func crowd(n int, verb func() error) map[fault.Code]int {
	var all sync.WaitGroup
	answers := make([]fault.Code, n)
	for i := range n {
		all.Go(func() { answers[i] = fault.CodeOf(verb()) })
	}
	all.Wait()
	codes := map[fault.Code]int{}
	for _, code := range answers {
		codes[code]++
	}
	return codes
}
