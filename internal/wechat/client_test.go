package wechat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"citygraph/internal/cache"
	"citygraph/internal/clock"
	"citygraph/internal/fake/wechatfake"
	"citygraph/internal/fault"
	"citygraph/internal/wechat"
)

const (
	appID  = "wx0123456789abcdef"
	secret = "s3cr3t+with/odd=signs"
)

func clientOf(t *testing.T, h http.Handler, change func(*wechat.Options)) *wechat.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	o := wechat.Options{
		AppID: appID, Secret: wechat.NewSecret(secret), BaseURL: srv.URL, Tokens: cache.NewTokens(nil, clock.System{}),
	}
	if change != nil {
		change(&o)
	}
	c, err := wechat.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCodeToSession(t *testing.T) {
	fake := wechatfake.New(appID, secret, clock.System{})
	c := clientOf(t, fake.Handler(), nil)
	code := fake.IssueCode("openid-lin", "union-lin")

	got, err := c.CodeToSession(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	if got.OpenID != "openid-lin" || got.UnionID != "union-lin" || got.SessionKey.Reveal() != "key-of-openid-lin" {
		t.Errorf("got %+v", got)
	}
	for name, bad := range map[string]string{
		"used": code, "never issued": "0abc", "empty": "", "not UTF-8": "\xff", "huge": strings.Repeat("c", 257),
	} {
		_, err := c.CodeToSession(t.Context(), bad)
		if f := fault.From(err); f.Code != fault.BadUserInput || !slices.Equal(f.Field, []string{"code"}) {
			t.Errorf("%s code: %v", name, err)
		}
	}
	if n := fake.Requests(wechatfake.SessionPath); n != 3 {
		t.Errorf("%d requests, want 3: hopeless codes stay at home", n)
	}
}

func TestErrcodes(t *testing.T) {
	for _, tc := range []struct {
		answers []int
		want    fault.Code
		asked   int
	}{
		{[]int{40029}, fault.BadUserInput, 1},
		{[]int{40163}, fault.BadUserInput, 1},
		{[]int{40226}, fault.Forbidden, 1},
		{[]int{45011}, fault.RateLimited, 1},
		{[]int{45009}, fault.RateLimited, 1},
		{[]int{40013}, fault.InternalError, 1},
		{[]int{-1}, "", 2},
		{[]int{-1, -1}, fault.InternalError, 2},
		{[]int{-1, 45011}, fault.RateLimited, 2},
	} {
		fake := wechatfake.New(appID, secret, clock.System{})
		c := clientOf(t, fake.Handler(), nil)
		code := fake.IssueCode("openid", "")
		fake.FailNext(tc.answers...)
		_, err := c.CodeToSession(t.Context(), code)
		if got := fault.CodeOf(err); got != tc.want {
			t.Errorf("%v: %v, want %s", tc.answers, err, tc.want)
		}
		if tc.want == fault.RateLimited && fault.From(err).RetryAfter <= 0 {
			t.Errorf("%v: no waiting time", tc.answers)
		}
		if n := fake.Requests(wechatfake.SessionPath); n != tc.asked {
			t.Errorf("%v: %d requests, want %d", tc.answers, n, tc.asked)
		}
	}
}

// failing answers nothing but an error.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestSecretsNeverReachErrors(t *testing.T) {
	const code, token, key = "0codeofwxlogin", "80_accesstoken", "sessionkey=="
	echo := func(status int, answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/elsewhere?"+r.URL.RawQuery)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(strings.ReplaceAll(answer, "QUERY", r.URL.RawQuery)))
		}
	}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		client  *http.Client
	}{
		"errmsg repeats all":    {handler: echo(200, `{"errcode":40125,"errmsg":"QUERY `+secret+` `+code+`"}`)},
		"errmsg, bad code":      {handler: echo(200, `{"errcode":40029,"errmsg":"`+code+` QUERY"}`)},
		"errmsg without end":    {handler: echo(200, `{"errcode":1,"errmsg":"`+strings.Repeat("x", 190)+secret+`"}`)},
		"answer cut":            {handler: echo(200, `{"openid":"o","session_key":"`+key+`","access_token":"`+token)},
		"answer of wrong types": {handler: echo(200, `{"openid":1,"session_key":"`+key+`","access_token":"`+token+`","expires_in":"`+token+`"}`)},
		"answer without openid": {handler: echo(200, `{"session_key":"`+key+`","access_token":"`+token+`"}`)},
		"answer too long":       {handler: echo(200, `{"session_key":"`+key+`","x":"`+strings.Repeat("x", 1<<20)+`"}`)},
		"server error":          {handler: echo(500, `QUERY `+key)},
		"redirect":              {handler: echo(302, ``)},
		"connection cut":        {handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		"transport failure":     {handler: echo(200, `{}`), client: &http.Client{Transport: failing{errors.New("refused")}}},
		"client timeout":        {handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, client: &http.Client{Timeout: 50 * time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			drained := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // else the server would not see the client leave
				tc.handler(w, r)
			})
			c := clientOf(t, drained, func(o *wechat.Options) { o.HTTPClient = tc.client })
			_, sessionErr := c.CodeToSession(t.Context(), code)
			_, tokenErr := c.AccessToken(t.Context())
			mustHide(t, sessionErr, secret, "s3cr3t", code, token, key)
			mustHide(t, tokenErr, secret, "s3cr3t", token, key)
		})
	}
}

func mustHide(t *testing.T, err error, secrets ...string) {
	t.Helper()
	if err == nil {
		t.Error("no error")
	}
	for ; err != nil; err = errors.Unwrap(err) {
		for _, hidden := range secrets {
			if strings.Contains(err.Error(), hidden) {
				t.Errorf("%q is in %q", hidden, err)
			}
		}
	}
}

func TestDeadlines(t *testing.T) {
	c := clientOf(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.CodeToSession(ctx, "0code"); !errors.Is(err, context.DeadlineExceeded) || fault.CodeOf(err) != fault.InternalError {
		t.Errorf("got %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	hidden, tokens := wechat.NewSecret(secret), cache.NewTokens(nil, clock.System{})
	if _, err := wechat.New(wechat.Options{AppID: appID, Secret: hidden, Tokens: tokens}); err != nil {
		t.Errorf("all given: %v", err)
	}
	for name, o := range map[string]wechat.Options{
		"no app id":   {Secret: hidden, Tokens: tokens},
		"no secret":   {AppID: appID, Tokens: tokens},
		"no tokens":   {AppID: appID, Secret: hidden},
		"not a URL":   {AppID: appID, Secret: hidden, Tokens: tokens, BaseURL: "://" + secret},
		"a bare host": {AppID: appID, Secret: hidden, Tokens: tokens, BaseURL: "api.weixin.qq.com"},
	} {
		_, err := wechat.New(o)
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
