// Package store is the database: SQLite in a file or PostgreSQL by URL, behind one ent driver that
// finds the transaction in the context. A verb opens one with InTx; everything below it, generated
// code and job inserts alike, joins it without being told.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"
)

// Options says which database to open and how.
type Options struct {
	// URL is postgres://… or sqlite://path, the path relative to the working directory or absolute.
	URL string
	// Synchronous is SQLite's durability: FULL (the default), or NORMAL and OFF, which may lose
	// acknowledged writes at a power cut.
	Synchronous string
	// MaxConns bounds the PostgreSQL pool, or SQLite's readers. Zero means two per core and two more
	// for the job queue's own needs.
	MaxConns int
	// Log hears of retried transactions and applied migrations.
	Log zerolog.Logger
	// Observe, when set, is called after every statement and transaction mark with the time it took.
	Observe func(ctx context.Context, kind Kind, took time.Duration)
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect string
	writer  *sql.DB // one connection on SQLite; the pool on PostgreSQL
	reader  *sql.DB // query-only connections on SQLite; the same pool on PostgreSQL
	pool    *pgxpool.Pool
	claim   *flock.Flock // nil on PostgreSQL
	log     zerolog.Logger
}

// Open connects to the database of the options and checks that it answers. It changes no schema.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.MaxConns <= 0 {
		o.MaxConns = 2*runtime.GOMAXPROCS(0) + 2
	}
	p := probe{observe: o.Observe}
	if path, ok := strings.CutPrefix(o.URL, "sqlite://"); ok {
		return openSQLite(ctx, o, path, p)
	}
	if strings.HasPrefix(o.URL, "postgres://") || strings.HasPrefix(o.URL, "postgresql://") {
		return openPostgres(ctx, o, p)
	}
	return nil, errors.New("open database: the URL must start with postgres:// or sqlite://")
}

// Dialect is ent's name of the database: dialect.SQLite or dialect.Postgres.
func (s *Store) Dialect() string { return s.dialect }

// Writer is the connection pool that may write; on SQLite it has one connection. It is for the job
// queue and for migrations: domain code goes through the ent driver.
func (s *Store) Writer() *sql.DB { return s.writer }

// Pool is the native PostgreSQL pool under the store, nil on SQLite.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.reader.PingContext(ctx); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// ErrHeld says that another process serves the same SQLite file.
var ErrHeld = errors.New("another process serves this SQLite file; several need PostgreSQL")

// HoldAlone claims a SQLite file for this process until Close, or its death; ErrHeld when another has
// it. Whoever serves a file needs it: it wakes its own subscribers only, and takes jobs that were
// running for those of a dead process. Tools may work on the file beside it. PostgreSQL is shared by
// any number of replicas, and nothing is claimed there.
func (s *Store) HoldAlone() error {
	if s.claim == nil {
		return nil
	}
	held, err := s.claim.TryLock()
	if err != nil {
		return fmt.Errorf("claim database: %w", err)
	}
	if !held {
		return fmt.Errorf("claim database %s: %w", strings.TrimSuffix(s.claim.Path(), claimSuffix), ErrHeld)
	}
	return nil
}

// Close releases every connection, after the statements under way, and the claim.
func (s *Store) Close() error {
	err := s.writer.Close()
	if s.reader != s.writer {
		err = errors.Join(s.reader.Close(), err)
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if s.claim != nil {
		err = errors.Join(err, s.claim.Close())
	}
	return err
}

func (s *Store) sqlite() bool { return s.dialect == dialect.SQLite }
