package machine_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/internal/citycase/machine"
	"citygraph/internal/id"
)

var (
	statuses = []machine.Status{machine.Submitted, machine.Accepted}
	actions  = []machine.Action{machine.Accept}
	sides    = []machine.Side{machine.Reporter, machine.Officer}
)

// edges is the published life of a case: SUBMITTED → ACCEPTED. What is not listed cannot happen.
var edges = []machine.Edge{
	{Action: machine.Accept, From: machine.Submitted, To: machine.Accepted, By: machine.Officer},
}

func TestOnlyTheListedEdgesExist(t *testing.T) {
	for _, from := range statuses {
		for _, action := range actions {
			want := machine.Edge{}
			for _, e := range edges {
				if e.From == from && e.Action == action {
					want = e
				}
			}
			got, ok := machine.Next(from, action)
			if ok != (want != machine.Edge{}) || got != want {
				t.Errorf("%s from %s leads %+v, want %+v", action, from, got, want)
			}
		}
	}
	for _, e := range []struct {
		from   machine.Status
		action machine.Action
	}{{"", machine.Accept}, {"CLOSED", machine.Accept}, {machine.Submitted, ""}, {machine.Submitted, "EAT"}} {
		if got, ok := machine.Next(e.from, e.action); ok {
			t.Errorf("%q from %q leads %+v", e.action, e.from, got)
		}
	}
}

func TestAllowedFollowsTheEdgesOfASide(t *testing.T) {
	for _, from := range statuses {
		for _, side := range sides {
			want := []machine.Action{}
			for _, e := range edges {
				if e.From == from && e.By == side {
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
	if diff := cmp.Diff([]machine.Action{machine.Accept}, both); diff != "" {
		t.Errorf("an officer who reports: %s", diff)
	}
}

// A new status or action must be entered above, and so be thought about.
func TestTheListsAboveAreComplete(t *testing.T) {
	var values []machine.Status
	for _, v := range machine.Status("").Values() {
		values = append(values, machine.Status(v))
	}
	if diff := cmp.Diff(statuses, values); diff != "" {
		t.Error(diff)
	}
	for _, from := range statuses {
		for _, a := range machine.Allowed(from, sides...) {
			if !slices.Contains(actions, a) {
				t.Errorf("%s is not in the list of actions", a)
			}
		}
	}
}

func TestEveryStatusHasAName(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range statuses {
		name := s.Name()
		if name.ZH == "" || name.EN == "" || seen[name.ZH] || seen[name.EN] {
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
	for _, bad := range []any{nil, "", "submitted", "CLOSED", "EAT", 1, true, []byte("SUBMITTED"), []any{"SUBMITTED"}} {
		status, action := machine.Accepted, machine.Accept
		if err := status.UnmarshalGQL(bad); err == nil || status != machine.Accepted {
			t.Errorf("status reads %v as %s, %v", bad, status, err)
		}
		if err := action.UnmarshalGQL(bad); err == nil || action != machine.Accept {
			t.Errorf("action reads %v as %s, %v", bad, action, err)
		}
	}
	for _, want := range statuses {
		var out bytes.Buffer
		want.MarshalGQL(&out)
		var got machine.Status
		if err := got.UnmarshalGQL(string(bytes.Trim(out.Bytes(), `"`))); err != nil || got != want || !got.IsValid() {
			t.Errorf("%s comes back as %s, %v", want, got, err)
		}
	}
	for _, want := range actions {
		var out bytes.Buffer
		want.MarshalGQL(&out)
		var got machine.Action
		if err := got.UnmarshalGQL(string(bytes.Trim(out.Bytes(), `"`))); err != nil || got != want || !got.IsValid() {
			t.Errorf("%s comes back as %s, %v", want, got, err)
		}
	}
}
