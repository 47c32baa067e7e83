package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/viewer"
)

// RecordAccess is seen by the person whose data were read, by the guardians of a child under fourteen, and
// by auditors, who see the refused attempts as well. Only the system writes, and nobody changes.
var RecordAccess = Policy{Read: orAll(readOfMine, viewer.Auditor)}

// readOfMine gives the readings of the viewer's data, or a child's, that took place.
func readOfMine(v *viewer.Viewer) Rows {
	mine := ownOrChilds("person_id")(v)
	if mine == nil {
		return nil
	}
	return func(s *sql.Selector) {
		mine(s)
		s.Where(sql.EQ(s.C("outcome"), "ALLOWED"))
	}
}
