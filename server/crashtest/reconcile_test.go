package crashtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"citygraph/internal/clock"
	"citygraph/internal/payment/reconcile"
)

// An operator writes a day down and compares it with the provider's file: the exit code says whether all agrees, whether
// something differs, or whether nothing could be compared.
func TestLedgerReconcile(t *testing.T) {
	p := newPlace(t)
	for _, line := range []string{"migrate", "seed --citizens 50"} {
		if o := command(t, p.env, strings.Fields(line)...); o.code != 0 {
			t.Fatalf("%s: exit %d, %s", line, o.code, o.problems)
		}
	}
	day, folder := time.Now().In(clock.Shanghai).Format(time.DateOnly), t.TempDir()
	file := func(name string) string { return filepath.Join(folder, name) }
	if o := command(t, p.env, "ledger", "statement", "--date", day, "--out", file("day.csv")); o.code != 0 || o.out != "" {
		t.Fatalf("exit %d, %q, %s", o.code, o.out, o.problems)
	}
	if text, err := os.ReadFile(file("day.csv")); err != nil || string(text) != reconcile.Header+"\n" {
		t.Fatalf("a day on which nobody paid is %q, %v", text, err)
	}
	lines := map[string]string{
		"differs.csv":    "order_1,tx_1,TOP_UP,100," + day + "T08:00:00+08:00,SUCCESS",
		"unreadable.csv": "order_1,tx_1,TOP_UP,1.00," + day + "T08:00:00+08:00,SUCCESS\norder_2",
	}
	for name, text := range lines {
		if err := os.WriteFile(file(name), []byte(reconcile.Header+"\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]struct {
		code          int
		out, problems string
	}{
		"day.csv":        {0, "missing_in_book              0\n", ""},
		"differs.csv":    {1, "DIFFERENCE missing_in_book: line 2 has TOP_UP of 100 fen for order_1", "differ in 1 places"},
		"unreadable.csv": {2, "line 3: 1 columns instead of 6", "2 lines cannot be read"},
		"none.csv":       {2, "", "no such file"},
	} {
		o := command(t, p.env, "ledger", "reconcile", "--date", day, file(name))
		if o.code != want.code || !strings.Contains(o.out, want.out) || !strings.Contains(o.problems, want.problems) {
			t.Errorf("%s: exit %d, %q, %q, want %+v", name, o.code, o.out, o.problems, want)
		}
	}
	o := command(t, p.env, "ledger", "reconcile", "--date", day, "--out", file("differences.csv"), file("differs.csv"))
	text, err := os.ReadFile(file("differences.csv"))
	want := reconcile.DifferencesHeader + "\nmissing_in_book,order_1,TOP_UP,2,tx_1,,100,,SUCCESS,," + day + "T08:00:00+08:00,\n"
	if o.code != 1 || err != nil || string(text) != want {
		t.Errorf("exit %d, %q, %q, %v; want %q", o.code, o.out, text, err, want)
	}
	if o := command(t, p.env, "ledger", "reconcile", "--date", day, "--out", file("nothing.csv"), file("unreadable.csv")); o.code != 2 {
		t.Errorf("exit %d, %q", o.code, o.out)
	}
	if left, err := filepath.Glob(file("nothing.csv*")); err != nil || len(left) > 0 {
		t.Errorf("what could not be compared leaves %v, %v", left, err)
	}
}
