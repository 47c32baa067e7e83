package live_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"citygraph/internal/live"
)

// followed counts what a follower was asked.
type followed struct{ looks, ends atomic.Int32 }

func (f *followed) end() { f.ends.Add(1) }

func (f *followed) expect(t *testing.T, when string, looks, ends int32) {
	t.Helper()
	synctest.Wait()
	if f.looks.Load() != looks || f.ends.Load() != ends {
		t.Errorf("%s: looked %d times and ended %d times, want %d and %d", when, f.looks.Load(), f.ends.Load(), looks, ends)
	}
}

func TestFollowLooksAtOnceAndWheneverOneOfTheTopicsWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(nil)
		defer h.Close()
		ctx, cancel := context.WithCancel(t.Context())
		var f followed
		h.Follow(ctx, func() bool { f.looks.Add(1); return true }, f.end, "a", "b")
		f.expect(t, "at once", 1, 0)
		h.Publish("a")
		f.expect(t, "the first topic", 2, 0)
		h.Publish("b")
		f.expect(t, "the second topic", 3, 0)
		h.Publish("c")
		f.expect(t, "another topic", 3, 0)
		cancel()
		f.expect(t, "its context ended", 3, 1)
		h.Publish("a", "b")
		f.expect(t, "after the end", 3, 1)
	})
}

func TestFollowEndsWhenALookDeclines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(nil)
		defer h.Close()
		ctx, cancel := context.WithCancel(t.Context())
		var f followed
		h.Follow(ctx, func() bool { return f.looks.Add(1) < 2 }, f.end, "t")
		h.Publish("t")
		f.expect(t, "declined", 2, 1)
		h.Publish("t")
		cancel()
		f.expect(t, "after the end", 2, 1)
	})
}

// Wake-ups that come during a look are one more look, which sees what they told of, and never a second at once.
func TestFollowLooksAgainForWhatComesDuringALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(nil)
		defer h.Close()
		ctx, cancel := context.WithCancel(t.Context())
		goOn := make(chan struct{})
		var f followed
		h.Follow(ctx, func() bool { f.looks.Add(1); <-goOn; return true }, f.end, "t")
		f.expect(t, "the first look", 1, 0)
		h.Publish("t")
		h.Publish("t")
		f.expect(t, "during the first look", 1, 0)
		goOn <- struct{}{}
		f.expect(t, "after the first look", 2, 0)
		goOn <- struct{}{}
		f.expect(t, "after the second look", 2, 0)
		h.Publish("t")
		f.expect(t, "a third look", 3, 0)
		cancel()
		f.expect(t, "ended amid a look", 3, 0)
		goOn <- struct{}{}
		f.expect(t, "after the last look", 3, 1)
	})
}

func TestIdleFollowersNeedNoGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(nil)
		defer h.Close()
		ctx, cancel := context.WithCancel(t.Context())
		before := runtime.NumGoroutine()
		var f followed
		for i := range 10_000 {
			h.Follow(ctx, func() bool { f.looks.Add(1); return true }, f.end, fmt.Sprint(i))
		}
		f.expect(t, "at once", 10_000, 0)
		if after := runtime.NumGoroutine(); after > before+1000 { // others of the process come and go
			t.Errorf("ten thousand followers run %d goroutines", after-before)
		}
		cancel()
		f.expect(t, "ended", 10_000, 10_000)
	})
}
