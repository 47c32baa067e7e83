package household

import (
	"context"
	"errors"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db/delegation"
)

// reach lists whom a person's word reaches: their delegates, the delegates of those, and so on, over all
// delegations that stand or may yet be accepted; one statement however long the chain.
func (r *Register) reach(ctx context.Context, personID string) (people []string, err error) {
	const chain, end = "chain", "person_id"
	d := sql.Dialect(r.Store.Dialect())
	now := r.Clock.Now()
	standing := func(t *sql.SelectTable) *sql.Predicate {
		return sql.And(
			sql.In(t.C(delegation.FieldState), string(delegation.StateProposed), string(delegation.StateActive)),
			sql.GT(t.C(delegation.FieldValidTo), now),
		)
	}
	first, next, links := d.Table(delegation.Table), d.Table(delegation.Table).As("next"), d.Table(chain)
	step := d.Select(next.C(delegation.FieldDelegateID)).From(next).
		Join(links).On(next.C(delegation.FieldDelegatorID), links.C(end)).Where(standing(next))
	start := d.Select(first.C(delegation.FieldDelegateID)).From(first).
		Where(sql.And(sql.EQ(first.C(delegation.FieldDelegatorID), personID), standing(first))).Union(step)
	all := d.Table(chain)
	query, args := d.Select(all.C(end)).From(all).Prefix(sql.WithRecursive(chain, end).As(start)).Query()

	rows, err := r.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("follow delegations: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p string
		if err := rows.Scan(&p); err != nil {
			return nil, fmt.Errorf("follow delegations: %w", err)
		}
		people = append(people, p)
	}
	return people, rows.Err()
}
