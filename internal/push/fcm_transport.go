package push

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"golang.org/x/sync/singleflight"
)

const (
	fcmScope       = "https://www.googleapis.com/auth/firebase.messaging"
	tokenTimeout   = 5 * time.Second
	maxAnswerBytes = 64 << 10
	// beyondSDK is a Retry-After longer than the SDK is willing to wait, upon which it gives up.
	beyondSDK = "86400"
)

// newTransport returns connections fit for thousands of small requests to one host: HTTP/2, with pings
// that find a dead connection before a push waits on it.
func newTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: DefaultPlaces, // for a relay without HTTP/2
		IdleConnTimeout:     90 * time.Second,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
}

// lanes are as many HTTP/2 connections to Google as all places of a pool fill, at about a hundred messages
// each. Left alone, the transport dials once for every message that finds no connection ready: hundreds at
// the start of a process.
const lanes = 8

// motorway spreads requests over its lanes, each one connection that requests wait for.
type motorway struct {
	lanes [lanes]*http.Transport
	next  atomic.Uint32
}

func newMotorway(roots *x509.CertPool) *motorway {
	m := &motorway{}
	for i := range m.lanes {
		m.lanes[i] = newTransport(roots)
		m.lanes[i].MaxConnsPerHost = 1
		m.lanes[i].HTTP2.StrictMaxConcurrentRequests = true
	}
	return m
}

// RoundTrip takes the next lane.
func (m *motorway) RoundTrip(r *http.Request) (*http.Response, error) {
	return m.lanes[m.next.Add(1)%lanes].RoundTrip(r)
}

// observation is what the transport saw of one send: the SDK hides the headers, and on network errors
// the cause.
type observation struct {
	end        context.CancelFunc // makes the SDK stop
	status     int                // 0 when no answer came
	retryAfter string
	err        error // why no answer came
}

type observationKey struct{}

func observe(ctx context.Context) (context.Context, *observation) {
	ctx, end := context.WithCancel(ctx)
	seen := &observation{end: end}
	return context.WithValue(ctx, observationKey{}, seen), seen
}

// once makes every send a single request. The SDK would try network errors and 503 five times, out of
// sight of the queue that owns retries and of its deadline; it has no switch for that. It does stop
// when the context ends and when Retry-After asks for more patience than it has.
type once struct{ base http.RoundTripper }

func (o once) RoundTrip(r *http.Request) (*http.Response, error) {
	seen := r.Context().Value(observationKey{}).(*observation)
	resp, err := o.base.RoundTrip(r)
	if err == nil {
		err = buffer(resp)
	}
	if err != nil {
		seen.err = err
		seen.end()
		return nil, err
	}
	seen.status, seen.retryAfter = resp.StatusCode, resp.Header.Get("Retry-After")
	resp.Header.Set("Retry-After", beyondSDK)
	return resp, nil
}

// buffer reads the body, bounded, so that a connection lost halfway is seen here and not by the SDK.
func buffer(resp *http.Response) error {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes))
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return err
}

// authorised adds the service account's access token. Unlike oauth2.Transport it lets a send give up
// at its own deadline while the token is being fetched.
type authorised struct {
	base    http.RoundTripper
	source  oauth2.TokenSource
	fetches singleflight.Group
}

func authorise(base http.RoundTripper, credentials []byte) (*authorised, error) {
	account, err := google.JWTConfigFromJSON(credentials, fcmScope)
	if err != nil {
		return nil, fmt.Errorf("service account: %w", err)
	}
	client := &http.Client{Transport: base, Timeout: tokenTimeout}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, client)
	return &authorised{base: base, source: account.TokenSource(ctx)}, nil
}

func (a *authorised) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := a.token(r.Context())
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, fmt.Errorf("access token: %w", err)
	}
	r = r.Clone(r.Context())
	token.SetAuthHeader(r)
	return a.base.RoundTrip(r)
}

func (a *authorised) token(ctx context.Context) (*oauth2.Token, error) {
	fetch := a.fetches.DoChan("", func() (any, error) { return a.source.Token() })
	select {
	case got := <-fetch:
		if got.Err != nil {
			return nil, got.Err
		}
		return got.Val.(*oauth2.Token), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
