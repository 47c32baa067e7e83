package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"entgo.io/ent/dialect"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/fault"
	"citygraph/internal/store"
)

const (
	// groupSize bounds the postings of one commit; who is left over waits for the next.
	groupSize = 128
	// groupLines is the most lines of a posting that is grouped, so that no statement outgrows SQLite's limit.
	groupLines = 8
)

// errUnanswered is what a caller gets whose group ended in a panic. Whether it is posted, its key tells.
var errUnanswered = errors.New("the group of postings was not carried through")

// group is where callers wait for the writer of a SQLite file, to be committed together.
type group struct {
	mu      sync.Mutex
	waiting []*request
	turn    sync.Mutex // of whoever posts for all that wait
}

// request is a posting that waits. Whoever has the turn answers it.
type request struct {
	ctx  context.Context //nolint:containedctx // another caller's goroutine posts for it, and drops it when it is given up
	p    Posting
	done bool
	made *db.LedgerTransaction
	err  error
}

// groups reports whether the posting may be committed together with others': on SQLite, where transactions
// follow one another and each waits for the disk, and outside a caller's transaction.
func (b *Book) groups(ctx context.Context, p Posting) bool {
	_, inside := store.TxFrom(ctx)
	return !inside && b.Store.Dialect() == dialect.SQLite && len(p.Lines) <= groupLines
}

// postGrouped is post for a caller who shares a commit with all who wait for the writer at the same time. It
// returns after the commit.
func (b *Book) postGrouped(ctx context.Context, p Posting) (*db.LedgerTransaction, error) {
	r := &request{ctx: ctx, p: p}
	b.group.mu.Lock()
	b.group.waiting = append(b.group.waiting, r)
	b.group.mu.Unlock()

	b.group.turn.Lock()
	defer b.group.turn.Unlock()
	for !r.done {
		b.answer(b.group.take())
	}
	return r.made, r.err
}

// take removes those who have waited longest, and leaves out who has given up.
func (g *group) take() []*request {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), groupSize)
	taken := make([]*request, 0, n)
	for _, r := range g.waiting[:n] {
		r.done, r.err = true, r.ctx.Err()
		if r.err == nil {
			r.err = errUnanswered
			taken = append(taken, r)
		}
	}
	g.waiting = append([]*request(nil), g.waiting[n:]...)
	return taken
}

// answer posts for all of them. Whoever cannot be posted together with the others is posted alone, so that
// nobody's failure is another's; what the group has committed unheard is found by its key.
func (b *Book) answer(rs []*request) {
	alone := rs
	if len(rs) > 1 {
		var err error
		if alone, err = b.postAll(context.WithoutCancel(rs[0].ctx), rs); err != nil {
			alone = rs
		}
	}
	for _, r := range alone {
		r.made, r.err = b.post(r.ctx, r.p)
	}
}

// answered is what becomes of a request when its group is committed.
type answered struct {
	made *db.LedgerTransaction
	err  error
}

// postAll posts in one transaction whatever of the requests can be, in their order, refuses the others before
// anything is written, and returns those it left alone: repetitions of a key within the group.
func (b *Book) postAll(ctx context.Context, rs []*request) (alone []*request, err error) {
	var answers map[*request]answered
	err = b.Store.InTx(system(ctx), func(ctx context.Context) error {
		answers, alone = make(map[*request]answered, len(rs)), nil
		var ids, keys []string
		for _, r := range rs {
			ids, keys = append(ids, r.p.accountIDs()...), append(keys, r.p.Key)
		}
		// The transaction has the only writer from its beginning: what it reads stays so.
		accounts, err := b.accounts(ctx, ids)
		if err != nil {
			return err
		}
		earlier, err := b.DB.LedgerTransaction.Query().Where(ledgertransaction.EventKeyIn(keys...)).WithEntries().All(ctx)
		if err != nil {
			return fmt.Errorf("look for the transactions: %w", err)
		}
		firsts := make(map[string]*db.LedgerTransaction, len(earlier))
		for _, first := range earlier {
			firsts[first.EventKey] = first
		}
		seen := make(map[string]bool, len(rs))
		w := newWriting(b)
		var wrote []*request
		for _, r := range rs {
			if seen[r.p.Key] {
				alone = append(alone, r)
				continue
			}
			seen[r.p.Key] = true
			first, err := firsts[r.p.Key], missing(accounts, r.p)
			switch {
			case err != nil:
			case first != nil:
				err = same(first, first.Edges.Entries, r.p)
			default:
				if err = w.add(accounts, r.p); err == nil {
					wrote = append(wrote, r)
					continue
				}
			}
			if err != nil {
				first = nil
			}
			answers[r] = answered{first, err}
		}
		made, err := w.save(ctx)
		if err != nil {
			return err
		}
		for i, r := range wrote {
			answers[r] = answered{made[i], nil}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for r, a := range answers {
		r.made, r.err = a.made, a.err
	}
	return alone, nil
}

// accounts loads those of the ids that are there.
func (b *Book) accounts(ctx context.Context, ids []string) (map[string]*db.LedgerAccount, error) {
	found, err := b.DB.LedgerAccount.Query().Where(ledgeraccount.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load accounts: %w", err)
	}
	accounts := make(map[string]*db.LedgerAccount, len(found))
	for _, a := range found {
		accounts[a.ID] = a
	}
	return accounts, nil
}

// missing is NOT_FOUND when the posting names an account that is not among these.
func missing(accounts map[string]*db.LedgerAccount, p Posting) error {
	for _, l := range p.Lines {
		if accounts[l.AccountID] == nil {
			return fault.New(fault.NotFound)
		}
	}
	return nil
}
