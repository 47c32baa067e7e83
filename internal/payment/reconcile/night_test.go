package reconcile_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"citygraph/ent/db"
	"citygraph/ent/db/topup"
	"citygraph/internal/payment"
	"citygraph/internal/payment/reconcile"
	"citygraph/internal/payment/sandbox"
	"citygraph/internal/seed/seedtest"
)

// offering is a sandbox that offers records as a test has them, by day.
type offering struct {
	sandbox.Provider
	of     map[string][]payment.Record
	refuse error
}

func (o *offering) Records(_ context.Context, day time.Time, each func(payment.Record) error) error {
	for _, r := range o.of[day.Format(time.DateOnly)] {
		if err := each(r); err != nil {
			return err
		}
	}
	return o.refuse
}

// A night counts every sort of difference, so that an alert ends when they are settled, and logs each.
func TestANightTellsWhatDiffers(t *testing.T) {
	c := open(t)
	c.at(reconcile.Day(c.clock.Now()).AddDate(0, 0, 1).Add(time.Second))
	yesterday := c.clock.Now()
	late, missing, paid := c.order(topup.StatusPaid, 1), c.order(topup.StatusPaid, 2), c.order(topup.StatusPaid, 3)
	records := make([]payment.Record, 0, 3)
	for _, order := range []*db.TopUp{late, missing, paid} {
		record, err := c.post(order)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	c.clock.Turn(24 * time.Hour)
	p := &offering{of: map[string][]payment.Record{
		reconcile.Day(yesterday).AddDate(0, 0, -1).Format(time.DateOnly): records[:1],
		reconcile.Day(yesterday).Format(time.DateOnly):                   records[2:],
	}}
	night := func() (map[string]int64, string, error) {
		var log bytes.Buffer
		counts := map[string]int64{}
		err := c.Watch(seedtest.System(t), p, c.clock.Now(), zerolog.New(&log), func(provider, sort string, n int64) { counts[provider+" "+sort] = n })
		return counts, log.String(), err
	}
	want := map[string]int64{}
	for _, sort := range reconcile.Sorts() {
		want["SANDBOX "+string(sort)] = 0
	}
	want["SANDBOX missing_at_provider"] = 1
	counts, log, err := night()
	if err != nil || cmp.Diff(want, counts) != "" || !strings.Contains(log, `"level":"error"`) || !strings.Contains(log, missing.ID) || strings.Contains(log, late.ID) {
		t.Errorf("%v, %v, it logs %s", counts, err, log)
	}
	p.of[reconcile.Day(yesterday).Format(time.DateOnly)] = records[1:]
	want["SANDBOX missing_at_provider"] = 0
	if counts, log, err = night(); err != nil || cmp.Diff(want, counts) != "" || strings.Contains(log, `"level":"error"`) {
		t.Errorf("settled: %v, %v, it logs %s", counts, err, log)
	}
	p.refuse = errors.New("not ready")
	if counts, _, err = night(); !errors.Is(err, p.refuse) || len(counts) > 0 {
		t.Errorf("records that are not there: %v, %v", counts, err)
	}
}

// What the sandbox says it was paid and gave back agrees with the book, over more orders than it reads at once, and what
// was not posted is found.
func TestTheSandboxOffersRecords(t *testing.T) {
	c := open(t)
	day := reconcile.Day(c.clock.Now()).AddDate(0, 0, 1)
	c.at(day.Add(time.Hour))
	for i := range 3 {
		if _, err := c.post(c.order(topup.StatusPaid, int64(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	for range 501 {
		c.order(topup.StatusRefunded, 5)
	}
	c.order(topup.StatusPending, 5)
	counted := map[string]int64{}
	watch := func() {
		t.Helper()
		if err := c.Watch(c.ctx, sandbox.Provider{}.In(c.db), day.AddDate(0, 0, 1), zerolog.Nop(), func(_, sort string, n int64) { counted[sort] = n }); err != nil {
			t.Fatal(err)
		}
	}
	watch()
	for sort, n := range counted {
		if n != 0 {
			t.Errorf("%d are %s", n, sort)
		}
	}
	c.order(topup.StatusPaid, 7)
	if watch(); counted[string(reconcile.MissingInBook)] != 1 {
		t.Errorf("what was settled and not posted: %v", counted)
	}
	if err := (sandbox.Provider{}).Records(c.ctx, day, func(payment.Record) error { return errors.New("one") }); err != nil {
		t.Errorf("without a database: %v", err)
	}
}
