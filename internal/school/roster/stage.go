package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	_ "modernc.org/sqlite" // the driver of the stage

	"citygraph/internal/oneroster"
)

// stage holds a set of files while it is imported: in a private database of SQLite without a name, which keeps little in memory
// and the rest in a file that is nobody's and gone when it is closed, or when the process dies. What refers to what can be asked
// of it without keeping a million rows in memory.
type stage struct {
	db    *sql.DB
	tx    *sql.Tx
	loose map[oneroster.File]bool // files with rows that no identifier could be read of
}

// What becomes of a row of the stage.
const (
	good = iota
	deleted
	refused
)

// staged is one row of a file.
type staged struct {
	file  oneroster.File
	id    string
	line  int
	state int
	what  map[string]string
}

func (s staged) problem(format string, args ...any) oneroster.Problem {
	return oneroster.Problem{File: s.file, Row: s.line, Reason: fmt.Sprintf(format, args...)}
}

const stageSchema = `
	PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;
	CREATE TABLE records (file TEXT, id TEXT, line INT, state INT, what TEXT, PRIMARY KEY (file, id)) WITHOUT ROWID;
	CREATE TABLE roles (user TEXT, role TEXT, org TEXT, adds INT, PRIMARY KEY (user, role, org)) WITHOUT ROWID;
	CREATE TABLE born (user TEXT PRIMARY KEY, birth TEXT, sex TEXT) WITHOUT ROWID;
	CREATE TABLE ties (pupil TEXT, agent TEXT, PRIMARY KEY (pupil, agent)) WITHOUT ROWID;
	CREATE TABLE blurred (user TEXT PRIMARY KEY) WITHOUT ROWID;
	CREATE TABLE turns (agent TEXT, pupil TEXT, adds INT, line INT, PRIMARY KEY (agent, pupil)) WITHOUT ROWID;
	CREATE TABLE posts (person TEXT, school TEXT, adds INT, PRIMARY KEY (person, school)) WITHOUT ROWID;`

func newStage(ctx context.Context) (*stage, error) {
	db, err := sql.Open("sqlite", "")
	if err != nil {
		return nil, fmt.Errorf("open the stage: %w", err)
	}
	db.SetMaxOpenConns(1) // each connection would be a database of its own
	db.SetConnMaxLifetime(0)
	s := &stage{db: db, loose: map[oneroster.File]bool{}}
	if _, err := db.ExecContext(ctx, stageSchema); err != nil {
		return nil, errors.Join(fmt.Errorf("open the stage: %w", err), db.Close())
	}
	if s.tx, err = db.BeginTx(ctx, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("open the stage: %w", err), db.Close())
	}
	return s, nil
}

func (s *stage) close() error { return errors.Join(s.tx.Rollback(), s.db.Close()) }

func (s *stage) exec(ctx context.Context, query string, args ...any) (int64, error) {
	done, err := s.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("stage: %w", err)
	}
	return done.RowsAffected()
}

// put keeps a row. It returns the line of the row that has its identifier already, or 0.
func (s *stage) put(ctx context.Context, r staged) (line int, err error) {
	what, err := json.Marshal(r.what)
	if err != nil {
		return 0, err
	}
	n, err := s.exec(ctx, "INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?)", r.file, r.id, r.line, r.state, string(what))
	if err != nil || n > 0 {
		return 0, err
	}
	err = s.tx.QueryRowContext(ctx, "SELECT line FROM records WHERE file = ? AND id = ?", r.file, r.id).Scan(&line)
	return line, err
}

// refuse remembers that a row is refused: what it says is not known, but it is not missing.
func (s *stage) refuse(ctx context.Context, file oneroster.File, id string) error {
	_, err := s.exec(ctx, "UPDATE records SET state = ? WHERE file = ? AND id = ?", refused, file, id)
	return err
}

// page is the next rows of a file after an identifier, in their order.
func (s *stage) page(ctx context.Context, file oneroster.File, after string, n int) (rows []staged, err error) {
	found, err := s.tx.QueryContext(ctx,
		"SELECT id, line, state, what FROM records WHERE file = ? AND id > ? AND state <> ? ORDER BY id LIMIT ?", file, after, refused, n)
	if err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		r, what := staged{file: file}, ""
		if err := found.Scan(&r.id, &r.line, &r.state, &what); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(what), &r.what); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, found.Err()
}

// each hands all rows of a file to take, a batch at a time.
func (s *stage) each(ctx context.Context, file oneroster.File, take func([]staged) error) error {
	for after := ""; ; {
		rows, err := s.page(ctx, file, after, batch)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := take(rows); err != nil {
			return err
		}
		after = rows[len(rows)-1].id
	}
}

// has reports which of the identifiers a file has, refused ones too.
func (s *stage) has(ctx context.Context, file oneroster.File, ids []string) (map[string]staged, error) {
	there := map[string]staged{}
	err := s.scan(ctx, "SELECT id, line, state, what FROM records WHERE file = ? AND id IN (SELECT value FROM json_each(?))",
		[]any{file, list(ids)}, func(scan func(...any) error) error {
			r, what := staged{file: file}, ""
			if err := scan(&r.id, &r.line, &r.state, &what); err != nil {
				return err
			}
			err := json.Unmarshal([]byte(what), &r.what)
			there[r.id] = r
			return err
		})
	return there, err
}

// scan runs a query and hands each of its rows to take.
func (s *stage) scan(ctx context.Context, query string, args []any, take func(scan func(...any) error) error) (err error) {
	found, err := s.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		if err := take(found.Scan); err != nil {
			return fmt.Errorf("stage: %w", err)
		}
	}
	return found.Err()
}

func list(ids []string) string {
	text, _ := json.Marshal(append([]string{}, ids...)) // of texts, which cannot fail
	return string(text)
}

// pairs are the second columns of a table of pairs, by the first.
func (s *stage) pairs(ctx context.Context, query string, ids []string) (map[string][]string, error) {
	all := map[string][]string{}
	err := s.scan(ctx, query, []any{list(ids)}, func(scan func(...any) error) error {
		var one, other string
		err := scan(&one, &other)
		all[one] = append(all[one], other)
		return err
	})
	return all, err
}

// begin starts anew with what becomes of the rows, for a transaction that is tried again.
func (s *stage) begin(ctx context.Context) error {
	for _, table := range []string{"turns", "posts"} {
		if _, err := s.exec(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	return nil
}

// aboutUsers are the files that say what users are.
var aboutUsers = []oneroster.File{oneroster.Roles, oneroster.Demographics, oneroster.Relationships}

// load reads a file into the stage.
func (r *run) load(ctx context.Context, file oneroster.File) error {
	reader, closer, err := r.set.Reader(file, r.warn)
	if problem, bad := errors.AsType[oneroster.Problem](err); bad {
		if slices.Contains(aboutUsers, file) {
			return problem // users would seem to have lost what it says of them
		}
		r.refuse(problem)
		r.skipped[file] = true
		return nil
	}
	if err != nil {
		return err
	}
	defer closer.Close()
	for {
		row, err := reader.Next()
		problem, bad := errors.AsType[oneroster.Problem](err)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case bad:
			row.File, row.Line = problem.File, problem.Row
			r.refuse(problem)
			if err := r.refused(ctx, file, row); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			if err := r.take(ctx, row); err != nil {
				return err
			}
		}
		if r.done.Rows++; r.done.Rows%progressEvery == 0 {
			r.tell()
		}
	}
}

const progressEvery = 5000

// refused keeps the identifier of a row that cannot be read, so that it does not count as missing, and of whom a row speaks
// that tells what cannot be known now.
func (r *run) refused(ctx context.Context, file oneroster.File, row oneroster.Row) error {
	about := map[oneroster.File]string{
		oneroster.Roles: "userSourcedId", oneroster.Relationships: "userSourcedId", oneroster.Demographics: "sourcedId",
	}
	if column, is := about[file]; is {
		if row.Get(column) == "" {
			return fmt.Errorf("%s:%d: whom the row speaks of cannot be read, so that it is not known what has ended", file, row.Line)
		}
		_, err := r.stage.exec(ctx, "INSERT OR IGNORE INTO blurred VALUES (?)", row.Get(column))
		return err
	}
	id := identifier(file, row)
	if id == "" || len(id) > maxID {
		r.stage.loose[file] = true
		return nil
	}
	_, err := r.stage.put(ctx, staged{file: file, id: id, line: row.Line, state: refused})
	return err
}
