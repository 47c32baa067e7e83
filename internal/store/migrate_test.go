package store_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"ariga.io/atlas/sql/migrate"
	"entgo.io/ent/dialect"

	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

const slotsTable = "CREATE TABLE slots (id varchar(64) PRIMARY KEY, free integer NOT NULL CHECK (free >= 0));"

// migrations returns a folder of migrations for both databases, one version for each text
// that is not empty.
func migrations(t *testing.T, texts ...string) fstest.MapFS {
	t.Helper()
	var dir migrate.MemDir
	all := fstest.MapFS{}
	put := func(name string, content []byte) {
		for _, folder := range []string{"sqlite", "postgres"} {
			all[folder+"/"+name] = &fstest.MapFile{Data: content}
		}
	}
	for i, text := range texts {
		if text == "" {
			continue // a version that is not there yet
		}
		name := "2025010100000" + string(rune('0'+i)) + "_step.sql"
		if err := dir.WriteFile(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		put(name, []byte(text))
	}
	sums, err := dir.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	content, err := sums.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	put(migrate.HashFileName, content)
	return all
}

// empty returns the URL of a database without any table of ours.
func empty(t *testing.T) string {
	t.Helper()
	url := storetest.URL(t)
	if strings.HasPrefix(url, "sqlite://") {
		return "sqlite://" + filepath.Join(t.TempDir(), "empty.db")
	}
	return url
}

func pending(t *testing.T, s *store.Store, fsys fs.FS) int {
	t.Helper()
	n, err := store.Pending(t.Context(), s, fsys)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMigrateByManyReplicasAtOnce(t *testing.T) {
	url := empty(t)
	fsys := migrations(t, slotsTable, "INSERT INTO slots (id, free) VALUES ('a', 1);")
	var wg sync.WaitGroup
	for range 5 {
		s := storetest.OpenURL(t, url)
		wg.Go(func() {
			if err := store.Migrate(t.Context(), s, fsys); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s := storetest.OpenURL(t, url)
	if got := count(t.Context(), t, s); got != 1 {
		t.Errorf("%d rows: a migration ran more than once or not at all", got)
	}
	if n := pending(t, s, fsys); n != 0 {
		t.Errorf("%d migrations pending", n)
	}
}

func TestPending(t *testing.T) {
	s := storetest.OpenURL(t, empty(t))
	fsys := migrations(t, slotsTable)
	if n := pending(t, s, fsys); n < 1 {
		t.Errorf("%d migrations pending on an empty database", n)
	}
	if err := store.Migrate(t.Context(), s, fsys); err != nil {
		t.Fatal(err)
	}
	if n := pending(t, s, migrations(t, slotsTable, "SELECT 1;", "SELECT 2;")); n != 2 {
		t.Errorf("%d migrations pending, want 2", n)
	}
}

func TestMigrateKeepsRows(t *testing.T) {
	first := "CREATE TABLE parents (id integer PRIMARY KEY);" +
		"CREATE TABLE children (id integer PRIMARY KEY, parent integer NOT NULL REFERENCES parents (id) ON DELETE CASCADE);"
	// What a planner writes for SQLite to change a table.
	rebuild := "CREATE TABLE new_parents (id integer PRIMARY KEY, name varchar(9));" +
		"INSERT INTO new_parents (id) SELECT id FROM parents;" +
		"DROP TABLE parents; ALTER TABLE new_parents RENAME TO parents;"
	s := storetest.OpenURL(t, empty(t))
	if s.Dialect() == dialect.Postgres {
		rebuild = "ALTER TABLE parents ADD COLUMN name varchar(9);"
	}
	ctx := t.Context()
	if err := store.Migrate(ctx, s, migrations(t, first)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Writer().Exec("INSERT INTO parents (id) VALUES (1); INSERT INTO children (id, parent) VALUES (7, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(ctx, s, migrations(t, first, rebuild)); err != nil {
		t.Fatal(err)
	}
	var children int
	if err := s.Writer().QueryRow("SELECT count(*) FROM children JOIN parents ON parents.id = parent").Scan(&children); err != nil {
		t.Fatal(err)
	}
	if children != 1 {
		t.Errorf("%d children left after the parents' table changed, want 1", children)
	}
	if _, err := s.Writer().Exec("INSERT INTO children (id, parent) VALUES (8, 404)"); err == nil {
		t.Error("foreign keys are not enforced after the migration")
	}
}

func TestMigrateRefuses(t *testing.T) {
	applied := migrations(t, slotsTable, "SELECT 1;")
	tampered := migrations(t, slotsTable, "SELECT 1;")
	for _, folder := range []string{"sqlite", "postgres"} {
		tampered[folder+"/20250101000001_step.sql"] = &fstest.MapFile{Data: []byte("SELECT 2;")}
	}
	older := migrations(t, slotsTable, "SELECT 1;", "SELECT 3;")
	for _, tt := range []struct {
		name string
		fsys fs.FS
		want string
	}{
		{"a file that differs from atlas.sum", tampered, "checksum"},
		{"an applied file changed since", migrations(t, "SELECT 0;", slotsTable), "changed after it was applied"},
		{"a file that fails", migrations(t, slotsTable, "SELECT 1;", "CREATE TABLE half (id integer); SELEC;"), "statement 2"},
		{"no folder of this database", fstest.MapFS{}, "not exist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := storetest.Open(t, applied)
			err := store.Migrate(t.Context(), s, tt.fsys)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if err := store.Migrate(t.Context(), s, older); err != nil {
				t.Errorf("the refused migration left something behind: %v", err)
			}
		})
	}
}

func TestMigrateRefusesToGoBack(t *testing.T) {
	s := storetest.Open(t, migrations(t, slotsTable, "", "SELECT 2;"))
	err := store.Migrate(t.Context(), s, migrations(t, slotsTable, "SELECT 1;", "SELECT 2;"))
	if err == nil || !strings.Contains(err.Error(), "older than the applied") {
		t.Errorf("error %v", err)
	}
}
