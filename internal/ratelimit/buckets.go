package ratelimit

import (
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"citygraph/internal/clock"
)

// localBuckets bounds the memory of one class in process, about ten megabytes. Whoever drives out a bucket
// to start afresh needs as many keys as this, and is on the way held by the wider keys.
const localBuckets = 1 << 15

// buckets are the token buckets of one class in this process.
type buckets struct {
	clock clock.Clock
	rate  rate.Limit
	burst int
	mu    sync.Mutex // a take over several buckets is one step
	kept  *lru.Cache[string, *rate.Limiter]
}

func newBuckets(clk clock.Clock, rule Rule) (*buckets, error) {
	kept, err := lru.New[string, *rate.Limiter](localBuckets)
	if err != nil {
		return nil, err
	}
	perSecond := rate.Limit(float64(rule.Rate) / rule.Per.Seconds())
	return &buckets{clock: clk, rate: perSecond, burst: rule.Burst, kept: kept}, nil
}

// take takes cost from all the buckets or from none. cost is at most the burst.
func (b *buckets) take(names []string, cost int) (retryAfter time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	taken := make([]*rate.Reservation, 0, len(names))
	for _, name := range names {
		r := b.bucket(name).ReserveN(now, cost)
		taken = append(taken, r)
		retryAfter = max(retryAfter, r.DelayFrom(now))
	}
	if retryAfter == 0 {
		return 0, true
	}
	for _, r := range taken {
		r.CancelAt(now)
	}
	return retryAfter, false
}

func (b *buckets) bucket(name string) *rate.Limiter {
	if kept, ok := b.kept.Get(name); ok {
		return kept
	}
	fresh := rate.NewLimiter(b.rate, b.burst)
	b.kept.Add(name, fresh)
	return fresh
}
