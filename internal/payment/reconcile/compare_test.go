package reconcile_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"citygraph/ent/db/topup"
	"citygraph/internal/payment"
	"citygraph/internal/payment/reconcile"
)

// history is one day of a book and of a provider, and what is known to differ between them.
type history struct {
	*city
	t        *rapid.T
	day      time.Time
	records  []payment.Record
	earlier  []payment.Record
	expected map[string]int
}

func (h *history) expect(sort reconcile.Sort, r payment.Record) {
	h.expected[fmt.Sprintln(sort, r.OrderID, r.Kind)]++
}

func (h *history) must(r payment.Record, err error) payment.Record {
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// happenings are what may become of an order on a day: agreements of the provider and the book, and one of each way to differ.
var happenings = map[string]func(h *history, fen int64){
	"paid": func(h *history, fen int64) {
		h.records = append(h.records, h.must(h.post(h.order(topup.StatusPaid, fen))))
	},
	"paid and given back": func(h *history, fen int64) {
		order := h.order(topup.StatusPaid, fen+1)
		h.records = append(h.records, h.must(h.post(order)), h.must(h.reverse(order, fen)), h.must(h.reverse(order, 1)))
	},
	"could not be put on the card": func(h *history, fen int64) {
		order := h.order(topup.StatusRefunded, fen)
		h.records = append(h.records, h.paid(order), h.back(order, fen))
	},
	"is about to go back": func(h *history, fen int64) {
		h.records = append(h.records, h.paid(h.order(topup.StatusFailed, fen)))
	},
	"was tried before": func(h *history, fen int64) {
		r := h.must(h.post(h.order(topup.StatusPaid, fen)))
		failed := r
		failed.Status, failed.TransactionID = payment.RecordFailed, "other"
		h.records = append(h.records, failed, r)
	},
	"nobody paid": func(h *history, fen int64) {
		r := h.paid(h.order(topup.StatusClosed, fen))
		r.Status = payment.RecordFailed
		h.records = append(h.records, r)
	},
	"paid the evening before": func(h *history, fen int64) {
		h.earlier = append(h.earlier, h.must(h.post(h.order(topup.StatusPaid, fen))))
	},
	"missing at the provider": func(h *history, fen int64) {
		h.expect(reconcile.MissingAtProvider, h.must(h.post(h.order(topup.StatusPaid, fen))))
	},
	"a refund missing at the provider": func(h *history, fen int64) {
		order := h.order(topup.StatusPaid, fen)
		h.records = append(h.records, h.must(h.post(order)))
		h.expect(reconcile.MissingAtProvider, h.must(h.reverse(order, fen)))
	},
	"an order of nobody": func(h *history, fen int64) {
		r := h.paid(h.order(topup.StatusPaid, fen))
		r.OrderID = "not-" + r.OrderID[6:]
		h.add(reconcile.MissingInBook, r)
	},
	"settled and not posted": func(h *history, fen int64) {
		h.add(reconcile.MissingInBook, h.paid(h.order(topup.StatusPaid, fen)))
	},
	"a refund of which the book knows nothing": func(h *history, fen int64) {
		order := h.order(topup.StatusPaid, fen)
		h.records = append(h.records, h.must(h.post(order)))
		h.add(reconcile.MissingInBook, h.back(order, fen))
	},
	"another amount": func(h *history, fen int64) {
		r := h.must(h.post(h.order(topup.StatusPaid, fen)))
		r.Amount++
		h.add(reconcile.AmountDiffers, r)
	},
	"another amount goes back unposted": func(h *history, fen int64) {
		order := h.order(topup.StatusRefunded, fen)
		h.records = append(h.records, h.paid(order))
		h.add(reconcile.AmountDiffers, h.back(order, fen+1))
	},
	"paid twice": func(h *history, fen int64) {
		r := h.must(h.post(h.order(topup.StatusPaid, fen)))
		h.records = append(h.records, r)
		r.TransactionID = "second"
		h.add(reconcile.Duplicate, r)
	},
	"written down twice and unposted": func(h *history, fen int64) {
		r := h.paid(h.order(topup.StatusFailed, fen))
		h.records = append(h.records, r)
		h.add(reconcile.Duplicate, r)
	},
	"paid, and nobody told": func(h *history, fen int64) {
		h.add(reconcile.StatusDiffers, h.paid(h.order(topup.StatusPending, fen)))
	},
	"posted, and not paid": func(h *history, fen int64) {
		r := h.must(h.post(h.order(topup.StatusPaid, fen)))
		r.Status = payment.RecordPending
		h.add(reconcile.StatusDiffers, r)
	},
	"went back to nowhere": func(h *history, fen int64) {
		order := h.order(topup.StatusRefunded, fen)
		r := h.back(order, fen)
		r.Status = payment.RecordFailed
		h.records = append(h.records, h.paid(order))
		h.add(reconcile.StatusDiffers, r)
	},
	"another payment than was settled": func(h *history, fen int64) {
		r := h.must(h.post(h.order(topup.StatusPaid, fen)))
		r.TransactionID = "another"
		h.add(reconcile.TransactionDiffers, r)
	},
}

// add has the provider write down what differs.
func (h *history) add(sort reconcile.Sort, r payment.Record) {
	h.records = append(h.records, r)
	h.expect(sort, r)
}

// Whatever happens on a day, in whatever order the provider has it, exactly what differs is found.
func TestExactlyTheDifferencesAreFound(t *testing.T) {
	c := open(t)
	c.at(reconcile.Day(c.clock.Now()).AddDate(0, 0, 1))
	names := make([]string, 0, len(happenings))
	for name := range maps.Keys(happenings) {
		names = append(names, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		h := &history{city: c, t: t, day: c.clock.Now(), expected: map[string]int{}}
		for range rapid.IntRange(0, 12).Draw(t, "orders") {
			name, fen := rapid.SampledFrom(names).Draw(t, "happening"), rapid.Int64Range(1, 1000).Draw(t, "fen")
			c.clock.Turn(time.Duration(rapid.IntRange(0, 7000).Draw(t, "seconds")) * time.Second)
			happenings[name](h, fen)
		}
		rand.Shuffle(len(h.records), func(i, j int) { h.records[i], h.records[j] = h.records[j], h.records[i] })
		found, s, err := c.differences(reconcile.Query{Day: h.day, Records: of(h.records), Earlier: of(h.earlier)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(h.expected, found); diff != "" {
			t.Fatalf("expected (-), found (+):\n%s", diff)
		}
		if s.Records != int64(len(h.records)) || s.All() != int64(total(found)) {
			t.Fatalf("%+v of %d records", s, len(h.records))
		}
		c.agreesWithItself(t, h.day)
		c.at(h.day.AddDate(0, 0, 1))
	})
}

func total(found map[string]int) (n int) {
	for _, times := range found {
		n += times
	}
	return n
}

// agreesWithItself fails unless the book's own statement, read again, agrees with the book.
func (c *city) agreesWithItself(t *rapid.T, day time.Time) {
	var file bytes.Buffer
	table := reconcile.NewTable(&file, reconcile.Header)
	if err := c.Statement(c.ctx, topup.ProviderSandbox, day, table.Record); err != nil {
		t.Fatal(err)
	}
	table.Flush()
	found, s, err := c.differences(reconcile.Query{Day: day, Records: func(each func(reconcile.Entry) error) error {
		return reconcile.Read(&file, each, func(p reconcile.Problem) { t.Fatal(p) })
	}})
	if err != nil || len(found) > 0 || s.Records != s.Postings || s.PaidIn != s.BookIn || s.GivenBack != s.BookBack {
		t.Fatalf("the book's own statement differs: %v, %+v, %v", found, s, err)
	}
}

// A payment of the last minute is posted after midnight: it is missing on neither day, as long as the first day's
// records explain the second's posting.
func TestMidnightLosesNothing(t *testing.T) {
	c := open(t)
	day := reconcile.Day(c.clock.Now()).AddDate(0, 0, 1)
	c.at(day.AddDate(0, 0, 1).Add(-time.Second))
	order := c.order(topup.StatusPaid, 100)
	paid := c.paid(order)
	c.clock.Turn(3 * time.Second)
	if _, err := c.post(order); err != nil {
		t.Fatal(err)
	}
	next := day.AddDate(0, 0, 1)
	for name, tt := range map[string]struct {
		query    reconcile.Query
		want     int
		otherDay int64
	}{
		"the day it was paid":          {reconcile.Query{Day: day, Records: of([]payment.Record{paid})}, 0, 1},
		"the day it was posted":        {reconcile.Query{Day: next, Records: of(nil), Earlier: of([]payment.Record{paid})}, 0, 1},
		"that day, the other unknown":  {reconcile.Query{Day: next, Records: of(nil)}, 1, 0},
		"a week later":                 {reconcile.Query{Day: day.AddDate(0, 0, 7), Records: of([]payment.Record{paid})}, 1, 0},
		"both days, the second a copy": {reconcile.Query{Day: next, Records: of([]payment.Record{paid}), Earlier: of([]payment.Record{paid})}, 1, 1},
	} {
		found, s, err := c.differences(tt.query)
		if err != nil || total(found) != tt.want || s.OtherDay != tt.otherDay {
			t.Errorf("%s: %v, %+v, %v", name, found, s, err)
		}
	}
}
