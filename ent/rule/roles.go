package rule

import (
	"slices"

	"entgo.io/ent/dialect/sql"

	"citygraph/internal/viewer"
)

// orAll gives every row to who holds any of the roles, and the reader's rows to everybody else.
func orAll(others Reader, roles ...viewer.RoleKind) Reader {
	return func(v *viewer.Viewer) Rows {
		if slices.ContainsFunc(roles, v.Has) {
			return everybody
		}
		return others(v)
	}
}

// atOrganisation holds for rows whose column names an organisation at which the viewer holds the role.
func atOrganisation(s *sql.Selector, column string, v *viewer.Viewer, k viewer.RoleKind) *sql.Predicate {
	held := v.Organisations(k)
	values := make([]any, len(held))
	for i, at := range held {
		values[i] = at
	}
	return sql.In(s.C(column), values...)
}
