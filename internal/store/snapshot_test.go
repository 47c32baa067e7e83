package store_test

import (
	"context"
	"database/sql"
	"testing"

	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

// A snapshot sees one state, whatever is committed meanwhile, and writes nothing.
func TestSnapshotStaysAsItWas(t *testing.T) {
	s := storetest.OpenURL(t, storetest.URL(t, migrations(t, slotsTable)))
	err := s.Snapshot(t.Context(), func(tx *sql.Tx) error {
		rows := func() (n int) {
			if err := tx.QueryRow("SELECT count(*) FROM slots").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := rows()
		if err := s.InTx(t.Context(), inserting(s, "a")); err != nil {
			t.Fatal(err)
		}
		if after := rows(); before != 0 || after != 0 {
			t.Errorf("%d rows, then %d", before, after)
		}
		if _, err := tx.Exec("INSERT INTO slots (id, free) VALUES ('b', 1)"); err == nil {
			t.Error("a snapshot has written")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t.Context(), t, s); n != 1 {
		t.Errorf("%d rows after it", n)
	}
}

func inserting(s *store.Store, id string) func(context.Context) error {
	return func(ctx context.Context) error { return insert(ctx, s, id) }
}
