// Package live wakes those who wait for something to change. A wake-up is a hint and carries nothing: it may
// come twice, late, or without reason, and one may be lost. Whoever is woken reads the durable sequence in
// SQL from where it stood, so that nothing is lost with a hint. Publish only after the commit: whoever
// reads earlier finds nothing.
//
// Hints pass inside the process and, where there is a Redis, between replicas over one connection each.
// Every subscriber is also woken about every thirty seconds, which heals what was lost.
package live

import (
	"context"
	"crypto/rand"
	"hash/maphash"
	"sync"
	"time"

	"citygraph/internal/redisx"
)

const (
	shards    = 64
	safeEvery = 30 * time.Second      // every subscriber is woken this often, come what may
	hurry     = 10 * time.Millisecond // pause between shards when all must be woken now
)

// Hub is safe for concurrent use. An idle subscriber costs some memory and no goroutine.
type Hub struct {
	seed    maphash.Seed
	shards  [shards]shard
	missed  chan struct{} // hints may have been lost: wake everyone
	relay   *relay        // nil without Redis
	stop    context.CancelFunc
	running sync.WaitGroup
}

type shard struct {
	mu     sync.Mutex
	topics map[string]map[*Subscription]struct{}
}

// NewHub returns a working hub; with redis it also exchanges hints with the other replicas there. Close ends it.
func NewHub(redis *redisx.Client) *Hub {
	ctx, stop := context.WithCancel(context.Background())
	h := &Hub{seed: maphash.MakeSeed(), missed: make(chan struct{}, 1), stop: stop}
	for i := range h.shards {
		h.shards[i].topics = map[string]map[*Subscription]struct{}{}
	}
	h.running.Go(func() { h.tend(ctx) })
	if redis != nil {
		h.relay = &relay{
			redis:   redis,
			channel: redis.Key("live"),
			origin:  rand.Text(),
			queue:   make(chan string, queueLength),
			wake:    h.wake,
			missed:  h.wakeAll,
		}
		h.running.Go(func() { h.relay.send(ctx) })
		h.running.Go(func() { h.relay.receive(ctx) })
	}
	return h
}

// Subscribe returns a subscription to the topic that ends with ctx or Close. Subscribe first and read the
// sequence after, so that no change falls in between.
func (h *Hub) Subscribe(ctx context.Context, topic string) *Subscription {
	s := &Subscription{c: make(chan struct{}, 1)}
	h.attach(s, topic, s.ring)
	s.detach = context.AfterFunc(ctx, s.remove)
	return s
}

func (h *Hub) attach(s *Subscription, topic string, notify func()) {
	s.hub, s.topic, s.notify = h, topic, notify
	sh := h.shard(topic)
	sh.mu.Lock()
	if sh.topics[topic] == nil {
		sh.topics[topic] = map[*Subscription]struct{}{}
	}
	sh.topics[topic][s] = struct{}{}
	sh.mu.Unlock()
}

// Publish wakes the subscribers of the topics, here at once and on other replicas soon. It never blocks
// and cannot fail; call it after the commit.
func (h *Hub) Publish(topics ...string) {
	for _, topic := range topics {
		h.wake(topic)
		if h.relay != nil {
			h.relay.enqueue(topic)
		}
	}
}

// Close stops the wake-ups, after handing over the hints still queued for other replicas. Subscriptions
// stay open and silent; they end with their contexts.
func (h *Hub) Close() {
	h.stop()
	h.running.Wait()
}

func (h *Hub) shard(topic string) *shard {
	return &h.shards[maphash.String(h.seed, topic)%shards]
}

func (h *Hub) wake(topic string) {
	sh := h.shard(topic)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for s := range sh.topics[topic] {
		s.notify()
	}
}

// wakeAll has everyone woken soon, shard by shard: ten thousand subscribers must not query in one instant.
func (h *Hub) wakeAll() {
	select {
	case h.missed <- struct{}{}:
	default:
	}
}

// tend walks the shards for ever, so slowly that each subscriber is woken every safeEvery, and one round
// quickly when hints were missed.
func (h *Hub) tend(ctx context.Context) {
	tick := time.NewTicker(safeEvery / shards)
	defer tick.Stop()
	inHurry := 0
	for i := 0; ; i = (i + 1) % shards {
		select {
		case <-ctx.Done():
			return
		case <-h.missed:
			inHurry = shards
			tick.Reset(hurry)
		case <-tick.C:
			if inHurry == 1 {
				tick.Reset(safeEvery / shards)
			}
			inHurry = max(inHurry-1, 0)
		}
		h.shards[i].wakeAll()
	}
}

func (sh *shard) wakeAll() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, subscriptions := range sh.topics {
		for s := range subscriptions {
			s.notify()
		}
	}
}
