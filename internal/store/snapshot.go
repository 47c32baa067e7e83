package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Snapshot gives fn one state of the database to read, however long it takes and whatever is written
// meanwhile. It holds a connection of the readers.
func (s *Store) Snapshot(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{Isolation: s.still(), ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it has read only
	return fn(tx)
}

// still is the isolation under which a transaction sees one state: SQLite's readers have no other.
func (s *Store) still() sql.IsolationLevel {
	if s.sqlite() {
		return sql.LevelDefault
	}
	return sql.LevelRepeatableRead
}
