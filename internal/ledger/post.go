package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgerentry"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/fault"
	"citygraph/internal/lang"
)

// Posting is a movement of money as its cause describes it.
type Posting struct {
	Key      string // what it is posted for; one transaction ever has it
	Kind     ledgertransaction.Kind
	Domain   ledgertransaction.Domain
	Merchant lang.Text // who is paid; empty without one
	Lines    []Line

	reverses *reversed
}

// Line is what a posting adds to one account: positive into it, negative out of it, in fen.
type Line struct {
	AccountID string
	Amount    int64
}

// reversed is what a posting reverses, and the how-manieth reversal of it this is.
type reversed struct {
	transactionID string
	no            int
}

// Post writes a transaction, which it returns with its entries, and moves its accounts' balances. Posted again with the same key it returns the
// first transaction, and IDEMPOTENCY_KEY_REUSED when the lines differ. Returns BAD_AMOUNT for fewer than two
// lines, a zero one, two of one account, and lines that do not sum to zero; NOT_FOUND for an account that is
// not there; and what refusal says of each account.
func (b *Book) Post(ctx context.Context, p Posting) (*db.LedgerTransaction, error) {
	if _, err := p.total(); err != nil {
		return nil, err
	}
	if b.groups(ctx, p) {
		return b.postGrouped(ctx, p)
	}
	return b.post(ctx, p)
}

// After is the balance, in fen, that a posted transaction left in one of its accounts.
func After(made *db.LedgerTransaction, accountID string) int64 {
	for _, e := range made.Edges.Entries {
		if e.LedgerAccountID == accountID {
			return e.BalanceAfter
		}
	}
	return 0
}

// post is Post in a transaction of its own, or the caller's.
func (b *Book) post(ctx context.Context, p Posting) (*db.LedgerTransaction, error) {
	var made *db.LedgerTransaction
	err := b.Store.InTx(system(ctx), func(ctx context.Context) error {
		accounts, err := b.lock(ctx, p.accountIDs()...)
		if err != nil {
			return err
		}
		// Whoever posts the same holds the same locks, so the first is seen here.
		if made, err = b.posted(ctx, p); made != nil || err != nil {
			return err
		}
		made, err = b.write(ctx, accounts, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func (p *Posting) accountIDs() []string {
	ids := make([]string, len(p.Lines))
	for i, l := range p.Lines {
		ids[i] = l.AccountID
	}
	return ids
}

// total is the sum of what the lines add to accounts; BAD_AMOUNT when they do not make a transaction.
func (p *Posting) total() (int64, error) {
	bad := fault.New(fault.BadAmount)
	if len(p.Lines) < 2 {
		return 0, bad.Because(fmt.Errorf("%d lines", len(p.Lines)))
	}
	var into, out int64 // out is negative
	seen := make(map[string]bool, len(p.Lines))
	for _, l := range p.Lines {
		sum := &into
		if l.Amount < 0 {
			sum = &out
		}
		after, ok := add(*sum, l.Amount)
		if l.Amount == 0 || !ok || seen[l.AccountID] {
			return 0, bad.Because(fmt.Errorf("line of %d fen for %s", l.Amount, l.AccountID))
		}
		*sum, seen[l.AccountID] = after, true
	}
	if sum, ok := add(into, out); !ok || sum != 0 {
		return 0, bad.Because(fmt.Errorf("lines sum to %d fen", sum))
	}
	return into, nil
}

// write writes the transaction, whose key nobody has used over these accounts, and brings them up to date. They
// are locked.
func (b *Book) write(ctx context.Context, accounts map[string]*db.LedgerAccount, p Posting) (*db.LedgerTransaction, error) {
	w := newWriting(b)
	if err := w.add(accounts, p); err != nil {
		return nil, err
	}
	made, err := w.save(ctx)
	if err != nil {
		return nil, err
	}
	return made[0], nil
}

// posted is the transaction with the posting's key, nil without one; IDEMPOTENCY_KEY_REUSED when it is another.
func (b *Book) posted(ctx context.Context, p Posting) (*db.LedgerTransaction, error) {
	first, err := b.DB.LedgerTransaction.Query().Where(ledgertransaction.EventKey(p.Key)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil //nolint:nilnil // none is the usual answer
	}
	if err != nil {
		return nil, fmt.Errorf("look for the transaction: %w", err)
	}
	entries, err := b.DB.LedgerEntry.Query().Where(ledgerentry.LedgerTransactionID(first.ID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load entries: %w", err)
	}
	if err := same(first, entries, p); err != nil {
		return nil, err
	}
	first.Edges.Entries = entries
	return first, nil
}

// same is IDEMPOTENCY_KEY_REUSED unless the posting is the one that wrote the transaction and its entries.
func same(first *db.LedgerTransaction, entries []*db.LedgerEntry, p Posting) error {
	lines := make([]Line, len(entries))
	for i, e := range entries {
		lines[i] = Line{AccountID: e.LedgerAccountID, Amount: e.Amount}
	}
	if first.Kind != p.Kind || !slices.Equal(sorted(lines), sorted(p.Lines)) {
		return fault.New(fault.IdempotencyKeyReused)
	}
	return nil
}

func sorted(lines []Line) []Line {
	return slices.SortedFunc(slices.Values(lines), func(a, b Line) int { return strings.Compare(a.AccountID, b.AccountID) })
}
