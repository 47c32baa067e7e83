// Package machine is the life of a city case as one table: which status follows which, by what
// action, and on whose side. Verbs, allowedActions, the contract's enums and the state diagram in docs
// all come from here.
package machine

import (
	"fmt"
	"slices"
	"time"

	"citygraph/internal/clock"
)

// Side is the part a person has in a case.
type Side string

// The sides. A person can be on several.
const (
	Reporter  Side = "REPORTER"  // who reported it
	Neighbour Side = "NEIGHBOUR" // anyone signed in who did not
	Officer   Side = "OFFICER"   // an officer of its district
	Handler   Side = "HANDLER"   // the officer it was given to, or any of its district when it was given to a unit
	Verifier  Side = "VERIFIER"  // an officer of its district who did not say that it is mended
)

// Edge is one step a side may take.
type Edge struct {
	Action   Action
	Outcome  Outcome
	From     Status
	To       Status // From itself when the case stays where it is
	By       Side
	Reason   bool // a note must say why
	Internal bool // the step is not told to the public
}

// StopsClock reports whether the promise of the case stands still after the step.
func (e Edge) StopsClock() bool { return e.From.Clock() == Running && e.To.Clock() == Stopped }

// StartsClock reports whether the promise of the case runs on after having stood still.
func (e Edge) StartsClock() bool { return e.From.Clock() == Stopped && e.To.Clock() == Running }

// Stays reports whether the case is where it was after the step.
func (e Edge) Stays() bool { return e.From == e.To }

// row is a line of the table: one action from any of several statuses.
type row struct {
	action   Action
	outcome  Outcome
	from     []Status
	to       Status // stays where it is when empty
	by       Side
	reason   bool
	internal bool
}

func from(s ...Status) []Status { return s }

// table is the life of a case. What it does not say cannot happen.
var table = []row{
	{action: Accept, from: from(Submitted), to: Accepted, by: Officer},
	{action: Reject, from: from(Submitted, Accepted), to: Rejected, by: Officer, reason: true},
	{action: File, from: from(Accepted, Returned), to: Filed, by: Officer},
	{action: Dispatch, from: from(Filed), to: Dispatched, by: Officer},
	{action: Return, from: from(Dispatched, InProgress), to: Returned, by: Handler, reason: true, internal: true},
	{action: Start, from: from(Dispatched), to: InProgress, by: Handler},
	{action: Suspend, from: from(Dispatched, InProgress), to: Suspended, by: Officer, reason: true},
	{action: Resume, from: from(Suspended), to: InProgress, by: Officer},
	{action: Resolve, from: from(InProgress), to: Resolved, by: Handler},
	{action: Verify, outcome: Passed, from: from(Resolved), to: Verified, by: Verifier},
	{action: Verify, outcome: Failed, from: from(Resolved), to: Dispatched, by: Verifier, reason: true},
	{action: Close, from: from(Verified), to: Closed, by: Officer},
	{action: Merge, from: from(Submitted, Accepted, Filed), to: Duplicate, by: Officer},
	{action: Withdraw, from: from(Submitted, Accepted, Filed), to: Withdrawn, by: Reporter},
	{action: Reopen, from: from(Closed), to: Filed, by: Reporter, reason: true},
	{action: Rate, from: from(Closed), by: Reporter},
	{action: Support, from: publishedAndOpen(), by: Neighbour},
	{action: Update, from: Unfinished(), by: Reporter},
	{action: Update, from: Unfinished(), by: Officer},
}

// publishedAndOpen are the statuses in which the public sees a case that is still to be mended.
func publishedAndOpen() []Status {
	return where(func(s state) bool { return s.published && s.clock != Ended })
}

var edges = expand(table)

func expand(table []row) []Edge {
	var all []Edge
	for _, r := range table {
		for _, status := range r.from {
			e := Edge{
				Action: r.action, Outcome: r.outcome, From: status, To: r.to,
				By: r.by, Reason: r.reason, Internal: r.internal,
			}
			if e.To == "" {
				e.To = status
			}
			all = append(all, e)
		}
	}
	return all
}

// Edges lists every edge, in the table's order.
func Edges() []Edge { return slices.Clone(edges) }

// smooth are the actions of a life without sides.
var smooth = []Action{Accept, File, Dispatch, Start, Resolve, Verify, Close}

// Smooth lists the edges of a life without sides, from report to closure.
func Smooth() []Edge {
	var life []Edge
	for _, e := range edges {
		if len(life) < len(smooth) && e.Action == smooth[len(life)] && e.Outcome != Failed {
			life = append(life, e)
		}
	}
	return life
}

// Next returns the edge by which one of the sides takes the action out of the status, and false when
// there is none.
func Next(from Status, a Action, o Outcome, sides ...Side) (Edge, bool) {
	for _, e := range edges {
		if e.From == from && e.Action == a && e.Outcome == o && slices.Contains(sides, e.By) {
			return e, true
		}
	}
	return Edge{}, false
}

// Ever reports whether one of the sides may take the action in some status.
func Ever(a Action, sides ...Side) bool {
	return slices.ContainsFunc(edges, func(e Edge) bool { return e.Action == a && slices.Contains(sides, e.By) })
}

// From lists the statuses out of which the action leads.
func From(a Action) []Status {
	var found []Status
	for _, e := range edges {
		if e.Action == a && !slices.Contains(found, e.From) {
			found = append(found, e.From)
		}
	}
	return found
}

// Allowed lists the actions open to the sides in the status, each once, in the table's order.
func Allowed(from Status, sides ...Side) []Action {
	allowed := []Action{}
	for _, e := range edges {
		if e.From == from && slices.Contains(sides, e.By) && !slices.Contains(allowed, e.Action) {
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
