package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/attendanceevent"
	"citygraph/ent/db/leaverequest"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

type attendanceFile struct {
	ID        string                 `json:"id"`
	Day       string                 `json:"day"`
	Status    attendanceevent.Status `json:"status"`
	CreatedAt time.Time              `json:"createdAt"`
	UpdatedAt time.Time              `json:"updatedAt"`
}

type leaveFile struct {
	ID        string              `json:"id"`
	Kind      leaverequest.Kind   `json:"kind"`
	Status    leaverequest.Status `json:"status"`
	StartsAt  time.Time           `json:"startsAt"`
	EndsAt    time.Time           `json:"endsAt"`
	Reason    *string             `json:"reason"`
	CreatedAt time.Time           `json:"createdAt"`
	DecidedAt *time.Time          `json:"decidedAt"`
}

// attendance is whether the person was at school.
func (e *Exports) attendance(ctx context.Context) (any, error) {
	own, err := e.DB.AttendanceEvent.Query().Where(attendanceevent.StudentID(viewer.From(ctx).PersonID)).Order(attendanceevent.ByID()).All(ctx)
	return each(own, err, func(a *db.AttendanceEvent) attendanceFile {
		return attendanceFile{a.ID, a.Day, a.Status, a.CreatedAt, a.UpdatedAt}
	})
}

// leave is what was asked for the person, and what for.
func (e *Exports) leave(ctx context.Context) (any, error) {
	me := viewer.From(ctx).PersonID
	own, err := e.DB.LeaveRequest.Query().Where(leaverequest.StudentID(me)).Order(leaverequest.ByID()).All(ctx)
	if err != nil || len(own) == 0 {
		return []leaveFile{}, err
	}
	key, _, err := e.Records.Key(viewer.AsSystem(ctx, "a person's leave goes into their own export"), me)
	if err != nil {
		return nil, err
	}
	reasons := make(map[string]*string, len(own))
	for _, l := range own {
		if len(l.Sealed) == 0 {
			continue
		}
		plain, err := key.Open(vault.Place{Table: leaverequest.Table, Column: leaverequest.FieldSealed, Row: l.ID}, l.Sealed)
		if err != nil {
			return nil, err
		}
		reasons[l.ID] = new(string(plain))
	}
	return each(own, nil, func(l *db.LeaveRequest) leaveFile {
		return leaveFile{l.ID, l.Kind, l.Status, l.StartsAt, l.EndsAt, reasons[l.ID], l.CreatedAt, l.DecidedAt}
	})
}
