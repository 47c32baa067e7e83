package wechat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"citygraph/internal/cache"
	"citygraph/internal/clock"
	"citygraph/internal/fake/wechatfake"
	"citygraph/internal/fault"
	"citygraph/internal/wechat"
)

func TestFiftyColdCallersFetchOneToken(t *testing.T) {
	fake := wechatfake.New(appID, secret, clock.System{})
	shared := cache.NewTokens(nil, clock.System{})
	replicas := [2]*wechat.Client{}
	for i := range replicas {
		replicas[i] = clientOf(t, fake.Handler(), func(o *wechat.Options) { o.Tokens = shared })
	}
	var all sync.WaitGroup
	tokens := make([]string, 50)
	for i := range tokens {
		all.Go(func() {
			token, err := replicas[i%2].AccessToken(t.Context())
			if err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
			tokens[i] = token.Reveal()
		})
	}
	all.Wait()
	if n := fake.Requests(wechatfake.TokenPath); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
	for _, token := range tokens {
		if token == "" || token != tokens[0] {
			t.Fatalf("callers hold different tokens: %q and %q", token, tokens[0])
		}
	}
}

// inProcess answers requests from a handler without a socket, so that synctest's clock can run.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result(), nil
}

func TestTheTokenIsRenewedBeforeItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := wechatfake.New(appID, secret, clock.System{})
		c, err := wechat.New(wechat.Options{
			AppID: appID, Secret: wechat.NewSecret(secret), BaseURL: "http://wechat.test",
			HTTPClient: &http.Client{Transport: inProcess{fake.Handler()}}, Tokens: cache.NewTokens(nil, clock.System{}),
		})
		if err != nil {
			t.Fatal(err)
		}
		token := func() string {
			got, err := c.AccessToken(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return got.Reveal()
		}
		first := token()
		time.Sleep(time.Hour + 54*time.Minute)
		if token() != first || fake.Requests(wechatfake.TokenPath) != 1 {
			t.Error("a good token was not kept")
		}
		time.Sleep(time.Minute)
		if token() == first {
			t.Error("the token is used to its very end")
		}
	})
}

func TestAFailedFetchIsNotKept(t *testing.T) {
	fake := wechatfake.New(appID, secret, clock.System{})
	c := clientOf(t, fake.Handler(), nil)
	fake.FailNext(45009)
	if _, err := c.AccessToken(t.Context()); fault.CodeOf(err) != fault.RateLimited {
		t.Errorf("got %v, want RATE_LIMITED", err)
	}
	if _, err := c.AccessToken(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestSecretsPrintRedacted(t *testing.T) {
	s := wechat.Session{OpenID: "o", SessionKey: wechat.NewSecret("hush")}
	var log bytes.Buffer
	logger := zerolog.New(&log)
	logger.Info().Interface("session", s).Stringer("key", s.SessionKey).Any("any", s.SessionKey).Send()
	encoded, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	printed := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed += fmt.Sprintf(verb, s) + fmt.Sprintf(verb, s.SessionKey) + fmt.Sprintf(verb, &s)
	}
	if strings.Contains(printed, "hush") || strings.Contains(printed, "68757368") {
		t.Errorf("the key is in %s", printed)
	}
}

func TestSandbox(t *testing.T) {
	got, err := wechat.Sandbox{}.CodeToSession(t.Context(), "dev:lin-wei")
	if err != nil || got.OpenID != "dev-lin-wei" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, code := range []string{"", "dev:", "lin", "dev:Lin", "dev:a b", "xdev:lin", "dev:lin\n", "dev:" + strings.Repeat("a", 33)} {
		if _, err := (wechat.Sandbox{}).CodeToSession(t.Context(), code); fault.CodeOf(err) != fault.BadUserInput {
			t.Errorf("%q: %v, want BAD_USER_INPUT", code, err)
		}
	}
}
