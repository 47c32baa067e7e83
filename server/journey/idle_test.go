package journey_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"citygraph/server/citytest"
)

// keeping are the functions one of which is on the stack of every goroutine that is kept for a subscriber.
var keeping = []string{
	"citygraph/internal/edge.", "citygraph/internal/identity.", "citygraph/internal/notice.", "citygraph/internal/live.(*follower)",
	"net/http.(*connReader).backgroundRead", // beside a handler that has not returned
}

// attending counts the goroutines that are kept for subscribers.
func attending() int {
	records := make([]runtime.StackRecord, 10_000)
	n, _ := runtime.GoroutineProfile(records)
	records = records[:n]
	return len(slices.DeleteFunc(records, func(r runtime.StackRecord) bool {
		frames := runtime.CallersFrames(r.Stack())
		for more := true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			if slices.ContainsFunc(keeping, func(prefix string) bool { return strings.HasPrefix(f.Function, prefix) }) {
				return false
			}
		}
		return true
	}))
}

// Ten thousand idle subscribers pay for every goroutine and its stack: one waits for the client and one for
// what there is to tell.
func TestAnIdleSubscriberKeepsTwoGoroutines(t *testing.T) {
	const subscribers = 20
	for name, subscribe := range transports {
		t.Run(name, func(t *testing.T) {
			city := citytest.Start(t)
			citizen, officer := city.As(t, "chenjing"), city.As(t, "zhaoqiang")
			write(t, citizen, officer, 1)
			citytest.Eventually(t, "nobody is served", func() bool { return attending() == 0 })
			for range subscribers {
				live := subscribe(citizen, t, citytest.Vars{"afterSeq": 0})
				seq(t, live) // what it has told leaves nothing running
			}
			citytest.Eventually(t, "two goroutines for each", func() bool { return attending() == 2*subscribers })
		})
	}
}
