package contracttest_test

import (
	"strings"
	"testing"

	"entgo.io/ent"

	"citygraph/ent/rule"
	"citygraph/internal/viewer"
)

// A rule that nobody would miss is not tested: each part of each rule is put out of force in turn, and
// the rows of its type must tell.
func TestEveryRuleIsMissed(t *testing.T) {
	r := rowRig(t)
	for _, table := range tables {
		for _, part := range parts {
			before := r.section(t, table, part)
			if everybodyMay(before) {
				continue // the rule lets everybody, and there is nothing to put out of force
			}
			if after := r.sectionWithout(t, table, part); !everybodyMay(after) {
				t.Errorf("%s: with the rule for %s out of force:\n%s", table.name, part, after)
			}
			if r.section(t, table, part) != before {
				t.Fatalf("%s: the rule for %s is not back in force", table.name, part)
			}
		}
	}
}

// sectionWithout is the section of a type while part of its rule is out of force. Nothing else may run.
func (r *rowsRig) sectionWithout(t testing.TB, table table, part string) string {
	t.Helper()
	standing := *table.policy
	defer func() { *table.policy = standing }()
	*table.policy = knockedOut(t, table, part)
	return r.section(t, table, part)
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
