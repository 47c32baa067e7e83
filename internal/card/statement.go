package card

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgerentry"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Statement is what moved in a card's account in a month. Amounts are fen; Opening + In - Out = Closing.
type Statement struct {
	Month             time.Time // its first instant
	OpeningBalance    int64
	ClosingBalance    int64
	MoneyIn, MoneyOut int64 // neither is negative
	Categories        []*Category
}

// Category is one kind of movement in one part of the city, in a statement.
type Category struct {
	Domain ledgertransaction.Domain
	Kind   ledgertransaction.Kind
	Total  int64 // fen, positive into the account
	Count  int
}

// AccountKind is the kind of the account that an entry is in.
func AccountKind(ctx context.Context, e *db.LedgerEntry) (ledgeraccount.Kind, error) {
	account, err := e.Account(ctx)
	if err != nil {
		return "", err
	}
	return account.Kind, nil
}

// Statement sums up what moved on the viewer's own card in the month that begins at the instant, in one statement
// over the entries of its account: cards that replace each other share one. Whoever is signed in may. Returns
// UNAUTHENTICATED, BAD_USER_INPUT for a month that is still to come, and NOT_FOUND for a person without a card.
func (c *Cards) Statement(ctx context.Context, month time.Time) (*Statement, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if month.After(c.Clock.Now()) {
		return nil, fault.BadInput("month", "这个月还没有到。", "That month is still to come.")
	}
	account, err := c.DB.LedgerAccount.Query().Where(ledgeraccount.KindEQ(ledgeraccount.KindCardBalance), ledgeraccount.OwnerID(v.PersonID)).OnlyID(ctx)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("look for the account: %w", err)
	}
	return c.sumUp(ctx, account, month)
}

// sumUp sums the account's entries up. What was there before is the sum of what came before, and not the balance
// after some last entry: replicas whose clocks differ may post in another order than their times.
func (c *Cards) sumUp(ctx context.Context, accountID string, month time.Time) (*Statement, error) {
	s := &Statement{Month: month, Categories: []*Category{}}
	query, args := c.sums(accountID, month).Query()
	var rows sql.Rows
	if err := c.Store.Driver().Query(ctx, query, args, &rows); err != nil {
		return nil, fmt.Errorf("sum entries: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var of Category
		var before, in, out int64
		if err := rows.Scan(&of.Domain, &of.Kind, &before, &in, &out, &of.Count); err != nil {
			return nil, fmt.Errorf("read sums: %w", err)
		}
		s.OpeningBalance += before
		s.MoneyIn += in
		s.MoneyOut -= out
		if of.Total = in + out; of.Count > 0 {
			s.Categories = append(s.Categories, &of)
		}
	}
	s.ClosingBalance = s.OpeningBalance + s.MoneyIn - s.MoneyOut
	slices.SortFunc(s.Categories, func(a, b *Category) int { return cmp.Or(cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.Kind, b.Kind)) })
	return s, rows.Err()
}

// sums selects, for each domain and kind, what came before the month, what went in and out in it, and how often.
func (c *Cards) sums(accountID string, month time.Time) *sql.Selector {
	d := sql.Dialect(c.Store.Dialect())
	entries, transactions := d.Table(ledgerentry.Table).As("entries"), d.Table(ledgertransaction.Table).As("transactions")
	amount, at := entries.C(ledgerentry.FieldAmount), entries.C(ledgerentry.FieldCreatedAt)
	domain, kind := transactions.C(ledgertransaction.FieldDomain), transactions.C(ledgertransaction.FieldKind)
	before, since := sql.LT(at, month.UTC()), sql.GTE(at, month.UTC())
	statement := d.Select(domain, kind).From(entries)
	statement.Join(transactions).On(entries.C(ledgerentry.FieldLedgerTransactionID), transactions.C(ledgertransaction.FieldID))
	return statement.
		AppendSelectExprAs(sumWhere(before, amount), "came_before").
		AppendSelectExprAs(sumWhere(sql.And(since, sql.GT(amount, 0)), amount), "went_in").
		AppendSelectExprAs(sumWhere(sql.And(since, sql.LT(amount, 0)), amount), "went_out").
		AppendSelectExprAs(sumWhere(since, "1"), "times").
		Where(sql.And(sql.EQ(entries.C(ledgerentry.FieldLedgerAccountID), accountID), sql.LT(at, month.AddDate(0, 1, 0).UTC()))).
		GroupBy(domain, kind)
}

// sumWhere is the sum of an expression over the rows for which a predicate holds.
func sumWhere(p *sql.Predicate, expression string) sql.Querier {
	return sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("CAST(SUM(CASE WHEN ").Join(p).WriteString(" THEN " + expression + " ELSE 0 END) AS bigint)")
	})
}
