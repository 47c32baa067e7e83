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
	makeGood     = 500 * time.Millisecond // from a hint that Redis did not take to the next try
	everyone     = ""                     // the topic that wakes all, for hints that were lost
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

// send publishes what is queued, a batch in one round trip and each topic of a batch once. When Redis did not
// take a batch, the others are all woken as soon as it is back.
func (r *relay) send(ctx context.Context) {
	var owed <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			r.flush(ctx)
			return
		case topic := <-r.queue:
			if r.publish(ctx, topic) != nil {
				owed = time.After(makeGood)
			}
		case <-owed:
			owed = nil
			if r.publish(ctx, everyone) != nil {
				owed = time.After(makeGood)
			}
		}
	}
}

// flush hands over what is still queued when the process stops.
func (r *relay) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handOver)
	defer cancel()
	for len(r.queue) > 0 && ctx.Err() == nil {
		_ = r.publish(ctx, <-r.queue) // a process that ends makes nothing good; the slow wake-up does
	}
}

// publish fails when Redis did not take the batch; the guard reports the outage.
func (r *relay) publish(ctx context.Context, topic string) error {
	batch := map[string]struct{}{topic: {}}
	for len(batch) < batchSize && len(r.queue) > 0 {
		batch[<-r.queue] = struct{}{}
	}
	_, err := r.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for topic := range batch {
			p.Publish(ctx, r.channel, r.origin+" "+topic)
		}
		return nil
	})
	return err
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
			switch origin, topic, ok := strings.Cut(m.Payload, " "); {
			case !ok || origin == r.origin:
			case topic == everyone:
				r.missed()
			default:
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
