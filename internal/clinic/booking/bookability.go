package booking

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/person"
	"citygraph/ent/db/slot"
	"citygraph/internal/fault"
	"citygraph/internal/memo"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Refusal is why a person cannot book a slot now.
type Refusal string

// The refusals, the one that is told before the others first.
const (
	NotFree          Refusal = "NOT_FREE"
	CutoffPassed     Refusal = "CUTOFF_PASSED"
	NotReleased      Refusal = "NOT_RELEASED"
	RealNameRequired Refusal = "REAL_NAME_REQUIRED"
	Suspended        Refusal = "SUSPENDED"
	Overlap          Refusal = "OVERLAP"
	Full             Refusal = "FULL"
)

// MarshalGQL writes the enum value.
func (r Refusal) MarshalGQL(w io.Writer) { graphql.MarshalString(string(r)).MarshalGQL(w) }

// UnmarshalGQL refuses: a refusal is never an input.
func (r *Refusal) UnmarshalGQL(any) error { return errors.New("a refusal is not an input") }

// Bookability is whether a person can book a slot now, and else why not.
type Bookability struct {
	Bookable   bool
	Reason     *Refusal
	ReleasedAt time.Time
}

// facts are what decides of a person's booking, but for the slot.
type facts struct {
	bound, suspended bool
	live             []*db.Appointment
}

type factsOf struct{ personID string }

// Bookability tells whether a person can book the slot. They may ask, and who may book for them. It asks the same of the person once in
// a response, however many slots it tells of. It says nothing of the share of a channel. Null for a visitor; DELEGATION_SCOPE.
func (o *Office) Bookability(ctx context.Context, s *db.Slot, personID *string) (*Bookability, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, nil //nolint:nilnil // null is the contract's word for "of nobody"
	}
	subject := v.PersonID
	if personID != nil && *personID != subject {
		may, err := o.ActsFor(ctx, *personID, scope.Book)
		if err != nil {
			return nil, err
		}
		if !may {
			return nil, fault.New(fault.DelegationScope)
		}
		subject = *personID
	}
	f, err := memo.Once(ctx, factsOf{subject}, func() (facts, error) { return o.facts(ctx, subject) })
	if err != nil {
		return nil, err
	}
	b := &Bookability{ReleasedAt: o.Terms.ReleasedAt(s.StartsAt), Reason: o.refusal(s, f)}
	b.Bookable = b.Reason == nil
	return b, nil
}

// facts asks what decides of a person's booking.
func (o *Office) facts(ctx context.Context, personID string) (f facts, err error) {
	ctx = system(ctx)
	if f.bound, err = o.DB.Person.Query().Where(person.ID(personID), person.HasPersonalData()).Exist(ctx); err != nil {
		return f, fmt.Errorf("load patient: %w", err)
	}
	if f.suspended, err = o.suspended(ctx, personID); err != nil {
		return f, err
	}
	f.live, err = o.DB.Appointment.Query().Where(
		appointment.PatientID(personID), appointment.EndsAtGT(o.Clock.Now()), appointment.StatusNEQ(appointment.StatusCancelled),
	).All(ctx)
	if err != nil {
		return f, fmt.Errorf("look for other appointments: %w", err)
	}
	return f, nil
}

// refusal is why who has these facts cannot book the slot; nil when they can.
func (o *Office) refusal(s *db.Slot, f facts) *Refusal {
	now := o.Clock.Now()
	switch {
	case s.Status != slot.StatusFree:
		return new(NotFree)
	case o.Terms.late(s.StartsAt, now):
		return new(CutoffPassed)
	case now.Before(o.Terms.ReleasedAt(s.StartsAt)):
		return new(NotReleased)
	case !f.bound:
		return new(RealNameRequired)
	case f.suspended:
		return new(Suspended)
	case slices.ContainsFunc(f.live, func(a *db.Appointment) bool {
		return o.live(a) && a.StartsAt.Before(s.EndsAt) && s.StartsAt.Before(a.EndsAt)
	}):
		return new(Overlap)
	case s.Remaining == 0:
		return new(Full)
	}
	return nil
}
