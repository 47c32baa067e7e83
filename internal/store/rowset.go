package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// Statements of sets are written once for both databases, with ? for their arguments. A set of rows is one
// argument, as JSON, so that a statement is prepared once whatever its size.

// Execer runs statements, as ent's client does: in the transaction of their context.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// ExecRows runs a statement that takes its rows from r, and returns how many rows it changed. Each column is a
// name in the JSON of the rows and a type of PostgreSQL's.
func (s *Store) ExecRows(ctx context.Context, on Execer, columns []string, query string, rows any, args ...any) (int, error) {
	set, err := json.Marshal(rows)
	if err != nil {
		return 0, fmt.Errorf("encode rows: %w", err)
	}
	result, err := on.ExecContext(ctx, s.bind("WITH r AS "+s.rowset(columns)+" "+query), append([]any{string(set)}, args...)...)
	if err != nil {
		return 0, err
	}
	changed, err := result.RowsAffected()
	return int(changed), err
}

// Meets is the condition, in a statement of ExecRows, that a row of the table has the id of one of r; see Among.
func (s *Store) Meets(table string) string {
	if s.Dialect() == dialect.Postgres {
		return table + ".id = r.id AND " + table + ".id = ANY(ARRAY(SELECT id FROM r))"
	}
	return table + ".id = r.id"
}

// Among adds the condition that a column is one of the values. PostgreSQL looks them up in the index of the column,
// however small the table and old its statistics: it expects few values of an array it cannot see into, and would
// rather read a whole table than join it with a list.
func (s *Store) Among(b *entsql.Builder, column string, values []string) {
	list, _ := json.Marshal(append([]string{}, values...)) // of texts, which cannot fail; and null is no list
	if s.Dialect() == dialect.Postgres {
		b.WriteString(column + " = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST(").Arg(string(list)).WriteString(" AS jsonb))))")
		return
	}
	b.WriteString(column + " IN (SELECT value FROM json_each(").Arg(string(list)).WriteString("))")
}

// OneOf narrows a query to the rows whose column is one of the values; see Among.
func (s *Store) OneOf(column string, values []string) func(*entsql.Selector) {
	return func(on *entsql.Selector) {
		on.Where(entsql.P(func(b *entsql.Builder) { s.Among(b, on.C(column), values) }))
	}
}

// Stamp is an instant as the database writes it, for rows.
type Stamp string

// Stamp writes an instant.
func (s *Store) Stamp(at time.Time) Stamp {
	if s.Dialect() == dialect.Postgres {
		return Stamp(at.UTC().Format(time.RFC3339Nano))
	}
	return Stamp(at.UTC().Format("2006-01-02 15:04:05.999999999-07:00")) // as the driver does, so that they sort
}

// bind numbers the arguments for PostgreSQL.
func (s *Store) bind(query string) string {
	if s.Dialect() == dialect.SQLite {
		return query
	}
	var out strings.Builder
	for n := 1; ; n++ {
		before, after, more := strings.Cut(query, "?")
		out.WriteString(before)
		if !more {
			return out.String()
		}
		out.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

// rowset is a table expression of the rows with these columns.
func (s *Store) rowset(columns []string) string {
	if s.Dialect() == dialect.Postgres {
		return "(SELECT * FROM jsonb_to_recordset(CAST(? AS jsonb)) AS s(" + strings.Join(columns, ", ") + "))"
	}
	fields := make([]string, len(columns))
	for i, column := range columns {
		name, _, _ := strings.Cut(column, " ")
		fields[i] = "value->>'" + name + "' AS " + name
	}
	return "(SELECT " + strings.Join(fields, ", ") + " FROM json_each(?))"
}
