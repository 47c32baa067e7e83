package store

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// probedConnector puts the probe on every SQLite connection, below database/sql, so that statements
// of the job queue and of raw transactions are seen like those of ent.
type probedConnector struct {
	driver.Connector
	probe probe
}

// sqliteConn is what the SQLite driver's connections can do; all of it must show through the probe.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

func (c probedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(sqliteConn)
	if !ok {
		return nil, fmt.Errorf("open database: unexpected SQLite connection %T", conn)
	}
	return probedConn{full, c.probe}, nil
}

type probedConn struct {
	sqliteConn
	probe probe
}

func (c probedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	defer c.probe.watch(ctx, Statement, query)()
	return c.sqliteConn.ExecContext(ctx, query, args)
}

func (c probedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	defer c.probe.watch(ctx, Statement, query)()
	return c.sqliteConn.QueryContext(ctx, query, args)
}

func (c probedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	defer c.probe.watch(ctx, Begin, "begin")()
	tx, err := c.sqliteConn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return probedTx{tx, ctx, c.probe}, nil
}

// probedTx keeps the context of its beginning: driver.Tx ends without one.
type probedTx struct {
	driver.Tx
	ctx   context.Context
	probe probe
}

func (t probedTx) Commit() error {
	defer t.probe.watch(t.ctx, Commit, "commit")()
	return t.Tx.Commit()
}

func (t probedTx) Rollback() error {
	defer t.probe.watch(t.ctx, Rollback, "rollback")()
	return t.Tx.Rollback()
}
