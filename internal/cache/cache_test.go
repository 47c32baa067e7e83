package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"citygraph/internal/cache"
	"citygraph/internal/clock"
	"citygraph/internal/redisx"
	"citygraph/internal/redisx/redistest"
	"citygraph/internal/viewer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type clinic struct {
	Name  string
	Beds  int
	Wards []string
	Open  *bool
}

// stopwatch is a clock that tests move.
type stopwatch struct{ ahead atomic.Int64 }

func (s *stopwatch) Now() time.Time          { return time.Now().Add(time.Duration(s.ahead.Load())) }
func (s *stopwatch) advance(d time.Duration) { s.ahead.Add(int64(d)) }

// counter loads clinics and counts how often.
type counter struct{ loads atomic.Int64 }

func (c *counter) load(context.Context) (clinic, error) {
	n := c.loads.Add(1)
	return clinic{Name: fmt.Sprint("浙一 ", n), Wards: []string{"A"}}, nil
}

func fetch(t *testing.T, c *cache.Cache, key string, load func(context.Context) (clinic, error)) clinic {
	t.Helper()
	got, err := cache.Fetch(t.Context(), c, key, time.Minute, load)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// kinds are the surroundings in which the same promises hold.
func kinds(t *testing.T, test func(t *testing.T, r *redisx.Client)) {
	t.Run("alone", func(t *testing.T) { test(t, nil) })
	t.Run("redis", func(t *testing.T) { test(t, redistest.Start(t).Open(t)) })
	t.Run("redis stopped", func(t *testing.T) {
		s := redistest.Start(t)
		s.Cut()
		test(t, s.Open(t))
	})
}

func TestLoadsOnceAndKeeps(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		var watch stopwatch
		var loader counter
		c := cache.New(r, &watch, 100)
		first := fetch(t, c, "k", loader.load)
		second := fetch(t, c, "k", loader.load)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Error(diff)
		}
		second.Wards[0] = "changed by a caller"
		if third := fetch(t, c, "k", loader.load); third.Wards[0] != "A" {
			t.Error("callers share memory")
		}
		watch.advance(time.Minute)
		if got := fetch(t, c, "k", loader.load); got.Name != "浙一 2" {
			t.Errorf("after its ttl the value was still %q", got.Name)
		}
	})
}

func TestForgetReloads(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		var loader counter
		c := cache.New(r, clock.System{}, 100)
		fetch(t, c, "k", loader.load)
		c.Forget(t.Context(), "k", "never seen")
		if got := fetch(t, c, "k", loader.load); got.Name != "浙一 2" {
			t.Errorf("after Forget the value was still %q", got.Name)
		}
	})
}

func TestErrorsAreNotKept(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		c := cache.New(r, clock.System{}, 100)
		broken := errors.New("no connection")
		_, err := cache.Fetch(t.Context(), c, "k", time.Minute, func(context.Context) (clinic, error) { return clinic{}, broken })
		if !errors.Is(err, broken) {
			t.Fatalf("got %v", err)
		}
		var loader counter
		if got := fetch(t, c, "k", loader.load); got.Name != "浙一 1" {
			t.Errorf("got %q", got.Name)
		}
	})
}

func TestNilIsAValueWhenAsked(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		c := cache.New(r, clock.System{}, 100)
		var loads int
		for range 3 {
			got, err := cache.Fetch(t.Context(), c, "missing", time.Minute, func(context.Context) (*clinic, error) {
				loads++
				return nil, nil
			})
			if got != nil || err != nil {
				t.Fatalf("got %v, %v", got, err)
			}
		}
		if loads != 1 {
			t.Errorf("%d loads", loads)
		}
	})
}

func TestManyCallersOneLoad(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		c := cache.New(r, clock.System{}, 100)
		var loader counter
		gate := make(chan struct{})
		var callers, waiting sync.WaitGroup
		waiting.Add(200)
		for range 200 {
			callers.Go(func() {
				waiting.Done()
				got, err := cache.Fetch(context.Background(), c, "k", time.Minute, func(ctx context.Context) (clinic, error) {
					<-gate
					return loader.load(ctx)
				})
				if err != nil || got.Name != "浙一 1" {
					t.Errorf("got %v, %v", got, err)
				}
			})
		}
		waiting.Wait()
		close(gate)
		callers.Wait()
		if n := loader.loads.Load(); n != 1 {
			t.Errorf("%d loads for 200 callers", n)
		}
	})
}

func TestLoadOutlivesItsFirstCaller(t *testing.T) {
	c := cache.New(nil, clock.System{}, 100)
	var loader counter
	started, gate := make(chan struct{}), make(chan struct{})
	slow := func(ctx context.Context) (clinic, error) {
		close(started)
		<-gate
		if ctx.Err() != nil {
			t.Error("the load was cancelled with its first caller")
		}
		return loader.load(ctx)
	}
	impatient, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := cache.Fetch(impatient, c, "k", time.Minute, slow)
		left <- err
	}()
	<-started
	stayed := make(chan clinic)
	go func() { stayed <- fetch(t, c, "k", slow) }()
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller who left got %v", err)
	}
	close(gate)
	if got := <-stayed; got.Name != "浙一 1" {
		t.Errorf("the caller who stayed got %q", got.Name)
	}
}

// Whoever asks first must leave no trace in what the others get.
func TestLoadKnowsNoCaller(t *testing.T) {
	c := cache.New(nil, clock.System{}, 100)
	ctx := viewer.With(t.Context(), &viewer.Viewer{PersonID: "person_1"})
	who, err := cache.Fetch(ctx, c, "k", time.Minute, func(ctx context.Context) (string, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("the load has no deadline")
		}
		return viewer.From(ctx).PersonID, nil
	})
	if who != "" || err != nil {
		t.Errorf("the load saw %q, %v", who, err)
	}
}

func TestPanicReachesCallersAsError(t *testing.T) {
	c := cache.New(nil, clock.System{}, 100)
	_, err := cache.Fetch(t.Context(), c, "k", time.Minute, func(context.Context) (int, error) { panic("boom") })
	if err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("got %v", err)
	}
}

// A load that began before Forget may still answer its callers, but must not be kept.
func TestForgetBeatsLoadUnderWay(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		c := cache.New(r, clock.System{}, 100)
		_, err := cache.Fetch(t.Context(), c, "k", time.Minute, func(ctx context.Context) (string, error) {
			c.Forget(ctx, "k")
			return "old", nil
		})
		if err != nil {
			t.Fatal(err)
		}
		replica := cache.New(r, clock.System{}, 100)
		for _, c := range []*cache.Cache{c, replica} {
			got, err := cache.Fetch(t.Context(), c, "k", time.Minute, func(context.Context) (string, error) { return "new", nil })
			if got != "new" || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		}
	})
}

func TestReplicasShareAndForget(t *testing.T) {
	s := redistest.Start(t)
	a := cache.New(s.Open(t), clock.System{}, 100)
	b := cache.New(s.Open(t), clock.System{}, 100)
	var loader counter
	fetch(t, a, "k", loader.load)
	if got := fetch(t, b, "k", loader.load); got.Name != "浙一 1" {
		t.Fatalf("the second replica loaded %q for itself", got.Name)
	}
	a.Forget(t.Context(), "k")
	redistest.Eventually(t, "the second replica to notice", func() bool {
		return fetch(t, b, "k", loader.load).Name != "浙一 1"
	})
}

func TestRedisStopsMidWay(t *testing.T) {
	s := redistest.Start(t)
	c := cache.New(s.Open(t), clock.System{}, 100)
	var loader counter
	fetch(t, c, "before", loader.load)
	s.Cut()
	for i := range 50 {
		fetch(t, c, fmt.Sprint("during ", i), loader.load)
	}
	if n := loader.loads.Load(); n != 51 {
		t.Errorf("%d loads, want 51", n)
	}
	if c.Stats().RedisFaults == 0 {
		t.Error("the faults were not counted")
	}
	s.Restore()
	redistest.Eventually(t, "the cache to reach Redis again", func() bool {
		before := c.Stats().RedisFaults
		fetch(t, c, fmt.Sprint("after ", before), loader.load)
		return c.Stats().RedisFaults == before
	})
}

func TestBlackHoleCostsTwoTries(t *testing.T) {
	url, reached := redistest.BlackHole(t)
	r, err := redisx.Open(url, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	c := cache.New(r, clock.System{}, 1000)
	var loader counter
	for i := range 100 {
		fetch(t, c, fmt.Sprint(i), loader.load)
	}
	// Two calls, each a connection and a handshake; the probe may have knocked once meanwhile.
	if n := reached(); n > 6 {
		t.Errorf("100 calls reached the wire %d times, want at most 6", n)
	}
}

func TestAnotherReleaseWroteAnotherShape(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		c := cache.New(r, clock.System{}, 100)
		if _, err := cache.Fetch(t.Context(), c, "k", time.Minute, func(context.Context) ([]string, error) { return []string{"x"}, nil }); err != nil {
			t.Fatal(err)
		}
		var loader counter
		if got := fetch(t, c, "k", loader.load); got.Name != "浙一 1" {
			t.Errorf("got %v", got)
		}
	})
}

func BenchmarkHit(b *testing.B) {
	c := cache.New(nil, clock.System{}, 1000)
	var loader counter
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cache.Fetch(b.Context(), c, "k", time.Minute, loader.load); err != nil {
			b.Fatal(err)
		}
	}
}
