package ledger_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/fault"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store/storetest"
)

const (
	modelAccounts = 3
	modelCap      = 150 // fen
	modelLife     = time.Minute
)

type modelAccount struct {
	id            string
	balance, held int64
	blocked       bool
}

type modelHold struct {
	id       string
	from, to int
	fen      int64
	until    time.Time
	status   fault.Code // what another resolution of it gets; empty while it is pending
}

type modelPosting struct {
	id        string
	from, to  int
	fen, left int64
}

// model is the book as somebody would keep it on paper, next to the one that is tested.
type model struct {
	book     *book
	accounts []*modelAccount
	holds    []*modelHold
	postings []*modelPosting
	keys     map[string]modelPosting
	run      int
	n        int
}

func (m *model) add(from, to int, fen int64) {
	m.accounts[from].balance -= fen
	m.accounts[to].balance += fen
}

// moves is the code of moving so much; a payer's reasons come first in the order of the lines.
func (m *model) moves(from, to int, fen int64) fault.Code {
	a, b := m.accounts[from], m.accounts[to]
	switch {
	case a.blocked:
		return fault.CardNotActive
	case a.balance-a.held-fen < 0:
		return fault.InsufficientFunds
	case b.balance+fen > modelCap:
		return fault.BalanceCap
	}
	return ""
}

func (m *model) post(t *rapid.T, tt *testing.T) {
	from, to, fen := rapid.IntRange(0, modelAccounts-1).Draw(t, "from"), rapid.IntRange(0, modelAccounts-1).Draw(t, "to"), rapid.Int64Range(-1, 90).Draw(t, "fen")
	key := fmt.Sprint(m.run, "/post/", rapid.IntRange(0, 30).Draw(t, "key"))
	if fen < 0 {
		from, to, fen = to, from, 0 // a line of nothing
	}
	made, err := m.book.Post(tt.Context(), posting(key, ledger.Line{AccountID: m.accounts[from].id, Amount: -fen}, ledger.Line{AccountID: m.accounts[to].id, Amount: fen}))
	first, used := m.keys[key]
	var want fault.Code
	switch {
	case fen == 0 || from == to:
		want = fault.BadAmount
	case used && (first.from != from || first.to != to || first.fen != fen):
		want = fault.IdempotencyKeyReused
	case used:
	default:
		want = m.moves(from, to, fen)
	}
	check(t, "post", err, want)
	switch {
	case err != nil:
	case used:
		if made.ID != first.id {
			t.Fatalf("posted again as %s, first as %s", made.ID, first.id)
		}
	default:
		m.add(from, to, fen)
		p := modelPosting{made.ID, from, to, fen, fen}
		m.keys[key] = p
		m.postings = append(m.postings, &p)
	}
}

func (m *model) hold(t *rapid.T, tt *testing.T) {
	from, to, fen := rapid.IntRange(0, modelAccounts-1).Draw(t, "from"), rapid.IntRange(0, modelAccounts-1).Draw(t, "to"), rapid.Int64Range(-1, 90).Draw(t, "fen")
	m.n++
	until := m.book.clock.Now().Add(modelLife)
	h, err := m.book.Hold(tt.Context(), reservation(fmt.Sprint(m.run, "/hold/", m.n), m.accounts[from].id, m.accounts[to].id, fen, until))
	a := m.accounts[from]
	var want fault.Code
	switch {
	case fen <= 0 || from == to:
		want = fault.BadAmount
	case a.blocked:
		want = fault.CardNotActive
	case a.balance-a.held < fen:
		want = fault.InsufficientFunds
	}
	check(t, "hold", err, want)
	if err == nil {
		a.held += fen
		m.holds = append(m.holds, &modelHold{h.ID, from, to, fen, until, ""})
	}
}

func (m *model) capture(t *rapid.T, tt *testing.T) {
	if len(m.holds) == 0 {
		return
	}
	h, fen := rapid.SampledFrom(m.holds).Draw(t, "hold"), rapid.Int64Range(0, 91).Draw(t, "fen")
	made, err := m.book.Capture(tt.Context(), h.id, fen)
	want := h.status
	switch {
	case want != "":
	case !h.until.After(m.book.clock.Now()):
		want = fault.HoldExpired
	case fen <= 0 || fen > h.fen:
		want = fault.BadAmount
	default:
		m.accounts[h.from].held -= h.fen
		if want = m.moves(h.from, h.to, fen); want != "" {
			m.accounts[h.from].held += h.fen
		}
	}
	check(t, "capture", err, want)
	if err == nil {
		h.status = fault.InvalidTransition
		m.add(h.from, h.to, fen)
		m.postings = append(m.postings, &modelPosting{made.ID, h.from, h.to, fen, fen})
	}
}

func (m *model) void(t *rapid.T, tt *testing.T) {
	if len(m.holds) == 0 {
		return
	}
	h := rapid.SampledFrom(m.holds).Draw(t, "hold")
	check(t, "void", m.book.Void(tt.Context(), h.id), h.status)
	if h.status == "" {
		h.status = fault.InvalidTransition
		m.accounts[h.from].held -= h.fen
	}
}

func (m *model) timeOut(t *rapid.T, tt *testing.T) {
	m.book.clock.Turn(time.Duration(rapid.IntRange(1, 60).Draw(t, "seconds")) * time.Second)
	if rapid.Bool().Draw(t, "only time passes") {
		return
	}
	n, err := m.book.TimeOut(tt.Context())
	check(t, "time out", err, "")
	for _, h := range m.holds {
		if h.status == "" && !h.until.After(m.book.clock.Now()) {
			h.status = fault.HoldExpired
			m.accounts[h.from].held -= h.fen
			n--
		}
	}
	if n != 0 {
		t.Fatalf("%d more holds timed out than have expired", n)
	}
}

func (m *model) reverse(t *rapid.T, tt *testing.T) {
	if len(m.postings) == 0 {
		return
	}
	p, fen := rapid.SampledFrom(m.postings).Draw(t, "posting"), rapid.Int64Range(0, 91).Draw(t, "fen")
	m.n++
	_, err := m.book.Reverse(tt.Context(), ledger.Reversal{Key: fmt.Sprint(m.run, "/reverse/", m.n), TransactionID: p.id, Amount: fen})
	var want fault.Code
	switch {
	case fen <= 0:
		want = fault.BadAmount
	case fen > p.left:
		want = fault.RefundExceeds
	default:
		want = m.moves(p.to, p.from, fen)
	}
	// The entries of a transaction come in no order: either account may be the first to refuse.
	if want == "" || fault.CodeOf(err) != fault.BalanceCap || m.accounts[p.from].balance+fen <= modelCap || fen > p.left {
		check(t, "reverse", err, want)
	}
	if err == nil {
		p.left -= fen
		m.add(p.to, p.from, fen)
	}
}

func (m *model) block(t *rapid.T, tt *testing.T) {
	a := rapid.SampledFrom(m.accounts).Draw(t, "account")
	turn := m.book.Block
	if a.blocked {
		turn = m.book.Unblock
	}
	check(t, "block", turn(tt.Context(), a.id), "")
	a.blocked = !a.blocked
}

func check(t *rapid.T, what string, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Fatalf("%s: %q, want %q (%v)", what, got, want, err)
	}
}

// Whatever is done with a book, it says and keeps what a model on paper does.
func TestTheBookIsItsModel(t *testing.T) {
	b, runs, rounds := open(t), 0, "60"
	if os.Getenv(storetest.ServerEnv) != "" {
		rounds = "5"
	}
	if err := flag.Set("rapid.checks", rounds); err != nil { // each costs a database's time
		t.Fatal(err)
	}
	suspense := b.suspense(t)
	rapid.Check(t, func(r *rapid.T) {
		runs++
		b.clock.Turn(modelLife)
		if _, err := b.TimeOut(t.Context()); err != nil { // of the holds of the run before
			r.Fatal(err)
		}
		m := &model{book: b, keys: map[string]modelPosting{}, run: runs}
		for i := range modelAccounts {
			opened, err := b.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindCardBalance, OwnerID: fmt.Sprint(runs, "/", i), Floor: new(int64(0)), Ceiling: new(int64(modelCap))})
			if err != nil {
				r.Fatal(err)
			}
			b.must(t, b.transfer(suspense, opened.ID, 100))
			m.accounts = append(m.accounts, &modelAccount{id: opened.ID, balance: 100})
		}
		for range 40 {
			do := rapid.SampledFrom([]func(*rapid.T, *testing.T){m.post, m.post, m.hold, m.hold, m.capture, m.void, m.timeOut, m.reverse, m.reverse, m.block}).Draw(r, "step")
			do(r, t)
			m.compare(r, t)
		}
	})
	b.sound(t)
}

func (m *model) compare(r *rapid.T, t *testing.T) {
	for i, a := range m.accounts {
		is := m.book.DB.LedgerAccount.GetX(seedtest.System(t), a.id)
		if is.Balance != a.balance || is.Held != a.held || is.Blocked != a.blocked {
			r.Fatalf("account %d has %d fen, holds %d, blocked %t; want %+v", i, is.Balance, is.Held, is.Blocked, *a)
		}
	}
}
