// Package attendance is whether pupils were in their classes (考勤), as their teachers record it.
package attendance

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	row "citygraph/ent/db/attendanceevent"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Book are the verbs of attendance.
type Book struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Events *event.Bus

	// For answers whether the viewer may act for a person; see household.Register.
	For func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
}

// Missed happens when pupils are recorded as absent who were not before, in the transaction of the record.
type Missed struct {
	SchoolID string
	Day      time.Time // its midnight in Shanghai
	Pupils   []Pupil
}

// Pupil is one who was absent.
type Pupil struct {
	EventID, PersonID string
	Name              mask.Name
	Guardians         []string // who is to be told
}

// Came happens when pupils were there after all who were recorded as absent, and are so in no class any more.
type Came struct {
	Day      time.Time
	PupilIDs []string
}

// mostBack is how many days ago attendance may still be recorded.
const mostBack = 7

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "attendance is written and read by its verbs, which check for whom")
}

// dayOf reads a day; nil is today.
func (b *Book) dayOf(field string, day *string) (time.Time, error) {
	if day == nil {
		return clock.Midnight(b.Clock.Now()), nil
	}
	at, err := time.ParseInLocation(time.DateOnly, *day, clock.Shanghai)
	if err != nil {
		return at, fault.BadInput(field, "日期须为YYYY-MM-DD。", "A day is YYYY-MM-DD.")
	}
	return at, nil
}

// Forget deletes the attendance of a person whose account has ended, in the transaction of ctx.
func (b *Book) Forget(ctx context.Context, personID string) error {
	if _, err := b.DB.AttendanceEvent.Delete().Where(row.StudentID(personID)).Exec(system(ctx)); err != nil {
		return fmt.Errorf("forget attendance: %w", err)
	}
	return nil
}
