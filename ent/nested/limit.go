package nested

import (
	"errors"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// LimitPerParent turns a query for the children of many parents, narrowed by Of, into one that reads
// at most limit children of each, through the index on (fk, order): a short look-up per parent
// instead of a window over all their children.
//
// It is called by ent/db in the place of entgql.LimitPerRow, after the query's own predicates, so the
// row rules and the cursor narrow each parent's look-up too.
func LimitPerParent(limit int, orderBy ...sql.Querier) func(*sql.Selector) {
	return func(s *sql.Selector) {
		p, ok := s.Context().Value(parentsKey{}).(*parents)
		if !ok {
			s.AddError(errors.New("nested: the query is not narrowed to the children of anything"))
			return
		}
		p.lookedUp = true
		if s.Dialect() == dialect.Postgres {
			lateral(s, p, limit, orderBy)
			return
		}
		correlated(s, p, limit, orderBy)
	}
}

// lateral reads the rows of each look-up as they come from the index.
func lateral(s *sql.Selector, p *parents, limit int, orderBy []sql.Querier) {
	d, table := sql.Dialect(s.Dialect()), s.TableName()
	first := s.Clone().OrderExpr(orderBy...).Limit(limit)
	*s = *d.Select(s.SelectedColumns()...).
		FromExpr(sql.ExprFunc(func(b *sql.Builder) {
			b.WriteString("unnest(").Arg(p.ids).WriteString("::varchar[]) AS ").Ident(parentTable).
				Wrap(func(b *sql.Builder) { b.Ident(parentColumn) })
			b.WriteString(" CROSS JOIN LATERAL ").Wrap(func(b *sql.Builder) { b.Join(first) })
			b.WriteString(" AS ").Ident(table)
		})).
		OrderExpr(orderBy...).WithContext(s.Context())
}

// correlated is for SQLite, which has no LATERAL: the look-up gives ids, and the rows are found by them.
func correlated(s *sql.Selector, p *parents, limit int, orderBy []sql.Querier) {
	d, table, id := sql.Dialect(s.Dialect()), s.TableName(), s.C("id")
	first := s.Clone().Select(id).OrderExpr(orderBy...).Limit(limit)
	*s = *d.Select(s.SelectedColumns()...).
		FromExpr(sql.ExprFunc(func(b *sql.Builder) {
			b.WriteString("(SELECT value AS ").Ident(parentColumn).WriteString(" FROM json_each(").Arg(p.json()).WriteString(")) AS ").
				Ident(parentTable)
			b.WriteString(" JOIN ").Ident(table).WriteString(" ON ").Ident(id).
				WriteString(" IN ").Wrap(func(b *sql.Builder) { b.Join(first) })
		})).
		OrderExpr(orderBy...).WithContext(s.Context())
}
