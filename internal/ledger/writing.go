package ledger

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/store"
	"citygraph/internal/target"
)

// writing is what is to be written in one go: transactions over locked accounts, each checked against what
// those before it leave.
type writing struct {
	book         *Book
	now          time.Time
	transactions []*db.LedgerTransactionCreate
	entries      []*db.LedgerEntryCreate
	moves        []*moved
	byAccount    map[string]*moved
}

// moved is what the statement of move does to an account.
type moved struct {
	ID     string `json:"id"`
	Amount int64  `json:"amount"` // fen, all in all
	Seq    int64  `json:"seq"`    // as it was locked
	Count  int64  `json:"count"`  // of entries
}

func newWriting(b *Book) *writing {
	return &writing{book: b, now: b.Clock.Now(), byAccount: map[string]*moved{}}
}

// add brings the accounts up to date with a posting, or returns why one refuses it and changes nothing.
func (w *writing) add(accounts map[string]*db.LedgerAccount, p Posting) error {
	total, err := p.total()
	if err != nil {
		return err
	}
	for _, l := range p.Lines {
		if err := refusal(accounts[l.AccountID], l.Amount); err != nil {
			return err
		}
	}
	b := w.book
	transactionID := b.newID(id.LedgerTransaction)
	create := b.DB.LedgerTransaction.Create().SetID(transactionID).SetCreatedAt(w.now).SetKind(p.Kind).SetDomain(p.Domain).
		SetMerchant(p.Merchant).SetNillablePlace(place(accounts, p.Lines)).SetEventKey(p.Key).SetAmount(total)
	if p.reverses != nil {
		create.SetReversesID(p.reverses.transactionID).SetReversalNo(p.reverses.no)
	}
	w.transactions = append(w.transactions, create)
	for _, l := range p.Lines {
		a := accounts[l.AccountID]
		m := w.byAccount[a.ID]
		if m == nil {
			m = &moved{ID: a.ID, Seq: a.LastSeq}
			w.byAccount[a.ID], w.moves = m, append(w.moves, m)
		}
		m.Amount += l.Amount
		m.Count++
		a.Balance += l.Amount
		a.LastSeq++
		w.entries = append(w.entries, b.DB.LedgerEntry.Create().SetID(b.newID(id.LedgerEntry)).SetCreatedAt(w.now).
			SetLedgerTransactionID(transactionID).SetLedgerAccountID(a.ID).SetAmount(l.Amount).SetSeq(a.LastSeq).SetBalanceAfter(a.Balance))
	}
	return nil
}

// place is whose merchant's account is among the lines; nil without one, and where there are two.
func place(accounts map[string]*db.LedgerAccount, lines []Line) *target.Target {
	var found *target.Target
	for _, l := range lines {
		a := accounts[l.AccountID]
		if a.Kind != ledgeraccount.KindMerchant {
			continue
		}
		opens, err := target.Of(a.OwnerID)
		if found != nil || err != nil { // merchants that no client can open have no place
			return nil
		}
		found = &opens
	}
	return found
}

// save writes all of it, and returns the transactions in the order they were added, each with its entries.
func (w *writing) save(ctx context.Context) ([]*db.LedgerTransaction, error) {
	if len(w.transactions) == 0 {
		return nil, nil
	}
	if err := w.move(ctx); err != nil {
		return nil, err
	}
	made, err := w.book.DB.LedgerTransaction.CreateBulk(w.transactions...).Save(ctx)
	if _, taken := store.IsUniqueViolation(err); taken {
		return nil, fault.New(fault.IdempotencyKeyReused).Because(err) // by a posting over other accounts
	}
	if err != nil {
		return nil, fmt.Errorf("write transactions: %w", err)
	}
	entries, err := w.book.DB.LedgerEntry.CreateBulk(w.entries...).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("write entries: %w", err)
	}
	byID := make(map[string]*db.LedgerTransaction, len(made))
	for _, t := range made {
		byID[t.ID] = t
	}
	for _, e := range entries {
		t := byID[e.LedgerTransactionID]
		t.Edges.Entries = append(t.Edges.Entries, e)
	}
	return made, nil
}

// move adds to the accounts, each under the seq and the limits it was checked with: the statement holds by
// itself, whatever was read before it.
func (w *writing) move(ctx context.Context) error {
	s := w.book.Store
	n, err := s.ExecRows(ctx, w.book.DB, []string{"id text", "amount bigint", "seq bigint", "count bigint"},
		`UPDATE ledger_accounts SET balance = balance + r.amount, last_seq = last_seq + r.count, updated_at = ? FROM r
		WHERE `+s.Meets(ledgeraccount.Table)+` AND last_seq = r.seq
		AND (r.amount >= 0 OR (NOT blocked AND (floor IS NULL OR balance - held + r.amount >= floor)))
		AND (r.amount <= 0 OR ceiling IS NULL OR balance + r.amount <= ceiling)`, w.moves, w.now)
	if err != nil {
		return fmt.Errorf("move balances: %w", err)
	}
	if n != len(w.moves) {
		return fmt.Errorf("move balances: %d of %d accounts are as they were locked", n, len(w.moves))
	}
	return nil
}
