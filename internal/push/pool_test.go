package push

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"citygraph/internal/fake/fcmfake"
)

// channelFunc is a channel made of a function.
type channelFunc func(context.Context, Message) Result

func (f channelFunc) Send(ctx context.Context, m Message) Result { return f(ctx, m) }

func TestPlacesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(3, 0)
		if err := p.Enter(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		entered := make(chan error)
		go func() { entered <- p.Enter(t.Context(), 2) }()
		synctest.Wait()
		select {
		case <-entered:
			t.Fatal("four are in three places")
		default:
		}
		p.Leave(1)
		if err := <-entered; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Enter(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("entering a full pool: %v", err)
		}
	})
}

func TestAMessageUnderWayOutlivesItsCallerAndNotItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := channelFunc(func(ctx context.Context, _ Message) Result {
			<-ctx.Done()
			return Result{Outcome: Retry, Err: ctx.Err()}
		})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		got := NewPool(1, 3*time.Second).Send(ctx, hangs, Message{})
		if took := time.Since(began); took != 3*time.Second || !errors.Is(got.Err, context.DeadlineExceeded) {
			t.Errorf("after %s: %+v", took, got)
		}
	})
}

func TestOneSlowPhoneOverTheRealProtocol(t *testing.T) {
	fake := fcmfake.New()
	fake.Script("slow", fcmfake.Slow(time.Hour))
	fake.Script("dead", fcmfake.Unregistered)
	fake.Script("busy", fcmfake.Unavailable("30"))
	f, p := fcmOver(t, fake.Handler()), NewPool(0, 300*time.Millisecond)
	for token, want := range map[string]Outcome{"slow": Retry, "dead": DropToken, "busy": Retry, "good": Delivered} {
		got := p.Send(t.Context(), f, message(token))
		if got.Outcome != want {
			t.Errorf("%s: %+v, want %s", token, got, want)
		}
		if token == "busy" && got.RetryAfter != 30*time.Second {
			t.Errorf("Retry-After was lost: %+v", got)
		}
	}
}
