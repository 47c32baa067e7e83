package crashtest_test

import (
	"strings"
	"testing"
)

// An operator is told that the book adds up, with a digest that stays while nothing moves; and, when a row was changed
// behind the ledger's back, where it does not, with an exit code for cron.
func TestLedgerVerify(t *testing.T) {
	p := newPlace(t)
	for _, line := range []string{"migrate", "seed --citizens 50"} {
		if o := command(t, p.env, strings.Fields(line)...); o.code != 0 {
			t.Fatalf("%s: exit %d, %s", line, o.code, o.problems)
		}
	}
	first, second := command(t, p.env, "ledger", "verify"), command(t, p.env, "ledger", "verify")
	if first.code != 0 || first.out != second.out || !strings.Contains(first.out, "digest") || strings.Contains(first.out, "VIOLATION") {
		t.Fatalf("exit %d, %q, and again %q; %q", first.code, first.out, second.out, first.problems)
	}
	s, _ := p.open(t)
	if _, err := s.Writer().ExecContext(t.Context(), "UPDATE ledger_entries SET amount = amount + 1 WHERE id = (SELECT min(id) FROM ledger_entries)"); err != nil {
		t.Fatal(err)
	}
	o := command(t, p.env, "ledger", "verify")
	if o.code != 1 || !strings.Contains(o.out, "VIOLATION") || !strings.Contains(o.problems, "the book is wrong in") {
		t.Errorf("after a fen was added to an entry: exit %d, %q, %q", o.code, o.out, o.problems)
	}
}
