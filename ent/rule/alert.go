package rule

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/viewer"
)

// Alert is seen by anybody when it is meant in earnest; exercises, tests and drafts by auditors and
// administrators. Administrators issue alerts and end them.
var Alert = Policy{
	Read:   alertReaders,
	Create: func(v *viewer.Viewer, _ ent.Mutation) bool { return v.Has(viewer.Admin) },
	Change: admins,
}

func alertReaders(v *viewer.Viewer) Rows {
	if v.Has(viewer.Admin) || v.Has(viewer.Auditor) {
		return everybody
	}
	return func(s *sql.Selector) { s.Where(sql.EQ(s.C("status"), "ACTUAL")) }
}

func admins(v *viewer.Viewer) Rows {
	if v.Has(viewer.Admin) {
		return everybody
	}
	return nil
}
