package journey_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"citygraph/ent/db/identity"
	"citygraph/internal/clock"
	"citygraph/internal/fake/wechatfake"
	"citygraph/internal/wechat"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// withWechat lets a city speak to a fake WeChat.
func withWechat(t *testing.T) (*wechatfake.Server, citytest.Option) {
	t.Helper()
	fake := wechatfake.New("wx-citygraph", "wechat-app-secret", clock.System{})
	server := httptest.NewServer(fake.Handler())
	t.Cleanup(server.Close)
	return fake, func(o *wiring.Options) {
		o.Wechat = &wechat.Options{AppID: "wx-citygraph", Secret: wechat.NewSecret("wechat-app-secret"), BaseURL: server.URL}
	}
}

func signInWithWechat(c *citytest.Client, code string) citytest.Answer {
	return c.DoFor("wechat-miniprogram", "SignInWithWechat", citytest.Vars{"input": citytest.Vars{"code": code}})
}

func TestWechatAccountIsOnePersonHoweverOftenItSignsIn(t *testing.T) {
	fake, option := withWechat(t)
	city := citytest.Start(t, option)
	visitor := city.Visitor(t)

	who := func(openID string) string {
		got, found := opened(t, signInWithWechat(visitor, fake.IssueCode(openID, "")))
		if len(found) > 0 {
			t.Fatalf("sign in: %+v", found)
		}
		return me(t, city.With(t, got.AccessToken))
	}
	first, again, other := who("openid-lin"), who("openid-lin"), who("openid-mei")
	if first != again {
		t.Errorf("one account is two people: %s and %s", first, again)
	}
	if first == other {
		t.Errorf("two accounts are one person: %s", first)
	}
}

func TestWechatCodeThatIsNoGoodIsTheUsersToPutRight(t *testing.T) {
	fake, option := withWechat(t)
	visitor := citytest.Start(t, option).Visitor(t)
	spent := fake.IssueCode("openid-lin", "")
	if _, found := opened(t, signInWithWechat(visitor, spent)); len(found) > 0 {
		t.Fatalf("a fresh code: %+v", found)
	}
	for name, code := range map[string]string{
		"used": spent, "made up": "0invented", "empty": "", "endless": strings.Repeat("0", 300), "not text": "\x00\u202e",
	} {
		answer := signInWithWechat(visitor, code)
		got, found := opened(t, answer)
		if got != nil || len(found) != 1 || found[0].Code != "BAD_USER_INPUT" || !slices.Equal(found[0].Field, []string{"input", "code"}) {
			t.Errorf("%s code: tokens %v, %+v", name, got, found)
		}
		if code != "" && strings.Contains(string(answer.Body), code) {
			t.Errorf("%s code: the answer repeats it: %s", name, answer.Body)
		}
	}
}

func TestWechatInTroubleSaysWhatTheAppCanDo(t *testing.T) {
	fake, option := withWechat(t)
	visitor := citytest.Start(t, option).Visitor(t)
	for _, tc := range []struct {
		errcodes []int
		code     string
	}{
		{[]int{45011}, "RATE_LIMITED"},
		{[]int{40226}, "FORBIDDEN"},
		{[]int{-1, -1}, "INTERNAL"}, // busy, and busy again
		{[]int{40125}, "INTERNAL"},  // our own secret is wrong
	} {
		fake.FailNext(tc.errcodes...)
		answer := signInWithWechat(visitor, fake.IssueCode("openid-lin", ""))
		if answer.Code() != tc.code || strings.Contains(string(answer.Body), "secret") {
			t.Errorf("errcodes %v: %s", tc.errcodes, answer.Body)
		}
		if wait := answer.Errors[0].Extensions["retryAfter"]; tc.code == "RATE_LIMITED" && wait != 60.0 {
			t.Errorf("come again after %v", wait)
		}
	}
	fake.FailNext(-1) // busy once is not the app's concern
	if got, found := opened(t, signInWithWechat(visitor, fake.IssueCode("openid-lin", ""))); got == nil {
		t.Errorf("busy once: %+v", found)
	}
}

// Invariant: however many phones sign in for the first time at once, an account is one person.
func TestConcurrentFirstSignInsMakeOnePerson(t *testing.T) {
	fake, option := withWechat(t)
	city := citytest.Start(t, option)
	replicas := []*citytest.City{city, city.Replica(t)}
	before := city.DB.Person.Query().CountX(system(t))

	const phones = 32
	people := make([]string, phones)
	var all sync.WaitGroup
	for i := range phones {
		at := replicas[i%2]
		code := fake.IssueCode("openid-of-one", "")
		all.Go(func() {
			if got, _ := opened(t, signInWithWechat(at.Visitor(t), code)); got != nil {
				people[i] = me(t, at.With(t, got.AccessToken))
			}
		})
	}
	all.Wait()
	if distinct := slices.Compact(slices.Sorted(slices.Values(people))); len(distinct) != 1 || distinct[0] == "" {
		t.Errorf("signed in as %v", distinct)
	}
	if made := city.DB.Person.Query().CountX(system(t)) - before; made != 1 {
		t.Errorf("%d people were made", made)
	}
	accounts := city.DB.Identity.Query().Where(identity.ProviderEQ(identity.ProviderWechat)).CountX(system(t))
	sessions := city.DB.Session.Query().CountX(system(t))
	if accounts != 1 || sessions != phones {
		t.Errorf("%d accounts, %d sessions", accounts, sessions)
	}
}
