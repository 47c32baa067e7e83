// Package storetest gives each test a database of its own: a SQLite file, or, when
// CITYGRAPH_TEST_DATABASE_URL names a PostgreSQL server, a fresh database there.
package storetest

import (
	"io/fs"
	"os"
	"testing"

	"entgo.io/ent/dialect"

	"citygraph/internal/store"
)

// ServerEnv names the PostgreSQL server on which tests run instead of SQLite.
const ServerEnv = "CITYGRAPH_TEST_DATABASE_URL"

// Open returns an open store on a fresh, migrated database, closed and removed when the test ends.
// Without migrations it has the job queue's tables only.
func Open(t testing.TB, migrations ...fs.FS) *store.Store {
	t.Helper()
	return OpenURL(t, URL(t, migrations...))
}

// OpenURL opens another store on a database made by URL, as a second replica would.
func OpenURL(t testing.TB, url string) *store.Store {
	t.Helper()
	// A test's database need not survive a power cut.
	s, err := store.Open(t.Context(), store.Options{URL: url, Synchronous: "OFF", MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// URL returns the URL of a fresh, migrated database, removed when the test ends.
func URL(t testing.TB, migrations ...fs.FS) string {
	t.Helper()
	if len(migrations) > 1 {
		t.Fatal("storetest: one set of migrations at most")
	}
	var fsys fs.FS
	if len(migrations) == 1 {
		fsys = migrations[0]
	}
	if server := os.Getenv(ServerEnv); server != "" {
		return postgresURL(t, server, fingerprint(t, dialect.Postgres, fsys), fsys)
	}
	return sqliteURL(t, fingerprint(t, dialect.SQLite, fsys), fsys)
}

func fingerprint(t testing.TB, dialectName string, fsys fs.FS) string {
	t.Helper()
	name, err := store.Fingerprint(dialectName, fsys)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// migrateURL makes the schema in the empty database that all tests with these migrations copy.
func migrateURL(t testing.TB, url string, fsys fs.FS) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: url, Synchronous: "OFF"})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context(), s, fsys); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
