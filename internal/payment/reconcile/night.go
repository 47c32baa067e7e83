package reconcile

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"citygraph/internal/clock"
	"citygraph/internal/payment"
)

// Night is the job that reconciles yesterday with what a provider offers of it.
type Night struct{}

// Kind is the job's stable name.
func (Night) Kind() string { return "payment.reconcile" }

// toldOf bounds the differences a night logs one by one; all of them are counted.
const toldOf = 100

// Watch reconciles the day before now, by the city's clock, with the provider's records, and tells the log, and the
// count of each sort of difference: zero where there are none, so that an alert ends when they are settled. What
// differs is no failure of the job.
func (d *Desk) Watch(ctx context.Context, p payment.Recorder, now time.Time, log zerolog.Logger, count func(provider, sort string, n int64)) error {
	day, name := Day(now).AddDate(0, 0, -1), string(p.Name())
	told := 0
	s, err := d.Compare(ctx, Query{
		Provider: p.Name(), Day: day, Records: offered(ctx, p, day), Earlier: offered(ctx, p, day.AddDate(0, 0, -1)),
	}, func(found Difference) error {
		if told++; told <= toldOf {
			log.Error().Str("provider", name).Str("difference", string(found.Sort)).Interface("record", found.Record).Interface("book", found.Book).
				Msg("payment: the provider's records and the book differ")
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, sort := range Sorts() {
		count(name, string(sort), s.Differences[sort])
	}
	log.Info().Str("provider", name).Str("day", day.Format(time.DateOnly)).Int64("records", s.Records).Int64("postings", s.Postings).
		Int64("differences", s.All()).Msg("payment: the day is reconciled")
	return nil
}

// Day is the first instant of a day of the city's clock.
func Day(at time.Time) time.Time {
	year, month, day := at.In(clock.Shanghai).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, clock.Shanghai)
}

// offered are the records that a provider offers of a day.
func offered(ctx context.Context, p payment.Recorder, day time.Time) Source {
	return func(each func(Entry) error) error {
		row := 0
		return p.Records(ctx, day, func(r payment.Record) error {
			row++
			return each(Entry{Record: r, Row: row})
		})
	}
}
