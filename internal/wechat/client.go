package wechat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"citygraph/internal/fault"
)

// DefaultBaseURL is WeChat's own server.
const DefaultBaseURL = "https://api.weixin.qq.com"

const (
	callTimeout  = 5 * time.Second
	maxCodeBytes = 256
	// tokenMargin is kept off a token's life; WeChat renews one five minutes before it ends.
	tokenMargin = 5 * time.Minute
	minTokenTTL = 30 * time.Second
)

// Options name the mini-program and where WeChat is.
type Options struct {
	AppID   string
	Secret  Secret
	BaseURL string // DefaultBaseURL when empty

	// HTTPClient must not log or trace URLs: they carry the secret. http.DefaultTransport when nil.
	HTTPClient *http.Client

	// Tokens is shared by the replicas.
	Tokens TokenCache
}

// Client speaks to WeChat. It is safe for concurrent use.
type Client struct {
	appID  string
	secret Secret
	base   *url.URL
	http   *http.Client
	tokens TokenCache
}

var _ API = (*Client)(nil)

// New returns a client. It contacts nobody yet.
func New(o Options) (*Client, error) {
	if o.AppID == "" || o.Secret.Reveal() == "" {
		return nil, errors.New("wechat: the app id and its secret are both needed")
	}
	if o.Tokens == nil {
		return nil, errors.New("wechat: a cache for the access token is needed")
	}
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" {
		return nil, errors.New("wechat: the base URL is not a URL")
	}
	client := &http.Client{}
	if o.HTTPClient != nil {
		*client = *o.HTTPClient
	}
	// A redirect would carry the secret elsewhere, in the URL or as its Referer.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{appID: o.AppID, secret: o.Secret, base: base, http: client, tokens: o.Tokens}, nil
}

// CodeToSession exchanges a sign-in code; see API.
func (c *Client) CodeToSession(ctx context.Context, code string) (Session, error) {
	if code == "" || len(code) > maxCodeBytes || !utf8.ValidString(code) {
		return Session{}, badCode()
	}
	query := url.Values{
		"appid": {c.appID}, "secret": {c.secret.Reveal()}, "js_code": {code}, "grant_type": {"authorization_code"},
	}
	var answer struct {
		status
		OpenID     string `json:"openid"`
		UnionID    string `json:"unionid"`
		SessionKey string `json:"session_key"`
	}
	err := c.call(ctx, call{name: "jscode2session", method: http.MethodGet, path: "/sns/jscode2session", query: query, hide: []string{code}}, &answer)
	if err != nil {
		return Session{}, err
	}
	if answer.OpenID == "" {
		return Session{}, fault.Internal(errors.New("wechat: jscode2session: no openid in the answer"))
	}
	return Session{OpenID: answer.OpenID, UnionID: answer.UnionID, SessionKey: NewSecret(answer.SessionKey)}, nil
}

// AccessToken returns the shared token, fetching one when the store has none; see API.
func (c *Client) AccessToken(ctx context.Context) (Secret, error) {
	token, err := c.tokens.GetOrFetch(ctx, c.tokenKey(), c.fetchToken)
	if err != nil {
		return Secret{}, fault.From(err)
	}
	return NewSecret(token), nil
}

// tokenKey differs by secret, so that a token bought with a revoked one is not found again.
func (c *Client) tokenKey() string {
	sum := sha256.Sum256([]byte(c.appID + "\x00" + c.secret.Reveal()))
	return "wechat:token:" + hex.EncodeToString(sum[:8])
}

// fetchToken asks for the stable token: unlike cgi-bin/token, asking again gives the same one and does
// not end that of another replica.
func (c *Client) fetchToken(ctx context.Context) (string, time.Duration, error) {
	body := map[string]any{
		"grant_type": "client_credential", "appid": c.appID, "secret": c.secret.Reveal(), "force_refresh": false,
	}
	var answer struct {
		status
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	err := c.call(ctx, call{name: "stable_token", method: http.MethodPost, path: "/cgi-bin/stable_token", body: body}, &answer)
	if err != nil {
		return "", 0, err
	}
	if answer.AccessToken == "" || answer.ExpiresIn <= 0 {
		return "", 0, fault.Internal(errors.New("wechat: stable_token: no token in the answer"))
	}
	ttl := time.Duration(answer.ExpiresIn)*time.Second - tokenMargin
	return answer.AccessToken, max(ttl, minTokenTTL), nil
}

// call runs the request, once more when WeChat says it is busy.
func (c *Client) call(ctx context.Context, q call, answer coded) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := c.once(ctx, q, answer)
	if err == nil && answer.code() == codeBusy {
		select {
		case <-time.After(100*time.Millisecond + rand.N(200*time.Millisecond)):
		case <-ctx.Done():
			return fault.Internal(fmt.Errorf("wechat: %s: %w", q.name, ctx.Err()))
		}
		err = c.once(ctx, q, answer)
	}
	if err != nil {
		return fault.Internal(fmt.Errorf("wechat: %s: %w", q.name, err))
	}
	return answer.verdict(q.name, strings.NewReplacer(hidden(append(q.hide, c.secret.Reveal())...)...))
}
