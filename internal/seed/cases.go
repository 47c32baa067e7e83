package seed

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/internal/citycase/form"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/facts"
	"citygraph/internal/geo"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
	"citygraph/internal/workday"
)

// report is one case as the seed decides it.
type report struct {
	id, reporter, text string
	category           facts.CaseCategory
	street             facts.Street
	at                 time.Time
	lat, lng           float64
	life               []machine.Edge // what became of it
}

// smooth is a life without sides, of which a case has had a part.
var smooth = machine.Smooth()

// stepTakes is how long each step of an invented life takes.
const stepTakes = 90 * time.Minute

// report invents a case by a person in a district, so many hours ago. It has got as far as its age and
// chance would have it.
func (w *writer) report(reporter, districtCode string, hoursAgo int) report {
	r := w.rand
	c := w.city.CaseCategories[r.IntN(len(w.city.CaseCategories))]
	s := w.streetsOf[districtCode][r.IntN(len(w.streetsOf[districtCode]))]
	at := w.before(time.Duration(hoursAgo)*time.Hour + time.Duration(r.IntN(3600))*time.Second)
	steps := min(hoursAgo/12, len(smooth)) // the old ones are closed
	if steps > 0 && r.IntN(4) == 0 {
		steps = r.IntN(steps)
	}
	return report{
		id: id.At(id.CityCase, at, fmt.Sprintf("%s/%d", reporter, r.Uint64())), reporter: reporter, at: at,
		category: c, street: s, text: c.Name.ZH + "：" + troubles[r.IntN(len(troubles))],
		lat: s.At.Lat + (r.Float64()-0.5)/200, lng: s.At.Lng + (r.Float64()-0.5)/200,
		life: smooth[:steps],
	}
}

// demoReporters gives the grandmother's daughter a few reports near home.
func demoReporters(w *writer) []report {
	parent := Cast[0]
	return []report{
		w.report(parent.PersonID(), parent.District, 5),
		w.report(parent.PersonID(), parent.District, 50),
		w.report(parent.PersonID(), parent.District, 400),
	}
}

// cases writes reports with what became of them.
func (w *writer) cases(ctx context.Context, reports []report) error {
	var events []*db.CaseEventCreate
	err := inBatches(len(reports), func(i int) *db.CityCaseCreate {
		events = append(events, w.history(reports[i])...)
		return w.row(reports[i])
	}, func(c ...*db.CityCaseCreate) error { return w.db.CityCase.CreateBulk(c...).Exec(ctx) })
	if err != nil {
		return err
	}
	return inBatches(len(events), func(i int) *db.CaseEventCreate { return events[i] },
		func(c ...*db.CaseEventCreate) error { return w.db.CaseEvent.CreateBulk(c...).Exec(ctx) })
}

// row is a case as it stands after its life so far.
func (w *writer) row(r report) *db.CityCaseCreate {
	status, last := machine.Submitted, r.at
	if n := len(r.life); n > 0 {
		status, last = r.life[n-1].To, r.at.Add(time.Duration(n)*stepTakes)
	}
	due := w.due(r)
	create := w.db.CityCase.Create().SetID(r.id).SetNumber(machine.Number(r.at, r.id)).SetCreatedAt(r.at).SetUpdatedAt(last).
		SetStatus(status).SetPublished(status.Published()).SetLastSeq(1 + len(r.life)).SetDueAt(due).
		SetCategoryID(categoryID(r.category.Kind, r.category.Code)).SetKind(citycase.Kind(r.category.Kind)).SetAttributes(answers(r.category)).
		SetReporterID(r.reporter).SetDescription(r.text).
		SetLat(r.lat).SetLng(r.lng).SetCell(geo.CellOf(geo.Point{Lat: r.lat, Lng: r.lng})).
		SetStreetID(streetID(r.street.Code)).SetDistrictID(districtID(r.street.District))
	if due.Before(w.now) {
		create.SetEscalation(2) // its officers know
	}
	if len(r.life) > 2 {
		create.SetUnit(citycase.UnitMunicipal)
	}
	if status == machine.Closed {
		create.SetClosedAt(last).SetOpenSeconds(int64(last.Sub(r.at) / time.Second)).SetRating(5 - len(r.text)%3)
	}
	return create
}

// soon is how long after the seed no invented case falls due: a city that has just begun rings no bells.
const soon = 3 * time.Hour

// due is when a case is due by its category's hours of working days.
func (w *writer) due(r report) time.Time {
	due := workday.Add(r.at, time.Duration(r.category.SLAHours)*time.Hour)
	if left := due.Sub(w.now); left > 0 && left < soon {
		due = due.Add(soon)
	}
	return due
}

// answers are the first of what a category asks and must be answered.
func answers(c facts.CaseCategory) []form.Answer {
	var given []form.Answer
	for _, f := range c.Fields {
		if f.Required {
			given = append(given, form.Answer{Key: f.Key, Values: []string{f.Options[0].Key}})
		}
	}
	return given
}

// history is the events of a case, its report first.
func (w *writer) history(r report) []*db.CaseEventCreate {
	events := []*db.CaseEventCreate{
		w.db.CaseEvent.Create().SetID(id.At(id.CaseEvent, r.at, r.id)).SetCreatedAt(r.at).
			SetCityCaseID(r.id).SetSeq(1).SetToStatus(machine.Submitted).
			SetActorKind(caseevent.ActorKindCitizen).SetActorID(r.reporter),
	}
	for i, e := range r.life {
		at := r.at.Add(time.Duration(i+1) * stepTakes)
		events = append(events, w.db.CaseEvent.Create().SetID(id.At(id.CaseEvent, at, fmt.Sprint(r.id, "/", i))).SetCreatedAt(at).
			SetCityCaseID(r.id).SetSeq(i+2).SetAction(e.Action).SetFromStatus(e.From).SetToStatus(e.To).
			SetActorKind(caseevent.ActorKindOfficer).SetActorID(officerOf(r.street.District)))
	}
	return events
}

// officerOf is the officer of the cast who serves in a district, or another where none does.
func officerOf(district string) string {
	officer := ""
	for _, m := range Cast {
		if m.Role == viewer.CaseOfficer && (officer == "" || m.At == district) {
			officer = m.PersonID()
		}
	}
	return officer
}
