// Package rule says who may see and who may write which rows. A rule is a predicate on the SQL
// selector, so that every path to a row (node, edge, list, count, eager load, hand-built statement)
// is covered by the same words. What no rule allows is denied.
package rule

import (
	"context"
	"fmt"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Rows narrows a statement to the rows a rule allows.
type Rows func(*sql.Selector)

// Reader gives the rows a viewer may reach; nil means none.
type Reader func(*viewer.Viewer) Rows

// For returns the rows the viewer reaches: all for the system, none without a rule. It is never nil, so
// that a hand-built statement can be narrowed by it as it is.
func (r Reader) For(v *viewer.Viewer) Rows {
	if _, ok := v.System(); ok {
		return everybody
	}
	if r != nil {
		if rows := r(v); rows != nil {
			return rows
		}
	}
	return nobody
}

// Policy is the whole rule of one type. The system passes every policy (see viewer.AsSystem);
// a nil part denies everybody else. Nobody else deletes a row of any type.
type Policy struct {
	Read   Reader                                  // who sees which rows
	Create func(*viewer.Viewer, ent.Mutation) bool // who may make this row
	Change Reader                                  // who may update which rows
	Final  bool                                    // a row stays as it was made: the system is refused as well
}

// filterable is what every generated query, update and deletion offers.
type filterable interface {
	WhereP(...func(*sql.Selector))
}

// EvalQuery narrows the query to the rows its viewer may read.
func (p Policy) EvalQuery(ctx context.Context, q ent.Query) error {
	return narrow(q, p.Read, viewer.From(ctx))
}

// EvalMutation refuses a creation the rule does not allow, and narrows updates and deletions.
func (p Policy) EvalMutation(ctx context.Context, m ent.Mutation) error {
	v := viewer.From(ctx)
	switch {
	case p.Final && !m.Op().Is(ent.OpCreate):
		return fault.New(fault.Forbidden).Because(fmt.Errorf("a %s is never changed", m.Type()))
	case m.Op().Is(ent.OpUpdate | ent.OpUpdateOne):
		return narrow(m, p.Change, v)
	case m.Op().Is(ent.OpDelete | ent.OpDeleteOne):
		return narrow(m, nil, v)
	}
	if _, ok := v.System(); ok || (p.Create != nil && p.Create(v, m)) {
		return nil
	}
	return fault.New(fault.Forbidden).Because(fmt.Errorf("no rule lets this viewer create a %s", m.Type()))
}

// narrow leaves the system's statements as they are: ent takes no predicate that says nothing.
func narrow(statement any, r Reader, v *viewer.Viewer) error {
	if _, ok := v.System(); ok {
		return nil
	}
	f, ok := statement.(filterable)
	if !ok {
		return fmt.Errorf("rule: %T cannot be narrowed", statement)
	}
	f.WhereP(r.For(v))
	return nil
}

func nobody(s *sql.Selector) { s.Where(sql.False()) }

func everybody(*sql.Selector) {}

// Public is the rule of reference rows: anyone reads, only the system writes.
var Public = Policy{Read: func(*viewer.Viewer) Rows { return everybody }}

// Internal is the rule of rows no client ever reaches.
var Internal = Policy{}

// own gives the rows whose column holds the viewer's person id.
func own(column string) Reader {
	return func(v *viewer.Viewer) Rows {
		if !v.SignedIn() {
			return nil
		}
		return func(s *sql.Selector) { s.Where(sql.EQ(s.C(column), v.PersonID)) }
	}
}

// makesOwn lets a viewer create rows whose field names the viewer.
func makesOwn(field string) func(*viewer.Viewer, ent.Mutation) bool {
	return func(v *viewer.Viewer, m ent.Mutation) bool {
		owner, ok := m.Field(field)
		return ok && v.SignedIn() && owner == v.PersonID
	}
}

// makesFor lets a viewer create rows whose field names the viewer, or whom they act for in this context.
func makesFor(field string) func(*viewer.Viewer, ent.Mutation) bool {
	return func(v *viewer.Viewer, m ent.Mutation) bool {
		owner, ok := m.Field(field)
		return ok && v.SignedIn() && owner == v.Subject()
	}
}
