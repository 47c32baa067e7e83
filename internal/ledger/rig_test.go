package ledger_test

import (
	"context"
	"fmt"
	"testing"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/lang"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
)

// book is a book of its own, with a clock to turn.
type book struct {
	*ledger.Book
	clock *seedtest.Clock
	keys  int
}

func open(t testing.TB) *book {
	t.Helper()
	city, clock := seedtest.Bare(t), seedtest.NewClock()
	return &book{Book: &ledger.Book{DB: city.DB, Store: city.Store, Clock: clock}, clock: clock}
}

// account opens an account; a card's has a floor of zero and this many fen.
func (b *book) account(t testing.TB, kind ledgeraccount.Kind, owner string, fen int64) string {
	t.Helper()
	a := ledger.Account{Kind: kind, OwnerID: owner}
	if kind == ledgeraccount.KindCardBalance {
		a.Floor = new(int64(0))
	}
	opened, err := b.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if fen > 0 {
		b.must(t, b.transfer(b.suspense(t), opened.ID, fen))
	}
	return opened.ID
}

func (b *book) card(t testing.TB, owner string, fen int64) string {
	t.Helper()
	return b.account(t, ledgeraccount.KindCardBalance, owner, fen)
}

func (b *book) suspense(t testing.TB) string {
	t.Helper()
	return b.account(t, ledgeraccount.KindSuspense, "", 0)
}

// transfer moves fen from one account to another under a key of its own.
func (b *book) transfer(from, to string, fen int64) ledger.Posting {
	b.keys++
	return posting(fmt.Sprint("transfer/", b.keys), ledger.Line{AccountID: from, Amount: -fen}, ledger.Line{AccountID: to, Amount: fen})
}

func posting(key string, lines ...ledger.Line) ledger.Posting {
	return ledger.Posting{
		Key: key, Kind: ledgertransaction.KindTransfer, Domain: ledgertransaction.DomainCard, Merchant: lang.Text{ZH: "测试", EN: "test"}, Lines: lines,
	}
}

func (b *book) must(t testing.TB, p ledger.Posting) *db.LedgerTransaction {
	t.Helper()
	made, err := b.Post(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// has fails unless the account has and holds so many fen.
func (b *book) has(t testing.TB, accountID string, balance, held int64) {
	t.Helper()
	a := b.DB.LedgerAccount.GetX(seedtest.System(t), accountID)
	if a.Balance != balance || a.Held != held {
		t.Errorf("%s has %d fen and holds %d, want %d and %d", a.Kind, a.Balance, a.Held, balance, held)
	}
}

// sound fails for every violation of the book, and when it does not sum to zero.
func (b *book) sound(t testing.TB) ledger.Proof {
	t.Helper()
	proof, err := b.Verify(context.WithoutCancel(t.Context()), func(v ledger.Violation) { t.Errorf("%s %s: %s", v.Rule, v.ID, v.Detail) })
	if err != nil {
		t.Fatal(err)
	}
	if proof.Positive+proof.Negative != 0 {
		t.Errorf("all accounts sum to %d fen", proof.Positive+proof.Negative)
	}
	return proof
}
