package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

// Who holds the key sees what the holder before left, though there was no row to lock.
func TestLockMakesTransactionsFollowOneAnother(t *testing.T) {
	url := storetest.URL(t, migrations(t, slotsTable))
	stores := []*store.Store{storetest.OpenURL(t, url), storetest.OpenURL(t, url)}
	var all sync.WaitGroup
	for i := range 16 {
		s := stores[i%2]
		all.Go(func() {
			err := s.InTx(t.Context(), func(ctx context.Context) error {
				if err := s.Lock(ctx, "slot a"); err != nil {
					return err
				}
				if count(ctx, t, s) > 0 {
					return nil
				}
				return insert(ctx, s, "a")
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := count(t.Context(), t, stores[0]); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestLockNeedsATransaction(t *testing.T) {
	s := storetest.Open(t)
	if err := s.Lock(t.Context(), "nothing"); err == nil {
		t.Error("a key was held by nobody")
	}
	refused := errors.New("refused")
	err := s.InTx(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.Lock(ctx, "slot a"), refused)
	})
	if !errors.Is(err, refused) {
		t.Errorf("inside: %v", err)
	}
}
