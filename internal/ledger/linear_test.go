package ledger_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/fault"
	"citygraph/internal/ledger"
	"citygraph/internal/store/storetest"
	"citygraph/internal/viewer"
)

// verb is what a client asks of the account.
type verb string

const (
	doPost, doHold, doCapture, doVoid verb = "post", "hold", "capture", "void"
	doReverse, doBlock, doUnblock     verb = "reverse", "block", "unblock"
	doRead                            verb = "read"
)

// asked is an operation on one account, whose every payment goes to another that takes everything.
type asked struct {
	verb verb
	key  string // of a posting
	of   string // the hold or transaction
	fen  int64
}

// said is the answer to it.
type said struct {
	code          fault.Code
	id            string // of the hold or transaction that was made
	balance, held int64  // for a read
}

// onPaper is the account, if all was done one after the other.
type onPaper struct {
	balance, held int64
	blocked       bool
	keys          map[string]asked // as first posted
	made          map[string]string
	holds         map[string]int64 // pending: fen
	resolved      map[string]bool
	left          map[string]int64 // of each transaction: what can be reversed
}

func (p onPaper) copy() onPaper {
	p.keys, p.made, p.holds = maps.Clone(p.keys), maps.Clone(p.made), maps.Clone(p.holds)
	p.resolved, p.left = maps.Clone(p.resolved), maps.Clone(p.left)
	return p
}

func (p onPaper) equal(o onPaper) bool {
	return p.balance == o.balance && p.held == o.held && p.blocked == o.blocked && maps.Equal(p.keys, o.keys) && maps.Equal(p.made, o.made) &&
		maps.Equal(p.holds, o.holds) && maps.Equal(p.resolved, o.resolved) && maps.Equal(p.left, o.left)
}

// pays is why so much cannot leave the account.
func (p onPaper) pays(fen int64) fault.Code {
	switch {
	case p.blocked:
		return fault.CardNotActive
	case p.balance-p.held < fen:
		return fault.InsufficientFunds
	}
	return ""
}

// resolves is why a hold cannot be captured or voided.
func (p onPaper) resolves(holdID string) fault.Code {
	switch {
	case p.resolved[holdID]:
		return fault.InvalidTransition
	case p.holds[holdID] == 0:
		return fault.NotFound
	}
	return ""
}

// does is the code an operation gets on p.
func (p onPaper) does(a asked) fault.Code {
	switch a.verb {
	case doPost:
		if first, used := p.keys[a.key]; used {
			if first != a {
				return fault.IdempotencyKeyReused
			}
			return ""
		}
		return p.pays(a.fen)
	case doHold:
		return p.pays(a.fen)
	case doCapture:
		switch code := p.resolves(a.of); {
		case code != "":
			return code
		case a.fen > p.holds[a.of]:
			return fault.BadAmount
		case p.blocked:
			return fault.CardNotActive
		}
	case doVoid:
		return p.resolves(a.of)
	case doReverse:
		if left, there := p.left[a.of]; !there || a.fen > left {
			return fault.RefundExceeds
		}
	}
	return ""
}

// step is whether the answer is the one that the operation gets on p, and what is on paper then.
func (p onPaper) step(a asked, s said) (bool, onPaper) {
	if a.verb == doRead {
		return s.balance == p.balance && s.held == p.held, p
	}
	if s.code != p.does(a) {
		return false, p
	}
	if s.code != "" {
		return true, p
	}
	if _, used := p.keys[a.key]; a.verb == doPost && used {
		return p.made[a.key] == s.id, p
	}
	p = p.copy()
	switch a.verb {
	case doPost:
		p.keys[a.key], p.made[a.key] = a, s.id
		p.balance, p.left[s.id] = p.balance-a.fen, a.fen
	case doHold:
		p.held, p.holds[s.id] = p.held+a.fen, a.fen
	case doCapture:
		p.held, p.balance, p.left[s.id] = p.held-p.holds[a.of], p.balance-a.fen, a.fen
		delete(p.holds, a.of)
		p.resolved[a.of] = true
	case doVoid:
		p.held -= p.holds[a.of]
		delete(p.holds, a.of)
		p.resolved[a.of] = true
	case doReverse:
		p.balance, p.left[a.of] = p.balance+a.fen, p.left[a.of]-a.fen
	case doBlock, doUnblock:
		p.blocked = a.verb == doBlock
	}
	return true, p
}

// paper is the model of an account that has so many fen.
func paper(fen int64) porcupine.Model {
	return porcupine.Model{
		Init: func() any {
			return onPaper{balance: fen, keys: map[string]asked{}, made: map[string]string{}, holds: map[string]int64{}, resolved: map[string]bool{}, left: map[string]int64{}}
		},
		Step:              func(state, in, out any) (bool, any) { return state.(onPaper).step(in.(asked), out.(said)) },
		Equal:             func(a, b any) bool { return a.(onPaper).equal(b.(onPaper)) },
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v → %+v", in, out) },
	}
}

// witnesses writes down who asked an account for what, and when.
type witnesses struct {
	card, shop string
	until      time.Time
	clock      atomic.Int64 // counts calls and returns

	mu      sync.Mutex
	history []porcupine.Operation
	holds   []string
	made    []string
}

// any is one of the ids, or the empty one.
func (w *witnesses) any(r *rand.Rand, ids *[]string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(*ids) == 0 {
		return ""
	}
	return (*ids)[r.IntN(len(*ids))]
}

// next is what a client thinks of: the keys and the ids are everybody's.
func (w *witnesses) next(r *rand.Rand) (asked, bool) {
	v := []verb{doPost, doPost, doHold, doHold, doCapture, doCapture, doVoid, doReverse, doReverse, doRead, doRead, doBlock, doUnblock, doUnblock}[r.IntN(14)]
	a := asked{verb: v, fen: 1 + r.Int64N(40)}
	switch v {
	case doPost:
		a.key, a.fen = fmt.Sprint(w.card, "/", r.IntN(12)), 10+r.Int64N(2)
	case doCapture, doVoid:
		a.of = w.any(r, &w.holds)
		return a, a.of != ""
	case doReverse:
		a.of = w.any(r, &w.made)
		return a, a.of != ""
	}
	return a, true
}

// run asks the book.
func (w *witnesses) run(ctx context.Context, b *ledger.Book, key string, a asked) (s said, err error) {
	switch a.verb {
	case doPost, doReverse, doCapture:
		s.id, err = w.moves(ctx, b, key, a)
	case doHold:
		placed, failed := b.Hold(ctx, reservation(key, w.card, w.shop, a.fen, w.until))
		if err = failed; err == nil {
			s.id = placed.ID
		}
	case doVoid:
		err = b.Void(ctx, a.of)
	case doBlock:
		err = b.Block(ctx, w.card)
	case doUnblock:
		err = b.Unblock(ctx, w.card)
	case doRead:
		account, failed := b.DB.LedgerAccount.Get(viewer.AsSystem(ctx, "read what is there"), w.card)
		if err = failed; err == nil {
			s.balance, s.held = account.Balance, account.Held
		}
	}
	s.code = fault.CodeOf(err)
	return s, err
}

// moves runs the verbs that post.
func (w *witnesses) moves(ctx context.Context, b *ledger.Book, key string, a asked) (string, error) {
	var made *db.LedgerTransaction
	var err error
	switch a.verb {
	case doCapture:
		made, err = b.Capture(ctx, a.of, a.fen)
	case doReverse:
		_, err = b.Reverse(ctx, ledger.Reversal{Key: key, TransactionID: a.of, Amount: a.fen})
		return "", err // which cannot be reversed
	default:
		made, err = b.Post(ctx, posting(a.key, ledger.Line{AccountID: w.card, Amount: -a.fen}, ledger.Line{AccountID: w.shop, Amount: a.fen}))
	}
	if err != nil {
		return "", err
	}
	return made.ID, nil
}

// ask runs an operation and writes down what was said.
func (w *witnesses) ask(ctx context.Context, b *ledger.Book, client int, key string, a asked) error {
	called := w.clock.Add(1)
	s, err := w.run(ctx, b, key, a)
	returned := w.clock.Add(1)
	if s.code == fault.InternalError {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.history = append(w.history, porcupine.Operation{ClientId: client, Input: a, Call: called, Output: s, Return: returned})
	switch {
	case s.id == "":
	case a.verb == doHold:
		w.holds = append(w.holds, s.id)
	case !slices.Contains(w.made, s.id):
		w.made = append(w.made, s.id)
	}
	return nil
}

// Whatever clients do at once with an account, over two books, looks to them as if it was done one after the other:
// every posting, hold, capture, void, reversal, block and reading, and every refusal.
func TestAnAccountIsLinearizable(t *testing.T) {
	const clients, each, fen = 8, 14, 120
	rounds := 12
	if os.Getenv(storetest.ServerEnv) != "" {
		rounds = 8
	}
	b, books := replicas(t)
	codes := map[fault.Code]int{}
	for round := range rounds {
		owner := fmt.Sprint("round ", round)
		w := &witnesses{
			card: b.card(t, owner, fen), shop: b.account(t, ledgeraccount.KindMerchant, owner, 0), until: b.clock.Now().Add(time.Hour),
		}
		var all sync.WaitGroup
		for client := range clients {
			random := rand.New(rand.NewPCG(uint64(round), uint64(client)))
			all.Go(func() {
				for n := range each {
					a, possible := w.next(random)
					if !possible {
						continue
					}
					if err := w.ask(t.Context(), books[client%len(books)], client, fmt.Sprint(owner, "/", client, "/", n), a); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		for _, o := range w.history {
			codes[o.Output.(said).code]++
		}
		switch porcupine.CheckOperationsTimeout(paper(fen), w.history, time.Minute) {
		case porcupine.Illegal:
			t.Errorf("round %d is in no order: %+v", round, w.history)
		case porcupine.Unknown:
			t.Errorf("round %d was not decided in a minute", round)
		}
	}
	for _, code := range []fault.Code{"", fault.InsufficientFunds, fault.CardNotActive, fault.InvalidTransition, fault.RefundExceeds, fault.IdempotencyKeyReused, fault.BadAmount} {
		if codes[code] == 0 {
			t.Errorf("nothing was answered %q: %v", code, codes)
		}
	}
	b.sound(t)
	t.Logf("%d histories of %d clients, answered %v", rounds, clients, codes)
}

// The checker finds what no order of the operations explains.
func TestTheCheckerFindsABrokenHistory(t *testing.T) {
	// Each operation begins after the one before it has ended, unless it is beside it.
	type op struct {
		a      asked
		s      said
		beside bool
	}
	post := func(key string, fen int64, s said) op { return op{a: asked{verb: doPost, key: key, fen: fen}, s: s} }
	read := func(balance, held int64) op { return op{a: asked{verb: doRead}, s: said{balance: balance, held: held}} }
	hold := op{a: asked{verb: doHold, fen: 60}, s: said{id: "hold"}}
	capture := func(id string) op { return op{a: asked{verb: doCapture, of: "hold", fen: 60}, s: said{id: id}} }
	reverse := op{a: asked{verb: doReverse, of: "first", fen: 40}}
	beside := func(o op) op { o.beside = true; return o }
	first := post("a", 60, said{id: "first"})
	for name, c := range map[string]struct {
		ops   []op
		sound bool
	}{
		"held without the money":    {[]op{first, read(40, 0), hold, reverse, read(80, 0)}, false}, // the hold had too little
		"a sound one":               {[]op{hold, read(100, 60), capture("second"), read(40, 0)}, true},
		"a reading beside":          {[]op{first, beside(read(100, 0))}, true},
		"a reading too late":        {[]op{first, read(100, 0)}, false},
		"repeated":                  {[]op{first, first, read(40, 0)}, true},
		"repeated and made anew":    {[]op{first, post("a", 60, said{id: "second"})}, false},
		"posted twice":              {[]op{first, first, read(-20, 0)}, false},
		"more than there is":        {[]op{first, beside(post("b", 60, said{id: "second"}))}, false},
		"refused for nothing":       {[]op{post("a", 60, said{code: fault.InsufficientFunds})}, false},
		"captured twice":            {[]op{hold, capture("second"), beside(capture("third"))}, false},
		"reversed above":            {[]op{first, reverse, beside(reverse)}, false},
		"paid while it was blocked": {[]op{{a: asked{verb: doBlock}}, first}, false},
		"paid while it is blocked":  {[]op{{a: asked{verb: doBlock}}, beside(first)}, true},
	} {
		var history []porcupine.Operation
		for i, o := range c.ops {
			call := int64(2 * i)
			if o.beside {
				call = history[i-1].Call
			}
			history = append(history, porcupine.Operation{ClientId: i, Input: o.a, Call: call, Output: o.s, Return: int64(2*i + 1)})
		}
		if got := porcupine.CheckOperations(paper(100), history); got != c.sound {
			t.Errorf("%s: %v, want %v", name, got, c.sound)
		}
	}
}
