package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"entgo.io/ent/dialect"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// withoutForeignKeys runs fn on a connection that does not enforce foreign keys. SQLite changes a
// table by copying and dropping it, and a drop would delete the rows that refer to it; the setting
// cannot be changed inside a transaction. PostgreSQL needs none of this.
func (s *Store) withoutForeignKeys(ctx context.Context, conn *sql.Conn, fn func() error) error {
	if !s.sqlite() {
		return fn()
	}
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = OFF"); err != nil {
		return err
	}
	err := fn()
	_, onErr := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA foreign_keys = ON")
	return errors.Join(err, onErr)
}

// checkForeignKeys fails when a row refers to one that is not there.
func checkForeignKeys(ctx context.Context, tx *sql.Tx) error {
	var table, parent string
	err := tx.QueryRowContext(ctx, `SELECT "table", parent FROM pragma_foreign_key_check LIMIT 1`).Scan(&table, &parent)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("rows of %s refer to missing rows of %s", table, parent)
}

// queueMigrator plans the job queue's tables. Both drivers work on database/sql transactions, so the
// queue's versions are applied under the same lock as our files.
func (s *Store) queueMigrator() (*rivermigrate.Migrator[*sql.Tx], error) {
	return queueMigrator(s.dialect, s.writer)
}

func queueMigrator(dialectName string, db *sql.DB) (*rivermigrate.Migrator[*sql.Tx], error) {
	var driver riverdriver.Driver[*sql.Tx] = riverdatabasesql.New(db)
	if dialectName == dialect.SQLite {
		driver = riversqlite.New(db)
	}
	return rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
}

// Fingerprint names a set of migrations of one dialect: equal for equal files and an equal job queue.
// Tests keep migrated databases by it.
func Fingerprint(dialectName string, fsys fs.FS) (string, error) {
	files, err := readMigrations(dialectName, fsys)
	if err != nil {
		return "", fmt.Errorf("fingerprint of migrations: %w", err)
	}
	queue, err := queueMigrator(dialectName, nil)
	if err != nil {
		return "", fmt.Errorf("fingerprint of migrations: %w", err)
	}
	sum := sha256.New()
	for _, f := range files {
		fmt.Fprintln(sum, f.Version(), f.hash)
	}
	for _, v := range queue.AllVersions() {
		fmt.Fprintln(sum, v.Version, v.SQLUp)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
