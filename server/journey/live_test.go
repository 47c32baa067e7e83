package journey_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"citygraph/internal/redisx/redistest"
	"citygraph/server/citytest"
)

// change is what inboxChanged tells.
type change struct {
	InboxChanged struct {
		UnreadCount  int
		Notification struct {
			Seq           int64
			SubjectPerson struct{ ID string }
			Target        struct{ ID string }
		}
	}
}

// subscribe follows an inbox by one transport or the other.
type subscribe func(c *citytest.Client, t *testing.T, vars citytest.Vars) *citytest.Subscription

var transports = map[string]subscribe{
	"websocket": func(c *citytest.Client, t *testing.T, vars citytest.Vars) *citytest.Subscription {
		return c.Subscribe(t, "InboxChanged", vars)
	},
	"sse": func(c *citytest.Client, t *testing.T, vars citytest.Vars) *citytest.Subscription {
		return c.Stream(t, "InboxChanged", vars)
	},
}

// seq reads the seq of the next event.
func seq(t *testing.T, live *citytest.Subscription) int64 {
	t.Helper()
	var told change
	live.Next(t).Decode(t, &told)
	return told.InboxChanged.Notification.Seq
}

// silent fails the test when anything more was told; it gives the city a moment to.
func silent(t *testing.T, live *citytest.Subscription) {
	t.Helper()
	select {
	case event, open := <-live.Events:
		t.Errorf("told too much (open: %v): %s", open, event.Body)
	case <-time.After(100 * time.Millisecond):
	}
}

// write has the citizen told n times, by one writer that reports and one officer that accepts.
func write(t *testing.T, citizen, officer *citytest.Client, n int) {
	for range n {
		accept(t, officer, submit(t, citizen, "路灯不亮").ID)
	}
}

func TestStreamReplaysWhatWasMissedAndGoesOn(t *testing.T) {
	for name, subscribe := range transports {
		t.Run(name, func(t *testing.T) {
			city := citytest.Start(t)
			citizen, officer := city.As(t, "chenjing"), city.As(t, "zhaoqiang")
			write(t, citizen, officer, 4)
			all := subscribe(citizen, t, citytest.Vars{"afterSeq": 0})
			some := subscribe(citizen, t, citytest.Vars{"afterSeq": 2})
			for want := int64(1); want <= 4; want++ {
				if got := seq(t, all); got != want {
					t.Fatalf("replayed %d, want %d", got, want)
				}
			}
			for want := int64(3); want <= 4; want++ {
				if got := seq(t, some); got != want {
					t.Fatalf("replayed %d, want %d", got, want)
				}
			}
			write(t, citizen, officer, 1)
			if got, other := seq(t, all), seq(t, some); got != 5 || other != 5 {
				t.Errorf("streamed %d and %d", got, other)
			}
			silent(t, all)
		})
	}
}

func TestStreamWithoutAPositionBeginsWithWhatComesNext(t *testing.T) {
	for name, subscribe := range transports {
		t.Run(name, func(t *testing.T) {
			city := citytest.Start(t)
			citizen, officer := city.As(t, "chenjing"), city.As(t, "zhaoqiang")
			write(t, citizen, officer, 2)
			live := subscribe(citizen, t, nil)
			silent(t, live) // and by now the stream stands
			write(t, citizen, officer, 1)
			if got := seq(t, live); got != 3 {
				t.Errorf("began with %d", got)
			}
		})
	}
}

// Each hears of their own and of nobody else's, and a visitor of nothing.
func TestNobodyHearsOfAnothersNotices(t *testing.T) {
	for name, subscribe := range transports {
		t.Run(name, func(t *testing.T) {
			city := citytest.Start(t)
			officer := city.As(t, "zhaoqiang")
			mother, stranger := city.As(t, "chenjing"), city.As(t, "maming")
			hers, his := subscribe(mother, t, citytest.Vars{"afterSeq": 0}), subscribe(stranger, t, citytest.Vars{"afterSeq": 0})
			officers := subscribe(officer, t, citytest.Vars{"afterSeq": 0})
			write(t, mother, officer, 2)
			write(t, stranger, officer, 1)
			for _, tc := range []struct {
				live  *citytest.Subscription
				whose string
				count int
			}{{hers, "chenjing", 2}, {his, "maming", 1}, {officers, "zhaoqiang", 0}} {
				for i := range tc.count {
					var told change
					tc.live.Next(t).Decode(t, &told)
					got := told.InboxChanged
					if got.Notification.SubjectPerson.ID != member(t, tc.whose).PersonID() || got.Notification.Seq != int64(i+1) {
						t.Errorf("%s was told %+v", tc.whose, got)
					}
				}
				silent(t, tc.live)
			}
			if refused := subscribe(city.Visitor(t), t, nil).Next(t); refused.Code() != "UNAUTHENTICATED" {
				t.Errorf("a visitor was told %s", refused.Body)
			}
		})
	}
}

// Invariant 16, live: a phone whose connection breaks off fifty times while four people have it told, hears
// everything once and in order. Every other time it comes back on the other replica and by the other transport.
func TestNothingIsLostOrToldTwiceThroughFiftyDisconnects(t *testing.T) {
	const disconnects, writers, each = 50, 4, 30
	here := citytest.Start(t, citytest.Redis(redistest.Start(t)))
	replicas := []*citytest.City{here, here.Replica(t)}
	citizen, officer := here.As(t, "chenjing"), here.As(t, "zhaoqiang")

	var writing sync.WaitGroup
	for i := range writers {
		writing.Go(func() { write(t, citizen.On(replicas[i%2]), officer.On(replicas[(i/2)%2]), each) })
	}
	defer writing.Wait()
	random := rand.New(rand.NewPCG(1, 2))
	last, broken := int64(0), 0
	for last < writers*each {
		at := citizen.On(replicas[random.IntN(2)])
		name := []string{"websocket", "sse"}[random.IntN(2)]
		live := transports[name](at, t, citytest.Vars{"afterSeq": last})
		until := last + 1 + random.Int64N(4)
		if broken >= disconnects {
			until = writers * each
		}
		for last < min(until, writers*each) {
			if got := seq(t, live); got != last+1 {
				t.Fatalf("after %d came %d by %s", last, got, name)
			}
			last++
		}
		live.Close()
		broken++
	}
	if broken < disconnects && last < writers*each {
		t.Errorf("only %d disconnects", broken)
	}
	writing.Wait()
	silent(t, transports["websocket"](citizen, t, citytest.Vars{"afterSeq": last}))
}

// Redis carries hints only: while it is gone, a phone that connects anew catches up; when it is back, one that
// stayed is woken.
func TestRedisGoneMidwayLosesNothing(t *testing.T) {
	redis := redistest.Start(t)
	here := citytest.Start(t, citytest.Redis(redis))
	there := here.Replica(t)
	citizen, officer := here.As(t, "chenjing"), here.As(t, "zhaoqiang")
	stayed := citizen.On(there).Subscribe(t, "InboxChanged", citytest.Vars{"afterSeq": 0})
	write(t, citizen, officer, 1)
	if got := seq(t, stayed); got != 1 {
		t.Fatalf("told %d first", got)
	}
	redis.Cut()
	write(t, citizen, officer, 3)
	returned := citizen.On(there).Stream(t, "InboxChanged", citytest.Vars{"afterSeq": 1})
	for want := int64(2); want <= 4; want++ {
		if got := seq(t, returned); got != want {
			t.Fatalf("caught up with %d, want %d", got, want)
		}
	}
	redis.Restore()
	for want := int64(2); want <= 4; want++ {
		if got := seq(t, stayed); got != want {
			t.Fatalf("woken to %d, want %d", got, want)
		}
	}
	write(t, citizen, officer, 1)
	if got, other := seq(t, stayed), seq(t, returned); got != 5 || other != 5 {
		t.Errorf("afterwards told %d and %d", got, other)
	}
}

func TestStreamEndsWithItsReasonAtTheServersStop(t *testing.T) {
	for name, want := range map[string]websocket.StatusCode{
		"websocket": websocket.StatusServiceRestart, "sse": websocket.StatusAbnormalClosure,
	} {
		t.Run(name, func(t *testing.T) {
			here := citytest.Start(t, citytest.Redis(redistest.Start(t)))
			there := here.Replica(t)
			citizen, officer := here.As(t, "chenjing"), here.As(t, "zhaoqiang")
			live := transports[name](citizen, t, citytest.Vars{"afterSeq": 0})
			write(t, citizen, officer, 1)
			last := seq(t, live)

			var writing sync.WaitGroup
			writing.Go(func() { write(t, citizen.On(there), officer.On(there), 10) })
			here.Stop(t)
			for event := range live.Events {
				var told change
				event.Decode(t, &told)
				if got := told.InboxChanged.Notification.Seq; got != last+1 {
					t.Fatalf("after %d came %d", last, got)
				}
				last++
			}
			if code := live.Ended(t); code != want {
				t.Errorf("ended with %d, want %d", code, want)
			}
			moved := transports[name](citizen.On(there), t, citytest.Vars{"afterSeq": last})
			for last < 11 {
				if got := seq(t, moved); got != last+1 {
					t.Fatalf("on the other replica, after %d came %d", last, got)
				}
				last++
			}
			writing.Wait()
			silent(t, moved)
		})
	}
}
