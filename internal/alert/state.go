package alert

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/alert"
)

// State is where an alert stands.
type State string

// The states.
const (
	Pending    State = "PENDING"    // 未生效
	InForce    State = "IN_FORCE"   // 生效中
	Expired    State = "EXPIRED"    // 已过期
	Superseded State = "SUPERSEDED" // 已更新
	Cancelled  State = "CANCELLED"  // 已解除
)

// Action is something a person can do to an alert.
type Action string

// The actions.
const (
	Update Action = "UPDATE"
	Cancel Action = "CANCEL"
)

// steps are the actions open in a state; the rest of its life is the clock's.
var steps = map[State][]Action{Pending: {Update, Cancel}, InForce: {Update, Cancel}}

// StateOf tells where an alert stands at the instant. A message that calls another off stands for its end.
func StateOf(a *db.Alert, now time.Time) State {
	switch {
	case a.Ended != nil && *a.Ended == alert.EndedSuperseded:
		return Superseded
	case a.Ended != nil, a.MessageType == alert.MessageTypeCancel:
		return Cancelled
	case !a.Expires.After(now):
		return Expired
	case a.Effective.After(now):
		return Pending
	}
	return InForce
}

// State tells where an alert stands now.
func (a *Alerts) State(row *db.Alert) State { return StateOf(row, a.Clock.Now()) }

// AllowedActions are the steps the viewer can take on an alert now.
func (a *Alerts) AllowedActions(ctx context.Context, row *db.Alert) []Action {
	if mayWarn(ctx) != nil {
		return []Action{}
	}
	return append([]Action{}, steps[a.State(row)]...)
}

// MarshalGQL writes the enum value.
func (s State) MarshalGQL(w io.Writer) { graphql.MarshalString(string(s)).MarshalGQL(w) }

// UnmarshalGQL refuses: a state is never an input.
func (s *State) UnmarshalGQL(any) error { return errors.New("a state of an alert is not an input") }

// MarshalGQL writes the enum value.
func (a Action) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *Action) UnmarshalGQL(any) error { return errors.New("an action on an alert is not an input") }
