package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"strings"

	"entgo.io/ent/dialect"

	"citygraph/internal/lang"
)

// Violation is one thing in the book that must not be.
type Violation struct {
	Rule   Rule
	ID     string // the account, transaction or hold
	Detail string
}

// Rule names what a violation breaks. The names are stable: they are labels of metrics.
type Rule string

// The rules of the book.
const (
	RuleSum       Rule = "transaction_sum"    // a transaction has two entries or more, which sum to zero
	RuleAmount    Rule = "transaction_amount" // its amount is the sum of what it adds
	RuleReversals Rule = "reversals"          // its reversals sum to its amount at most
	RuleBalance   Rule = "balance"            // a balance is the sum of its entries
	RuleChain     Rule = "chain"              // entries are dense, each with the balance after it
	RuleHeld      Rule = "held"               // what is held is the sum of pending holds
	RuleFloor     Rule = "floor"              // a balance less holds is not below its floor
	RuleCeiling   Rule = "ceiling"            // a balance is not above its ceiling
	RuleHold      Rule = "hold"               // a hold is captured by a charge within it, and by nothing else
	RuleOrphan    Rule = "orphan"             // every entry has its transaction and its account
)

// Rules lists every rule of the book.
func Rules() []Rule {
	return []Rule{RuleSum, RuleAmount, RuleReversals, RuleBalance, RuleChain, RuleHeld, RuleFloor, RuleCeiling, RuleHold, RuleOrphan}
}

// Proof is what the book holds, in counts and fen, and the digest of it: equal books have equal digests on
// either database.
type Proof struct {
	Accounts, Transactions, Entries, Holds int64
	Moved                                  int64 // the sum of the transactions' amounts
	Positive, Negative                     int64 // the sums of the balances above and below zero
	Held                                   int64
	Violations                             int64
	Digest                                 string // SHA-256, in hexadecimal
}

// Verify reads the whole book in one snapshot, row by row, and tells found of each violation. What it keeps
// in memory does not grow with the book.
func (b *Book) Verify(ctx context.Context, found func(Violation)) (Proof, error) {
	p := &prover{sqlite: b.Store.Dialect() == dialect.SQLite, digest: sha256.New()}
	p.found = func(rule Rule, id, format string, args ...any) {
		p.Violations++
		found(Violation{rule, id, fmt.Sprintf(format, args...)})
	}
	err := b.Store.Snapshot(ctx, func(tx *sql.Tx) error {
		for _, part := range []func(context.Context, *sql.Tx) error{p.accounts, p.transactions, p.holds, p.orphans} {
			if err := part(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Proof{}, fmt.Errorf("verify the book: %w", err)
	}
	p.Digest = hex.EncodeToString(p.digest.Sum(nil))
	return p.Proof, nil
}

// prover carries what the parts of a proof share.
type prover struct {
	Proof
	sqlite bool
	digest hash.Hash
	found  func(rule Rule, id, format string, args ...any)
}

// each runs a query with ids in the order of their bytes, which is not every PostgreSQL's own, and hands over
// its rows.
func (p *prover) each(ctx context.Context, tx *sql.Tx, query string, row func(*sql.Rows) error) error {
	collation := `COLLATE "C"`
	if p.sqlite {
		collation = "COLLATE BINARY"
	}
	rows, err := tx.QueryContext(ctx, strings.ReplaceAll(query, "{bytes}", collation))
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

// write adds a line to the digest.
func (p *prover) write(parts ...any) {
	line, err := json.Marshal(parts)
	if err != nil {
		panic(err) // texts and numbers
	}
	p.digest.Write(append(line, '\n'))
}

// sum adds to a running sum that no 64 bits need hold in a book that was tampered with; it stays where it is
// then, and something else is found to differ.
func sum(total *int64, amount int64) {
	if after, ok := add(*total, amount); ok {
		*total = after
	}
}

// transactions proves each transaction over its entries and its reversals.
func (p *prover) transactions(ctx context.Context, tx *sql.Tx) error {
	type transaction struct {
		id, kind, domain, key, reverses string
		merchant                        []byte
		amount, reversed                int64
		at                              sql.NullTime
	}
	var (
		open            transaction
		into, total, n  int64
		reversalsOfOpen int64
	)
	closeOpen := func() {
		if open.id == "" {
			return
		}
		if total != 0 || n < 2 {
			p.found(RuleSum, open.id, "%d entries sum to %d fen", n, total)
		}
		if into != open.amount {
			p.found(RuleAmount, open.id, "says %d fen and moves %d", open.amount, into)
		}
		if reversalsOfOpen > open.amount {
			p.found(RuleReversals, open.id, "%d of %d fen are reversed", reversalsOfOpen, open.amount)
		}
	}
	err := p.each(ctx, tx, `SELECT t.id, t.kind, t.domain, t.event_key, t.merchant, t.amount, t.created_at, coalesce(t.reverses_id, ''),
		coalesce((SELECT CAST(sum(r.amount) AS bigint) FROM ledger_transactions r WHERE r.reverses_id = t.id), 0),
		coalesce(e.ledger_account_id, ''), coalesce(e.amount, 0)
		FROM ledger_transactions t LEFT JOIN ledger_entries e ON e.ledger_transaction_id = t.id
		ORDER BY t.id {bytes}, e.ledger_account_id {bytes}`, func(rows *sql.Rows) error {
		var row transaction
		var account string
		var amount int64
		if err := rows.Scan(&row.id, &row.kind, &row.domain, &row.key, &row.merchant, &row.amount, &row.at, &row.reverses,
			&row.reversed, &account, &amount); err != nil {
			return err
		}
		if row.id != open.id {
			closeOpen()
			var merchant lang.Text
			if err := json.Unmarshal(row.merchant, &merchant); err != nil {
				return fmt.Errorf("merchant of %s: %w", row.id, err)
			}
			open, into, total, n, reversalsOfOpen = row, 0, 0, 0, row.reversed
			p.Transactions++
			sum(&p.Moved, row.amount)
			p.write("transaction", row.id, row.kind, row.domain, row.key, merchant.ZH, merchant.EN, row.amount, row.at.Time.UTC().UnixMicro(), row.reverses)
		}
		if account == "" {
			return nil
		}
		n++
		sum(&total, amount)
		if amount > 0 {
			sum(&into, amount)
		}
		return nil
	})
	closeOpen()
	return err
}

// holds proves that a hold is captured by a charge within it, and that no other hold has one.
func (p *prover) holds(ctx context.Context, tx *sql.Tx) error {
	return p.each(ctx, tx, `SELECT h.id, h.status, h.amount, h.ledger_account_id, h.payee_id, h.event_key,
		coalesce(h.ledger_transaction_id, ''), coalesce(t.amount, 0)
		FROM holds h LEFT JOIN ledger_transactions t ON t.id = h.ledger_transaction_id ORDER BY h.id {bytes}`, func(rows *sql.Rows) error {
		var id, status, account, payee, key, charge string
		var amount, charged int64
		if err := rows.Scan(&id, &status, &amount, &account, &payee, &key, &charge, &charged); err != nil {
			return err
		}
		p.Holds++
		switch captured := status == "CAPTURED"; {
		case captured && (charged <= 0 || charged > amount):
			p.found(RuleHold, id, "%d of %d fen are captured", charged, amount)
		case !captured && charge != "":
			p.found(RuleHold, id, "is %s and charged by %s", status, charge)
		}
		p.write("hold", id, status, amount, account, payee, key, charge)
		return nil
	})
}

// orphans finds entries that no account or no transaction has.
func (p *prover) orphans(ctx context.Context, tx *sql.Tx) error {
	return p.each(ctx, tx, `SELECT e.id, e.ledger_transaction_id, e.ledger_account_id FROM ledger_entries e
		WHERE NOT EXISTS (SELECT 1 FROM ledger_transactions t WHERE t.id = e.ledger_transaction_id)
		OR NOT EXISTS (SELECT 1 FROM ledger_accounts a WHERE a.id = e.ledger_account_id) ORDER BY e.id {bytes}`, func(rows *sql.Rows) error {
		var id, transaction, account string
		if err := rows.Scan(&id, &transaction, &account); err != nil {
			return err
		}
		p.found(RuleOrphan, id, "of transaction %s in account %s", transaction, account)
		return nil
	})
}
