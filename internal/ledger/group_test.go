package ledger_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/ledger"
)

// ticks counts how often a book asks for the time: once for each database transaction that writes postings.
type ticks struct {
	clock.Clock
	n atomic.Int64
}

func (c *ticks) Now() time.Time {
	c.n.Add(1)
	return c.Clock.Now()
}

// On SQLite all who wait for the writer share one commit; on PostgreSQL nobody waits for another.
func TestWhoWaitsSharesACommit(t *testing.T) {
	const callers = 16
	b, books := replicas(t)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	shared, book := books[0].Store.Dialect() == dialect.SQLite, books[0]
	counted := &ticks{Clock: book.Clock}
	book.Clock = counted
	release := book.HoldTurn()
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			_, err := book.Post(t.Context(), posting(fmt.Sprint("shared/", i), ledger.Line{AccountID: card, Amount: -1}, ledger.Line{AccountID: shop, Amount: 1}))
			if err != nil {
				t.Error(err)
			}
		})
	}
	for deadline := time.Now().Add(10 * time.Second); shared && book.Waiting() < callers; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d wait", book.Waiting(), callers)
		}
	}
	release()
	all.Wait()
	want := int64(callers)
	if shared {
		want = 1
	}
	if n := counted.n.Load(); n != want {
		t.Errorf("%d transactions of the database for %d postings, want %d", n, callers, want)
	}
	b.has(t, card, 100-callers, 0)
	b.sound(t)
}

// Callers who post at once, and may be committed together, get each their own answer.
func TestWhoIsRefusedLeavesTheOthersAlone(t *testing.T) {
	b, books := replicas(t)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	codes := atOnce(t, books[:1], 64, func(book *ledger.Book, i int) error {
		ctx, from, fen, key := t.Context(), card, int64(5), fmt.Sprint("group/", i)
		switch i % 4 {
		case 1:
			fen = 101 // more than there ever is
		case 2:
			from = "account_nobody"
		case 3:
			if key = "group/once"; i == 63 {
				ctx, key = gone, "group/gone"
				if _, err := book.Post(ctx, posting(key, ledger.Line{AccountID: from, Amount: -fen}, ledger.Line{AccountID: shop, Amount: fen})); err == nil {
					t.Error("a caller who was gone has posted")
				}
				return nil
			}
		}
		_, err := book.Post(ctx, posting(key, ledger.Line{AccountID: from, Amount: -fen}, ledger.Line{AccountID: shop, Amount: fen}))
		return err
	})
	if codes[""] != 32 || codes[fault.InsufficientFunds] != 16 || codes[fault.NotFound] != 16 {
		t.Errorf("callers ended with %v", codes)
	}
	b.has(t, card, 100-17*5, 0)
	b.sound(t)
}
