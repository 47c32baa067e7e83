package jobs_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"citygraph/internal/jobs"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

// TestDrainsWithoutStarvingRequests works a thousand jobs while requests write and read beside them.
func TestDrainsWithoutStarvingRequests(t *testing.T) {
	const many = 1000
	r := newRig(t, jobs.Options{}, func(context.Context, jobs.Job[deliver]) error { return nil })
	if err := r.store.InTx(t.Context(), func(ctx context.Context) error {
		for i := range many {
			if err := r.queue.Enqueue(ctx, deliver{strconv.Itoa(i)}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	r.start()

	ctx, stop := context.WithCancel(t.Context())
	var requests sync.WaitGroup
	var took []time.Duration
	requests.Go(func() {
		for ctx.Err() == nil {
			began := time.Now()
			if err := r.store.InTx(t.Context(), func(ctx context.Context) error {
				return r.queue.Enqueue(ctx, deliver{"request"}, jobs.RunAt(time.Now().Add(time.Hour)))
			}); err != nil {
				t.Error(err)
				return
			}
			took = append(took, time.Since(began))
		}
	})
	seen := map[int64]bool{}
	for range many {
		o := r.next()
		if o.Result != jobs.Done || seen[o.ID] {
			t.Fatalf("outcome %+v, seen before: %v", o, seen[o.ID])
		}
		seen[o.ID] = true
	}
	drained := time.Since(started)
	stop()
	requests.Wait()
	slices.Sort(took)
	if len(took) == 0 {
		t.Fatal("no request passed while jobs ran")
	}
	slowest := took[len(took)-1]
	t.Logf("%.0f jobs/s beside %d requests, median %s, slowest %s",
		many/drained.Seconds(), len(took), took[len(took)/2], slowest)
	if slowest > 2*time.Second {
		t.Errorf("a request waited %s for the jobs", slowest)
	}
}

// newDurableRig is a rig on a database that survives a power cut, as production's does.
func newDurableRig(b *testing.B, work func(context.Context, jobs.Job[deliver]) error) *rig {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{URL: storetest.URL(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return &rig{t: b, store: s, queue: newQueue(b, s, jobs.Options{}, work)}
}

// BenchmarkCommitToRun is the time from a commit to the start of its job.
func BenchmarkCommitToRun(b *testing.B) {
	ran := make(chan time.Time)
	r := newDurableRig(b, func(context.Context, jobs.Job[deliver]) error {
		ran <- time.Now()
		return nil
	})
	r.start()
	var latencies []time.Duration
	for b.Loop() {
		if err := r.store.InTx(b.Context(), func(ctx context.Context) error {
			return r.queue.Enqueue(ctx, deliver{"n"})
		}); err != nil {
			b.Fatal(err)
		}
		committed := time.Now()
		latencies = append(latencies, (<-ran).Sub(committed))
	}
	slices.Sort(latencies)
	b.ReportMetric(float64(latencies[len(latencies)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(latencies[len(latencies)*99/100].Microseconds())/1000, "ms-p99")
}

// BenchmarkDrain is the cost of one job of many, inserted hundred at a time.
func BenchmarkDrain(b *testing.B) {
	ran := make(chan struct{}, 1<<16)
	r := newDurableRig(b, func(context.Context, jobs.Job[deliver]) error {
		ran <- struct{}{}
		return nil
	})
	r.start()
	b.ResetTimer()
	for left := b.N; left > 0; left -= 100 {
		if err := r.store.InTx(b.Context(), func(ctx context.Context) error {
			for range min(left, 100) {
				if err := r.queue.Enqueue(ctx, deliver{"n"}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	for range b.N {
		<-ran
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}
