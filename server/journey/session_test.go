package journey_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"citygraph/ent/db/session"
	"citygraph/internal/clock"
	"citygraph/internal/redisx/redistest"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

func refresh(c *citytest.Client, token string) citytest.Answer {
	return c.Do("RefreshSession", citytest.Vars{"input": citytest.Vars{"refreshToken": token}})
}

// signedIn is a fresh sign-in of a member of the cast, with the refresh token a phone would keep.
func signedIn(t *testing.T, city *citytest.City, name string) (*citytest.Client, string) {
	t.Helper()
	got, err := city.Accounts.SignInForDevelopment(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return city.With(t, got.AccessToken), got.RefreshToken
}

func TestSessionGoesOnWithEveryRefresh(t *testing.T) {
	city := citytest.Start(t)
	phone, token := signedIn(t, city, "chenjing")
	person := me(t, phone)
	for range 3 {
		got, found := opened(t, refresh(city.Visitor(t), token))
		if len(found) > 0 {
			t.Fatalf("refresh: %+v", found)
		}
		if got.RefreshToken == token {
			t.Fatal("the refresh token did not change")
		}
		if me(t, city.With(t, got.AccessToken)) != person {
			t.Fatal("the session became somebody else's")
		}
		token = got.RefreshToken
	}
}

// A refresh token used twice is in two hands: whoever has any token of the family is put out at once, on every
// replica and by every transport.
func TestSpentRefreshTokenEndsTheWholeFamily(t *testing.T) {
	city := citytest.Start(t, citytest.Redis(redistest.Start(t)))
	there := city.Replica(t)
	phone, spent := signedIn(t, city, "chenjing")
	other, _ := signedIn(t, city, "chenjing")
	open := map[string]*citytest.Subscription{
		"socket": phone.Subscribe(t, "InboxChanged", nil), "socket on the other replica": phone.On(there).Subscribe(t, "InboxChanged", nil),
		"stream": phone.Stream(t, "InboxChanged", nil), "stream on the other replica": phone.On(there).Stream(t, "InboxChanged", nil),
	}
	others := other.On(there).Subscribe(t, "InboxChanged", nil)
	fresh, _ := opened(t, refresh(city.Visitor(t), spent))

	if answer := refresh(city.Visitor(t), spent); answer.Code() != "UNAUTHENTICATED" {
		t.Fatalf("a spent token was answered %s", answer.Body)
	}
	for name, token := range map[string]string{"first": phone.Token, "fresh": fresh.AccessToken} {
		if answer := city.With(t, token).Do("HomeScreen", nil); answer.Status != http.StatusUnauthorized {
			t.Errorf("the %s access token still works: %s", name, answer.Body)
		}
	}
	if answer := refresh(city.Visitor(t), fresh.RefreshToken); answer.Code() != "UNAUTHENTICATED" {
		t.Errorf("the fresh refresh token still works: %s", answer.Body)
	}
	for name, subscription := range open {
		want := websocket.StatusCode(4401)
		if strings.HasPrefix(name, "stream") {
			want = websocket.StatusNormalClosure
		}
		if code := subscription.Ended(t); code != want {
			t.Errorf("the %s ended with %d", name, code)
		}
	}
	silent(t, others)
	if me(t, other) == "" {
		t.Error("the person's other session ended too")
	}
	ended := city.DB.Session.Query().Where(session.EndReason("REUSED")).CountX(system(t))
	if ended != 1 {
		t.Errorf("%d sessions ended for reuse", ended)
	}
}

// Invariant: of any number of refreshes of one token at most one wins.
func TestThousandParallelRefreshesHaveAtMostOneWinner(t *testing.T) {
	city := citytest.Start(t)
	replicas := []*citytest.City{city, city.Replica(t)}
	_, token := signedIn(t, city, "chenjing")
	work := make(chan *citytest.City, 1000)
	for i := range cap(work) {
		work <- replicas[i%2]
	}
	close(work)
	var won, refused atomic.Int32
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for at := range work {
				switch answer := refresh(at.Visitor(t), token); answer.Code() {
				case "":
					won.Add(1)
				case "UNAUTHENTICATED":
					refused.Add(1)
				default:
					t.Errorf("refresh: %s", answer.Body)
				}
			}
		})
	}
	all.Wait()
	if won.Load() != 1 || refused.Load() != 999 {
		t.Errorf("%d won, %d were refused", won.Load(), refused.Load())
	}
}

func TestRefreshTokenMadeByHandOpensNothing(t *testing.T) {
	city := citytest.Start(t)
	_, token := signedIn(t, city, "chenjing")
	parts := strings.Split(token, ".")
	for name, forged := range map[string]string{
		"empty":             "",
		"no token":          "hello",
		"another session":   "sess_01J00000000000000000000000." + parts[1] + "." + parts[2],
		"next generation":   parts[0] + ".2." + parts[2],
		"no seal":           parts[0] + "." + parts[1] + ".",
		"very long":         strings.Repeat("a", 5000),
		"with more":         token + ".",
		"with a line break": token + "\n",
	} {
		if answer := refresh(city.Visitor(t), forged); answer.Code() != "UNAUTHENTICATED" {
			t.Errorf("%s: %s", name, answer.Body)
		}
	}
	if got, found := opened(t, refresh(city.Visitor(t), token)); got == nil {
		t.Errorf("the genuine one was ended by the forged: %+v", found)
	}
}

// later is a clock that runs ahead.
type later struct{ by *atomic.Int64 }

func (l later) Now() time.Time { return time.Now().Add(time.Duration(l.by.Load())) }

var _ clock.Clock = later{}

func TestTokensRunOut(t *testing.T) {
	watch := later{&atomic.Int64{}}
	city := citytest.Start(t, func(o *wiring.Options) { o.Clock = watch })
	phone, token := signedIn(t, city, "chenjing")
	watch.by.Store(int64(15*time.Minute + time.Second))
	if answer := phone.Do("HomeScreen", nil); answer.Status != http.StatusUnauthorized {
		t.Errorf("an expired access token: %d %s", answer.Status, answer.Body)
	}
	got, _ := opened(t, refresh(city.Visitor(t), token))
	if got == nil || me(t, city.With(t, got.AccessToken)) == "" {
		t.Fatal("the session did not go on")
	}
	watch.by.Add(int64(24*time.Hour + time.Second))
	if answer := refresh(city.Visitor(t), got.RefreshToken); answer.Code() != "UNAUTHENTICATED" {
		t.Errorf("an expired refresh token: %s", answer.Body)
	}
}
