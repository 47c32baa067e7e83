package store

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// PostgreSQL's codes that matter here.
const (
	pgSerializationFailure = "40001"
	pgDeadlockDetected     = "40P01"
	pgUniqueViolation      = "23505"
)

// IsUniqueViolation reports whether err says that a row with the same unique key exists, on either
// database. The constraint is PostgreSQL's name of it; SQLite knows the columns only and gives them as
// "table.a, table.b", or the index for one over an expression.
func IsUniqueViolation(err error) (constraint string, ok bool) {
	if pg, is := errors.AsType[*pgconn.PgError](err); is && pg.Code == pgUniqueViolation {
		return pg.ConstraintName, true
	}
	lite, is := errors.AsType[*sqlite.Error](err)
	if !is || (lite.Code() != sqlite3.SQLITE_CONSTRAINT_UNIQUE && lite.Code() != sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY) {
		return "", false
	}
	_, columns, _ := strings.Cut(lite.Error(), "UNIQUE constraint failed: ")
	columns, _, _ = strings.Cut(columns, " (")
	if index, named := strings.CutPrefix(columns, "index '"); named {
		return strings.TrimSuffix(index, "'"), true
	}
	return columns, true
}

// retryable reports whether the transaction lost to another and may well pass when run again.
func retryable(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == pgSerializationFailure || pg.Code == pgDeadlockDetected
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code()&0xff == sqlite3.SQLITE_BUSY // the low byte is the primary code
	}
	return false
}
