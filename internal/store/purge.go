package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Purge has the database let go of what deleted and replaced rows of the tables have left in its files.
// Call it outside a transaction, after the commit.
//
// On SQLite nothing is left when it returns: pages are overwritten with zeros as rows are deleted, and the
// write-ahead log, which still has the old pages, is written back and cut to nothing; ErrBusy when a
// reader is in the way. On PostgreSQL rows that nobody can see any more leave their tables and indexes,
// but their bytes may stay in free space, in its own log and in backups until those are overwritten: what
// must be unreadable there has to be sealed.
func (s *Store) Purge(ctx context.Context, tables ...string) error {
	if _, inside := TxFrom(ctx); inside {
		return errors.New("purge: not in a transaction")
	}
	if s.sqlite() {
		return s.cutLog(ctx)
	}
	names := make([]string, len(tables))
	for i, table := range tables {
		names[i] = pgx.Identifier{table}.Sanitize()
	}
	vacuum := "VACUUM (INDEX_CLEANUP ON, SKIP_LOCKED) " + strings.Join(names, ", ")
	if _, err := s.pool.Exec(ctx, vacuum, pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	return nil
}

// ErrBusy says that somebody reads an old state of the database just now. It passes.
var ErrBusy = errors.New("purge: a reader still needs the write-ahead log")

func (s *Store) cutLog(ctx context.Context) error {
	var busy, pages, written int
	if err := s.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &written); err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	if busy != 0 {
		return ErrBusy
	}
	return nil
}
