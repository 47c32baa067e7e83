package rule

import (
	"slices"

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
