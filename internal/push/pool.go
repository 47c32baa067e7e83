package push

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// DefaultPlaces is how many messages a process has under way at once: at 50 ms a message and the time
	// it takes to write its outcome down, enough for 5,000 a second.
	DefaultPlaces = 768
	// DefaultTimeout is how long one message may take.
	DefaultTimeout = 10 * time.Second
)

// Pool bounds what a process has under way at once, over all its jobs. A slow token takes up the one
// place of its message and no more. Whoever enters with several messages leaves with each of them.
type Pool struct {
	places  *semaphore.Weighted
	size    int
	timeout time.Duration
}

// NewPool returns a pool with so many places, in which a message may take so long; the defaults when 0.
func NewPool(places int, timeout time.Duration) *Pool {
	if places <= 0 {
		places = DefaultPlaces
	}
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	return &Pool{semaphore.NewWeighted(int64(places)), places, timeout}
}

// Size is the number of places.
func (p *Pool) Size() int { return p.size }

// Timeout is how long a message may take.
func (p *Pool) Timeout() time.Duration { return p.timeout }

// Enter waits for n places, first come, first served. It fails when ctx ends before.
func (p *Pool) Enter(ctx context.Context, n int) error { return p.places.Acquire(ctx, int64(n)) }

// Leave gives n places back.
func (p *Pool) Leave(n int) { p.places.Release(int64(n)) }

// Send sends one message within the time a message may take, also when ctx ends meanwhile: whether a
// message that is cut off has arrived nobody knows.
func (p *Pool) Send(ctx context.Context, c Channel, m Message) Result {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.timeout)
	defer cancel()
	return c.Send(ctx, m)
}
