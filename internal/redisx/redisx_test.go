package redisx_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"citygraph/internal/redisx"
	"citygraph/internal/redisx/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNoURLIsNoRedis(t *testing.T) {
	c, err := redisx.Open("", zerolog.Nop())
	if c != nil || err != nil {
		t.Fatalf("got %v, %v; want neither", c, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestBadURLKeepsThePassword(t *testing.T) {
	for _, url := range []string{
		"redis://:hunter2@host:port", "http://:hunter2@host", "redis://:hunter2@ho st", "redis://h/x?hunter2=%zz",
		"redis://u:hunt\x7fer2hunter2@h",
	} {
		_, err := redisx.Open(url, zerolog.Nop())
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q) = %v; want an error without the password", url, err)
		}
	}
}

func TestWorks(t *testing.T) {
	c := redistest.Start(t).Open(t)
	ctx := t.Context()
	if err := c.Set(ctx, c.Key("k"), "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if got := c.Get(ctx, c.Key("k")).Val(); got != "v" {
		t.Fatalf("got %q", got)
	}
	if err := c.Get(ctx, c.Key("missing")).Err(); !errors.Is(err, redis.Nil) {
		t.Fatalf("got %v, want redis.Nil", err)
	}
}

// An answer, even an unwelcome one, comes from a living Redis.
func TestRefusedCommandsDoNotTrip(t *testing.T) {
	c := redistest.Start(t).Open(t)
	ctx := t.Context()
	if err := c.Set(ctx, c.Key("text"), "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := c.Incr(ctx, c.Key("text")).Err(); err == nil {
			t.Fatal("a text was incremented")
		}
	}
	if !c.Up() {
		t.Fatal("refusals counted as an outage")
	}
}

func TestBlackHoleIsReachedOnce(t *testing.T) {
	url, reached := redistest.BlackHole(t)
	c, err := redisx.Open(url, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })

	var refused int
	for range 100 {
		if err := c.Get(t.Context(), "k").Err(); errors.Is(err, redisx.ErrDown) {
			refused++
		} else if err == nil {
			t.Fatal("a black hole answered")
		}
	}
	if refused != 98 {
		t.Errorf("%d of 100 calls were refused at once, want 98", refused)
	}
	// Two calls, each a connection and a handshake; the probe may have knocked once meanwhile.
	if n := reached(); n > 6 {
		t.Errorf("the wire was reached %d times, want at most 6", n)
	}
}

func TestConcurrentCallsToABlackHole(t *testing.T) {
	url, reached := redistest.BlackHole(t)
	c, err := redisx.Open(url, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })

	var calls sync.WaitGroup
	for range 1000 {
		calls.Go(func() {
			if c.Get(context.Background(), "k").Err() == nil {
				t.Error("a black hole answered")
			}
		})
	}
	calls.Wait()
	// Those already past the guard when it trips share the bounded pool.
	if n, most := reached(), int64(6*c.Options().PoolSize); n > most {
		t.Errorf("the wire was reached %d times, want at most %d", n, most)
	}
}

func TestOutageAndReturn(t *testing.T) {
	for name, outage := range map[string]func(*redistest.Server){
		"stopped": func(s *redistest.Server) { s.Cut() },
		"frozen":  func(s *redistest.Server) { s.Freeze() },
	} {
		t.Run(name, func(t *testing.T) {
			s := redistest.Start(t)
			c := s.Open(t)
			ctx := t.Context()
			if err := c.Ping(ctx).Err(); err != nil {
				t.Fatal(err)
			}
			outage(s)
			redistest.Eventually(t, "the guard to trip", func() bool {
				return errors.Is(c.Ping(ctx).Err(), redisx.ErrDown)
			})
			_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error { return p.Ping(ctx).Err() })
			if !errors.Is(err, redisx.ErrDown) {
				t.Fatalf("a pipeline gave %v, want ErrDown", err)
			}
			s.Restore()
			redistest.Eventually(t, "the probe to find Redis", c.Up)
			if err := c.Ping(ctx).Err(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A caller that gives up says nothing about Redis.
func TestImpatientCallersDoNotTrip(t *testing.T) {
	c := redistest.Start(t).Open(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 {
		_ = c.Ping(gone).Err()
	}
	if !c.Up() {
		t.Fatal("callers who left counted as an outage")
	}
}

func TestNothingSecretIsLogged(t *testing.T) {
	var log bytes.Buffer
	c, err := redisx.Open("redis://user:hunter2@127.0.0.1:1/0", zerolog.New(zerolog.SyncWriter(&log)))
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := c.Ping(t.Context()).Err(); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Fatalf("got %v", err)
		}
	}
	redistest.Eventually(t, "the outage to trip the guard", func() bool { return !c.Up() })
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, "127.0.0.1:1") || strings.Contains(text, "hunter2") {
		t.Fatalf("the log should name the address and no password: %s", text)
	}
}

func BenchmarkDown(b *testing.B) {
	url, _ := redistest.BlackHole(b)
	c, err := redisx.Open(url, zerolog.Nop())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	for c.Up() {
		_ = c.Ping(b.Context()).Err()
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = c.Ping(b.Context()).Err()
	}
}
