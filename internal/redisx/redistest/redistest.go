// Package redistest gives a test a Redis of its own that can be cut off, frozen and restored. It is an
// in-process miniredis, or the real one at CITYGRAPH_TEST_REDIS_URL when that is set; the same tests run on both.
package redistest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"citygraph/internal/redisx"
)

// URLVariable names the environment variable that points the tests at a real Redis.
const URLVariable = "CITYGRAPH_TEST_REDIS_URL"

// Server is one test's Redis, reached through a proxy that can fail on demand. Everything the test
// stores is under a prefix of its own and removed at its end.
type Server struct {
	*proxy
	url    string
	prefix string
}

// Start returns a working Server for the test.
func Start(t testing.TB) *Server {
	t.Helper()
	direct, given := os.LookupEnv(URLVariable)
	if !given {
		direct = "redis://" + miniredis.RunT(t).Addr()
	}
	u, err := url.Parse(direct)
	if err != nil || u.Scheme != "redis" {
		t.Fatalf("%s must be a redis:// URL", URLVariable)
	}
	s := &Server{proxy: startProxy(t, u.Host), prefix: "test:" + rand.Text() + ":"}
	if given {
		t.Cleanup(func() { sweep(t, direct, s.prefix) })
	}
	u.Host = s.addr
	s.url = u.String()
	return s
}

// URL is where a client reaches the Server.
func (s *Server) URL() string { return s.url }

// Options are how clients of the Server connect: they share its prefix, as replicas do, and are
// patient, so that a busy machine is not taken for an outage.
func (s *Server) Options() []redisx.Option {
	return []redisx.Option{redisx.Prefix(s.prefix), redisx.Patience(time.Second)}
}

// Open returns a guarded client of the Server, closed at the end of the test.
func (s *Server) Open(t testing.TB) *redisx.Client {
	t.Helper()
	c, err := redisx.Open(s.url, zerolog.Nop(), s.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// Contents are all keys that clients have stored, with their values as bytes.
func (s *Server) Contents(t testing.TB) map[string][]byte {
	t.Helper()
	ctx, c := t.Context(), s.Open(t)
	found := map[string][]byte{}
	keys := c.Scan(ctx, 0, "*"+s.prefix+"*", 1000).Iterator()
	for keys.Next(ctx) {
		key := keys.Val()
		kind, err := c.Type(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		var value any
		switch kind {
		case "string":
			value, err = c.Get(ctx, key).Result()
		case "hash":
			value, err = c.HGetAll(ctx, key).Result()
		case "zset":
			value, err = c.ZRangeWithScores(ctx, key, 0, -1).Result()
		case "none": // it has just expired
		default:
			t.Fatalf("%s is a %s, which nobody reads yet", key, kind)
		}
		if err != nil && !errors.Is(err, redis.Nil) {
			t.Fatal(err)
		}
		found[key] = fmt.Append(nil, value)
	}
	if err := keys.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// Eventually polls until ok is true and fails the test after ten seconds.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: waited for %s", what)
		}
	}
}

// BlackHole returns the URL of a Redis that accepts connections and never answers, and a count of
// how often clients reached it.
func BlackHole(t testing.TB) (rawURL string, reached func() int64) {
	t.Helper()
	p := startProxy(t, "")
	p.Freeze()
	return (&url.URL{Scheme: "redis", Host: p.addr}).String(), p.Sent
}

// sweep removes what the test left in a real Redis.
func sweep(t testing.TB, rawURL, prefix string) {
	options, err := redis.ParseURL(rawURL)
	if err != nil {
		t.Error(err)
		return
	}
	c := redis.NewClient(options)
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	keys := c.Scan(ctx, 0, "*"+prefix+"*", 1000).Iterator()
	for keys.Next(ctx) {
		if err := c.Del(ctx, keys.Val()).Err(); err != nil {
			t.Error(err)
		}
	}
	if err := keys.Err(); err != nil {
		t.Error(err)
	}
}

func listen(t testing.TB, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
