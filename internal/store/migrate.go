package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"ariga.io/atlas/sql/migrate"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/riverqueue/river/rivermigrate"
)

const (
	revisionsTable = "schema_revisions"
	// migrationLock is the PostgreSQL advisory lock that lets one replica migrate at a time.
	migrationLock = 0x63697479 // "city"
)

// Migrate brings the database to the schema of fsys: versioned SQL files in Atlas format with their
// atlas.sum, in the folder sqlite or postgres, and after them the job queue's own tables. A nil fsys
// means the job queue alone. Each file is applied in a transaction with its entry in the table of
// revisions, under a lock, so any number of replicas may call it at once and a crash leaves no half.
//
// Files that differ from atlas.sum, an applied file that was changed since, and a new file older than
// an applied one are refused.
func Migrate(ctx context.Context, s *Store, fsys fs.FS) error {
	files, err := readMigrations(s.dialect, fsys)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	queue, err := s.queueMigrator()
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	err = s.withoutForeignKeys(ctx, conn, func() error {
		if err := s.each(ctx, conn, func(tx *sql.Tx) (string, error) { return s.applyNext(ctx, tx, files) }); err != nil {
			return err
		}
		return s.each(ctx, conn, func(tx *sql.Tx) (string, error) { return applyNextOfQueue(ctx, tx, queue) })
	})
	if err := errors.Join(err, conn.Close()); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Pending returns the number of migrations that Migrate would apply. It only reads.
func Pending(ctx context.Context, s *Store, fsys fs.FS) (int, error) {
	files, err := readMigrations(s.dialect, fsys)
	if err != nil {
		return 0, fmt.Errorf("pending migrations: %w", err)
	}
	queue, err := s.queueMigrator()
	if err != nil {
		return 0, fmt.Errorf("pending migrations: %w", err)
	}
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("pending migrations: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it has read only
	applied, err := s.applied(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("pending migrations: %w", err)
	}
	pending := 0
	for _, f := range files {
		if _, ok := applied[f.Version()]; !ok {
			pending++
		}
	}
	queueApplied, err := queue.ExistingVersionsTx(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("pending migrations: %w", err)
	}
	return pending + len(queue.AllVersions()) - len(queueApplied), nil
}

// each calls step in one transaction after another, under the migration lock, until it names nothing
// that it applied.
func (s *Store) each(ctx context.Context, conn *sql.Conn, step func(*sql.Tx) (string, error)) error {
	for {
		tx, err := conn.BeginTx(ctx, nil) // on SQLite this takes the write lock of the file
		if err != nil {
			return err
		}
		name, err := s.lockedStep(ctx, tx, step)
		if err != nil {
			return errors.Join(err, tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		if name == "" {
			return nil
		}
		s.log.Info().Str("migration", name).Msg("migration applied")
	}
}

func (s *Store) lockedStep(ctx context.Context, tx *sql.Tx, step func(*sql.Tx) (string, error)) (string, error) {
	if s.sqlite() {
		name, err := step(tx)
		if err != nil {
			return "", err
		}
		return name, checkForeignKeys(ctx, tx)
	}
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", migrationLock); err != nil {
		return "", err
	}
	return step(tx)
}

// applyNext applies the first file that is not applied yet and returns its name.
func (s *Store) applyNext(ctx context.Context, tx *sql.Tx, files []migration) (string, error) {
	const create = `CREATE TABLE IF NOT EXISTS ` + revisionsTable + ` (
		version varchar(32) PRIMARY KEY, hash varchar(64) NOT NULL, applied_at varchar(32) NOT NULL)`
	if _, err := tx.ExecContext(ctx, create); err != nil {
		return "", err
	}
	applied, err := s.applied(ctx, tx)
	if err != nil {
		return "", err
	}
	latest := ""
	for version := range applied {
		latest = max(latest, version)
	}
	for _, f := range files {
		hash, ok := applied[f.Version()]
		switch {
		case ok && hash != f.hash:
			return "", fmt.Errorf("%s was changed after it was applied", f.Name())
		case ok:
			continue
		case f.Version() < latest:
			return "", fmt.Errorf("%s is older than the applied %s", f.Name(), latest)
		}
		return f.Name(), s.apply(ctx, tx, f)
	}
	return "", nil
}

func (s *Store) apply(ctx context.Context, tx *sql.Tx, f migration) error {
	statements, err := f.Stmts()
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	for i, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s, statement %d: %w", f.Name(), i+1, err)
		}
	}
	insert, args := entsql.Dialect(s.dialect).Insert(revisionsTable).
		Columns("version", "hash", "applied_at").
		Values(f.Version(), f.hash, time.Now().UTC().Format(time.RFC3339)).
		Query()
	_, err = tx.ExecContext(ctx, insert, args...)
	return err
}

// applied returns the hash of every applied file by version.
func (s *Store) applied(ctx context.Context, tx *sql.Tx) (map[string]string, error) {
	exists := "SELECT to_regclass('" + revisionsTable + "') IS NOT NULL"
	if s.sqlite() {
		exists = "SELECT count(*) > 0 FROM sqlite_master WHERE name = '" + revisionsTable + "'"
	}
	var found bool
	if err := tx.QueryRowContext(ctx, exists).Scan(&found); err != nil || !found {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, "SELECT version, hash FROM "+revisionsTable)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err below says what went wrong
	applied := map[string]string{}
	for rows.Next() {
		var version, hash string
		if err := rows.Scan(&version, &hash); err != nil {
			return nil, err
		}
		applied[version] = hash
	}
	return applied, rows.Err()
}

func applyNextOfQueue(ctx context.Context, tx *sql.Tx, queue *rivermigrate.Migrator[*sql.Tx]) (string, error) {
	// One version a transaction: PostgreSQL cannot use a new enum value where it was added.
	result, err := queue.MigrateTx( //nolint:staticcheck // deprecated for batches, which this is not: one version, in our locked transaction
		ctx, tx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{MaxSteps: 1})
	if err != nil || len(result.Versions) == 0 {
		return "", err
	}
	return fmt.Sprintf("job queue %d: %s", result.Versions[0].Version, result.Versions[0].Name), nil
}

// migration is a file and its line in atlas.sum.
type migration struct {
	migrate.File
	hash string
}

func readMigrations(dialectName string, fsys fs.FS) ([]migration, error) {
	if fsys == nil {
		return nil, nil
	}
	folder := "postgres"
	if dialectName == dialect.SQLite {
		folder = "sqlite"
	}
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return nil, err
	}
	var dir migrate.MemDir
	for _, e := range entries {
		content, err := fs.ReadFile(fsys, folder+"/"+e.Name())
		if err != nil {
			return nil, err
		}
		if err := dir.WriteFile(e.Name(), content); err != nil {
			return nil, err
		}
	}
	if err := migrate.Validate(&dir); err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	return hashed(&dir)
}

func hashed(dir migrate.Dir) ([]migration, error) {
	files, err := dir.Files()
	if err != nil {
		return nil, err
	}
	sums, err := dir.Checksum()
	if err != nil {
		return nil, err
	}
	all := make([]migration, len(files))
	for i, f := range files {
		hash, err := sums.SumByName(f.Name())
		if err != nil {
			return nil, err
		}
		all[i] = migration{f, hash}
	}
	return all, nil
}
