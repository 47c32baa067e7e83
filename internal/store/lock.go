package store

import (
	"context"
	"errors"
	"fmt"
)

// Lock makes transactions that name the same key follow one another: it returns when every other one that
// holds the key has ended, and holds it until that of ctx does. It is for rows that may not be there to lock
// yet. SQLite's transactions follow one another anyway.
func (s *Store) Lock(ctx context.Context, key string) error {
	tx, ok := TxFrom(ctx)
	if !ok {
		return errors.New("lock: a key is held by a transaction")
	}
	if s.sqlite() {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	return nil
}
