// Package machine is the life of a city case as one table: which status follows which, by what
// action, and on whose side. Verbs, allowedActions and the contract's enum all come from here.
package machine

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/internal/clock"
	"citygraph/internal/lang"
)

// Status is where a case stands.
type Status string

// The statuses, in the order of a smooth life.
const (
	Submitted Status = "SUBMITTED" // 待受理
	Accepted  Status = "ACCEPTED"  // 受理
)

// Values lists every status, for ent.
func (Status) Values() []string { return []string{string(Submitted), string(Accepted)} }

// Name is the status in words.
func (s Status) Name() lang.Text { return names[s] }

var names = map[Status]lang.Text{
	Submitted: {ZH: "待受理", EN: "submitted"},
	Accepted:  {ZH: "已受理", EN: "accepted"},
}

// IsValid reports whether s is a status of the machine.
func (s Status) IsValid() bool { return slices.Contains(s.Values(), string(s)) }

// MarshalGQL writes the enum value.
func (s Status) MarshalGQL(w io.Writer) { graphql.MarshalString(string(s)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (s *Status) UnmarshalGQL(v any) error { return unmarshalEnum(s, v) }

// Action is something a person can do to a case.
type Action string

// The actions.
const (
	Accept Action = "ACCEPT"
)

// IsValid reports whether a is an action of the machine.
func (a Action) IsValid() bool {
	return slices.ContainsFunc(edges, func(e Edge) bool { return e.Action == a })
}

// MarshalGQL writes the enum value.
func (a Action) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (a *Action) UnmarshalGQL(v any) error { return unmarshalEnum(a, v) }

// Side is the part a person has in a case.
type Side string

// The sides.
const (
	Reporter Side = "REPORTER"
	Officer  Side = "OFFICER"
)

// Edge is one step a side may take.
type Edge struct {
	Action Action
	From   Status
	To     Status
	By     Side
}

var edges = []Edge{
	{Accept, Submitted, Accepted, Officer},
}

// Next returns the edge of the action out of the status, and false when there is none.
func Next(from Status, a Action) (Edge, bool) {
	for _, e := range edges {
		if e.From == from && e.Action == a {
			return e, true
		}
	}
	return Edge{}, false
}

// Allowed lists the actions open to the sides in the status, in the table's order.
func Allowed(from Status, sides ...Side) []Action {
	allowed := []Action{}
	for _, e := range edges {
		if e.From == from && slices.Contains(sides, e.By) {
			allowed = append(allowed, e.Action)
		}
	}
	return allowed
}

// Number is what a citizen reads out on the phone: the service day, and the tail of the id, which is
// random.
func Number(at time.Time, caseID string) string {
	return "HZ" + at.In(clock.Shanghai).Format("20060102") + "-" + caseID[len(caseID)-8:]
}

type enum interface {
	~string
	IsValid() bool
}

func unmarshalEnum[E enum](e *E, v any) error {
	s, ok := v.(string)
	if !ok || !E(s).IsValid() {
		return fmt.Errorf("not a value of %T", *e)
	}
	*e = E(s)
	return nil
}
