package record

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/internal/clock"
	"citygraph/internal/memo"
	"citygraph/internal/resident"
	"citygraph/internal/viewer"
	"citygraph/internal/workday"
)

// LeaveDraft is what a guardian may ask a school for: a time, and neither what for nor where.
type LeaveDraft struct {
	ChildID  string
	From, To time.Time
}

// The hours of a school day in Hangzhou, and the way between it and a clinic.
const (
	schoolBegins = 8 * time.Hour
	schoolEnds   = 16*time.Hour + 30*time.Minute
	travel       = time.Hour
)

// Leave is a draft of the leave that a minor needs for an appointment, for their guardian: nil unless it is BOOKED or CHECKED_IN, and takes them from
// school, with an hour on the way to it and an hour back. It asks for the viewer's children once in a response.
func (a *Archive) Leave(ctx context.Context, visit *db.Appointment) (*LeaveDraft, error) {
	v := viewer.From(ctx)
	live := visit.Status == appointment.StatusBooked || visit.Status == appointment.StatusCheckedIn
	from, to := visit.StartsAt.Add(-travel), visit.EndsAt.Add(travel)
	if !live || !v.SignedIn() || v.PersonID == visit.PatientID || !inSchool(from, to) {
		return nil, nil //nolint:nilnil // null is the contract's word for "none"
	}
	born, err := a.births(ctx, v)
	if err != nil {
		return nil, err
	}
	birth, guards := born[visit.PatientID]
	if !guards {
		return nil, nil //nolint:nilnil // and for "not yours to ask for"
	}
	age, err := resident.Age(birth, visit.StartsAt.In(clock.Shanghai))
	if err != nil {
		return nil, fmt.Errorf("age of a child: %w", err)
	}
	if age >= resident.OfAge {
		return nil, nil //nolint:nilnil // and for who asks for themselves
	}
	return &LeaveDraft{ChildID: visit.PatientID, From: from, To: to}, nil
}

// inSchool tells whether a time touches the hours of a school day. No appointment lasts over midnight.
func inSchool(from, to time.Time) bool {
	midnight := clock.Midnight(from)
	return workday.Is(from) && from.Before(midnight.Add(schoolEnds)) && to.After(midnight.Add(schoolBegins))
}

type births struct{ viewerID string }

// births are the birth dates of the viewer's children, by their ids; they go no further than a rule.
func (a *Archive) births(ctx context.Context, v *viewer.Viewer) (map[string]string, error) {
	return memo.Once(ctx, births{v.PersonID}, func() (map[string]string, error) {
		children, err := a.Children(ctx)
		if err != nil {
			return nil, err
		}
		data, err := a.People.OfAll(viewer.AsSystem(ctx, "a rule depends on the age of a child, and shows nothing of it"), children...)
		if err != nil {
			return nil, err
		}
		born := make(map[string]string, len(data))
		for child, d := range data {
			born[child] = d.BirthDate
		}
		return born, nil
	})
}
