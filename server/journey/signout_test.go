package journey_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"citygraph/internal/redisx/redistest"
	"citygraph/server/citytest"
)

// Signing out on one replica ends everything under the session on the other: requests at once, open
// streams within a moment.
func TestSigningOutEndsEverythingOnEveryReplica(t *testing.T) {
	here := citytest.Start(t, citytest.Redis(redistest.Start(t)))
	there := here.Replica(t)
	phone, token := signedIn(t, here, "chenjing")
	tablet, _ := signedIn(t, here, "chenjing")
	socket := phone.On(there).Subscribe(t, "InboxChanged", nil)
	stream := phone.On(there).Stream(t, "InboxChanged", nil)
	spared := tablet.On(there).Subscribe(t, "InboxChanged", citytest.Vars{"afterSeq": 0})

	if found := problems(t, phone.Do("SignOut", nil)); len(found) > 0 {
		t.Fatalf("sign out: %+v", found)
	}
	left := time.Now()
	for name, at := range map[string]*citytest.City{"here": here, "there": there} {
		if answer := phone.On(at).Do("HomeScreen", nil); answer.Status != http.StatusUnauthorized || answer.Code() != "UNAUTHENTICATED" {
			t.Errorf("a request %s: %d %s", name, answer.Status, answer.Body)
		}
	}
	if answer := refresh(here.Visitor(t), token); answer.Code() != "UNAUTHENTICATED" {
		t.Errorf("refresh: %s", answer.Body)
	}
	if code := socket.Ended(t); code != 4401 {
		t.Errorf("the socket closed with %d", code)
	}
	if last := stream.Next(t); last.Code() != "UNAUTHENTICATED" {
		t.Errorf("the stream said %s", last.Body)
	}
	if code := stream.Ended(t); code != websocket.StatusNormalClosure {
		t.Errorf("the stream ended with %d", code)
	}
	if took := time.Since(left); took > 2*time.Second {
		t.Errorf("the streams lived on for %s", took)
	}
	// The other session goes on.
	accept(t, here.As(t, "zhaoqiang"), submit(t, tablet, "路灯不亮").ID)
	if event := spared.Next(t); event.Code() != "" {
		t.Errorf("the other session was told %s", event.Body)
	}
}

// Invariant 18: from the commit that ends a session nothing succeeds under it, also where Redis is gone and
// nobody told the other replica.
func TestNothingIsToldUnderAnEndedSessionWithoutRedis(t *testing.T) {
	redis := redistest.Start(t)
	here := citytest.Start(t, citytest.Redis(redis))
	there := here.Replica(t)
	phone, _ := signedIn(t, here, "chenjing")
	tablet, _ := signedIn(t, here, "chenjing")
	officer := here.As(t, "zhaoqiang")
	report := submit(t, tablet, "路灯不亮").ID
	socket := phone.On(there).Subscribe(t, "InboxChanged", citytest.Vars{"afterSeq": 0})
	redis.Cut()

	problems(t, phone.Do("SignOut", nil))
	accept(t, officer.On(there), report) // wakes the subscriptions there
	for event := range socket.Events {
		if event.Code() == "UNAUTHENTICATED" {
			continue
		}
		t.Errorf("a signed-out phone was told %s", event.Body)
	}
	if code := socket.Ended(t); code != 4401 {
		t.Errorf("closed with %d", code)
	}
}

// Invariant 18 for requests: many clients share a session, one of them signs out, and whatever the others
// start after its answer is refused.
func TestNoRequestSucceedsAfterSignOut(t *testing.T) {
	here := citytest.Start(t)
	replicas := []*citytest.City{here, here.Replica(t)}
	phone, _ := signedIn(t, here, "chenjing")
	input := report(t, phone, "井盖缺失")
	var out atomic.Bool
	var before, after atomic.Int32
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			client := phone.On(replicas[i%2])
			for n := 0; n < 3; {
				late := out.Load()
				answer := client.Do("SubmitCase", citytest.Vars{"input": input})
				switch {
				case !late:
					before.Add(1)
				case answer.Status != http.StatusUnauthorized:
					t.Errorf("after sign-out: %d %s", answer.Status, answer.Body)
					n++
				default:
					after.Add(1)
					n++
				}
			}
		})
	}
	citytest.Eventually(t, "requests are under way", func() bool { return before.Load() > 32 })
	problems(t, phone.Do("SignOut", nil))
	out.Store(true)
	all.Wait()
	if after.Load() != 96 {
		t.Errorf("%d requests were refused", after.Load())
	}
}

func TestSigningOutTwiceOrAsNobodyIsNothing(t *testing.T) {
	city := citytest.Start(t)
	if found := problems(t, city.Visitor(t).Do("SignOut", nil)); len(found) > 0 {
		t.Errorf("a visitor: %+v", found)
	}
	phone, _ := signedIn(t, city, "chenjing")
	problems(t, phone.Do("SignOut", nil))
	if again := phone.Do("SignOut", nil); again.Status != http.StatusUnauthorized || !strings.Contains(string(again.Body), "请先登录") {
		t.Errorf("again: %d %s", again.Status, again.Body)
	}
}
