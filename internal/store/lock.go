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
	return s.lock(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)
}

// LockShared is held by any number of transactions at once, and by none while another holds the key by
// Lock.
func (s *Store) LockShared(ctx context.Context, key string) error {
	return s.lock(ctx, "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", key)
}

func (s *Store) lock(ctx context.Context, statement, key string) error {
	tx, ok := TxFrom(ctx)
	if !ok {
		return errors.New("lock: a key is held by a transaction")
	}
	if s.sqlite() {
		return nil
	}
	if _, err := tx.ExecContext(ctx, statement, key); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	return nil
}
