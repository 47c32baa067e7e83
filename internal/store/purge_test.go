package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

const (
	lettersTable = "CREATE TABLE letters (id integer PRIMARY KEY, body text NOT NULL);"
	secret       = "canary-7c1d9f"
)

// holding tells which of SQLite's files hold the secret.
func holding(t *testing.T, url string) []string {
	t.Helper()
	path, _ := strings.CutPrefix(url, "sqlite://")
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files at %s: %v", path, err)
	}
	var found []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(secret)) {
			found = append(found, filepath.Base(file))
		}
	}
	return found
}

// write runs statements in one transaction.
func write(t *testing.T, s *store.Store, statements ...string) {
	t.Helper()
	err := s.InTx(t.Context(), func(ctx context.Context) error {
		for _, statement := range statements {
			if err := s.Driver().Exec(ctx, statement, []any{}, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// letters is a store with a secret in a page among others and in pages of its own.
func letters(t *testing.T) (url string, s *store.Store) {
	t.Helper()
	url = storetest.URL(t, migrations(t, lettersTable))
	s = storetest.OpenURL(t, url)
	write(t, s,
		"INSERT INTO letters (id, body) VALUES (1, 'before'), (2, '"+secret+"'), (3, 'after')",
		"INSERT INTO letters (id, body) VALUES (4, '"+strings.Repeat(secret, 2000)+"')")
	if s.Dialect() == dialect.SQLite && len(holding(t, url)) == 0 {
		t.Fatal("the files never held it")
	}
	return url, s
}

// What was deleted or replaced is in no file any more: not in a page that has become free, not in the log.
func TestPurgeLeavesNothingOfWhatWasDeleted(t *testing.T) {
	url, s := letters(t)
	write(t, s, "DELETE FROM letters WHERE id = 2", "UPDATE letters SET body = 'short' WHERE id = 4")
	if err := s.Purge(t.Context(), "letters"); err != nil {
		t.Fatal(err)
	}
	if s.Dialect() != dialect.SQLite {
		// What PostgreSQL promises: no dead row is in the table, so a new one takes its place.
		write(t, s, "INSERT INTO letters (id, body) VALUES (5, 'new')")
		var place string
		if err := s.Pool().QueryRow(t.Context(), "SELECT ctid::text FROM letters WHERE id = 5").Scan(&place); err != nil || place != "(0,2)" {
			t.Errorf("the place of the deleted row is not free: the new one is at %s: %v", place, err)
		}
		return
	}
	if found := holding(t, url); found != nil {
		t.Errorf("%v hold it still", found)
	}
}

// While a reader needs the old pages of SQLite the caller learns that they are not gone, and the next try
// succeeds. PostgreSQL keeps what an open snapshot sees, without a word.
func TestPurgeDoesNotPassAReaderOver(t *testing.T) {
	url, s := letters(t)
	var reading entsql.Rows
	if err := s.Driver().Query(t.Context(), "SELECT body FROM letters", []any{}, &reading); err != nil {
		t.Fatal(err)
	}
	reading.Next()
	write(t, s, "DELETE FROM letters")
	if err := s.Purge(t.Context(), "letters"); errors.Is(err, store.ErrBusy) != (s.Dialect() == dialect.SQLite) {
		t.Errorf("purged under a reader: %v", err)
	}
	if err := reading.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Purge(t.Context(), "letters"); err != nil {
		t.Fatal(err)
	}
	if s.Dialect() == dialect.SQLite && holding(t, url) != nil {
		t.Errorf("%v hold it still", holding(t, url))
	}
}

func TestPurgeIsRefusedInATransaction(t *testing.T) {
	_, s := letters(t)
	var refused error
	undo := errors.New("undo")
	err := s.InTx(t.Context(), func(ctx context.Context) error {
		refused = s.Purge(ctx, "letters")
		return undo
	})
	if refused == nil || !errors.Is(err, undo) {
		t.Errorf("purged within a transaction: %v, %v", refused, err)
	}
}
