package dataexport

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/casephoto"
	"citygraph/ent/db/casesupporter"
	"citygraph/ent/db/citycase"
	"citygraph/internal/lang"
	"citygraph/internal/viewer"
)

type caseFile struct {
	ID          string      `json:"id"`
	Number      string      `json:"number"`
	Status      string      `json:"status"`
	Category    lang.Text   `json:"category"`
	Description string      `json:"description"`
	Address     string      `json:"address"`
	Lat         float64     `json:"lat"` // WGS-84, degrees
	Lng         float64     `json:"lng"`
	District    lang.Text   `json:"district"`
	Street      lang.Text   `json:"street"`
	CreatedAt   time.Time   `json:"createdAt"`
	DueAt       time.Time   `json:"dueAt"`
	Events      []eventFile `json:"events"`
}

type eventFile struct {
	Seq       int                 `json:"seq"`
	From      *string             `json:"from"`
	To        string              `json:"to"`
	ActorKind caseevent.ActorKind `json:"actorKind"`
	Note      string              `json:"note"`
	CreatedAt time.Time           `json:"createdAt"`
}

// casePage is how many cases are loaded at a time, with what belongs to them.
const casePage = 500

// cases are those the person reported, with the steps a reporter may see.
func (e *Exports) cases(ctx context.Context) (any, error) {
	files := []caseFile{}
	for last := ""; ; {
		rows, err := e.DB.CityCase.Query().
			Where(citycase.ReporterID(viewer.From(ctx).PersonID), citycase.IDGT(last)).Order(citycase.ByID()).Limit(casePage).
			WithCategory().WithDistrict().WithStreet().
			WithEvents(func(q *db.CaseEventQuery) { q.Order(caseevent.BySeq(sql.OrderAsc())) }).
			All(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			files, last = append(files, caseOf(r)), r.ID
		}
		if len(rows) < casePage {
			return files, nil
		}
	}
}

func caseOf(r *db.CityCase) caseFile {
	file := caseFile{
		ID: r.ID, Number: r.Number, Status: string(r.Status), Category: r.Edges.Category.Name,
		Description: r.Description, Address: r.Address, Lat: r.Lat, Lng: r.Lng,
		District: r.Edges.District.Name, Street: r.Edges.Street.Name, CreatedAt: r.CreatedAt, DueAt: r.DueAt, Events: []eventFile{},
	}
	for _, step := range r.Edges.Events {
		told := eventFile{step.Seq, nil, string(step.ToStatus), step.ActorKind, step.Note, step.CreatedAt}
		if step.FromStatus != nil {
			told.From = new(string(*step.FromStatus))
		}
		file.Events = append(file.Events, told)
	}
	return file
}

type supportFile struct {
	CaseID    string    `json:"caseId"`
	CreatedAt time.Time `json:"createdAt"`
}

func (e *Exports) supports(ctx context.Context) (any, error) {
	rows, err := e.DB.CaseSupporter.Query().Where(casesupporter.PersonID(viewer.From(ctx).PersonID)).Order(casesupporter.ByID()).All(ctx)
	return each(rows, err, func(r *db.CaseSupporter) supportFile { return supportFile{r.CityCaseID, r.CreatedAt} })
}

type photoFile struct {
	ID        string            `json:"id"`
	CaseID    string            `json:"caseId"` // empty while no step names it
	Purpose   casephoto.Purpose `json:"purpose"`
	Width     int               `json:"width"` // pixels
	Height    int               `json:"height"`
	SizeBytes int               `json:"sizeBytes"`
	CreatedAt time.Time         `json:"createdAt"`
}

// photos reads as the system: whoever uploaded a photo has a right to know of it, though the case may be
// theirs to see no more. The pictures are shown in the case.
func (e *Exports) photos(ctx context.Context) (any, error) {
	rows, err := e.DB.CasePhoto.Query().Where(casephoto.UploaderID(viewer.From(ctx).PersonID)).Order(casephoto.ByID()).
		All(viewer.AsSystem(ctx, "a person is told of the photos they uploaded"))
	return each(rows, err, func(r *db.CasePhoto) photoFile {
		return photoFile{r.ID, r.CityCaseID, r.Purpose, r.Width, r.Height, r.SizeBytes, r.CreatedAt}
	})
}
