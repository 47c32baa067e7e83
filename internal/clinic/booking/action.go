package booking

import (
	"context"
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Action is what may be done with an appointment.
type Action string

// The actions of the patient's side, and those of the clinic's staff.
const (
	Book        Action = "BOOK"
	Reschedule  Action = "RESCHEDULE"
	Cancel      Action = "CANCEL"
	CheckIn     Action = "CHECK_IN"
	ShareRecord Action = "SHARE_RECORD"

	Call       Action = "CALL"
	Fulfil     Action = "FULFIL"
	MarkNoShow Action = "MARK_NO_SHOW"
	IssueBill  Action = "ISSUE_BILL"
	AddRecord  Action = "ADD_RECORD"
)

// MarshalGQL writes the enum value.
func (a Action) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *Action) UnmarshalGQL(any) error {
	return errors.New("an appointment's action is not an input")
}

// AllowedActions is what the viewer may do with the appointment as it stands: what the staff of its clinic may, what the patient
// and who may book for them may, or both.
func (o *Office) AllowedActions(ctx context.Context, a *db.Appointment) ([]Action, error) {
	allowed := []Action{}
	theirs, err := o.ActsFor(ctx, a.PatientID, scope.Book)
	if err != nil {
		return nil, err
	}
	if theirs {
		allowed = append(allowed, o.patientActions(a)...)
	}
	if viewer.From(ctx).HasAt(viewer.ClinicStaff, a.ClinicID) {
		allowed = append(allowed, staffActions(a)...)
	}
	return allowed, nil
}

func (o *Office) patientActions(a *db.Appointment) (allowed []Action) {
	now := o.Clock.Now()
	switch a.Status {
	case appointment.StatusPending:
		if o.held(a) {
			allowed = append(allowed, Book)
		}
		return append(allowed, Cancel)
	case appointment.StatusBooked:
		if !o.Terms.late(a.StartsAt, now) {
			allowed = append(allowed, Reschedule, Cancel)
		}
		allowed = append(allowed, CheckIn)
	case appointment.StatusCheckedIn:
	case appointment.StatusFulfilled, appointment.StatusCancelled, appointment.StatusNoShow:
		return nil
	}
	if a.SharedAt == nil {
		allowed = append(allowed, ShareRecord)
	}
	return allowed
}

func staffActions(a *db.Appointment) []Action {
	switch a.Status {
	case appointment.StatusBooked:
		return []Action{CheckIn, MarkNoShow}
	case appointment.StatusCheckedIn:
		return []Action{Call, Fulfil, MarkNoShow, IssueBill, AddRecord}
	case appointment.StatusFulfilled:
		return []Action{IssueBill, AddRecord}
	case appointment.StatusPending, appointment.StatusCancelled, appointment.StatusNoShow:
	}
	return nil
}
