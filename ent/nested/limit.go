// Package nested loads the first few children of many parents without reading the rest.
package nested

import (
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// The table of the parents and its one column, named so that ent's unqualified order columns mean the
// children's.
const (
	parents  = "nested_parents"
	parentID = "nested_parent_id"
)

// LimitPerParent turns a query for the children of many parents (… WHERE fk IN (parents)) into one
// that reads at most limit children of each, through the index on (fk, order): a short lookup per
// parent instead of a window over all their children.
//
// It is called by ent/db in the place of entgql.LimitPerRow, after the query's own predicates, so the
// row rules and the cursor narrow each parent's lookup too.
func LimitPerParent(fk string, limit int, orderBy ...sql.Querier) func(*sql.Selector) {
	return func(s *sql.Selector) {
		ids, err := parentIDs(s, fk)
		if err != nil {
			s.AddError(err)
			return
		}
		d := sql.Dialect(s.Dialect())
		with := d.With(parents).As(idTable(d, ids))
		first := s.Clone().Select(s.C("id")).SetDistinct(false)
		first.Where(sql.ColumnsEQ(s.C(fk), d.Table(parents).C(parentID))).OrderExpr(orderBy...).Limit(limit)

		children := d.Table(s.TableName()).As(s.TableName()) // or the join would rename it
		*s = *d.Select(s.SelectedColumns()...).
			From(d.Table(parents)).
			Join(children).OnP(sql.P(func(b *sql.Builder) { isOneOf(b, children.C("id"), first) })).
			OrderExpr(orderBy...).
			Prefix(with)
	}
}

// isOneOf compares a key with a correlated subselect in the form each planner answers by index.
func isOneOf(b *sql.Builder, key string, ids *sql.Selector) {
	if b.Dialect() == dialect.Postgres {
		b.Ident(key).WriteString(" = ANY(ARRAY").Wrap(func(b *sql.Builder) { b.Join(ids) }).WriteString(")")
		return
	}
	b.Ident(key).WriteString(" IN ").Wrap(func(b *sql.Builder) { b.Join(ids) })
}

func idTable(d *sql.DialectBuilder, ids []string) *sql.Selector {
	return d.SelectExpr(sql.ExprFunc(func(b *sql.Builder) {
		if b.Dialect() == dialect.Postgres {
			b.WriteString("unnest(").Arg(ids).WriteString("::varchar[]) AS ").Ident(parentID)
			return
		}
		b.WriteString("value AS ").Ident(parentID).WriteString(" FROM json_each(").Arg(jsonStrings(ids)).WriteString(")")
	}))
}

// jsonStrings needs no escaping: ids are prefixes and ULIDs.
func jsonStrings(ids []string) string { return `["` + strings.Join(ids, `","`) + `"]` }

// parentIDs reads the parents back from the query ent built: the arguments of fk IN (…).
func parentIDs(s *sql.Selector, fk string) ([]string, error) {
	text, args := s.Clone().Query()
	list := s.C(fk)
	if s.Dialect() == dialect.Postgres {
		list = quote(list, '"')
	}
	list += " IN ("
	at := strings.Index(text, list)
	if at < 0 {
		return nil, fmt.Errorf("nested: no %q in %q", list, text)
	}
	before, inside := placeholders(text[:at]), text[at+len(list):]
	inside, _, ok := strings.Cut(inside, ")")
	count := placeholders(inside)
	if !ok || count == 0 || before+count > len(args) {
		return nil, fmt.Errorf("nested: cannot read the parents of %q", text)
	}
	ids := make([]string, count)
	for i, arg := range args[before : before+count] {
		if ids[i], ok = arg.(string); !ok {
			return nil, fmt.Errorf("nested: parent id is a %T", arg)
		}
	}
	return ids, nil
}

// placeholders counts bound arguments; ent binds every value, so nothing else looks like one.
func placeholders(text string) int { return strings.Count(text, "?") + strings.Count(text, "$") }

func quote(ident string, mark byte) string { return strings.ReplaceAll(ident, "`", string(mark)) }
