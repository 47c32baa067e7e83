package contracttest_test

import (
	"slices"
	"strings"
	"testing"

	"entgo.io/ent"

	"citygraph/ent/rule"
	"citygraph/internal/viewer"
)

// A rule that nobody would miss is not tested: each part of each rule is put out of force in turn, and
// the rows of its type must tell, in the matrix too where the graph reaches it.
func TestEveryRuleIsMissed(t *testing.T) {
	r := rowRig(t)
	for _, table := range tables {
		for _, part := range parts {
			before := r.section(t, table, part)
			if everybodyMay(before) {
				continue // the rule lets everybody, and there is nothing to put out of force
			}
			if after := without(t, table, part, func() string { return r.section(t, table, part) }); !everybodyMay(after) {
				t.Errorf("%s: with the rule for %s out of force:\n%s", table.name, part, after)
			}
			if part == "read" && !slices.Contains(hiddenTypes, table.name) {
				r.missedByTheMatrix(t, table)
			}
			if r.section(t, table, part) != before {
				t.Fatalf("%s: the rule for %s is not back in force", table.name, part)
			}
		}
	}
}

// without asks while part of the rule of a type is out of force. Nothing else may run.
func without(t testing.TB, table table, part string, ask func() string) string {
	t.Helper()
	standing := *table.policy
	defer func() { *table.policy = standing }()
	*table.policy = knockedOut(t, table, part)
	return ask()
}

// missedByTheMatrix fails unless the rows of the matrix about a type change when nothing rules who reads it:
// then everybody, the visitor too, finds every one by its id.
func (r *rowsRig) missedByTheMatrix(t testing.TB, table table) {
	t.Helper()
	before := r.nodeRows(t, table.name)
	after := without(t, table, "read", func() string { return r.nodeRows(t, table.name) })
	if before == after || strings.Count(after, "\n  ") != strings.Count(after, "\n  ALLOWED") {
		t.Errorf("%s: with the rule for reading out of force the matrix says%s", table.name, after)
	}
}

// everybodyMay reports whether every line of a section lets everybody.
func everybodyMay(section string) bool {
	return strings.Count(section, ": everybody\n") == strings.Count(section, "\n")
}

// knockedOut is the rule of a table with one part letting everybody at everything.
func knockedOut(t testing.TB, table table, part string) ent.Policy {
	t.Helper()
	p, ok := table.rule.(rule.Policy)
	if !ok {
		t.Fatalf("%s is ruled by a %T", table.name, table.rule)
	}
	switch part {
	case "read":
		p.Read = rule.Public.Read
	case "create":
		p.Create = func(*viewer.Viewer, ent.Mutation) bool { return true }
	case "change":
		p.Change = rule.Public.Read
	}
	return p
}
