package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Tables and columns the case rules speak of.
const (
	cityCaseTable    = "city_cases"
	cityCaseID       = "id"
	cityCaseReporter = "reporter_id"
	cityCaseDistrict = "district_id"
	caseEventCase    = "city_case_id"
	caseEventPublic  = "public"
)

// CityCase is seen by its reporter and who may report for them, by the officers of its district, by auditors
// and administrators, and by everybody once it is published. Anyone creates a case as its reporter, or in
// the name of whom they act for; these and officers of the district change it.
var CityCase = Policy{
	Read:   orPublished(caseReaders),
	Create: makesFor(cityCaseReporter),
	Change: caseChangers,
}

// CaseEvent is seen with its case; what is not public is for the officers of the district, auditors and
// administrators. Whoever writes one is named as its actor, and the verb sees to it that the case is
// theirs to act on; it is never changed.
var CaseEvent = Policy{
	Read:   caseEventReaders,
	Create: makesOwn("actor_id"),
}

// caseReaders see the case; own reports are seen by officers too.
func caseReaders(v *viewer.Viewer) Rows {
	if !v.SignedIn() {
		return nil
	}
	if v.Has(viewer.Admin) || v.Has(viewer.Auditor) {
		return everybody
	}
	return func(s *sql.Selector) {
		readers := actsFor(s, cityCaseReporter, v, scope.Of(scope.Case))
		if v.Has(viewer.CaseOfficer) {
			readers = sql.Or(readers, inDistricts(s, v))
		}
		s.Where(readers)
	}
}

// caseOfficers are those of the case's district.
func caseOfficers(v *viewer.Viewer) Rows {
	if !v.Has(viewer.CaseOfficer) {
		return nil
	}
	return func(s *sql.Selector) { s.Where(inDistricts(s, v)) }
}

// inDistricts holds for cases of the districts in which the viewer is an officer.
func inDistricts(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	return atOrganisation(s, cityCaseDistrict, v, viewer.CaseOfficer)
}

// caseEventReaders see the case; internal notes are kept from its reporter.
func caseEventReaders(v *viewer.Viewer) Rows {
	readable := orPublished(caseReaders)(v)
	return func(s *sql.Selector) {
		s.Where(caseOf(s, readable))
		if !v.Has(viewer.Admin) && !v.Has(viewer.Auditor) {
			s.Where(publicOrOfficers(s, v))
		}
	}
}

// caseOf holds for events whose case is among the rows.
func caseOf(events *sql.Selector, rows Rows) *sql.Predicate {
	d := sql.Dialect(events.Dialect())
	cases := d.Select(cityCaseID).From(d.Table(cityCaseTable))
	cases.Where(sql.ColumnsEQ(cases.C(cityCaseID), events.C(caseEventCase)))
	rows(cases)
	return sql.Exists(cases)
}

// publicOrOfficers holds for public events, and for all those of the viewer's districts.
func publicOrOfficers(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	public := sql.EQ(s.C(caseEventPublic), true)
	officers := caseOfficers(v)
	if officers == nil {
		return public
	}
	return sql.Or(public, caseOf(s, officers))
}
