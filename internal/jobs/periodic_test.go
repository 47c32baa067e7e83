package jobs_test

import (
	"context"
	"testing"
	"time"

	"citygraph/internal/clock"
	"citygraph/internal/jobs"
	"citygraph/internal/store/storetest"
)

type round struct{}

func (round) Kind() string { return "round" }

// periodicQueue works rounds on a store of its own.
func periodicQueue(t *testing.T, url string, work func(context.Context, jobs.Job[round]) error) {
	t.Helper()
	registry := jobs.NewRegistry()
	jobs.Register(registry, work)
	jobs.Every(registry, 20*time.Millisecond, round{})
	q, err := jobs.New(storetest.OpenURL(t, url), registry, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := q.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

// wait takes from a channel what must come.
func wait[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

// Rounds come one after the other, however short the interval: while one runs the next is not added.
func TestRoundsFollowOneAnother(t *testing.T) {
	began, end := make(chan int64), make(chan struct{})
	periodicQueue(t, storetest.URL(t), func(ctx context.Context, j jobs.Job[round]) error {
		select {
		case began <- j.ID:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-end:
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	last := int64(0)
	for range 3 {
		id := wait(t, began)
		if id == last {
			t.Fatalf("job %d runs again", id)
		}
		last = id
		select {
		case id := <-began:
			t.Fatalf("job %d runs beside job %d", id, last)
		case <-time.After(200 * time.Millisecond): // ten intervals
		}
		end <- struct{}{}
	}
}

// A round that fails is tried again a few times and does not keep the next from coming.
func TestAFailedRoundIsFollowedByTheNext(t *testing.T) {
	ran := make(chan int64, 1<<10)
	periodicQueue(t, storetest.URL(t), func(_ context.Context, j jobs.Job[round]) error {
		ran <- j.ID
		return context.DeadlineExceeded
	})
	first := wait(t, ran)
	for wait(t, ran) == first { // tried again
	}
}

func TestDailyStrikesOnceADay(t *testing.T) {
	three := jobs.Daily{Hour: 3}
	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, 11, day, hour, minute, 0, 0, clock.Shanghai)
	}
	for _, c := range []struct{ after, want time.Time }{
		{at(27, 2, 59), at(27, 3, 0)},
		{at(27, 3, 0), at(28, 3, 0)},
		{at(27, 23, 0), at(28, 3, 0)},
		{at(30, 4, 0), time.Date(2026, 12, 1, 3, 0, 0, 0, clock.Shanghai)},
		{time.Date(2026, 11, 27, 18, 30, 0, 0, time.UTC), at(28, 3, 0)},
	} {
		if got := three.Next(c.after); !got.Equal(c.want) {
			t.Errorf("after %s it strikes at %s, want %s", c.after, got, c.want)
		}
	}
}
