package care

import (
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// Status is where a contract stands. That it has expired is told from its times, so that no job has to come in time.
type Status string

// The statuses.
const (
	Proposed Status = "PROPOSED"
	Active   Status = "ACTIVE"
	Declined Status = "DECLINED"
	Ended    Status = "ENDED"
	Expired  Status = "EXPIRED"
)

// ContractAction is what a viewer can do to a contract.
type ContractAction string

// The actions on a contract.
const (
	AcceptContract  ContractAction = "ACCEPT"
	DeclineContract ContractAction = "DECLINE"
	EndContract     ContractAction = "END"
)

// VisitAction is what a viewer can do to a visit.
type VisitAction string

// The actions on a visit.
const (
	ScheduleVisit VisitAction = "SCHEDULE"
	CompleteVisit VisitAction = "COMPLETE"
	DeclineVisit  VisitAction = "DECLINE"
	CancelVisit   VisitAction = "CANCEL"
)

// HelpAction is what a viewer can do to a call for help.
type HelpAction string

// The actions on a call for help.
const (
	Acknowledge HelpAction = "ACKNOWLEDGE"
	Resolve     HelpAction = "RESOLVE"
)

var errNoInput = errors.New("this enum is not an input")

// MarshalGQL writes the enum value.
func (s Status) MarshalGQL(w io.Writer) { graphql.MarshalString(string(s)).MarshalGQL(w) }

// UnmarshalGQL refuses: a status is never an input.
func (s *Status) UnmarshalGQL(any) error { return errNoInput }

// MarshalGQL writes the enum value.
func (a ContractAction) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *ContractAction) UnmarshalGQL(any) error { return errNoInput }

// MarshalGQL writes the enum value.
func (a VisitAction) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *VisitAction) UnmarshalGQL(any) error { return errNoInput }

// MarshalGQL writes the enum value.
func (a HelpAction) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *HelpAction) UnmarshalGQL(any) error { return errNoInput }
