// Package leave is what guardians ask for when a pupil will not be at school (请假), and what the class teacher says to it. What for is
// sealed under the pupil's own key.
package leave

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	row "citygraph/ent/db/leaverequest"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/mask"
	"citygraph/internal/personal"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

// Desk are the verbs of leave.
type Desk struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Events *event.Bus
	Once   idempotency.Ledger
	People *personal.Records // whose keys the reasons are sealed under

	// For answers whether the viewer may act for a person in a verb, and ActsFor in a response; see household.Register.
	For     func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
	ActsFor func(ctx context.Context, personID string, s scope.Scope) (bool, error)
}

// Moved happens when a leave is asked for, decided or taken back, in the transaction of that.
type Moved struct {
	LeaveID, PupilID string
	Name             mask.Name
	Status           row.Status
	From, To         time.Time
	Leaders          []string // who answers for the class
	Guardians        []string // who speaks for the pupil
}

// Action is what may be done with a leave.
type Action string

// The actions.
const (
	ToDecide   Action = "DECIDE"
	ToWithdraw Action = "WITHDRAW"
)

// MarshalGQL writes the enum value.
func (a Action) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *Action) UnmarshalGQL(any) error { return errors.New("a leave's action is not an input") }

// Decision is what a class teacher says to a leave.
type Decision string

// The decisions.
const (
	Approved Decision = "APPROVED"
	Rejected Decision = "REJECTED"
)

// MarshalGQL writes the enum value.
func (d Decision) MarshalGQL(w io.Writer) { graphql.MarshalString(string(d)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (d *Decision) UnmarshalGQL(v any) error {
	s, _ := v.(string)
	if *d = Decision(s); *d != Approved && *d != Rejected {
		return errors.New("a decision is APPROVED or REJECTED")
	}
	return nil
}

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "leave is written by its verbs, which check for whom")
}

// place is where the reason of a leave stands.
func place(leaveID string) vault.Place {
	return vault.Place{Table: row.Table, Column: row.FieldSealed, Row: leaveID}
}

// lockOf makes what is asked for one pupil follow one another, and their end.
func lockOf(pupilID string) string { return "leave of " + pupilID }

// seen is a leave that the viewer may see. UNAUTHENTICATED for a visitor, NOT_FOUND alike for another's and for none.
func (d *Desk) seen(ctx context.Context, leaveID string) (*db.LeaveRequest, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	missing := fault.New(fault.NotFound).At("leaveRequestId")
	if !id.Is(leaveID, id.LeaveRequest) {
		return nil, missing
	}
	found, err := d.DB.LeaveRequest.Query().Where(row.ID(leaveID)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, missing.Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("load leave: %w", err)
	}
	return found, nil
}

func notNow(status row.Status) *fault.Fault { return fault.NotNow("请假", "The leave", status) }

// Forget deletes the leaves of a person whose account has ended, in the transaction of ctx. Their key is gone as well.
func (d *Desk) Forget(ctx context.Context, personID string) error {
	if err := d.Store.Lock(ctx, lockOf(personID)); err != nil {
		return err
	}
	if _, err := d.DB.LeaveRequest.Delete().Where(row.StudentID(personID)).Exec(system(ctx)); err != nil {
		return fmt.Errorf("forget leave: %w", err)
	}
	return nil
}
