package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

const cityCasePublished = "published"

// SensorAlarm is seen by the officers of its facility's district, auditors and administrators; the verb
// that takes alarms writes for the system.
var SensorAlarm = Policy{Read: alarmReaders}

func alarmReaders(v *viewer.Viewer) Rows {
	if v.Has(viewer.Admin) || v.Has(viewer.Auditor) {
		return everybody
	}
	return caseOfficers(v)
}

// orPublished adds to somebody's rows the cases that the public sees: those an officer has read, unless
// their reporter asked otherwise. Who reported them is never among their fields.
func orPublished(r Reader) Reader {
	return func(v *viewer.Viewer) Rows {
		theirs := r(v)
		return func(s *sql.Selector) {
			published := sql.EQ(s.C(cityCasePublished), true)
			if theirs == nil {
				s.Where(published)
				return
			}
			outer := s.P()
			s.SetP(nil)
			theirs(s)
			inner := s.P()
			s.SetP(outer)
			if inner != nil { // otherwise they see every row
				s.Where(sql.Or(published, inner))
			}
		}
	}
}

// caseChangers are the reporter and who may act for them, who may take it back, rate and reopen it, and the officers of its
// district; the verbs say which of them does what.
func caseChangers(v *viewer.Viewer) Rows {
	reporters := ownOr(cityCaseReporter, scope.Of(scope.Case))
	if caseOfficers(v) == nil {
		return reporters(v)
	}
	return func(s *sql.Selector) {
		s.Where(sql.Or(actsFor(s, cityCaseReporter, v, scope.Of(scope.Case)), inDistricts(s, v)))
	}
}
