package thread_test

import (
	"context"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/internal/clock"
	"citygraph/internal/live"
	"citygraph/internal/redisx/redistest"
	"citygraph/internal/school/thread"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

const (
	benchThreads = 500
	benchEach    = 4 // listeners of a thread
	benchRate    = 100
	benchFor     = 10 * time.Second
)

// Two thousand listen to five hundred threads on two replicas, and a hundred messages a second are said: what is lost, doubled or out of order,
// and how long it takes from saying to hearing. Replicas wake one another through Redis where one is named, else they share a hub.
func BenchmarkLiveThreads(b *testing.B) {
	s := open(b)
	s.Clock = clock.System{}
	replicas := []*thread.Talk{s.Talk, s.Talk}
	if os.Getenv("CITYGRAPH_TEST_REDIS_URL") != "" {
		redis := redistest.Start(b)
		for i := range replicas {
			hub := live.NewHub(redis.Open(b))
			b.Cleanup(hub.Close)
			replica := *s.Talk
			replica.Hub = hub
			replicas[i] = &replica
		}
	}
	threads := make([]string, benchThreads)
	families := make([]context.Context, benchThreads)
	for i := range threads {
		parent := s.DB.Person.Create().SetName("家长").SaveX(seedtest.System(b)).ID
		th, err := s.Open(s.lina, seedtest.PutPupil(b, s.city, s.class, parent), nil)
		if err != nil {
			b.Fatal(err)
		}
		threads[i], families[i] = th.ID, seenBy(b, parent)
	}
	for b.Loop() {
		weigh(b, replicas, threads, families, viewer.From(s.lina))
	}
}

func weigh(b *testing.B, replicas []*thread.Talk, threads []string, families []context.Context, teacher *viewer.Viewer) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var mu sync.Mutex
	var took []time.Duration
	var doubled, disordered, heard atomic.Int64
	var listening sync.WaitGroup
	for i, threadID := range threads {
		from := 0
		if th, err := replicas[0].DB.Thread.Get(families[i], threadID); err == nil {
			from = th.LastSeq
		}
		for j := range benchEach {
			who := viewer.With(ctx, teacher)
			if j%2 == 0 {
				who = viewer.With(ctx, viewer.From(families[i]))
			}
			stream, err := replicas[j/2%2].Listen(who, threadID, from)
			if err != nil {
				b.Fatal(err)
			}
			listening.Go(func() { listen(stream, from, &mu, &took, &doubled, &disordered, &heard) })
		}
	}
	n := int(benchFor/time.Second) * benchRate
	tick := time.NewTicker(time.Second / benchRate)
	defer tick.Stop()
	var speaking sync.WaitGroup
	began := time.Now()
	for i := range n {
		<-tick.C
		speaking.Go(func() {
			at := i % len(threads)
			if _, err := replicas[i%2].Say(families[at], saying(threads[at], "在吗")); err != nil {
				b.Error(err)
			}
		})
	}
	speaking.Wait()
	said := time.Since(began)
	want := int64(n * benchEach)
	late := time.NewTicker(time.Second)
	defer late.Stop()
	for until := time.Now().Add(40 * time.Second); heard.Load() < want && time.Now().Before(until); {
		<-late.C
	}
	cancel()
	listening.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(want-heard.Load()), "lost")
	b.ReportMetric(float64(doubled.Load()), "doubled")
	b.ReportMetric(float64(disordered.Load()), "disordered")
	b.ReportMetric(float64(n)/said.Seconds(), "messages/s")
	if len(took) > 0 {
		b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "ms/p50")
		b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "ms/p99")
	}
	if heard.Load() != want || doubled.Load()+disordered.Load() != 0 {
		b.Errorf("heard %d of %d, %d twice, %d out of order", heard.Load(), want, doubled.Load(), disordered.Load())
	}
}

// listen notes what a listener hears, and how long after it was written down.
func listen(stream <-chan *db.Message, last int, mu *sync.Mutex, took *[]time.Duration, doubled, disordered, heard *atomic.Int64) {
	for m := range stream {
		switch {
		case m.Seq <= last:
			doubled.Add(1)
			continue
		case m.Seq > last+1:
			disordered.Add(1)
		}
		last = m.Seq
		heard.Add(1)
		mu.Lock()
		*took = append(*took, time.Since(m.CreatedAt))
		mu.Unlock()
	}
}
