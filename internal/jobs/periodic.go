package jobs

import (
	"time"

	"github.com/riverqueue/river"

	"citygraph/internal/clock"
)

// periodicAttempts is how often a periodic job may fail before it is dead: the next round is soon.
const periodicAttempts = 3

// Every has a job with these arguments enqueued again and again at the interval, by one of the
// processes on the database. While one waits or runs no other is added, and a round that was missed is
// not made up for: its work is what is due, whenever it runs. The first is an interval after the start.
func Every(r *Registry, interval time.Duration, args Args) {
	repeat(r, river.PeriodicInterval(interval), args)
}

// Nightly is Every once a day, at the hour: also where no process lives for a whole day.
func Nightly(r *Registry, at Daily, args Args) { repeat(r, at, args) }

// Daily is an hour of the city's clock.
type Daily struct{ Hour int }

// Next is when it strikes next after an instant.
func (d Daily) Next(after time.Time) time.Time {
	year, month, day := after.In(clock.Shanghai).Date()
	at := time.Date(year, month, day, d.Hour, 0, 0, 0, clock.Shanghai)
	if !at.After(after) {
		at = at.AddDate(0, 0, 1)
	}
	return at
}

func repeat(r *Registry, when river.PeriodicSchedule, args Args) {
	e := enqueued{insert: river.InsertOpts{Queue: DefaultQueue, Priority: int(Low), MaxAttempts: periodicAttempts}}
	Unique("periodic")(&e)
	r.periodic = append(r.periodic, river.NewPeriodicJob(when,
		func() (river.JobArgs, *river.InsertOpts) { return envelope[Args]{args, e.key}, &e.insert }, nil))
}
