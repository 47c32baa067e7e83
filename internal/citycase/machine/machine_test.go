package machine_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/internal/citycase/machine"
	"citygraph/internal/id"
)

var (
	statuses = []machine.Status{
		machine.Submitted, machine.Accepted, machine.Filed, machine.Dispatched, machine.InProgress, machine.Resolved, machine.Verified,
		machine.Closed, machine.Returned, machine.Suspended, machine.Rejected, machine.Duplicate, machine.Withdrawn,
	}
	actions = []machine.Action{
		machine.Accept, machine.Reject, machine.File, machine.Dispatch, machine.Return, machine.Start, machine.Suspend, machine.Resume,
		machine.Resolve, machine.Verify, machine.Close, machine.Merge, machine.Withdraw, machine.Rate, machine.Reopen,
		machine.Support, machine.Update,
	}
	sides    = []machine.Side{machine.Reporter, machine.Neighbour, machine.Officer, machine.Handler, machine.Verifier}
	outcomes = []machine.Outcome{machine.None, machine.Passed, machine.Failed}
)

// published is the life of a case as DOMAIN §6 has it, a line for each edge that moves it. What is not
// listed cannot happen.
const published = `
ACCEPT SUBMITTED ACCEPTED OFFICER
REJECT SUBMITTED REJECTED OFFICER reason
REJECT ACCEPTED REJECTED OFFICER reason
FILE ACCEPTED FILED OFFICER
FILE RETURNED FILED OFFICER
DISPATCH FILED DISPATCHED OFFICER
RETURN DISPATCHED RETURNED HANDLER reason internal
RETURN IN_PROGRESS RETURNED HANDLER reason internal
START DISPATCHED IN_PROGRESS HANDLER
SUSPEND DISPATCHED SUSPENDED OFFICER reason stops
SUSPEND IN_PROGRESS SUSPENDED OFFICER reason stops
RESUME SUSPENDED IN_PROGRESS OFFICER starts
RESOLVE IN_PROGRESS RESOLVED HANDLER
VERIFY/PASSED RESOLVED VERIFIED VERIFIER
VERIFY/FAILED RESOLVED DISPATCHED VERIFIER reason
CLOSE VERIFIED CLOSED OFFICER
MERGE SUBMITTED DUPLICATE OFFICER
MERGE ACCEPTED DUPLICATE OFFICER
MERGE FILED DUPLICATE OFFICER
WITHDRAW SUBMITTED WITHDRAWN REPORTER
WITHDRAW ACCEPTED WITHDRAWN REPORTER
WITHDRAW FILED WITHDRAWN REPORTER
REOPEN CLOSED FILED REPORTER reason
`

// staying is who may do what without moving a case, in so many of its statuses.
const staying = `
RATE 1 REPORTER
SUPPORT 8 NEIGHBOUR
UPDATE 9 REPORTER
UPDATE 9 OFFICER
`

func TestOnlyThePublishedEdgesExist(t *testing.T) {
	var moving strings.Builder
	moving.WriteByte('\n')
	stays := map[string]int{}
	for _, e := range machine.Edges() {
		if e.Stays() {
			stays[fmt.Sprintf("%s %s", e.Action, e.By)]++
			continue
		}
		moving.WriteString(string(e.Action))
		if e.Outcome != machine.None {
			moving.WriteString("/" + string(e.Outcome))
		}
		fmt.Fprintf(&moving, " %s %s %s", e.From, e.To, e.By)
		for _, mark := range []struct {
			name  string
			holds bool
		}{{"reason", e.Reason}, {"internal", e.Internal}, {"stops", e.StopsClock()}, {"starts", e.StartsClock()}} {
			if mark.holds {
				moving.WriteString(" " + mark.name)
			}
		}
		moving.WriteByte('\n')
	}
	if diff := cmp.Diff(published, moving.String()); diff != "" {
		t.Error(diff)
	}
	for line := range strings.Lines(strings.TrimPrefix(staying, "\n")) {
		var action, side string
		var count int
		if _, err := fmt.Sscan(line, &action, &count, &side); err != nil {
			t.Fatal(err)
		}
		if got := stays[action+" "+side]; got != count {
			t.Errorf("%s by %s in %d statuses, want %d", action, side, got, count)
		}
		delete(stays, action+" "+side)
	}
	if len(stays) > 0 {
		t.Errorf("besides: %v", stays)
	}
}

func TestNextFollowsTheEdgesOfASide(t *testing.T) {
	for _, from := range statuses {
		for _, action := range actions {
			for _, outcome := range outcomes {
				for _, side := range sides {
					var want machine.Edge
					for _, e := range machine.Edges() {
						if e.From == from && e.Action == action && e.Outcome == outcome && e.By == side {
							want = e
						}
					}
					got, ok := machine.Next(from, action, outcome, side)
					if ok != (want != machine.Edge{}) || got != want {
						t.Errorf("%s %s from %s by %s leads %+v, want %+v", action, outcome, from, side, got, want)
					}
				}
			}
		}
	}
	for _, e := range []struct {
		from   machine.Status
		action machine.Action
	}{{"", machine.Accept}, {"LOST", machine.Accept}, {machine.Submitted, ""}, {machine.Submitted, "EAT"}} {
		if got, ok := machine.Next(e.from, e.action, machine.None, sides...); ok {
			t.Errorf("%q from %q leads %+v", e.action, e.from, got)
		}
	}
}

func TestAllowedFollowsTheEdgesOfItsSides(t *testing.T) {
	for _, from := range statuses {
		for _, side := range sides {
			want := []machine.Action{}
			for _, e := range machine.Edges() {
				if e.From == from && e.By == side && !slices.Contains(want, e.Action) {
					want = append(want, e.Action)
				}
			}
			if diff := cmp.Diff(want, machine.Allowed(from, side)); diff != "" {
				t.Errorf("%s in %s: %s", side, from, diff)
			}
		}
		if got := machine.Allowed(from); got == nil || len(got) != 0 {
			t.Errorf("in %s somebody on no side may %v", from, got)
		}
	}
	both := machine.Allowed(machine.Submitted, machine.Reporter, machine.Officer)
	want := []machine.Action{machine.Accept, machine.Reject, machine.Merge, machine.Withdraw, machine.Update}
	if diff := cmp.Diff(want, both); diff != "" {
		t.Errorf("an officer who reports: %s", diff)
	}
	if machine.Ever(machine.Verify, machine.Officer, machine.Handler) || !machine.Ever(machine.Verify, machine.Verifier) {
		t.Error("not only a verifier ever verifies")
	}
}

// A new status or action must be entered above, and so be thought about.
func TestTheListsAboveAreComplete(t *testing.T) {
	if diff := cmp.Diff(statuses, machine.Statuses()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(actions, machine.Actions()); diff != "" {
		t.Error(diff)
	}
	for i, v := range machine.Status("").Values() {
		if v != string(statuses[i]) {
			t.Errorf("%s is stored as %s", statuses[i], v)
		}
	}
	for i, v := range machine.Action("").Values() {
		if v != string(actions[i]) || actions[i].Mutation() == "" || len(machine.From(actions[i])) == 0 {
			t.Errorf("%s is stored as %s, done by %q out of %v", actions[i], v, actions[i].Mutation(), machine.From(actions[i]))
		}
	}
}

// The clock runs until there is nothing more to be done, and stands still on hold alone; the public sees
// what an officer has read and found to be something.
func TestClocksAndEyes(t *testing.T) {
	ended := []machine.Status{machine.Closed, machine.Rejected, machine.Duplicate, machine.Withdrawn}
	unseen := []machine.Status{machine.Submitted, machine.Rejected, machine.Withdrawn}
	for _, s := range statuses {
		want := machine.Running
		switch {
		case s == machine.Suspended:
			want = machine.Stopped
		case slices.Contains(ended, s):
			want = machine.Ended
		}
		if s.Clock() != want || s.Open() != (want != machine.Ended) || s.Published() == slices.Contains(unseen, s) ||
			slices.Contains(machine.WithClock(want), s) != true || slices.Contains(machine.Unfinished(), s) != s.Open() {
			t.Errorf("%s: clock %s, open %v, published %v", s, s.Clock(), s.Open(), s.Published())
		}
	}
}

func TestTheDocumentShowsTheTable(t *testing.T) {
	committed, err := os.ReadFile("../../../docs/city-case.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(machine.Document(), string(committed)); diff != "" {
		t.Errorf("docs/city-case.md is not what the table draws; run `make generate`:\n%s", diff)
	}
}

func TestEveryStatusHasAName(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range statuses {
		name := s.Name()
		if s.Doc() == "" || name.ZH == "" || name.EN == "" || seen[name.ZH] || seen[name.EN] {
			t.Errorf("%s is called %+v", s, name)
		}
		seen[name.ZH], seen[name.EN] = true, true
	}
}

func TestNumberIsTheServiceDayAndTheRandomTail(t *testing.T) {
	const caseID = "case_01J9ZQ4M1W6Y8Q3V5T7R2N0KXB"
	for at, want := range map[string]string{
		"2025-06-01T15:59:59Z":      "HZ20250601-7R2N0KXB",
		"2025-06-01T16:00:00Z":      "HZ20250602-7R2N0KXB", // midnight in Hangzhou
		"2025-06-02T00:00:00+08:00": "HZ20250602-7R2N0KXB",
	} {
		instant, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := machine.Number(instant, caseID); got != want {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
	}
	now := time.Now()
	if a, b := machine.Number(now, id.New(id.CityCase)), machine.Number(now, id.New(id.CityCase)); a == b {
		t.Errorf("two cases are both %s", a)
	}
}

func TestEnumsReadOnlyTheirValues(t *testing.T) {
	for _, bad := range []any{nil, "", "submitted", "LOST", "EAT", 1, true, []byte("SUBMITTED"), []any{"SUBMITTED"}} {
		status, action := machine.Accepted, machine.Accept
		if err := status.UnmarshalGQL(bad); err == nil || status != machine.Accepted {
			t.Errorf("status reads %v as %s, %v", bad, status, err)
		}
		if err := action.UnmarshalGQL(bad); err == nil || action != machine.Accept {
			t.Errorf("action reads %v as %s, %v", bad, action, err)
		}
	}
	for _, want := range statuses {
		comesBack(t, want, new(machine.Status))
		comesBack(t, want.Clock(), new(machine.Clock))
	}
	for _, want := range actions {
		comesBack(t, want, new(machine.Action))
	}
	for _, want := range outcomes[1:] {
		comesBack(t, want, new(machine.Outcome))
	}
	var clock machine.Clock
	var outcome machine.Outcome
	if clock.UnmarshalGQL("TICKING") == nil || outcome.UnmarshalGQL("") == nil {
		t.Errorf("reads %q and %q", clock, outcome)
	}
}

// comesBack writes an enum value and reads it again.
func comesBack[E comparable, P interface {
	*E
	UnmarshalGQL(any) error
}](t *testing.T, want interface{ MarshalGQL(io.Writer) }, into P) {
	t.Helper()
	var out bytes.Buffer
	want.MarshalGQL(&out)
	if err := into.UnmarshalGQL(string(bytes.Trim(out.Bytes(), `"`))); err != nil || any(*into) != any(want) {
		t.Errorf("%v comes back as %v, %v", want, *into, err)
	}
}
