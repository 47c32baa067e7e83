package ledger

import (
	"context"
	"database/sql"
)

// provenAccount is an account with what its entries so far say.
type provenAccount struct {
	id, kind, owner             string
	balance, held, last, pended int64
	floor, ceiling              sql.NullInt64
	blocked                     bool

	running, seq int64
}

// provenEntry is an entry as it is read beside its account; seq is zero where the account has none.
type provenEntry struct {
	id, transaction    string
	amount, after, seq int64
}

// accounts proves each account over its entries and its pending holds.
func (p *prover) accounts(ctx context.Context, tx *sql.Tx) error {
	var open provenAccount
	err := p.each(ctx, tx, `SELECT a.id, a.kind, a.owner_id, a.balance, a.held, a.last_seq, a.floor, a.ceiling, a.blocked,
		coalesce((SELECT CAST(sum(h.amount) AS bigint) FROM holds h WHERE h.ledger_account_id = a.id AND h.status = 'PENDING'), 0),
		coalesce(e.id, ''), coalesce(e.ledger_transaction_id, ''), coalesce(e.amount, 0), coalesce(e.balance_after, 0), coalesce(e.seq, 0)
		FROM ledger_accounts a LEFT JOIN ledger_entries e ON e.ledger_account_id = a.id
		ORDER BY a.id {bytes}, e.seq`, func(rows *sql.Rows) error {
		var row provenAccount
		var e provenEntry
		if err := rows.Scan(&row.id, &row.kind, &row.owner, &row.balance, &row.held, &row.last, &row.floor, &row.ceiling, &row.blocked,
			&row.pended, &e.id, &e.transaction, &e.amount, &e.after, &e.seq); err != nil {
			return err
		}
		if row.id != open.id {
			p.closeAccount(&open)
			open = row
			p.openAccount(&open)
		}
		if e.id != "" {
			p.entry(&open, e)
		}
		return nil
	})
	p.closeAccount(&open)
	return err
}

func (p *prover) openAccount(a *provenAccount) {
	p.Accounts++
	sum(&p.Held, a.held)
	if a.balance > 0 {
		sum(&p.Positive, a.balance)
	} else {
		sum(&p.Negative, a.balance)
	}
	p.write("account", a.id, a.kind, a.owner, a.balance, a.held, a.last, limit(a.floor), limit(a.ceiling), a.blocked)
}

func limit(l sql.NullInt64) *int64 {
	if !l.Valid {
		return nil
	}
	return &l.Int64
}

func (p *prover) entry(a *provenAccount, e provenEntry) {
	p.Entries++
	running, ok := add(a.running, e.amount)
	if e.seq != a.seq+1 || !ok || running != e.after {
		p.found(RuleChain, a.id, "entry %s is number %d after %d, and leaves %d fen where %d and %d come together", e.id, e.seq, a.seq, e.after, a.running, e.amount)
	}
	a.seq = e.seq
	sum(&a.running, e.amount)
	p.write("entry", e.id, e.transaction, a.id, e.amount, e.after, e.seq)
}

func (p *prover) closeAccount(a *provenAccount) {
	if a.id == "" {
		return
	}
	if a.running != a.balance {
		p.found(RuleBalance, a.id, "has %d fen, and its entries sum to %d", a.balance, a.running)
	}
	if a.seq != a.last {
		p.found(RuleChain, a.id, "counts %d entries, and the last is number %d", a.last, a.seq)
	}
	if a.pended != a.held {
		p.found(RuleHeld, a.id, "holds %d fen, and its pending holds sum to %d", a.held, a.pended)
	}
	if below(a.balance, a.held, limit(a.floor)) {
		p.found(RuleFloor, a.id, "has %d fen and holds %d, with a floor of %d", a.balance, a.held, a.floor.Int64)
	}
	if a.ceiling.Valid && a.balance > a.ceiling.Int64 {
		p.found(RuleCeiling, a.id, "has %d fen, with a ceiling of %d", a.balance, a.ceiling.Int64)
	}
}
