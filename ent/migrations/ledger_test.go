package migrations_test

import (
	"fmt"
	"testing"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/migrations"
	"citygraph/internal/clock"
	"citygraph/internal/id"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

// What is on the cards there are is posted to a book that adds up, whatever the cards say of themselves.
func TestCardsOfBeforeOpenTheBook(t *testing.T) {
	for what, balances := range map[string][]int64{"some cards": {286_50, 0, 6_000_00, 1}, "no card": nil, "empty cards": {0, 0}} {
		t.Run(what, func(t *testing.T) { opensTheBook(t, balances) })
	}
}

func opensTheBook(t *testing.T, balances []int64) {
	t.Helper()
	s := storetest.Open(t)
	if err := store.Migrate(t.Context(), s, until(t, "keep_a_ledger")); err != nil {
		t.Fatal(err)
	}
	const then = "'2026-01-01 00:00:00+00:00'"
	cards := make([]string, len(balances))
	var total, posted int64
	for i, fen := range balances {
		cards[i] = id.New(id.CitizenCard)
		total += fen
		if fen > 0 {
			posted++
		}
		for _, statement := range []string{
			fmt.Sprintf("INSERT INTO people (id, created_at, updated_at) VALUES ('p%d', %s, %s)", i, then, then),
			fmt.Sprintf("INSERT INTO citizen_cards (id, created_at, updated_at, masked_number, kind, status, balance, available, cap, person_id) "+
				"VALUES ('%s', %s, %s, '1', 'NAMED', 'ACTIVE', %d, %d, 500000, 'p%d')", cards[i], then, then, fen, fen, i),
		} {
			if _, err := s.Writer().ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
	if err := store.Migrate(t.Context(), s, migrations.Files); err != nil {
		t.Fatal(err)
	}
	c := db.NewClient(db.Driver(s.Driver()))
	book := ledger.Book{DB: c, Store: s, Clock: clock.System{}}
	proof, err := book.Verify(t.Context(), func(v ledger.Violation) { t.Errorf("%s %s: %s", v.Rule, v.ID, v.Detail) })
	if err != nil {
		t.Fatal(err)
	}
	if proof.Positive != total || proof.Negative != -total || proof.Transactions != posted || proof.Entries != 2*posted {
		t.Errorf("the book has %+v, and the cards had %d fen", proof, total)
	}
	for i, card := range cards {
		if held := c.CitizenCard.Query().Where(citizencard.ID(card), citizencard.HolderID(fmt.Sprint("p", i))).CountX(seedtest.System(t)); held != 1 {
			t.Errorf("%s is nobody's", card)
		}
		account := c.CitizenCard.Query().Where(citizencard.ID(card)).QueryAccount().OnlyX(seedtest.System(t))
		if account.Balance != balances[i] || account.OwnerID != fmt.Sprint("p", i) || !id.Is(account.ID, id.LedgerAccount) || *account.Floor != 0 {
			t.Errorf("%s stands on %+v, and had %d fen", card, account, balances[i])
		}
	}
	for _, entry := range c.LedgerEntry.Query().AllX(seedtest.System(t)) {
		if !id.Is(entry.ID, id.LedgerEntry) || !id.Is(entry.LedgerTransactionID, id.LedgerTransaction) || !id.Is(entry.LedgerAccountID, id.LedgerAccount) {
			t.Errorf("ids that no client could send: %s, %s, %s", entry.ID, entry.LedgerTransactionID, entry.LedgerAccountID)
		}
	}
}
