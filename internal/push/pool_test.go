package push

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"citygraph/internal/fake/fcmfake"
)

// senderFunc is a channel made of a function.
type senderFunc func(context.Context, Message) Result

func (f senderFunc) Send(ctx context.Context, m Message) Result { return f(ctx, m) }

func TestSlowAndFailingTokensDelayNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		doneAt := map[string]time.Duration{}
		started := time.Now()
		sender := senderFunc(func(ctx context.Context, m Message) Result {
			result := Result{Outcome: Delivered}
			switch m.Token {
			case "hangs":
				<-ctx.Done()
				result = Result{Outcome: Retry, Code: codeTimeout, Err: ctx.Err()}
			case "dead":
				result = Result{Outcome: DropToken}
			default:
				time.Sleep(50 * time.Millisecond)
			}
			mu.Lock()
			defer mu.Unlock()
			doneAt[m.NotificationID] = time.Since(started)
			return result
		})
		messages := make([]Message, 500)
		for i := range messages {
			messages[i] = Message{NotificationID: string(rune(i)), Token: "good"}
		}
		messages[0].Token, messages[1].Token = "hangs", "dead"

		results := Pool{Sender: sender, Workers: 50, Timeout: 10 * time.Second}.SendAll(t.Context(), messages)

		if results[0].Outcome != Retry || results[1].Outcome != DropToken {
			t.Errorf("hanging %+v, dead %+v", results[0], results[1])
		}
		for i := 2; i < len(messages); i++ {
			if results[i].Outcome != Delivered {
				t.Fatalf("message %d: %+v", i, results[i])
			}
			if at := doneAt[messages[i].NotificationID]; at > time.Second {
				t.Fatalf("message %d waited %v behind the hanging token", i, at)
			}
		}
		if took := time.Since(started); took != 10*time.Second {
			t.Errorf("the whole took %v, want the one deadline", took)
		}
	})
}

func TestOneSlowPhoneOverTheRealProtocol(t *testing.T) {
	fake := fcmfake.New()
	fake.Script("slow", fcmfake.Slow(time.Hour))
	fake.Script("dead", fcmfake.Unregistered)
	fake.Script("busy", fcmfake.Unavailable("30"))
	f := fcmOver(t, fake.Handler())
	messages := []Message{message("slow"), message("dead"), message("busy"), message("good"), message("good")}

	results := Pool{Sender: f, Workers: 2, Timeout: 300 * time.Millisecond}.SendAll(t.Context(), messages)

	for i, want := range []Outcome{Retry, DropToken, Retry, Delivered, Delivered} {
		if results[i].Outcome != want {
			t.Errorf("%s: %+v, want %s", messages[i].Token, results[i], want)
		}
	}
	if results[2].RetryAfter != 30*time.Second {
		t.Errorf("Retry-After was lost: %+v", results[2])
	}
}

func TestCancelledWorkComesBackAsRetry(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	sender := senderFunc(func(ctx context.Context, _ Message) Result {
		cancel()
		<-ctx.Done()
		return Result{Outcome: Retry, Code: codeTimeout, Err: ctx.Err()}
	})
	results := Pool{Sender: sender, Workers: 1}.SendAll(ctx, make([]Message, 100))
	for i, got := range results {
		if got.Outcome != Retry || got.Err == nil {
			t.Fatalf("message %d: %+v, want RETRY", i, got)
		}
	}
	if results[99].Code != codeNotSent {
		t.Errorf("the last was sent after the end: %+v", results[99])
	}
}

func TestNothingToSend(t *testing.T) {
	if got := (Pool{}).SendAll(t.Context(), nil); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}
