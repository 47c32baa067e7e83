// Package nested loads children of many parents with one short statement: its text does not depend on
// how many parents there are, so that it is prepared once, and a limit is kept for each parent without
// reading the children beyond it.
package nested

import (
	"context"
	"database/sql/driver"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// The table of the parents and its one column, named so that ent's unqualified order columns mean the
// children's.
const (
	parentTable  = "nested_parents"
	parentColumn = "nested_parent_id"
)

type parentsKey struct{}

// parents are the rows whose children a query asks for.
type parents struct {
	ids      []string
	lookedUp bool // each parent has a look-up of its own, and the query compares with that one
}

// Of narrows a query to the children whose column fk holds one of the ids. It is called by ent/db in
// the place of an IN with a placeholder for each id.
func Of(s *sql.Selector, fk string, ids []driver.Value) {
	p := &parents{ids: make([]string, len(ids))}
	for i, id := range ids {
		p.ids[i], _ = id.(string) // every id here is one
	}
	s.WithContext(context.WithValue(s.Context(), parentsKey{}, p))
	column := s.C(fk)
	s.Where(sql.P(func(b *sql.Builder) { p.compare(b, column) }))
}

func (p *parents) compare(b *sql.Builder, column string) {
	b.Ident(column)
	switch {
	case p.lookedUp:
		b.WriteString(" = ").Ident(parentTable).WriteByte('.').Ident(parentColumn)
	case len(p.ids) == 1: // only equality keeps the order of an index on (fk, …)
		b.WriteString(" = ").Arg(p.ids[0])
	case b.Dialect() == dialect.Postgres:
		b.WriteString(" = ANY(").Arg(p.ids).WriteByte(')')
	default:
		b.WriteString(" IN (SELECT value FROM json_each(").Arg(p.json()).WriteString("))")
	}
}

// json needs no escaping: ids are prefixes and ULIDs.
func (p *parents) json() string { return `["` + strings.Join(p.ids, `","`) + `"]` }

// EmptyPage reports whether a page of a connection asks for no rows. Only then is a count needed to
// say what lies beyond it: any other page reads one row more than it shows.
func EmptyPage(first, last *int) bool {
	return first != nil && *first == 0 || last != nil && *last == 0
}
