// Package cache keeps what is dear to load and the same for everyone who may see it: the public catalogue,
// shared tokens, and sessions under their own session id. Never put a viewer's private rows here.
//
// Values live in process (TinyLFU) and, where there is a Redis, in Redis for all replicas. Without Redis,
// or while it is down, everything still works; nothing of Redis ever reaches a caller as an error.
//
// How stale a value can be after Forget: not at all on the replica that forgot it; up to 2.2 seconds on the
// others, whose copies in process live no longer than that; and its own ttl if Redis was down at the time.
package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	rediscache "github.com/go-redis/cache/v9"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/singleflight"

	"citygraph/internal/clock"
	"citygraph/internal/redisx"
)

const (
	sharedCopy  = 2 * time.Second // life in process where another replica may forget the value; the library adds up to a tenth
	ownCopy     = 24 * time.Hour  // life in process where nobody else can; the value's own ttl is what ends it
	loadTimeout = 5 * time.Second
	shortestTTL = time.Second // the library takes anything shorter for an hour
)

// Cache is safe for concurrent use.
type Cache struct {
	redis   *redisx.Client
	clock   clock.Clock
	shelf   *shelf
	codec   *rediscache.Cache
	flights singleflight.Group
	counts  struct{ hits, loads, faults atomic.Uint64 }
}

// New returns a cache of at most size values in process, shared through Redis unless redis is nil.
func New(redis *redisx.Client, clk clock.Clock, size int) *Cache {
	c := &Cache{redis: redis, clock: clk}
	options := &rediscache.Options{}
	life := ownCopy
	if redis != nil {
		options.Redis = redis
		life = sharedCopy
	}
	c.shelf = newShelf(size, life)
	c.codec = rediscache.New(options)
	return c
}

// Fetch returns the value kept under key, or loads it and keeps it for ttl (at least a second).
//
// However many callers ask at once, a replica loads once. The load belongs to none of them: it runs on a
// context of its own with five seconds, without any caller's viewer, language or transaction, so that
// nothing of who asked first can reach the others; a caller whose ctx ends stops waiting, alone. Loads need
// no rights of a viewer for public rows; others say viewer.AsSystem.
//
// An error is handed to the callers of that load and never kept. To keep "there is none", make it a value:
// T a pointer, and nil. T must survive msgpack: exported fields only. Every caller gets a copy of its own.
func Fetch[T any](ctx context.Context, c *Cache, key string, ttl time.Duration, load func(context.Context) (T, error)) (T, error) {
	var value T
	payload, err := c.fetch(ctx, key, max(ttl, shortestTTL), func(ctx context.Context) ([]byte, error) {
		v, err := load(ctx)
		if err != nil {
			return nil, err
		}
		return c.codec.Marshal(v)
	})
	if err != nil {
		return value, err
	}
	if err := c.codec.Unmarshal(payload, &value); err != nil {
		// Another release wrote another shape here, which is no use to this one.
		c.Forget(ctx, key)
		ctx, cancel := detach(ctx, loadTimeout)
		defer cancel()
		return load(ctx)
	}
	return value, nil
}

// Forget drops the values under the keys everywhere. Call it after the change is committed; a load that
// began earlier will not bring the old value back. The package comment says when the others notice.
func (c *Cache) Forget(ctx context.Context, keys ...string) {
	for _, key := range keys {
		c.shelf.forget(key)
		c.flights.Forget(key)
	}
	if c.redis == nil || len(keys) == 0 {
		return
	}
	ctx, cancel := detach(ctx, loadTimeout) // the change stands even if its caller has left
	defer cancel()
	_, err := c.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys {
			p.Set(ctx, c.name(key), []byte(grave), graveLife)
		}
		return nil
	})
	c.note(err)
}

// Stats counts since the start of the process.
type Stats struct {
	Hits        uint64 // answers without a load, from process or Redis
	Loads       uint64
	RedisFaults uint64 // Redis calls that failed and were swallowed
}

// Stats returns the counts so far, for metrics.
func (c *Cache) Stats() Stats {
	return Stats{c.counts.hits.Load(), c.counts.loads.Load(), c.counts.faults.Load()}
}

func (c *Cache) fetch(ctx context.Context, key string, ttl time.Duration, load func(context.Context) ([]byte, error)) ([]byte, error) {
	if payload, ok := c.shelf.get(key).payload(c.clock.Now()); ok {
		c.counts.hits.Add(1)
		return payload, nil
	}
	flight := c.flights.DoChan(key, func() (any, error) {
		ctx, cancel := detach(ctx, loadTimeout)
		defer cancel()
		return c.fill(ctx, key, ttl, load)
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case landed := <-flight:
		if landed.Err != nil {
			return nil, landed.Err
		}
		return landed.Val.([]byte), nil
	}
}

// fill looks in Redis, else loads and keeps.
func (c *Cache) fill(ctx context.Context, key string, ttl time.Duration, load func(context.Context) ([]byte, error)) (payload []byte, err error) {
	defer func() {
		if p := recover(); p != nil { // in a flight nobody else would catch it
			err = fmt.Errorf("cache load panicked: %v\n%s", p, debug.Stack())
		}
	}()
	// Another flight may have landed between the caller's look and this one's start.
	if payload, ok := c.shelf.get(key).payload(c.clock.Now()); ok {
		c.counts.hits.Add(1)
		return payload, nil
	}
	before := c.shelf.epoch(key)
	found := c.fromRedis(ctx, key)
	if payload, ok := found.payload(c.clock.Now()); ok {
		c.counts.hits.Add(1)
		c.shelf.put(key, found, before)
		return payload, nil
	}
	c.counts.loads.Add(1)
	payload, err = load(ctx)
	if err != nil {
		return nil, fmt.Errorf("cache load: %w", err)
	}
	if ctx.Err() == nil { // a load that overran may be older than a grave it must not outlive
		fresh := newEntry(payload, c.clock.Now().Add(ttl))
		c.shelf.put(key, fresh, before)
		c.toRedis(ctx, key, fresh, ttl)
	}
	return payload, nil
}

func (c *Cache) fromRedis(ctx context.Context, key string) entry {
	if c.redis == nil {
		return nil
	}
	var found []byte
	err := c.codec.Get(ctx, c.name(key), &found)
	if !errors.Is(err, rediscache.ErrCacheMiss) {
		c.note(err)
	}
	return found
}

// toRedis keeps the entry unless there is one already, which is as good, or a grave, which must stay.
func (c *Cache) toRedis(ctx context.Context, key string, e entry, ttl time.Duration) {
	if c.redis == nil {
		return
	}
	c.note(c.codec.Set(&rediscache.Item{Ctx: ctx, Key: c.name(key), Value: []byte(e), TTL: ttl, SetNX: true}))
}

func (c *Cache) name(key string) string { return c.redis.Key("cache:" + key) }

func (c *Cache) note(err error) {
	if err != nil {
		c.counts.faults.Add(1)
	}
}

// detach returns a context that knows of its parent only the trace.
func detach(parent context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx := trace.ContextWithSpanContext(context.Background(), trace.SpanContextFromContext(parent))
	return context.WithTimeout(ctx, timeout)
}
