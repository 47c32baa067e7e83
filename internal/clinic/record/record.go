// Package record is the own health record (健康档案): what clinics found at a person's visits, sealed under that person's own key,
// and who may open it. Every reading is noted before anything is given, and the person is told of each by somebody else.
package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"entgo.io/ent/dialect"
	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/healthrecord"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
	"citygraph/internal/personal"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Archive are the verbs of health records.
type Archive struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Events *event.Bus
	Once   idempotency.Ledger
	People *personal.Records // whose keys the records are sealed under

	Days int // after the end of a visit in which its clinic may still write and read

	// For answers whether the viewer may act for a person, and gives the context in which they do: DELEGATION_SCOPE else.
	For func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
	// Guards fails unless the viewer is a guardian of the child now.
	Guards func(ctx context.Context, childID string) error
	// Children lists whom the viewer answers for at school as a guardian now.
	Children func(ctx context.Context) ([]string, error)
}

// Record is a finding as it is shown.
type Record struct {
	RecordID      string
	Kind          healthrecord.Kind
	RecordedAt    time.Time
	ClinicID      string
	ClinicName    lang.Text
	AppointmentID string
	VisitStart    time.Time
	AuthorRole    recordaccess.AccessorRole
	Corrects      *string // the record that this one puts right
	Content       Content
}

// Page is a part of a record, the newest first.
type Page struct {
	Records []*Record
	Next    *string // what to ask for the rest after; nil at the end
}

// Purpose is what staff read for.
type Purpose string

// The purposes.
const (
	Care      Purpose = "CARE"      // to treat the patient: their record of other visits only where they share it
	Emergency Purpose = "EMERGENCY" // to avert danger: all of it, shared or not, and loudly
)

// MarshalGQL writes the enum value.
func (p Purpose) MarshalGQL(w io.Writer) { graphql.MarshalString(string(p)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (p *Purpose) UnmarshalGQL(v any) error {
	s, _ := v.(string)
	if *p = Purpose(s); *p != Care && *p != Emergency {
		return errors.New("a purpose is CARE or EMERGENCY")
	}
	return nil
}

// Opened tells that somebody other than the person reads their record, in the transaction of the reading. Who tells it on holds
// the lock of the pair, so that of two readings at once the second finds what the first has told.
type Opened struct {
	PatientID, AccessorID string
	AppointmentID         string // the visit; empty for who acts for the person
	Purpose               recordaccess.Purpose
	At                    time.Time
}

// system is for what is loaded once the right to it is checked.
func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "a health record is written and opened by its verbs, which check for whom")
}

// hold loads a visit that nobody changes, and so neither ends nor stops sharing, until the transaction of ctx ends; nil when there is none.
// The lock is not a shared one: readings that overlap without a gap would keep a withdrawal waiting for ever.
func (a *Archive) hold(ctx context.Context, appointmentID string) (*db.Appointment, error) {
	q := a.DB.Appointment.Query().Where(appointment.ID(appointmentID))
	if a.Store.Dialect() == dialect.Postgres {
		q.ForUpdate()
	}
	visit, err := q.Only(system(ctx))
	if db.IsNotFound(err) {
		return nil, nil //nolint:nilnil // who asks decides what that means
	}
	if err != nil {
		return nil, fmt.Errorf("load visit: %w", err)
	}
	return visit, nil
}

// underWay fails with INVALID_TRANSITION, naming the status, unless the patient is there or was until Days ago.
func (a *Archive) underWay(visit *db.Appointment) error {
	ended := visit.EndsAt
	if visit.EndedAt != nil {
		ended = *visit.EndedAt
	}
	there := visit.Status == appointment.StatusCheckedIn || visit.Status == appointment.StatusFulfilled
	if there && a.Clock.Now().Before(ended.AddDate(0, 0, a.Days)) {
		return nil
	}
	return notNow(visit)
}

func notNow(visit *db.Appointment) *fault.Fault {
	return fault.NotNow("预约", "The appointment", visit.Status)
}

// lockOf is held while something is written into a person's record, and alone while it is deleted.
func lockOf(personID string) string { return "health record/" + personID }

// Forget deletes the record of a person whose account has ended, in the transaction of ctx. Its key is gone as well: what is being written
// meanwhile is deleted with the rest, or finds no key.
func (a *Archive) Forget(ctx context.Context, personID string) error {
	if err := a.Store.Lock(ctx, lockOf(personID)); err != nil {
		return err
	}
	if _, err := a.DB.HealthRecord.Delete().Where(healthrecord.PatientID(personID)).Exec(system(ctx)); err != nil {
		return fmt.Errorf("delete health record: %w", err)
	}
	return nil
}
