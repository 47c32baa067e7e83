package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// txAttempts is how often InTx runs a transaction that the database turns away.
	txAttempts = 5
	// txPause is the longest wait before the first repetition; it doubles with each.
	txPause = 10 * time.Millisecond
)

// errDoomed is what an outer transaction fails with when a part of it was rolled back unheard.
var errDoomed = errors.New("transaction: a nested transaction failed")

type txKey struct{}

// txn is the transaction a context carries.
type txn struct {
	tx *sql.Tx

	mu     sync.Mutex
	doomed error
	hooks  []func(context.Context)
}

func txnFrom(ctx context.Context) *txn {
	t, _ := ctx.Value(txKey{}).(*txn)
	return t
}

// doom makes the transaction impossible to commit; the first cause stays.
func (t *txn) doom(cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doomed == nil {
		t.doomed = cause
	}
}

func (t *txn) fate() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.doomed
}

// TxFrom returns the transaction of the context, for SQL that ent cannot say. The caller must neither
// commit it nor roll it back.
func TxFrom(ctx context.Context) (*sql.Tx, bool) {
	if t := txnFrom(ctx); t != nil {
		return t.tx, true
	}
	return nil, false
}

// AfterCommit has fn run once the transaction of ctx is committed, with a context outside it. It is
// for wake-ups only: a crash in between loses it. When the transaction is rolled back or tried again,
// fn is forgotten; when ctx has no transaction, fn runs at once.
func AfterCommit(ctx context.Context, fn func(context.Context)) {
	t := txnFrom(ctx)
	if t == nil {
		fn(ctx)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hooks = append(t.hooks, fn)
}

// InTx runs fn in one transaction: READ COMMITTED on PostgreSQL, holding the only writer on SQLite.
// The context given to fn carries it. An error or panic of fn rolls everything back. Inside another
// InTx, fn joins the outer transaction, and its error fails the outer one too.
//
// A transaction that loses to a concurrent one (serialization failure, deadlock, busy) runs again
// from the start after a short random wait, up to five times while ctx lasts: fn must have no effect
// outside the database, except through AfterCommit.
func (s *Store) InTx(ctx context.Context, fn func(context.Context) error) error {
	if t := txnFrom(ctx); t != nil {
		err := fn(ctx)
		if err != nil {
			t.doom(err)
		}
		return err
	}
	pause := txPause
	for attempt := 1; ; attempt++ {
		err := s.tryTx(ctx, fn)
		if err == nil || attempt == txAttempts || !retryable(err) {
			return err
		}
		s.log.Debug().Err(err).Int("attempt", attempt).Msg("transaction runs again")
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(pause) + 1):
		}
		pause *= 2
	}
}

func (s *Store) tryTx(ctx context.Context, fn func(context.Context) error) error {
	tx, err := s.writer.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	t := &txn{tx: tx}
	// Ends the transaction when fn fails or panics. After a commit it does nothing, and a failing
	// rollback has already lost the connection, which ends the transaction as well.
	defer func() { _ = tx.Rollback() }()
	if err := fn(context.WithValue(ctx, txKey{}, t)); err != nil {
		return err
	}
	if err := t.fate(); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	for _, hook := range t.hooks {
		hook(ctx)
	}
	return nil
}
