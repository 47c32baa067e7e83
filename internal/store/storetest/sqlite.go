package storetest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// sqliteURL copies a migrated file. The original is kept between runs, named by its migrations.
func sqliteURL(t testing.TB, fingerprint string, fsys fs.FS) string {
	t.Helper()
	original := filepath.Join(os.TempDir(), "citygraph-test-"+fingerprint+".db")
	content, err := os.ReadFile(original)
	if errors.Is(err, fs.ErrNotExist) {
		made := filepath.Join(t.TempDir(), "original.db")
		migrateURL(t, "sqlite://"+made, fsys)
		content, err = os.ReadFile(made)
		if err == nil {
			err = publish(original, content)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite://" + path
}

// publish writes the file so that a test beside this one sees all of it or nothing.
func publish(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "citygraph-test-*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
