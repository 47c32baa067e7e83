package citytest

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
)

// Columns are what the database keeps, the job queue's tables included: all values of each column in clear
// bytes, under "table.column".
func (c *City) Columns(t testing.TB) map[string][]byte {
	t.Helper()
	list := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if c.Store.Dialect() == dialect.Postgres {
		list = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	}
	var tables []string
	c.each(t, list, func(_, value string) { tables = append(tables, value) })
	found := map[string][]byte{}
	for _, table := range tables {
		c.each(t, fmt.Sprintf("SELECT * FROM %q", table), func(column, value string) {
			found[table+"."+column] = append(append(found[table+"."+column], value...), '\n')
		})
	}
	return found
}

// each reads every value of every row.
func (c *City) each(t testing.TB, query string, read func(column, value string)) {
	t.Helper()
	rows, err := c.Store.Writer().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	raw, into := make([]sql.RawBytes, len(names)), make([]any, len(names))
	for i := range raw {
		into[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for i, value := range raw {
			read(names[i], string(value))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// Files are the files of a SQLite database as they lie on the disk, its write-ahead log among them; none
// of PostgreSQL, whose columns a test can see but not its disk.
func (c *City) Files(t testing.TB) map[string][]byte {
	t.Helper()
	path, ok := strings.CutPrefix(c.DatabaseURL(), "sqlite://")
	if !ok {
		return nil
	}
	names, err := filepath.Glob(path + "*")
	if err != nil || len(names) == 0 {
		t.Fatalf("no files at %s: %v", path, err)
	}
	found := map[string][]byte{}
	for _, name := range names {
		if found[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// Behind puts middleware in front of the city, as a process does. Clients go through it from then on.
func (c *City) Behind(t testing.TB, wrap func(http.Handler) http.Handler) {
	t.Helper()
	front := httptest.NewServer(wrap(c.meter))
	t.Cleanup(front.Close)
	c.URL = front.URL
}
