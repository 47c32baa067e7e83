package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"citygraph/internal/cache"
	"citygraph/internal/clock"
	"citygraph/internal/redisx"
	"citygraph/internal/redisx/redistest"
)

// upstream hands out tokens and counts them.
type upstream struct{ issued atomic.Int64 }

func (u *upstream) fetch(context.Context) (string, time.Duration, error) {
	return fmt.Sprint("secret-", u.issued.Add(1)), time.Hour, nil
}

func get(t *testing.T, tokens *cache.Tokens, u *upstream) string {
	t.Helper()
	got, err := tokens.GetOrFetch(t.Context(), "wechat", u.fetch)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTokenIsFetchedOnce(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		var u upstream
		tokens := cache.NewTokens(r, clock.System{})
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(func() {
				if got, err := tokens.GetOrFetch(context.Background(), "wechat", u.fetch); got != "secret-1" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		callers.Wait()
	})
}

func TestReplicasFetchOneToken(t *testing.T) {
	s := redistest.Start(t)
	var u upstream
	var callers sync.WaitGroup
	gate := make(chan struct{})
	for range 4 {
		tokens := cache.NewTokens(s.Open(t), clock.System{})
		for range 10 {
			callers.Go(func() {
				got, err := tokens.GetOrFetch(context.Background(), "wechat", func(ctx context.Context) (string, time.Duration, error) {
					<-gate
					return u.fetch(ctx)
				})
				if got != "secret-1" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
	}
	close(gate)
	callers.Wait()
	if n := u.issued.Load(); n != 1 {
		t.Errorf("%d tokens were fetched by four replicas", n)
	}
}

func TestExpiredTokenIsRenewed(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		var u upstream
		var watch stopwatch
		tokens := cache.NewTokens(r, &watch)
		get(t, tokens, &u)
		watch.advance(time.Hour)
		if got := get(t, tokens, &u); got != "secret-2" {
			t.Errorf("got %q", got)
		}
	})
}

func TestDropOnlyTheTokenRefused(t *testing.T) {
	s := redistest.Start(t)
	var u upstream
	a, b := cache.NewTokens(s.Open(t), clock.System{}), cache.NewTokens(s.Open(t), clock.System{})
	get(t, a, &u)
	get(t, b, &u)
	a.Drop(t.Context(), "wechat", "secret-1")
	if got := get(t, a, &u); got != "secret-2" {
		t.Fatalf("after Drop the first replica got %q", got)
	}
	b.Drop(t.Context(), "wechat", "secret-1")
	if got := get(t, b, &u); got != "secret-2" {
		t.Errorf("the second replica dropped its old token and got %q", got)
	}
}

// A replica that wrote or read the token before another dropped it must not bring it back.
func TestARefusedTokenDoesNotComeBack(t *testing.T) {
	s := redistest.Start(t)
	var u upstream
	redis := s.Open(t)
	tokens := cache.NewTokens(redis, clock.System{})
	get(t, tokens, &u)
	late := redis.Get(t.Context(), redis.Key("token:wechat")).Val()
	if !strings.HasSuffix(late, "|secret-1") {
		t.Fatalf("Redis holds %q", late)
	}
	tokens.Drop(t.Context(), "wechat", "secret-1")
	if err := redis.Set(t.Context(), redis.Key("token:wechat"), late, time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	if got := get(t, tokens, &u); got != "secret-2" {
		t.Errorf("after Drop: got %q", got)
	}
}

// The upstream may hand out the value again that it refused; it must end in an answer.
func TestTheUpstreamMayVouchForATokenAgain(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		tokens := cache.NewTokens(r, clock.System{})
		always := func(context.Context) (string, time.Duration, error) { return "the one", time.Hour, nil }
		for range 2 {
			if got, err := tokens.GetOrFetch(t.Context(), "wechat", always); got != "the one" || err != nil {
				t.Fatalf("got %q, %v", got, err)
			}
			tokens.Drop(t.Context(), "wechat", "the one")
		}
	})
}

func TestFailedFetchFreesTheLock(t *testing.T) {
	kinds(t, func(t *testing.T, r *redisx.Client) {
		tokens := cache.NewTokens(r, clock.System{})
		down := errors.New("upstream down")
		for _, fetch := range []func(context.Context) (string, time.Duration, error){
			func(context.Context) (string, time.Duration, error) { return "", 0, down },
			func(context.Context) (string, time.Duration, error) { panic("secret-0") },
		} {
			_, err := tokens.GetOrFetch(t.Context(), "wechat", fetch)
			if err == nil || strings.Contains(err.Error(), "secret") {
				t.Fatalf("got %v", err)
			}
		}
		var u upstream
		if got := get(t, tokens, &u); got != "secret-1" {
			t.Errorf("got %q", got)
		}
	})
}

func TestTokenSurvivesAnOutage(t *testing.T) {
	s := redistest.Start(t)
	var u upstream
	tokens := cache.NewTokens(s.Open(t), clock.System{})
	get(t, tokens, &u)
	s.Freeze()
	if got := get(t, tokens, &u); got != "secret-1" {
		t.Errorf("got %q", got)
	}
}

func TestOneCallersCancellationEndsNobodyElsesTokenFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := cache.NewTokens(nil, clock.System{})
		fetch := func(ctx context.Context) (string, time.Duration, error) {
			time.Sleep(time.Second)
			return "token", time.Hour, ctx.Err()
		}
		hurried, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := tokens.GetOrFetch(hurried, "k", fetch); err == nil {
				t.Error("the hurried caller waited")
			}
		})
		synctest.Wait()
		if got, err := tokens.GetOrFetch(t.Context(), "k", fetch); got != "token" || err != nil {
			t.Errorf("the patient caller: %q, %v", got, err)
		}
		all.Wait()
	})
}
