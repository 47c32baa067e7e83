package notice

import (
	"errors"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db/notification"
	"citygraph/ent/db/predicate"
)

// State is a part of the inbox.
type State string

// The states.
const (
	StateUnread  State = "UNREAD"
	StateSnoozed State = "SNOOZED"
)

// holds is the state as a condition at the instant.
func (s State) holds(now time.Time) predicate.Notification {
	if s == StateSnoozed {
		return notification.And(notification.RetractedAtIsNil(), notification.SnoozedUntilGT(now))
	}
	return Unread(now)
}

// MarshalGQL writes the enum value.
func (s State) MarshalGQL(w io.Writer) { graphql.MarshalString(string(s)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (s *State) UnmarshalGQL(v any) error {
	switch v {
	case string(StateUnread), string(StateSnoozed):
		*s = State(v.(string)) //nolint:forcetypeassert // it equals a string
		return nil
	}
	return errors.New("not a state of an inbox")
}
