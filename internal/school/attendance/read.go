package attendance

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	row "citygraph/ent/db/attendanceevent"
	"citygraph/ent/db/leaverequest"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/fault"
	"citygraph/internal/mask"
	"citygraph/internal/school/part"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
	"citygraph/internal/workday"
)

// ClassDay is a class on a day.
type ClassDay struct {
	SchoolClassID string
	Day           string
	SchoolDay     bool
	Pupils        []*PupilDay
}

// PupilDay is a pupil on a day.
type PupilDay struct {
	PersonID   string
	MaskedName mask.Name
	Status     *row.Status      // nil while nobody has recorded it
	Leave      *db.LeaveRequest // submitted or approved, and touching the day
}

// Class shows a teacher of a class how its pupils attended on a day, nil for today, and their leave. Returns what part.Taught does, and
// BAD_USER_INPUT.
func (b *Book) Class(ctx context.Context, classID string, day *string) (*ClassDay, error) {
	class, err := part.Taught(ctx, b.DB, classID, "class")
	if err != nil {
		return nil, err
	}
	at, err := b.dayOf("day", day)
	if err != nil {
		return nil, err
	}
	pupils, err := part.Pupils(ctx, b.DB, class.ID)
	if err != nil {
		return nil, err
	}
	events, err := b.events(ctx, class.ID, at)
	if err != nil {
		return nil, err
	}
	leaves, err := b.leaves(ctx, class.ID, at, leaverequest.StatusSubmitted, leaverequest.StatusApproved)
	if err != nil {
		return nil, err
	}
	shown := &ClassDay{SchoolClassID: class.ID, Day: at.Format(time.DateOnly), SchoolDay: workday.Is(at), Pupils: make([]*PupilDay, len(pupils))}
	for i, p := range pupils {
		shown.Pupils[i] = &PupilDay{PersonID: p.PersonID, MaskedName: p.Edges.Person.Name, Leave: leaves[p.PersonID]}
		if e := events[p.PersonID]; e != nil {
			shown.Pupils[i].Status = &e.Status
		}
	}
	return shown, nil
}

// events are what is recorded of a class on a day, by pupil.
func (b *Book) events(ctx context.Context, classID string, day time.Time) (map[string]*db.AttendanceEvent, error) {
	found, err := b.DB.AttendanceEvent.Query().Where(row.SchoolClassID(classID), row.Day(day.Format(time.DateOnly))).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load attendance: %w", err)
	}
	of := make(map[string]*db.AttendanceEvent, len(found))
	for _, e := range found {
		of[e.StudentID] = e
	}
	return of, nil
}

// leaves are the leaves of a class in one of the statuses that touch a day, by pupil; of two the one that stands later in the list of statuses.
func (b *Book) leaves(ctx context.Context, classID string, day time.Time, statuses ...leaverequest.Status) (map[string]*db.LeaveRequest, error) {
	found, err := b.DB.LeaveRequest.Query().Where(
		leaverequest.SchoolClassID(classID), leaverequest.StatusIn(statuses...),
		leaverequest.StartsAtLT(day.AddDate(0, 0, 1)), leaverequest.EndsAtGT(day),
	).Order(leaverequest.ByID()).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load leave: %w", err)
	}
	of := make(map[string]*db.LeaveRequest, len(found))
	for _, status := range statuses {
		for _, l := range found {
			if l.Status == status {
				of[l.StudentID] = l
			}
		}
	}
	return of, nil
}

const (
	mostDays   = 92
	mostEvents = 1_000
)

// Of lists how pupils attended whom the viewer may act for within SCHOOL, the latest day first; nil for all of them. Returns
// UNAUTHENTICATED, DELEGATION_SCOPE, and BAD_USER_INPUT for days that are none, or too many.
func (b *Book) Of(ctx context.Context, child *string, from, to string) ([]*db.AttendanceEvent, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	first, err := b.dayOf("from", &from)
	if err != nil {
		return nil, err
	}
	last, err := b.dayOf("to", &to)
	if err != nil {
		return nil, err
	}
	if last.Before(first) || !last.Before(first.AddDate(0, 0, mostDays)) {
		return nil, fault.BadInput("to", "最多查询92天。", "At most 92 days at once.")
	}
	q := b.DB.AttendanceEvent.Query().Where(row.DayGTE(from), row.DayLTE(to))
	if child != nil {
		if _, err := b.For(ctx, child, scope.School); err != nil {
			return nil, err
		}
		q.Where(row.StudentID(*child))
	} else {
		q.Where(predicate.AttendanceEvent(rule.ActsFor(row.FieldStudentID, v, scope.Of(scope.School))))
	}
	return q.Order(row.ByDay(sql.OrderDesc()), row.ByID(sql.OrderDesc())).Limit(mostEvents).All(system(ctx))
}
