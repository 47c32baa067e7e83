package live_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"citygraph/internal/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func woken(s *live.Subscription) bool {
	select {
	case <-s.C():
		return true
	default:
		return false
	}
}

func newHub(t *testing.T) *live.Hub {
	h := live.NewHub(nil)
	t.Cleanup(h.Close)
	return h
}

func TestPublishWakesTheTopic(t *testing.T) {
	h := newHub(t)
	one, two := h.Subscribe(t.Context(), "inbox:a"), h.Subscribe(t.Context(), "inbox:a")
	other := h.Subscribe(t.Context(), "inbox:b")
	h.Publish("inbox:a")
	if !woken(one) || !woken(two) || woken(other) {
		t.Error("exactly the topic's subscribers should wake")
	}
	h.Publish("inbox:a", "inbox:b")
	if !woken(one) || !woken(other) {
		t.Error("several topics at once")
	}
}

func TestWakeUpsCoalesceAndNeverBlock(t *testing.T) {
	h := newHub(t)
	s := h.Subscribe(t.Context(), "t")
	for range 1000 {
		h.Publish("t")
	}
	if !woken(s) || woken(s) {
		t.Error("a thousand hints are one wake-up")
	}
}

func TestEndsWithContextOrClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(nil)
		defer h.Close()
		ctx, cancel := context.WithCancel(t.Context())
		byContext, byClose := h.Subscribe(ctx, "t"), h.Subscribe(ctx, "t")
		byClose.Close()
		byClose.Close()
		h.Publish("t")
		if !woken(byContext) || woken(byClose) {
			t.Error("only the open subscription should wake")
		}
		cancel()
		synctest.Wait()
		h.Publish("t")
		if woken(byContext) {
			t.Error("woken after its context ended")
		}
	})
}

func TestEveryoneIsWokenInThirtySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(nil)
		defer h.Close()
		subscriptions := make([]*live.Subscription, 1000)
		for i := range subscriptions {
			subscriptions[i] = h.Subscribe(t.Context(), fmt.Sprint(i))
		}
		for range 3 {
			time.Sleep(15 * time.Second)
			synctest.Wait()
			half := 0
			for _, s := range subscriptions {
				if woken(s) {
					half++
				}
			}
			if half < 300 || half > 700 {
				t.Errorf("%d of 1000 were woken in half the time; they should be spread evenly", half)
			}
		}
		for _, s := range subscriptions {
			woken(s)
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		for i, s := range subscriptions {
			if !woken(s) {
				t.Errorf("subscriber %d slept on", i)
			}
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	h := newHub(t)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 500 {
				topic := fmt.Sprint((g + i) % 16)
				s := h.Subscribe(t.Context(), topic)
				h.Publish(topic)
				if !woken(s) {
					t.Error("a published topic did not wake its subscriber")
				}
				s.Close()
			}
		})
	}
	all.Wait()
}

func TestIdleSubscribersNeedNoGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(nil)
		defer h.Close()
		before := runtime.NumGoroutine()
		for i := range 10_000 {
			h.Subscribe(t.Context(), fmt.Sprint(i))
		}
		if after := runtime.NumGoroutine(); after > before+10 {
			t.Errorf("ten thousand subscribers run %d goroutines", after-before)
		}
	})
}

func BenchmarkPublish(b *testing.B) {
	h := live.NewHub(nil)
	defer h.Close()
	topics := make([]string, 10_000)
	for i := range topics {
		topics[i] = fmt.Sprint("inbox:", i)
		h.Subscribe(b.Context(), topics[i])
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Publish(topics[i%len(topics)])
	}
}

// BenchmarkIdleSubscribers reports what ten thousand of them cost.
func BenchmarkIdleSubscribers(b *testing.B) {
	const count = 10_000
	for b.Loop() {
		h := live.NewHub(nil)
		ctx, cancel := context.WithCancel(b.Context())
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range count {
			h.Subscribe(ctx, fmt.Sprint("inbox:", i))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/count, "B/subscriber")
		cancel()
		h.Close()
	}
}
