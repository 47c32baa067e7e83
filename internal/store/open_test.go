package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

func TestOpenRefuses(t *testing.T) {
	for _, o := range []store.Options{
		{URL: ""},
		{URL: "mysql://localhost/city"},
		{URL: "sqlite://"},
		{URL: "sqlite://x.db", Synchronous: "SOMETIMES"},
		{URL: "postgres://localhost:1/none?connect_timeout=1"},
	} {
		if s, err := store.Open(t.Context(), o); err == nil {
			t.Errorf("%q opened", o.URL)
			_ = s.Close()
		}
	}
}

func TestSQLiteIsDurableAndPrivate(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "数据 100%?#")
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite://" + filepath.Join(folder, "city.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
		var got string
		if err := s.Writer().QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s (%v)", pragma, got, want, err)
		}
	}
	info, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the folder's mode is %v", info.Mode())
	}
	if _, err := os.Stat(filepath.Join(folder, "city.db")); err != nil {
		t.Errorf("the file is not where it was asked for: %v", err)
	}
}

func TestSQLiteReadersCannotWrite(t *testing.T) {
	s := openSlots(t)
	if s.Dialect() == dialect.Postgres {
		return // one pool serves both there
	}
	var rows entsql.Rows
	sneaky := "WITH ids (id) AS (VALUES ('a')) INSERT INTO slots (id, free) SELECT id, 1 FROM ids RETURNING id"
	err := s.Driver().Query(t.Context(), sneaky, []any{}, &rows)
	if err == nil {
		rows.Next()
		err = errors.Join(rows.Err(), rows.Close())
	}
	if err == nil {
		t.Error("a reader wrote")
	}
}

func TestTimesAreEqualOnBothDatabases(t *testing.T) {
	fsys := migrations(t, "CREATE TABLE moments (id integer PRIMARY KEY, at timestamptz);")
	for name, file := range migrations(t, "CREATE TABLE moments (id integer PRIMARY KEY, at datetime);") {
		if strings.HasPrefix(name, "sqlite/") {
			fsys[name] = file
		}
	}
	s := storetest.Open(t, fsys)
	ctx := t.Context()
	noon := time.Date(2025, 5, 1, 12, 0, 0, 123456000, time.UTC)
	shanghai := time.FixedZone("Asia/Shanghai", 8*60*60)
	for i, at := range []time.Time{noon, noon.Add(time.Microsecond).In(shanghai), noon.Add(time.Second).Truncate(time.Second)} {
		if _, err := s.Writer().ExecContext(ctx, "INSERT INTO moments (id, at) VALUES ($1, $2)", i, at); err != nil {
			t.Fatal(err)
		}
	}
	var got time.Time
	if err := s.Writer().QueryRowContext(ctx, "SELECT at FROM moments WHERE id = 0").Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != noon {
		t.Errorf("read %v, want %v", got, noon)
	}
	var later int
	if err := s.Writer().QueryRowContext(ctx, "SELECT count(*) FROM moments WHERE at > $1", noon.In(shanghai)).Scan(&later); err != nil {
		t.Fatal(err)
	}
	if later != 2 {
		t.Errorf("%d moments are later, want 2", later)
	}
}

func TestObserve(t *testing.T) {
	var seen atomic.Pointer[[]string]
	seen.Store(&[]string{})
	s, err := store.Open(t.Context(), store.Options{
		URL: storetest.URL(t, migrations(t, slotsTable)),
		Observe: func(_ context.Context, kind store.Kind, took time.Duration) {
			if took <= 0 {
				t.Errorf("a %s took %s", kind, took)
			}
			all := append(*seen.Load(), string(kind))
			seen.Store(&all)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.InTx(t.Context(), func(ctx context.Context) error { return insert(ctx, s, "a") }); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := strings.Join(*seen.Load(), " "); !strings.HasSuffix(got, "begin statement commit") {
		t.Errorf("observed %q", got)
	}
}

func TestOneProcessHoldsAnSQLiteFile(t *testing.T) {
	url := "sqlite://" + filepath.Join(t.TempDir(), "city.db")
	first, err := store.Open(t.Context(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	second := storetest.OpenURL(t, url)
	if err := first.HoldAlone(); err != nil {
		t.Fatal(err)
	}
	if err := second.HoldAlone(); !errors.Is(err, store.ErrHeld) {
		t.Errorf("the second got %v, want ErrHeld", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := second.HoldAlone(); err != nil {
		t.Errorf("nobody holds it any more: %v", err)
	}
}
