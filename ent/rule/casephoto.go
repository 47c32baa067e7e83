package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/viewer"
)

// Tables and columns the rule of photos speaks of.
const (
	caseEventTable    = "case_events"
	caseEventID       = "id"
	casePhotoUploader = "uploader_id"
	casePhotoCase     = "city_case_id"
	casePhotoEvent    = "case_event_id"
)

// CasePhoto is seen by who uploaded it until a step of a case names it, and from then on with that step.
// Whoever uploads one makes it, and gives it to a step; the verb sees to it that the step is theirs to take.
var CasePhoto = Policy{
	Read:   casePhotoReaders,
	Create: makesOwn(casePhotoUploader),
	Change: waitingPhotos,
}

func casePhotoReaders(v *viewer.Viewer) Rows {
	events := caseEventReaders(v)
	return func(s *sql.Selector) {
		seen := eventOf(s, events)
		if v.SignedIn() {
			seen = sql.Or(waitingOf(s, v), seen)
		}
		s.Where(seen)
	}
}

// waitingPhotos are those the viewer has uploaded and no step has named yet.
func waitingPhotos(v *viewer.Viewer) Rows {
	if !v.SignedIn() {
		return nil
	}
	return func(s *sql.Selector) { s.Where(waitingOf(s, v)) }
}

func waitingOf(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	return sql.And(sql.EQ(s.C(casePhotoUploader), v.PersonID), sql.IsNull(s.C(casePhotoCase)))
}

// eventOf holds for photos whose step is among the rows.
func eventOf(photos *sql.Selector, rows Rows) *sql.Predicate {
	d := sql.Dialect(photos.Dialect())
	events := d.Select(caseEventID).From(d.Table(caseEventTable))
	events.Where(sql.ColumnsEQ(events.C(caseEventID), photos.C(casePhotoEvent)))
	rows(events)
	return sql.Exists(events)
}
