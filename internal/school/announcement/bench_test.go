package announcement_test

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db/delivery"
	"citygraph/internal/jobs"
	"citygraph/internal/seed/seedtest"
)

// A notice to all guardians of the city: how long its teacher waits, how fast it drains, and what it takes in memory.
// ANNOUNCED says how many there are.
func BenchmarkCityWideNotice(b *testing.B) {
	n := 20_000
	if asked, err := strconv.Atoi(os.Getenv("ANNOUNCED")); err == nil {
		n = asked
	}
	s := open(b)
	s.crowd(b, n)
	if s.city.Store.Dialect() == "postgres" {
		if _, err := s.DB.ExecContext(seedtest.System(b), "ANALYZE"); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for b.Loop() {
		began := time.Now()
		a := s.published(b, s.trip())
		enqueued := time.Since(began)
		var peak uint64
		began = time.Now()
		for round := s.take(); len(round) > 0; round = s.take() {
			todo := make(chan jobs.Args)
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for args := range todo {
						if err := run(b.Context(), s.Board, args); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for i, args := range round {
				if i%50 == 0 {
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak = max(peak, m.HeapInuse)
				}
				todo <- args
			}
			close(todo)
			all.Wait()
		}
		drained := time.Since(began)
		reached := s.DB.Delivery.Query().Where(delivery.AnnouncementID(a.ID)).CountX(seedtest.System(b))
		if reached < n {
			b.Errorf("it reached %d of %d", reached, n)
		}
		b.ReportMetric(float64(enqueued.Milliseconds()), "ms/enqueue")
		b.ReportMetric(float64(reached)/drained.Seconds(), "guardians/s")
		b.ReportMetric(float64(peak)/(1<<20), "MB/heap")
	}
}
