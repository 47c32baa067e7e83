package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// ownOrChilds gives the rows whose column holds the viewer's person id, or that of a child whose records
// the viewer answers for as a guardian. What a person has delegated does not reach them.
func ownOrChilds(column string) Reader {
	return func(v *viewer.Viewer) Rows {
		if !v.SignedIn() {
			return nil
		}
		return func(s *sql.Selector) {
			column := s.C(column)
			s.Where(sql.P(func(b *sql.Builder) {
				b.WriteString("(" + column + " = ").Arg(v.PersonID).WriteString(" OR " + column + " IN (")
				children(b, v.PersonID, scope.Of(scope.ReadRecord))
				b.WriteString("))")
			}))
		}
	}
}
