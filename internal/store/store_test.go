package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

func openSlots(t *testing.T) *store.Store {
	t.Helper()
	return storetest.Open(t, migrations(t, slotsTable))
}

func insert(ctx context.Context, s *store.Store, id string) error {
	query, args := entsql.Dialect(s.Dialect()).Insert("slots").Columns("id", "free").Values(id, 1).Query()
	return s.Driver().Exec(ctx, query, args, nil)
}

func count(ctx context.Context, t *testing.T, s *store.Store) int {
	t.Helper()
	var rows entsql.Rows
	if err := s.Driver().Query(ctx, "SELECT count(*) FROM slots", []any{}, &rows); err != nil {
		t.Fatal(err)
	}
	n, err := entsql.ScanInt(rows)
	if err := errors.Join(err, rows.Close()); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestInTxCommitsOrLeavesNothing(t *testing.T) {
	refused := errors.New("refused")
	for _, tt := range []struct {
		name string
		fn   func(context.Context, *store.Store) error
		want int
		err  error
	}{
		{"commit", func(ctx context.Context, s *store.Store) error { return insert(ctx, s, "a") }, 1, nil},
		{"error", func(ctx context.Context, s *store.Store) error {
			return errors.Join(insert(ctx, s, "a"), refused)
		}, 0, refused},
		{"nested joins", func(ctx context.Context, s *store.Store) error {
			return errors.Join(insert(ctx, s, "a"), s.InTx(ctx, func(ctx context.Context) error { return insert(ctx, s, "b") }))
		}, 2, nil},
		{"nested error fails the outer though swallowed", func(ctx context.Context, s *store.Store) error {
			_ = s.InTx(ctx, func(ctx context.Context) error { return errors.Join(insert(ctx, s, "b"), refused) })
			return insert(ctx, s, "a")
		}, 0, refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := openSlots(t)
			err := s.InTx(t.Context(), func(ctx context.Context) error { return tt.fn(ctx, s) })
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if got := count(t.Context(), t, s); got != tt.want {
				t.Errorf("%d rows, want %d", got, tt.want)
			}
		})
	}
}

func TestInTxRollsBackAPanic(t *testing.T) {
	s := openSlots(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.InTx(t.Context(), func(ctx context.Context) error {
			if err := insert(ctx, s, "a"); err != nil {
				t.Error(err)
			}
			panic("boom")
		})
	}()
	if got := count(t.Context(), t, s); got != 0 {
		t.Errorf("%d rows after a panic", got)
	}
	if err := insert(t.Context(), s, "b"); err != nil {
		t.Errorf("the writer is lost after a panic: %v", err)
	}
}

func TestEntTransactionJoinsTheContext(t *testing.T) {
	s := openSlots(t)
	ctx := t.Context()
	err := s.InTx(ctx, func(ctx context.Context) error {
		tx, err := s.Driver().Tx(ctx)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, "INSERT INTO slots (id, free) VALUES ('a', 1)", []any{}, nil); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		if got := count(ctx, t, s); got != 1 {
			t.Errorf("the transaction sees %d rows of its own, want 1", got)
		}
		if got := count(t.Context(), t, s); got != 0 {
			t.Errorf("a reader outside sees %d uncommitted rows", got)
		}
		return tx.Rollback()
	})
	if err == nil {
		t.Error("the outer transaction committed though a part was rolled back")
	}
	if got := count(ctx, t, s); got != 0 {
		t.Errorf("%d rows, want none", got)
	}
}

func TestEntTransactionOfItsOwn(t *testing.T) {
	s := openSlots(t)
	ctx := t.Context()
	tx, err := s.Driver().Tx(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var rows entsql.Rows
	if err := tx.Query(ctx, "INSERT INTO slots (id, free) VALUES ('a', 1) RETURNING id", []any{}, &rows); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(rows.Close(), tx.Commit()); err != nil {
		t.Fatal(err)
	}
	if err := s.Driver().Query(ctx, "INSERT INTO slots (id, free) VALUES ('b', 1) RETURNING id", []any{}, &rows); err != nil {
		t.Fatalf("a write that returns rows did not reach the writer: %v", err)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if got := count(ctx, t, s); got != 2 {
		t.Errorf("%d rows, want 2", got)
	}
}

func TestAfterCommit(t *testing.T) {
	s := openSlots(t)
	var heard []string
	hear := func(ctx context.Context, word string) {
		store.AfterCommit(ctx, func(ctx context.Context) {
			if _, ok := store.TxFrom(ctx); ok {
				t.Errorf("%s runs inside the transaction", word)
			}
			heard = append(heard, word)
		})
	}
	hear(t.Context(), "at once")
	err := s.InTx(t.Context(), func(ctx context.Context) error {
		return s.InTx(ctx, func(ctx context.Context) error {
			hear(ctx, "committed")
			if len(heard) != 1 {
				t.Error("heard before the commit")
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.InTx(t.Context(), func(ctx context.Context) error {
		hear(ctx, "rolled back")
		return errors.New("refused")
	})
	if got := strings.Join(heard, ","); got != "at once,committed" {
		t.Errorf("heard %s", got)
	}
}

func TestCountersOfManyWritersAddUp(t *testing.T) {
	s := openSlots(t)
	ctx := t.Context()
	if err := insert(ctx, s, "a"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				if err := s.InTx(ctx, func(ctx context.Context) error {
					return s.Driver().Exec(ctx, "UPDATE slots SET free = free + 1 WHERE id = 'a'", []any{}, nil)
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var rows entsql.Rows
	if err := s.Driver().Query(ctx, "SELECT free FROM slots", []any{}, &rows); err != nil {
		t.Fatal(err)
	}
	free, err := entsql.ScanInt(rows)
	if err := errors.Join(err, rows.Close()); err != nil {
		t.Fatal(err)
	}
	if free != 201 {
		t.Errorf("free is %d, want 201", free)
	}
}

func TestDeadlockRunsAgain(t *testing.T) {
	s := openSlots(t)
	if s.Dialect() == dialect.SQLite {
		// One writer cannot deadlock; what it can meet is another process.
		testBusyRunsAgain(t, s)
		return
	}
	ctx := t.Context()
	if err := errors.Join(insert(ctx, s, "a"), insert(ctx, s, "b")); err != nil {
		t.Fatal(err)
	}
	var bothHold sync.WaitGroup
	bothHold.Add(2)
	var runs atomic.Int32
	lock := func(first, second string) error {
		met := sync.OnceFunc(func() { bothHold.Done(); bothHold.Wait() })
		return s.InTx(ctx, func(ctx context.Context) error {
			runs.Add(1)
			if err := s.Driver().Exec(ctx, "UPDATE slots SET free = free + 1 WHERE id = $1", []any{first}, nil); err != nil {
				return err
			}
			met()
			return s.Driver().Exec(ctx, "UPDATE slots SET free = free + 1 WHERE id = $1", []any{second}, nil)
		})
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := lock("a", "b"); err != nil {
			t.Error(err)
		}
	})
	wg.Go(func() {
		if err := lock("b", "a"); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	if runs.Load() < 3 {
		t.Errorf("%d runs: there was no deadlock to survive", runs.Load())
	}
}

func testBusyRunsAgain(t *testing.T, s *store.Store) {
	runs, hooks := 0, 0
	err := s.InTx(t.Context(), func(ctx context.Context) error {
		store.AfterCommit(ctx, func(context.Context) { hooks++ })
		if runs++; runs == 1 {
			return busy(t)
		}
		return insert(ctx, s, "a")
	})
	if err != nil || runs != 2 || hooks != 1 {
		t.Errorf("%d runs, %d hooks, error %v", runs, hooks, err)
	}
}

// busy returns a true SQLITE_BUSY, from a file whose write lock is held elsewhere.
func busy(t *testing.T) error {
	url := "sqlite://" + filepath.Join(t.TempDir(), "busy.db")
	holder, other := storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	var busy error
	if err := holder.InTx(t.Context(), func(context.Context) error {
		if _, err := other.Writer().Exec("PRAGMA busy_timeout = 0"); err != nil {
			return err
		}
		_, busy = other.Writer().BeginTx(t.Context(), nil)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return busy
}

func TestInTxStopsWithItsContext(t *testing.T) {
	s := openSlots(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := s.InTx(ctx, func(ctx context.Context) error {
		<-ctx.Done()
		return insert(ctx, s, "a")
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline", err)
	}
	if got := count(t.Context(), t, s); got != 0 {
		t.Errorf("%d rows, want none", got)
	}
}

func TestIsUniqueViolation(t *testing.T) {
	s := openSlots(t)
	ctx := t.Context()
	if err := insert(ctx, s, "a"); err != nil {
		t.Fatal(err)
	}
	want := "slots_pkey"
	if s.Dialect() == dialect.SQLite {
		want = "slots.id"
	}
	err := insert(ctx, s, "a")
	if constraint, ok := store.IsUniqueViolation(err); !ok || constraint != want {
		t.Errorf("constraint %q, %v of %v", constraint, ok, err)
	}
	err = s.Driver().Exec(ctx, "INSERT INTO slots (id, free) VALUES ('b', -1)", []any{}, nil)
	if _, ok := store.IsUniqueViolation(err); ok || err == nil {
		t.Errorf("a broken check counts as a duplicate: %v", err)
	}
}

func TestCountStatements(t *testing.T) {
	s := openSlots(t)
	ctx, counter := store.RecordStatements(t.Context())
	err := s.InTx(ctx, func(ctx context.Context) error {
		tx, _ := store.TxFrom(ctx)
		_, err := tx.ExecContext(ctx, "UPDATE slots SET free = 2")
		return errors.Join(err, insert(ctx, s, "a"))
	})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { count(ctx, t, s) })
	}
	wg.Wait()
	if counter.Statements() != 6 || len(counter.Texts()) != 6 {
		t.Errorf("%d statements: %q", counter.Statements(), counter.Texts())
	}
	if b, c, r := counter.Marks(); b != 1 || c != 1 || r != 0 {
		t.Errorf("%d begun, %d committed, %d rolled back", b, c, r)
	}
}
