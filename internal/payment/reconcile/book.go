package reconcile

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"citygraph/ent/db/topup"
	"citygraph/internal/payment"
	"citygraph/internal/store"
)

// book is what is read of the book in one snapshot.
type book struct {
	ctx      context.Context //nolint:containedctx // of one snapshot, which ends before it
	tx       *sql.Tx
	store    *store.Store
	provider topup.Provider
	day      time.Time
	account  string // the provider's, for clearing
}

// openBook looks for the provider's clearing account; a book without one has no postings.
func openBook(ctx context.Context, tx *sql.Tx, s *store.Store, provider topup.Provider, day time.Time) (*book, error) {
	b := &book{ctx: ctx, tx: tx, store: s, provider: provider, day: day}
	q := b.statement("SELECT id FROM ledger_accounts WHERE kind = 'PROVIDER_CLEARING' AND owner_id = ").Arg(string(provider))
	return b, b.each(q, func(rows *sql.Rows) error { return rows.Scan(&b.account) })
}

// columns are those of a posting: the key of the order's transaction, and the entry.
const columns = `SELECT o.event_key AS order_key, CASE WHEN e.amount < 0 THEN 'TOP_UP' ELSE 'REFUND' END AS kind, abs(e.amount) AS amount,
	e.created_at AS at, e.ledger_account_id AS account `

// pull are the postings of the day by order and kind, until done.
func (b *book) pull() (next pull[Posting], done func(), err error) {
	collation := `COLLATE "C"` // the order of bytes, which is not every PostgreSQL's own
	if b.store.Dialect() == dialect.SQLite {
		collation = "COLLATE BINARY"
	}
	q := b.statement(`SELECT p.*, coalesce(u.provider_transaction_id, '') FROM (` + columns + `FROM ledger_entries e
		JOIN ledger_transactions t ON t.id = e.ledger_transaction_id JOIN ledger_transactions o ON o.id = coalesce(t.reverses_id, t.id)
		WHERE t.kind IN ('TOP_UP', 'REVERSAL') AND e.ledger_account_id = `)
	q.Arg(b.account).WriteString(" AND e.created_at >= ").Arg(b.day.UTC()).WriteString(" AND e.created_at < ").Arg(b.day.AddDate(0, 0, 1).UTC()).
		WriteString(") p LEFT JOIN top_ups u ON u.id = substr(p.order_key, 8) ORDER BY p.order_key " + collation + ", p.kind " + collation + ", p.at")
	query, args := q.Query()
	rows, err := b.tx.QueryContext(b.ctx, query, args...) //nolint:rowserrcheck // nextPosting checks it
	if err != nil {
		return nil, nil, err
	}
	return func() (Posting, error) { return nextPosting(rows) }, func() { _ = rows.Close() }, nil
}

func nextPosting(rows *sql.Rows) (Posting, error) {
	var p Posting
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return p, err
		}
		return p, io.EOF
	}
	var transactionID string
	_, err := scan(rows, &p, &transactionID)
	if p.Kind == payment.RecordTopUp {
		p.TransactionID = transactionID
	}
	return p, err
}

// scan reads a posting, the account it is in, and what more its row has.
func scan(rows *sql.Rows, p *Posting, more ...any) (account string, err error) {
	var at sql.NullTime
	var orderKey string
	if err := rows.Scan(append([]any{&orderKey, &p.Kind, &p.Amount, &at, &account}, more...)...); err != nil {
		return "", err
	}
	p.OrderID, p.At, p.Status = strings.TrimPrefix(orderKey, payment.PostedFor), at.Time, topup.StatusPaid
	if p.Kind == payment.RecordRefund {
		p.Status = topup.StatusRefunded
	}
	return account, nil
}

// postings hands over those of the day.
func (b *book) postings(each func(Posting) error) error {
	next, done, err := b.pull()
	if err != nil {
		return err
	}
	defer done()
	for {
		p, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(p); err != nil {
			return err
		}
	}
}

// otherDays are the postings of the orders on all days but this.
func (b *book) otherDays(orderIDs []string) (map[key][]Posting, error) {
	keys := make([]string, len(orderIDs))
	for i, id := range orderIDs {
		keys[i] = payment.PostedFor + id
	}
	q := b.statement("")
	for i, join := range []string{"o.id = t.id", "o.id = t.reverses_id"} {
		if i > 0 {
			q.WriteString(" UNION ALL ")
		}
		q.WriteString(columns + "FROM ledger_transactions o JOIN ledger_transactions t ON " + join +
			" JOIN ledger_entries e ON e.ledger_transaction_id = t.id WHERE ")
		b.store.Among(q, "o.event_key", keys)
	}
	found := map[key][]Posting{}
	return found, b.each(q, func(rows *sql.Rows) error {
		var p Posting
		account, err := scan(rows, &p)
		if err != nil {
			return err
		}
		if account == b.account && (p.At.Before(b.day) || !p.At.Before(b.day.AddDate(0, 0, 1))) {
			found[p.key()] = append(found[p.key()], p)
		}
		return nil
	})
}

// orders are the top-ups with these ids, by id, as what would be posted for them.
func (b *book) orders(ids []string) (map[string]*Posting, error) {
	q := b.statement("SELECT u.id, u.amount, u.status, coalesce(u.provider_transaction_id, ''), u.updated_at FROM top_ups u WHERE u.provider = ")
	q.Arg(string(b.provider)).WriteString(" AND ")
	b.store.Among(q, "u.id", ids)
	found := map[string]*Posting{}
	return found, b.each(q, func(rows *sql.Rows) error {
		var p Posting
		var at sql.NullTime
		err := rows.Scan(&p.OrderID, &p.Amount, &p.Status, &p.TransactionID, &at)
		p.At = at.Time
		found[p.OrderID] = &p
		return err
	})
}

func (b *book) statement(text string) *entsql.Builder {
	q := &entsql.Builder{}
	q.SetDialect(b.store.Dialect())
	return q.WriteString(text)
}

// each runs a statement to its end.
func (b *book) each(q *entsql.Builder, row func(*sql.Rows) error) error {
	query, args := q.Query()
	rows, err := b.tx.QueryContext(b.ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
