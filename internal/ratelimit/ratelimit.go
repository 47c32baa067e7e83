// Package ratelimit holds callers to a rate, by any keys that name them (viewer, device, address) and by
// the cost of what they do. Buckets are shared by all replicas through Redis where there is one; otherwise,
// and while Redis is down, each replica keeps its own, so that N replicas allow up to N times the rate.
package ratelimit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/go-redis/redis_rate/v10"

	"citygraph/internal/clock"
	"citygraph/internal/redisx"
)

// Rule is the rate of one class of acts. A full bucket holds Burst; it refills by Rate every Per.
type Rule struct {
	Class string // keeps its buckets apart from those of other classes
	Rate  int
	Per   time.Duration
	Burst int
}

// Requests is the rule for ordinary operations, a point of cost each unless they are dearer: ten a second
// over time, and a minute's worth at once.
func Requests() Rule { return Rule{Class: "requests", Rate: 600_000, Per: time.Minute, Burst: 600_000} }

// SignIn is the rule for signing in and for codes: five tries at once, then one every twelve seconds.
func SignIn() Rule { return Rule{Class: "signin", Rate: 5, Per: time.Minute, Burst: 5} }

// Limiter holds callers to one Rule. It is safe for concurrent use.
type Limiter struct {
	rule   Rule
	redis  *redisx.Client
	shared *redis_rate.Limiter // nil without Redis
	local  *buckets
}

// New returns a limiter for the rule, sharing its buckets through redis unless that is nil. Shared buckets
// run on the clock of Redis, local ones on clk. A rule must have a class and positive figures.
func New(redis *redisx.Client, clk clock.Clock, rule Rule) (*Limiter, error) {
	if rule.Class == "" || rule.Rate <= 0 || rule.Per <= 0 || rule.Burst <= 0 {
		return nil, fmt.Errorf("rate limit rule %+v: the class must be named and the figures positive", rule)
	}
	local, err := newBuckets(clk, rule)
	if err != nil {
		return nil, fmt.Errorf("rate limit %s: %w", rule.Class, err)
	}
	l := &Limiter{rule: rule, redis: redis, local: local}
	if redis != nil {
		l.shared = redis_rate.NewLimiter(redis)
	}
	return l, nil
}

// Take takes cost from the bucket of every key, and reports whether each held enough; if not, it says when
// to try again. Give the narrowest key first (viewer, device, address): with Redis, those before the one that
// refuses are charged all the same, so that a caller over his own limit never drains what he shares with others.
//
// A cost of nothing is free, and one above the burst counts as the burst. Keys may be secret, personal or of
// any length: only a hash of them is kept.
func (l *Limiter) Take(ctx context.Context, keys []string, cost int) (retryAfter time.Duration, ok bool) {
	cost = min(cost, l.rule.Burst)
	if cost <= 0 {
		return 0, true
	}
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = name(key)
	}
	if l.shared != nil {
		if retryAfter, ok, err := l.takeShared(ctx, names, cost); err == nil {
			return retryAfter, ok
		}
	}
	return l.local.take(names, cost)
}

func (l *Limiter) takeShared(ctx context.Context, names []string, cost int) (time.Duration, bool, error) {
	limit := redis_rate.Limit{Rate: l.rule.Rate, Period: l.rule.Per, Burst: l.rule.Burst}
	for _, name := range names {
		result, err := l.shared.AllowN(ctx, l.redis.Key(l.rule.Class+":"+name), limit, cost)
		if err != nil {
			return 0, false, fmt.Errorf("shared rate limit: %w", err)
		}
		if result.Allowed == 0 {
			return result.RetryAfter, false, nil
		}
	}
	return 0, true, nil
}

// name returns a short stand-in for a key, which may be a megabyte of someone's personal data.
func name(key string) string {
	sum := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
