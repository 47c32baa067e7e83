package ledger_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/fault"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
	"citygraph/internal/viewer"

	"citygraph/ent/migrations"
)

// replicas are two books over one database, as two processes would keep it; a file of SQLite has one writer.
func replicas(t *testing.T) (*book, []*ledger.Book) {
	t.Helper()
	url := storetest.URL(t, migrations.Files)
	clock := seedtest.NewClock()
	var books []*ledger.Book
	for range 2 {
		s := storetest.OpenURL(t, url)
		books = append(books, &ledger.Book{DB: db.NewClient(db.Driver(s.Driver())), Store: s, Clock: clock})
	}
	return &book{Book: books[0], clock: clock}, books
}

// atOnce runs n callers of do over the books and counts how many got each code.
func atOnce(t *testing.T, books []*ledger.Book, n int, do func(b *ledger.Book, i int) error) map[fault.Code]int {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := map[fault.Code]int{}
	for i := range n {
		all.Go(func() {
			err := do(books[i%len(books)], i)
			mu.Lock()
			defer mu.Unlock()
			codes[fault.CodeOf(err)]++
			if fault.CodeOf(err) == fault.InternalError {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return codes
}

// Invariants 8 and 9: 64 callers move money among 8 accounts in both directions and in threes. No transaction
// is turned away by a deadlock, none takes what is not there, and the book adds up.
func TestManyTransfersAtOnce(t *testing.T) {
	b, books := replicas(t)
	const accounts, callers, rounds, each = 8, 64, 8, 50
	ids := make([]string, accounts)
	for i := range ids {
		ids[i] = b.card(t, fmt.Sprint("card", i), each)
	}
	var posted atomic.Int64
	codes := atOnce(t, books, callers, func(book *ledger.Book, caller int) error {
		r := rand.New(rand.NewPCG(uint64(caller), 8))
		for round := range rounds {
			pick := r.Perm(accounts)
			fen := 2 * (1 + r.Int64N(each/2))
			lines := []ledger.Line{{AccountID: ids[pick[0]], Amount: -fen}, {AccountID: ids[pick[1]], Amount: fen}}
			if round%4 == 3 {
				lines = []ledger.Line{lines[0], {AccountID: ids[pick[1]], Amount: fen / 2}, {AccountID: ids[pick[2]], Amount: fen / 2}}
			}
			switch _, err := book.Post(t.Context(), posting(fmt.Sprint(caller, "/", round), lines...)); fault.CodeOf(err) {
			case "":
				posted.Add(1)
			case fault.InsufficientFunds:
			default:
				return err
			}
		}
		return nil
	})
	if codes[""] != callers {
		t.Errorf("callers ended with %v", codes)
	}
	proof := b.sound(t)
	if proof.Transactions != posted.Load()+accounts || proof.Positive != accounts*each {
		t.Errorf("%d postings, and the book has %+v", posted.Load(), proof)
	}
}

// A posting and its repetitions, all at once, move money once.
func TestOneKeyRaces(t *testing.T) {
	b, books := replicas(t)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	order := b.transfer(card, shop, 30)
	codes := atOnce(t, books, 50, func(book *ledger.Book, _ int) error {
		_, err := book.Post(t.Context(), order)
		return err
	})
	if codes[""] != 50 {
		t.Errorf("callers ended with %v", codes)
	}
	b.has(t, card, 70, 0)
	b.sound(t)
}

// Invariant 9: of callers who want more than there is, as many succeed as there is money for, and two top-ups
// that race do not exceed the cap.
func TestTheLimitsOfAnAccountRace(t *testing.T) {
	b, books := replicas(t)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	until := b.clock.Now().Add(time.Hour)
	codes := atOnce(t, books, 40, func(book *ledger.Book, i int) error {
		key := fmt.Sprint("race/", i)
		if i%2 == 0 {
			_, err := book.Hold(t.Context(), reservation(key, card, shop, 10, until))
			return err
		}
		_, err := book.Post(t.Context(), posting(key, ledger.Line{AccountID: card, Amount: -10}, ledger.Line{AccountID: shop, Amount: 10}))
		return err
	})
	if codes[""] != 10 || codes[fault.InsufficientFunds] != 30 {
		t.Errorf("callers ended with %v", codes)
	}
	capped, err := b.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindCardBalance, OwnerID: "capped", Floor: new(int64(0)), Ceiling: new(int64(500))})
	if err != nil {
		t.Fatal(err)
	}
	codes = atOnce(t, books, 20, func(book *ledger.Book, i int) error {
		_, err := book.Post(t.Context(), posting(fmt.Sprint("topup/", i), ledger.Line{AccountID: shop, Amount: -100}, ledger.Line{AccountID: capped.ID, Amount: 100}))
		return err
	})
	if codes[""] != 5 || codes[fault.BalanceCap] != 15 {
		t.Errorf("top-ups ended with %v", codes)
	}
	b.sound(t)
}

// Invariant 11: a hold resolves once, whoever captures, voids or times it out.
func TestAHoldResolvesOnce(t *testing.T) {
	b, books := replicas(t)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	h, err := b.Hold(t.Context(), reservation("captures", card, shop, 60, b.clock.Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	codes := atOnce(t, books, 100, func(book *ledger.Book, _ int) error {
		_, err := book.Capture(t.Context(), h.ID, 60)
		return err
	})
	if codes[""] != 1 || codes[fault.InvalidTransition] != 99 {
		t.Errorf("captures ended with %v", codes)
	}
	b.has(t, card, 40, 0)
	b.has(t, shop, 60, 0)

	if h, err = b.Hold(t.Context(), reservation("both", card, shop, 40, b.clock.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	codes = atOnce(t, books, 60, func(book *ledger.Book, i int) error {
		if i%3 == 0 {
			return book.Void(t.Context(), h.ID)
		}
		_, err := book.Capture(t.Context(), h.ID, 40)
		return err
	})
	if codes[""] != 1 {
		t.Errorf("captures and voids ended with %v", codes)
	}
	b.sound(t)
}

// A hold that expires while others would time it out is let go of once.
func TestTimeOutsRace(t *testing.T) {
	b, books := replicas(t)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	for i := range 5 {
		if _, err := b.Hold(t.Context(), reservation(fmt.Sprint("short/", i), card, shop, 20, b.clock.Now().Add(time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	b.clock.Turn(time.Minute)
	var released atomic.Int64
	atOnce(t, books, 8, func(book *ledger.Book, _ int) error {
		n, err := book.TimeOut(t.Context())
		released.Add(int64(n))
		return err
	})
	if released.Load() != 5 {
		t.Errorf("%d holds were let go of", released.Load())
	}
	b.has(t, card, 100, 0)
	b.sound(t)
}

// Invariant 11: reversals that race sum to the original at most.
func TestReversalsRace(t *testing.T) {
	b, books := replicas(t)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	whole := b.must(t, b.transfer(card, shop, 60))
	codes := atOnce(t, books, 20, func(book *ledger.Book, i int) error {
		_, err := book.Reverse(t.Context(), ledger.Reversal{Key: fmt.Sprint("whole/", i), TransactionID: whole.ID, Amount: 60})
		return err
	})
	if codes[""] != 1 || codes[fault.RefundExceeds] != 19 {
		t.Errorf("whole reversals ended with %v", codes)
	}
	parts := b.must(t, b.transfer(card, shop, 60))
	codes = atOnce(t, books, 20, func(book *ledger.Book, i int) error {
		_, err := book.Reverse(t.Context(), ledger.Reversal{Key: fmt.Sprint("part/", i), TransactionID: parts.ID, Amount: 25})
		return err
	})
	if codes[""] != 2 || codes[fault.RefundExceeds] != 18 {
		t.Errorf("reversals of parts ended with %v", codes)
	}
	b.has(t, card, 90, 0)
	b.sound(t)
}

// Invariant 12: what is posted while a card is reported lost is posted before that or not at all.
func TestLossRacesWithCharges(t *testing.T) {
	b, books := replicas(t)
	card, shop := b.card(t, "card", 1000), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	var left atomic.Int64
	codes := atOnce(t, books, 40, func(book *ledger.Book, i int) error {
		if i == 20 {
			return book.Store.InTx(t.Context(), func(ctx context.Context) error {
				if err := book.Block(ctx, card); err != nil {
					return err
				}
				// Inside: the connections of the pool may all wait for this transaction.
				blocked := book.DB.LedgerAccount.GetX(viewer.AsSystem(ctx, "look at what is left"), card)
				store.AfterCommit(ctx, func(context.Context) { left.Store(blocked.Balance) })
				return nil
			})
		}
		_, err := book.Post(t.Context(), posting(fmt.Sprint("charge/", i), ledger.Line{AccountID: card, Amount: -10}, ledger.Line{AccountID: shop, Amount: 10}))
		return err
	})
	b.has(t, card, left.Load(), 0)
	if charged := int64(codes[""] - 1); left.Load() != 1000-10*charged || codes[""]+codes[fault.CardNotActive] != 40 {
		t.Errorf("%d fen were left when the card was blocked, and callers ended with %v", left.Load(), codes)
	}
	b.sound(t)
}
