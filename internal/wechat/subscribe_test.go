package wechat_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"citygraph/internal/cache"
	"citygraph/internal/clock"
	"citygraph/internal/fake/wechatfake"
	"citygraph/internal/redisx"
	"citygraph/internal/redisx/redistest"
	"citygraph/internal/wechat"
)

var hello = wechat.SubscribeMessage{
	OpenID: "openid-lin", Template: "template-1", Page: "pages/case/index?id=1", Fields: map[string]string{"thing1": "您的上报已受理"},
}

func TestASubscribeMessageReachesWhoAcceptedIt(t *testing.T) {
	fake := wechatfake.New(appID, secret, clock.System{})
	c := clientOf(t, fake.Handler(), nil)
	fake.Accept(hello.OpenID, hello.Template)
	if err := c.SendSubscribe(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	sent := fake.Sent()
	if len(sent) != 1 || sent[0].Fields["thing1"] != hello.Fields["thing1"] || sent[0].Page != hello.Page || sent[0].OpenID != hello.OpenID {
		t.Errorf("sent %+v", sent)
	}
	if err := c.SendSubscribe(t.Context(), hello); errcode(err) != 43101 {
		t.Errorf("a second for one accept: %v", err)
	}
}

// errcode is WeChat's number in an error's chain, 0 for none.
func errcode(err error) wechat.Errcode {
	code, _ := errors.AsType[wechat.Errcode](err)
	return code
}

func TestARefusedTokenIsFetchedOnceMoreAndTheMessageSentOnceMore(t *testing.T) {
	for _, tc := range []struct {
		name          string
		spoil         func(*wechatfake.Server)
		want          wechat.Errcode
		sends, tokens int
	}{
		{"revoked", (*wechatfake.Server).Revoke, 0, 3, 2},
		{"expired", func(s *wechatfake.Server) { s.RefuseSends(42001) }, 0, 3, 2},
		{"never good", func(s *wechatfake.Server) { s.RefuseSends(40001, 40001) }, 40001, 3, 2},
		{"another refusal", func(s *wechatfake.Server) { s.RefuseSends(47003) }, 47003, 2, 1},
	} {
		fake := wechatfake.New(appID, secret, clock.System{})
		c := clientOf(t, fake.Handler(), nil)
		fake.Accept(hello.OpenID, hello.Template)
		fake.Accept(hello.OpenID, hello.Template)
		if err := c.SendSubscribe(t.Context(), hello); err != nil {
			t.Fatal(err)
		}
		tc.spoil(fake)
		if err := c.SendSubscribe(t.Context(), hello); errcode(err) != tc.want || (err == nil) != (tc.want == 0) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if sends, tokens := fake.Requests(wechatfake.SendPath), fake.Requests(wechatfake.TokenPath); sends != tc.sends || tokens != tc.tokens {
			t.Errorf("%s: %d sends and %d tokens, want %d and %d", tc.name, sends, tokens, tc.sends, tc.tokens)
		}
	}
}

// Three replicas share their token through Redis, and the refusal of it.
func TestFiftyColdSendersOnThreeReplicasFetchOneToken(t *testing.T) {
	fake := wechatfake.New(appID, secret, clock.System{})
	server := redistest.Start(t)
	var replicas [3]*wechat.Client
	for i := range replicas {
		redis, err := redisx.Open(server.URL(), zerolog.Nop(), server.Options()...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = redis.Close() })
		replicas[i] = clientOf(t, fake.Handler(), func(o *wechat.Options) { o.Tokens = cache.NewTokens(redis, clock.System{}) })
	}
	round := func(tokens int) {
		t.Helper()
		var all sync.WaitGroup
		for i := range 50 {
			fake.Accept(hello.OpenID, hello.Template)
			all.Go(func() {
				if err := replicas[i%3].SendSubscribe(t.Context(), hello); err != nil {
					t.Errorf("sender %d: %v", i, err)
				}
			})
		}
		all.Wait()
		if n := fake.Requests(wechatfake.TokenPath); n != tokens {
			t.Errorf("%d tokens fetched, want %d", n, tokens)
		}
	}
	round(1)
	fake.Revoke()
	round(2)
}

func TestTheAccessTokenAndThePersonNeverReachErrors(t *testing.T) {
	const token = "80_theaccesstoken"
	for name, answer := range map[string]http.HandlerFunc{
		"errmsg repeats all": func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(`{"errcode":40037,"errmsg":"` + r.URL.RawQuery + ` openid-lin ` + secret + `"}`))
		},
		"server error":   func(w http.ResponseWriter, r *http.Request) { http.Error(w, r.URL.RawQuery, http.StatusBadGateway) },
		"connection cut": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		mux := http.NewServeMux()
		mux.HandleFunc("POST "+wechatfake.TokenPath, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"access_token":"` + token + `","expires_in":7200}`))
		})
		mux.Handle("POST "+wechatfake.SendPath, answer)
		err := clientOf(t, mux, nil).SendSubscribe(t.Context(), hello)
		t.Run(name, func(t *testing.T) { mustHide(t, err, token, secret, hello.OpenID) })
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	err := clientOf(t, http.NotFoundHandler(), func(o *wechat.Options) { o.BaseURL = gone.URL }).SendSubscribe(t.Context(), hello)
	mustHide(t, err, token, secret, hello.OpenID)
	if !strings.Contains(err.Error(), wechat.ErrNotSent.Error()) {
		t.Errorf("nothing was sent, and the error is %v", err)
	}
}
