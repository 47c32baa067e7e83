package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// Driver returns the ent driver of the store. One client is built on it once: each statement goes to
// the transaction of its context, or else reads go to the readers and writes to the writer.
func (s *Store) Driver() dialect.Driver { return router{s} }

type router struct{ s *Store }

// on picks the connections for a statement of the context.
func (r router) on(ctx context.Context, db *sql.DB) entsql.Conn {
	if t := txnFrom(ctx); t != nil {
		return entsql.Conn{ExecQuerier: t.tx}
	}
	return entsql.Conn{ExecQuerier: db}
}

// source tells queries from writes that return rows. What slips through as a query is refused by the
// query-only readers, so a mistake is loud.
func (r router) source(query string) *sql.DB {
	verb, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch strings.ToUpper(verb) {
	case "INSERT", "UPDATE", "DELETE", "REPLACE":
		return r.s.writer
	}
	return r.s.reader
}

func (r router) Exec(ctx context.Context, query string, args, v any) error {
	return r.on(ctx, r.s.writer).Exec(ctx, query, args, v)
}

func (r router) Query(ctx context.Context, query string, args, v any) error {
	return r.on(ctx, r.source(query)).Query(ctx, query, args, v)
}

// ExecContext serves ent's execquery feature.
func (r router) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return r.on(ctx, r.s.writer).ExecContext(ctx, query, args...)
}

// QueryContext serves ent's execquery feature.
func (r router) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return r.on(ctx, r.source(query)).QueryContext(ctx, query, args...)
}

// Tx joins the transaction of the context, and begins one of its own only when there is none.
func (r router) Tx(ctx context.Context) (dialect.Tx, error) {
	if t := txnFrom(ctx); t != nil {
		return joinedTx{entsql.Conn{ExecQuerier: t.tx}, t}, nil
	}
	tx, err := r.s.writer.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return nil, fmt.Errorf("begin transaction: %w", err)
	}
	return &entsql.Tx{Conn: entsql.Conn{ExecQuerier: tx}, Tx: tx}, nil
}

func (r router) Close() error { return r.s.Close() }

func (r router) Dialect() string { return r.s.dialect }

// joinedTx is a part of a transaction that somebody else will end.
type joinedTx struct {
	entsql.Conn
	outer *txn
}

func (joinedTx) Commit() error { return nil }

func (j joinedTx) Rollback() error {
	j.outer.doom(errDoomed)
	return nil
}
