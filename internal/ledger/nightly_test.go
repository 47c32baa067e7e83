package ledger_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"citygraph/internal/ledger"
)

// A night counts every rule, so that an alert ends when the book is mended, and logs what is wrong.
func TestANightTellsWhatIsWrong(t *testing.T) {
	b := lived(t)
	night := func() (map[string]int, string) {
		var log bytes.Buffer
		counts := map[string]int{}
		if err := b.Watch(t.Context(), zerolog.New(&log), func(rule string, n int) { counts[rule] = n }); err != nil {
			t.Fatal(err)
		}
		return counts, log.String()
	}
	counts, log := night()
	for _, rule := range ledger.Rules() {
		if n, counted := counts[string(rule)]; n != 0 || !counted {
			t.Errorf("a sound book has %d violations of %s", n, rule)
		}
	}
	if strings.Contains(log, `"error"`) || !strings.Contains(log, `"digest":"`) {
		t.Errorf("it logs %s", log)
	}
	b.tamper(t, "UPDATE ledger_accounts SET balance = balance + 1 WHERE owner_id = 'card'")
	counts, log = night()
	if counts["balance"] != 1 || counts["held"] != 0 || !strings.Contains(log, `"rule":"balance"`) {
		t.Errorf("a book that was tampered with has %v and logs %s", counts, log)
	}
}
