package live

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"citygraph/internal/redisx"
)

const (
	queueLength  = 4096 // hints waiting for Redis; more are dropped, as hints may be
	batchSize    = 256
	handOver     = 200 * time.Millisecond // what Close spends on the queue
	quiet        = 3 * time.Second        // a connection silent for so long is asked whether it lives
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 5 * time.Second
)

// relay exchanges hints with other replicas over one Redis channel. A message is the origin's name, a
// space and the topic.
type relay struct {
	redis   *redisx.Client
	channel string
	origin  string
	queue   chan string
	wake    func(topic string)
	missed  func()
}

func (r *relay) enqueue(topic string) {
	select {
	case r.queue <- topic:
	default: // Redis is slower than the city; the safety wake-up covers the rest
	}
}

// send publishes what is queued, a batch in one round trip and each topic of a batch once.
func (r *relay) send(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			r.flush(ctx)
			return
		case topic := <-r.queue:
			r.publish(ctx, topic)
		}
	}
}

// flush hands over what is still queued when the process stops.
func (r *relay) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handOver)
	defer cancel()
	for len(r.queue) > 0 && ctx.Err() == nil {
		r.publish(ctx, <-r.queue)
	}
}

func (r *relay) publish(ctx context.Context, topic string) {
	batch := map[string]struct{}{topic: {}}
	for len(batch) < batchSize && len(r.queue) > 0 {
		batch[<-r.queue] = struct{}{}
	}
	// A lost hint heals by itself, and the guard reports the outage.
	_, _ = r.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for topic := range batch {
			p.Publish(ctx, r.channel, r.origin+" "+topic)
		}
		return nil
	})
}

// receive listens until ctx ends, connecting anew whenever the connection is lost.
func (r *relay) receive(ctx context.Context) {
	backoff := firstBackoff
	for ctx.Err() == nil {
		if r.listen(ctx) {
			backoff = firstBackoff
		}
		select {
		case <-ctx.Done():
		case <-time.After(backoff/2 + rand.N(backoff)):
		}
		backoff = min(2*backoff, lastBackoff)
	}
}

// listen passes messages on until the connection fails, and reports whether it ever worked.
func (r *relay) listen(ctx context.Context) (worked bool) {
	if !r.redis.Up() {
		return false
	}
	sub := r.redis.Subscribe(ctx, r.channel)
	defer func() { _ = sub.Close() }()
	defer context.AfterFunc(ctx, func() { _ = sub.Close() })()

	for asked := false; ; {
		message, err := sub.ReceiveTimeout(ctx, quiet)
		switch m := message.(type) {
		case *redis.Subscription:
			worked = true
			r.missed() // whatever was published before this moment
		case *redis.Message:
			if origin, topic, ok := strings.Cut(m.Payload, " "); ok && origin != r.origin {
				r.wake(topic)
			}
		}
		if err == nil {
			asked = false
			continue
		}
		if asked || !isTimeout(err) || sub.Ping(ctx) != nil {
			return worked
		}
		asked = true
	}
}

// isTimeout reports whether nothing arrived, as opposed to a connection that failed.
func isTimeout(err error) bool {
	network, ok := errors.AsType[net.Error](err)
	return ok && network.Timeout()
}
