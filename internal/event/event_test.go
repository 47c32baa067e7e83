package event_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"citygraph/internal/event"
)

type opened struct{ ID string }

type closed struct{ ID string }

func TestHandlersOfAnEventRunInTheirOrder(t *testing.T) {
	bus := event.New()
	var heard []string
	hear := func(who string) func(context.Context, opened) error {
		return func(_ context.Context, e opened) error {
			heard = append(heard, who+" "+e.ID)
			return nil
		}
	}
	event.On(bus, hear("first"))
	event.On(bus, func(_ context.Context, e closed) error {
		heard = append(heard, "closed "+e.ID)
		return nil
	})
	event.On(bus, hear("second"))
	if err := errors.Join(bus.Emit(t.Context(), opened{"a"}), bus.Emit(t.Context(), closed{"b"})); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(heard, ", "); got != "first a, second a, closed b" {
		t.Errorf("heard %s", got)
	}
}

func TestAnErrorStopsTheRestAndReachesTheCause(t *testing.T) {
	refused := errors.New("refused")
	bus := event.New()
	later := 0
	event.On(bus, func(context.Context, opened) error { return refused })
	event.On(bus, func(context.Context, opened) error { later++; return nil })
	if err := bus.Emit(t.Context(), opened{}); !errors.Is(err, refused) || later != 0 {
		t.Errorf("error %v, and %d handlers ran after it", err, later)
	}
}

func TestOnlyTheTypeItselfIsHeard(t *testing.T) {
	bus := event.New()
	heard := 0
	event.On(bus, func(context.Context, opened) error { heard++; return nil })
	for _, e := range []any{closed{}, &opened{}, "opened", struct{ ID string }{"a"}} {
		if err := bus.Emit(t.Context(), e); err != nil {
			t.Errorf("nobody listens to %T, and that fails: %v", e, err)
		}
	}
	if heard != 0 {
		t.Errorf("a handler heard %d events of other types", heard)
	}
}

type key struct{}

func TestHandlersRunInTheCallersContext(t *testing.T) {
	bus := event.New()
	event.On(bus, func(ctx context.Context, _ opened) error {
		if ctx.Value(key{}) != "transaction" {
			t.Error("the handler is outside the transaction of its cause")
		}
		return ctx.Err()
	})
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "transaction"))
	cancel()
	if err := bus.Emit(ctx, opened{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestManyEmitAtOnce(t *testing.T) {
	bus := event.New()
	var heard atomic.Int32
	event.On(bus, func(context.Context, opened) error { heard.Add(1); return nil })
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := bus.Emit(t.Context(), opened{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if heard.Load() != 50 {
		t.Errorf("heard %d of 50", heard.Load())
	}
}
