package cache

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"

	"citygraph/internal/clock"
	"citygraph/internal/redisx"
)

const (
	fetchTimeout = 10 * time.Second
	lockLife     = fetchTimeout + 2*time.Second // outlives any fetch, and frees the others if its replica dies
	waitTimeout  = 2 * lockLife
	pollEvery    = 50 * time.Millisecond
)

// Tokens shares short-lived upstream tokens (a WeChat access token, say) among replicas, where fetching one
// more often spoils the one in use. The values are secrets: they appear in no error and no log. Their keys,
// few and chosen by the code, name them. In Redis they are as safe as Redis is.
type Tokens struct {
	redis   *redisx.Client
	clock   clock.Clock
	flights singleflight.Group
	mu      sync.Mutex
	held    map[string]token
}

type token struct {
	value   string
	until   time.Time
	refused bool // by the upstream; kept so that a look begun before the refusal cannot bring the value back
}

// NewTokens returns the tokens of all replicas on the Redis, or of this process alone when redis is nil.
func NewTokens(redis *redisx.Client, clk clock.Clock) *Tokens {
	return &Tokens{redis: redis, clock: clk, held: map[string]token{}}
}

// GetOrFetch returns the token kept under key, or fetches it: once in this process and, while Redis works,
// once among all replicas. fetch tells how long the value may be used, less whatever margin it needs; it runs
// on a context of its own with ten seconds. Its error goes to all who wait here, so it must hold no secret.
func (t *Tokens) GetOrFetch(ctx context.Context, key string, fetch func(context.Context) (value string, ttl time.Duration, err error)) (string, error) {
	for {
		if held, ok := t.holding(key); ok {
			return held.value, nil
		}
		flight := t.flights.DoChan(key, func() (any, error) {
			ctx, cancel := detach(ctx, waitTimeout)
			defer cancel()
			return t.obtain(ctx, key, fetch)
		})
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case landed := <-flight:
			if landed.Err != nil {
				return "", landed.Err
			}
			// The flight may have taken off before the caller dropped the very value it brings.
			if value := landed.Val.(token).value; !t.refused(key, value) {
				return value, nil
			}
		}
	}
}

// Drop discards the token under key if it still is value: the upstream refused it before its time.
// A newer one that another replica has fetched stays.
func (t *Tokens) Drop(ctx context.Context, key, value string) {
	t.mu.Lock()
	if held := t.held[key]; held.value == value {
		held.refused = true
		t.held[key] = held
	}
	t.mu.Unlock()
	if t.redis == nil {
		return
	}
	ctx, cancel := detach(ctx, fetchTimeout)
	defer cancel()
	// A failure leaves it to expire in Redis, and to be refused and dropped again.
	if written, err := t.redis.Get(ctx, t.name(key)).Result(); err == nil && parseToken(written).value == value {
		_ = deleteIfEqual.Run(ctx, t.redis, []string{t.name(key)}, written).Err()
	}
}

// obtain returns the token of another replica, waiting for one that is being fetched, or fetches it.
func (t *Tokens) obtain(ctx context.Context, key string, fetch func(context.Context) (string, time.Duration, error)) (token, error) {
	// The last flight may have landed between the caller's look and this one's start.
	if held, ok := t.holding(key); ok {
		return held, nil
	}
	for {
		if shared, ok := t.shared(ctx, key); ok {
			return shared, nil
		}
		unlock, locked := t.lock(ctx, key)
		if locked {
			return t.obtainAlone(ctx, key, fetch, unlock)
		}
		select {
		case <-ctx.Done():
			return token{}, fmt.Errorf("wait for token %s: %w", key, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

// obtainAlone fetches the token as the holder of its lock.
func (t *Tokens) obtainAlone(ctx context.Context, key string, fetch func(context.Context) (string, time.Duration, error), unlock func()) (token, error) {
	defer unlock()
	// The last holder may have finished between our look and our lock.
	if shared, ok := t.shared(ctx, key); ok {
		return shared, nil
	}
	return t.fetch(ctx, key, fetch)
}

func (t *Tokens) fetch(ctx context.Context, key string, fetch func(context.Context) (string, time.Duration, error)) (fresh token, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil { // its text may quote the secret
			err = fmt.Errorf("fetch token %s: panicked", key)
		}
	}()
	value, ttl, err := fetch(ctx)
	if err != nil {
		return token{}, fmt.Errorf("fetch token %s: %w", key, err)
	}
	fresh = token{value: value, until: t.clock.Now().Add(ttl)}
	t.hold(key, fresh)
	if t.redis != nil && ttl >= time.Millisecond {
		// On failure the other replicas fetch for themselves, which is all one can do without Redis.
		_ = t.redis.Set(ctx, t.name(key), fresh.written(), ttl).Err()
	}
	return fresh, nil
}

// lock takes the right to fetch. Without a working Redis there is nobody to share it with.
func (t *Tokens) lock(ctx context.Context, key string) (unlock func(), locked bool) {
	if t.redis == nil {
		return func() {}, true
	}
	name, owner := t.name(key)+":lock", newOwner()
	err := t.redis.SetArgs(ctx, name, owner, redis.SetArgs{Mode: "NX", TTL: lockLife}).Err()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, false
	case err != nil:
		return func() {}, true
	}
	return func() { _ = deleteIfEqual.Run(ctx, t.redis, []string{name}, owner).Err() }, true
}

// shared returns the token in Redis and holds it here, unless it has ended or was refused here.
func (t *Tokens) shared(ctx context.Context, key string) (token, bool) {
	if t.redis == nil {
		return token{}, false
	}
	written, err := t.redis.Get(ctx, t.name(key)).Result()
	if err != nil {
		return token{}, false
	}
	found := parseToken(written)
	return found, t.clock.Now().Before(found.until) && t.adopt(key, found)
}

func (t *Tokens) holding(key string) (token, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	held, ok := t.held[key]
	return held, ok && !held.refused && t.clock.Now().Before(held.until)
}

// hold keeps a token fresh from the upstream: should it be the one refused before, the upstream vouches for it now.
func (t *Tokens) hold(key string, fresh token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held[key] = fresh
}

// adopt holds the token another replica fetched, unless it was refused here.
func (t *Tokens) adopt(key string, shared token) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.spoilt(key, shared.value) {
		return false
	}
	t.held[key] = shared
	return true
}

func (t *Tokens) refused(key, value string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.spoilt(key, value)
}

// spoilt wants the lock held.
func (t *Tokens) spoilt(key, value string) bool {
	last := t.held[key]
	return last.refused && last.value == value
}

func (t *Tokens) name(key string) string { return t.redis.Key("token:" + key) }

// written is the token's form in Redis: Unix milliseconds, a bar, the value.
func (tok token) written() string {
	return strconv.FormatInt(tok.until.UnixMilli(), 10) + "|" + tok.value
}

// parseToken returns a token that expired long ago for anything that is not one.
func parseToken(written string) token {
	until, value, _ := strings.Cut(written, "|")
	ms, err := strconv.ParseInt(until, 10, 64)
	if err != nil {
		return token{}
	}
	return token{value: value, until: time.UnixMilli(ms)}
}
