package machine

import (
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// Action is something a person can do to a case.
type Action string

// The actions: the officers' in the order of a smooth life, then those of citizens.
const (
	Accept   Action = "ACCEPT"
	Reject   Action = "REJECT"
	File     Action = "FILE"
	Dispatch Action = "DISPATCH"
	Return   Action = "RETURN"
	Start    Action = "START"
	Suspend  Action = "SUSPEND"
	Resume   Action = "RESUME"
	Resolve  Action = "RESOLVE"
	Verify   Action = "VERIFY"
	Close    Action = "CLOSE"
	Merge    Action = "MERGE"
	Withdraw Action = "WITHDRAW"
	Rate     Action = "RATE"
	Reopen   Action = "REOPEN"
	Support  Action = "SUPPORT"
	Update   Action = "UPDATE"
)

// verb says which mutation does an action, and what the contract says of it.
type verb struct {
	action   Action
	mutation string
	doc      string
}

var verbs = []verb{
	{Accept, "acceptCase", "Take it on."},
	{Reject, "rejectCase", "Refuse it, with the reason."},
	{File, "fileCase", "Hold it to be the city's to mend."},
	{Dispatch, "dispatchCase", "Give it to a unit or an officer to mend."},
	{Return, "returnCase", "Hand it back, with the reason."},
	{Start, "startCase", "Begin to mend it."},
	{Suspend, "suspendCase", "Stop its clock, with the reason."},
	{Resume, "resumeCase", "Start its clock again."},
	{Resolve, "resolveCase", "Say that it is mended, and how."},
	{Verify, "verifyCase", "Say after a look on the spot whether it is mended; never by the one who said so."},
	{Close, "closeCase", "Close it."},
	{Merge, "mergeCase", "Join it to a case that tells of the same."},
	{Withdraw, "withdrawCase", "Take one's report back, before it is dispatched."},
	{Rate, "rateCase", "Say how well it was done."},
	{Reopen, "reopenCase", "Say that it is not mended, with the reason; for a while, and not for ever."},
	{Support, "supportCase", "Say that it troubles one too, and follow it."},
	{Update, "addCaseUpdate", "Add what has become known."},
}

func (a Action) verb() verb {
	for _, v := range verbs {
		if v.action == a {
			return v
		}
	}
	return verb{}
}

// Actions lists every action, in the table's order.
func Actions() []Action {
	all := make([]Action, len(verbs))
	for i, v := range verbs {
		all[i] = v.action
	}
	return all
}

// Values lists every action, for ent.
func (Action) Values() []string {
	values := make([]string, len(verbs))
	for i, v := range verbs {
		values[i] = string(v.action)
	}
	return values
}

// Mutation is the name of the mutation that does the action.
func (a Action) Mutation() string { return a.verb().mutation }

// Doc is what the contract says of the action.
func (a Action) Doc() string {
	return a.verb().doc[:len(a.verb().doc)-1] + ": " + a.verb().mutation + "."
}

// IsValid reports whether a is an action of the machine.
func (a Action) IsValid() bool { return a != "" && a.verb().action == a }

// MarshalGQL writes the enum value.
func (a Action) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (a *Action) UnmarshalGQL(v any) error { return unmarshalEnum(a, v) }

// Outcome tells apart the two ways in which a check can end.
type Outcome string

// The outcomes. Every action but VERIFY has none.
const (
	None   Outcome = ""
	Passed Outcome = "PASSED"
	Failed Outcome = "FAILED"
)

// IsValid reports whether o is an outcome of a check.
func (o Outcome) IsValid() bool { return o == Passed || o == Failed }

// MarshalGQL writes the enum value.
func (o Outcome) MarshalGQL(w io.Writer) { graphql.MarshalString(string(o)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (o *Outcome) UnmarshalGQL(v any) error { return unmarshalEnum(o, v) }
