package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/internal/lang"
	"citygraph/internal/viewer"
)

type enrollmentFile struct {
	ID        string            `json:"id"`
	School    lang.Text         `json:"school"`
	Class     string            `json:"class"`
	Grade     string            `json:"grade"`
	Role      enrollment.Role   `json:"role"`
	Duty      enrollment.Duty   `json:"duty"`
	Status    enrollment.Status `json:"status"`
	CreatedAt time.Time         `json:"createdAt"`
	UpdatedAt time.Time         `json:"updatedAt"`
}

// schoolFile is what schools tell of somebody: their classes, and the rosters' own words.
type schoolFile struct {
	Classes []enrollmentFile `json:"classes"`
	Rosters any              `json:"rosters"`
}

func (e *Exports) school(ctx context.Context) (any, error) {
	me := viewer.From(ctx).PersonID
	rows, err := e.DB.Enrollment.Query().Where(enrollment.PersonID(me)).
		WithSchoolClass(func(q *db.SchoolClassQuery) { q.WithSchool() }).Order(enrollment.ByID()).
		All(viewer.AsSystem(ctx, "a person's own classes, those they have left among them"))
	file := schoolFile{Rosters: []any{}}
	if file.Classes, err = each(rows, err, func(p *db.Enrollment) enrollmentFile {
		c := p.Edges.SchoolClass
		return enrollmentFile{p.ID, c.Edges.School.Name, c.Title, c.Grade, p.Role, p.Duty, p.Status, p.CreatedAt, p.UpdatedAt}
	}); err != nil || e.Rosters == nil {
		return file, err
	}
	file.Rosters, err = e.Rosters(ctx, me)
	return file, err
}
