package ratelimit_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"citygraph/internal/clock"
	"citygraph/internal/ratelimit"
	"citygraph/internal/redisx"
	"citygraph/internal/redisx/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stopped is a clock that moves only when told.
type stopped struct{ now atomic.Pointer[time.Time] }

func newStopped() *stopped {
	var s stopped
	s.advance(0)
	return &s
}

func (s *stopped) Now() time.Time { return *s.now.Load() }

func (s *stopped) advance(d time.Duration) {
	base := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	if last := s.now.Load(); last != nil {
		base = *last
	}
	next := base.Add(d)
	s.now.Store(&next)
}

func limiter(t *testing.T, r *redisx.Client, clk clock.Clock, rule ratelimit.Rule) *ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.New(r, clk, rule)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// hourly refills so slowly that a test sees only the burst.
func hourly(burst int) ratelimit.Rule {
	return ratelimit.Rule{Class: "test", Rate: burst, Per: time.Hour, Burst: burst}
}

// kinds are the surroundings in which the same promises hold.
func kinds(t *testing.T, test func(t *testing.T, r *redisx.Client)) {
	t.Run("alone", func(t *testing.T) { test(t, nil) })
	t.Run("redis", func(t *testing.T) { test(t, redistest.Start(t).Open(t)) })
	t.Run("redis frozen", func(t *testing.T) {
		s := redistest.Start(t)
		s.Freeze()
		test(t, s.Open(t))
	})
}

func TestBurstThenRefusal(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		l := limiter(t, r, newStopped(), hourly(6))
		for i := range 3 {
			if after, ok := l.Take(t.Context(), []string{"a"}, 2); !ok || after != 0 {
				t.Fatalf("take %d of 3: %v, %v", i+1, after, ok)
			}
		}
		after, ok := l.Take(t.Context(), []string{"a"}, 1)
		if ok || after <= 9*time.Minute || after > 10*time.Minute {
			t.Errorf("the bucket is empty: got %v, %v; want a wait of about ten minutes", after, ok)
		}
		if _, ok := l.Take(t.Context(), []string{"b"}, 1); !ok {
			t.Error("another key was refused")
		}
	})
}

func TestEveryKeyMustPass(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		l := limiter(t, r, newStopped(), hourly(4))
		ctx := t.Context()
		if _, ok := l.Take(ctx, []string{"viewer", "address"}, 4); !ok {
			t.Fatal("a full bucket refused")
		}
		if _, ok := l.Take(ctx, []string{"another viewer", "address"}, 1); ok {
			t.Error("the shared address was empty, and yet")
		}
		if _, ok := l.Take(ctx, []string{"viewer", "another address"}, 1); ok {
			t.Error("the viewer's bucket was empty, and yet")
		}
		if _, ok := l.Take(ctx, []string{"a third viewer", "another address"}, 4); !ok {
			t.Error("a viewer over his limit drained the address he shares")
		}
	})
}

func TestOddCosts(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		l := limiter(t, r, newStopped(), hourly(5))
		for _, cost := range []int{0, -3, 1 << 40, 0} {
			if _, ok := l.Take(t.Context(), []string{"a"}, cost); !ok {
				t.Errorf("cost %d was refused", cost)
			}
		}
		if _, ok := l.Take(t.Context(), []string{"a"}, 1); ok {
			t.Error("a cost above the burst left something in the bucket")
		}
		if _, ok := l.Take(t.Context(), nil, 1); !ok {
			t.Error("no key, no limit")
		}
	})
}

func TestRefill(t *testing.T) {
	clk := newStopped()
	l := limiter(t, nil, clk, ratelimit.SignIn())
	try := func() bool { _, ok := l.Take(t.Context(), []string{"a"}, 1); return ok }
	for range 5 {
		if !try() {
			t.Fatal("five tries are allowed")
		}
	}
	after, ok := l.Take(t.Context(), []string{"a"}, 1)
	if ok || after.Round(time.Millisecond) != 12*time.Second {
		t.Fatalf("got %v, %v; want a wait of 12 s", after, ok)
	}
	clk.advance(after)
	if !try() || try() {
		t.Error("after the wait exactly one more try is allowed")
	}
}

func TestReplicasShareBuckets(t *testing.T) {
	s := redistest.Start(t)
	var granted atomic.Int64
	var all sync.WaitGroup
	for range 3 {
		l := limiter(t, s.Open(t), clock.System{}, hourly(20))
		for range 3 {
			all.Go(func() {
				for range 10 {
					if _, ok := l.Take(context.Background(), []string{"a"}, 1); ok {
						granted.Add(1)
					}
				}
			})
		}
	}
	all.Wait()
	if n := granted.Load(); n != 20 {
		t.Errorf("%d of 90 takes were granted by three replicas, want 20", n)
	}
}

func TestClassesAreApart(t *testing.T) {
	r := redistest.Start(t).Open(t)
	strict, lax := hourly(1), hourly(1)
	lax.Class = "other"
	for _, rule := range []ratelimit.Rule{strict, lax} {
		if _, ok := limiter(t, r, clock.System{}, rule).Take(t.Context(), []string{"a"}, 1); !ok {
			t.Errorf("class %s was charged for another", rule.Class)
		}
	}
}

func TestOutageMidWayStillLimits(t *testing.T) {
	s := redistest.Start(t)
	l := limiter(t, s.Open(t), newStopped(), hourly(3))
	l.Take(t.Context(), []string{"a"}, 3)
	s.Cut()
	granted := 0
	for range 10 {
		if _, ok := l.Take(t.Context(), []string{"a"}, 1); ok {
			granted++
		}
	}
	if granted != 3 {
		t.Errorf("%d takes were granted without Redis, want the local bucket's 3", granted)
	}
}

func TestKeysAreNotKept(t *testing.T) {
	r := redistest.Start(t).Open(t)
	l := limiter(t, r, clock.System{}, hourly(3))
	secret := strings.Repeat("13800138000", 1000)
	l.Take(t.Context(), []string{secret}, 1)
	keys, err := r.Keys(t.Context(), "*"+r.Key("")+"*").Result()
	if err != nil || len(keys) != 1 || strings.Contains(keys[0], "138001") || len(keys[0]) > 100 {
		t.Errorf("Redis holds %.200q, %v", fmt.Sprint(keys), err)
	}
}

func TestBadRules(t *testing.T) {
	for _, rule := range []ratelimit.Rule{
		{}, {Class: "x", Rate: 0, Per: 1, Burst: 1}, {Class: "x", Rate: 1, Per: -1, Burst: 1},
		{Class: "x", Rate: 1, Per: 1, Burst: 0}, {Rate: 1, Per: 1, Burst: 1},
	} {
		if _, err := ratelimit.New(nil, clock.System{}, rule); err == nil {
			t.Errorf("%+v was accepted", rule)
		}
	}
}
