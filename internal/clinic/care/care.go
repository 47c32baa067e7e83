// Package care looks after people at home (医养护一体化): the contract with a family doctor, the visits under it, who is on
// duty, and calls for help. Whoever may change a row is asked first, and then it changes by a conditional update, so that of
// two who do the same one is refused.
package care

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"citygraph/ent/db"
	"citygraph/ent/db/person"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Office are the verbs of care at home.
type Office struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Events *event.Bus
	Once   idempotency.Ledger
	Hub    *live.Hub
	Log    zerolog.Logger

	// ForAny answers whether the viewer may act for a person within any of the scopes, and gives the context in which they
	// do: UNAUTHENTICATED, DELEGATION_SCOPE.
	ForAny func(ctx context.Context, personID *string, scopes scope.Set) (context.Context, error)
	// Told lists who is told what a person is told: the person, and who acts for them within NOTIFY.
	Told func(ctx context.Context, personID string) ([]string, error)
	// Rights is the topic that is woken when a person may do less for others.
	Rights func(personID string) string
	Admit  func(ctx context.Context) error      // fails once the subscriber of ctx may be told nothing more
	Fail   func(ctx context.Context, err error) // tells the subscriber of ctx why its stream ends
	Lost   func(ctx context.Context, level int) // counts calls for help that nobody has answered; nil counts nothing
	Pace   Pace
}

// Pace is how fast a call for help that nobody answers is told to more people.
type Pace struct {
	Clinic   time.Duration // from the call until all the staff of the clinic are told
	Everyone time.Duration // from the call until those who act for the person are told again with them
	Again    time.Duration // from then on between one telling and the next
}

// Usual is the pace of a city that has set no other.
func Usual() Pace {
	return Pace{Clinic: 2 * time.Minute, Everyone: 5 * time.Minute, Again: 5 * time.Minute}
}

// patients are the scopes within which one asks for care for another.
var patients = scope.Of(scope.Book)

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "care is changed by its verbs, which have asked whether they may")
}

// lockOf is held by who changes what a person's care rests on.
func lockOf(personID string) string { return "care/" + personID }

// staffAt fails unless the viewer works at the clinic: UNAUTHENTICATED, FORBIDDEN.
func staffAt(ctx context.Context, clinicID string) error {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return fault.New(fault.Unauthenticated)
	case !v.HasAt(viewer.ClinicStaff, clinicID):
		return fault.New(fault.Forbidden)
	}
	return nil
}

// works tells whether the viewer is staff of the clinic, with somebody else as the patient.
func works(v *viewer.Viewer, clinicID, patientID string) bool {
	return v.PersonID != patientID && v.HasAt(viewer.ClinicStaff, clinicID)
}

// nameOf is a person's name, masked; empty before real-name binding.
func (o *Office) nameOf(ctx context.Context, personID string) (mask.Name, error) {
	p, err := o.DB.Person.Query().Where(person.ID(personID)).Only(system(ctx))
	if err != nil {
		return "", fmt.Errorf("load person: %w", err)
	}
	return p.Name, nil
}

// staff lists who works at the clinic, by id; only those on duty now when some are to be left in peace.
func (o *Office) staff(ctx context.Context, clinicID string, onDuty bool) ([]string, error) {
	if clinicID == "" {
		return nil, nil
	}
	q := o.DB.StaffRole.Query().Where(staffrole.KindEQ(staffrole.KindClinicStaff), staffrole.OrganisationID(clinicID))
	if onDuty {
		q.Where(staffrole.OnDutyUntilGT(o.Clock.Now()))
	}
	people, err := q.Order(staffrole.ByPersonID()).Select(staffrole.FieldPersonID).Strings(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("list staff: %w", err)
	}
	return people, nil
}

// asked refuses a visitor, and an id that is none of the kind as one that is not there.
func asked(ctx context.Context, given string, kind id.Kind, field string) error {
	switch {
	case !viewer.From(ctx).SignedIn():
		return fault.New(fault.Unauthenticated)
	case !id.Is(given, kind):
		return fault.New(fault.NotFound).At(field)
	}
	return nil
}

// found makes NOT_FOUND of a row that is not there, or not for the viewer.
func found[T any](row *T, err error, field string) (*T, error) {
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).At(field).Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("load what care is about: %w", err)
	}
	return row, nil
}

// notNow is INVALID_TRANSITION, naming the status.
func notNow[S ~string](status S) error {
	return fault.NotNow("", "It", status)
}
