package live_test

import (
	"fmt"
	"testing"
	"time"

	"citygraph/internal/live"
	"citygraph/internal/redisx/redistest"
)

// replicas returns hubs of two processes that already hear each other.
func replicas(t *testing.T, s *redistest.Server) (a, b *live.Hub) {
	t.Helper()
	a, b = live.NewHub(s.Open(t)), live.NewHub(s.Open(t))
	t.Cleanup(a.Close)
	t.Cleanup(b.Close)
	hear(t, a, b)
	hear(t, b, a)
	return a, b
}

// hear waits until what from publishes wakes a subscriber of to.
func hear(t *testing.T, from, to *live.Hub) {
	t.Helper()
	s := to.Subscribe(t.Context(), "probe")
	defer s.Close()
	redistest.Eventually(t, "a hint to pass between replicas", func() bool {
		woken(s)
		from.Publish("probe")
		select {
		case <-s.C():
			return true
		case <-time.After(50 * time.Millisecond):
			return false
		}
	})
}

func TestReplicasWakeEachOther(t *testing.T) {
	a, b := replicas(t, redistest.Start(t))
	const topics = 1000
	here, there := make([]*live.Subscription, topics), make([]*live.Subscription, topics)
	names := make([]string, topics)
	for i := range topics {
		names[i] = fmt.Sprint("inbox:", i)
		here[i], there[i] = a.Subscribe(t.Context(), names[i]), b.Subscribe(t.Context(), names[i])
	}
	a.Publish(names...)
	for i := range topics {
		if !woken(here[i]) {
			t.Fatalf("topic %d did not wake at once where it was published", i)
		}
	}
	deadline := time.After(10 * time.Second)
	for i := range topics {
		select {
		case <-there[i].C():
		case <-deadline:
			t.Fatalf("topic %d did not wake on the other replica", i)
		}
	}
}

func TestEveryoneIsWokenAfterReconnecting(t *testing.T) {
	s := redistest.Start(t)
	a, b := replicas(t, s)
	lost := b.Subscribe(t.Context(), "lost")
	s.Cut()
	a.Publish("lost")
	if woken(lost) {
		t.Fatal("a hint passed without Redis")
	}
	s.Restore()
	select {
	case <-lost.C():
	case <-time.After(10 * time.Second):
		t.Fatal("the subscriber slept through the reconnection")
	}
	hear(t, a, b)
	hear(t, b, a)
}

// One replica may find Redis again before another does: what the slower one publishes meanwhile is made good.
func TestHintThatRedisDidNotTakeIsMadeGood(t *testing.T) {
	s := redistest.Start(t)
	a, b := replicas(t, s)
	late := b.Subscribe(t.Context(), "late")
	s.Cut()
	for range 5 { // and a gives Redis up
		a.Publish("nobody")
		time.Sleep(time.Millisecond)
	}
	s.Restore()
	select {
	case <-late.C(): // b is back
	case <-time.After(10 * time.Second):
		t.Fatal("the subscriber slept through the reconnection")
	}
	a.Publish("late")
	select {
	case <-late.C():
	case <-time.After(10 * time.Second):
		t.Fatal("the hint was lost for good")
	}
}

// A connection that swallows everything gives no error: only asking shows it.
func TestSilentConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	a, b := replicas(t, s)
	s.Freeze()
	before := s.Sent()
	// Each hub asks once on the silent connection, then makes a new one and greets.
	redistest.Eventually(t, "the hubs to connect anew", func() bool { return s.Sent() >= before+6 })
	s.Restore()
	hear(t, a, b)
}

func TestPublishWithoutRedisNeverBlocks(t *testing.T) {
	s := redistest.Start(t)
	s.Freeze()
	h := live.NewHub(s.Open(t))
	sub := h.Subscribe(t.Context(), "t")
	for range 20_000 {
		h.Publish("t")
	}
	if !woken(sub) {
		t.Error("the local subscriber was not woken")
	}
	h.Close()
}
