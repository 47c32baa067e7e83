package push

import (
	"context"
	"sync"
	"time"
)

const (
	defaultWorkers = 64
	defaultTimeout = 10 * time.Second
)

// Pool sends many messages side by side, so that a slow or failing token holds up nobody else.
type Pool struct {
	Sender  Sender
	Workers int           // messages under way at once; 64 when 0
	Timeout time.Duration // the deadline of each message; 10 s when 0
}

// SendAll sends every message and returns their results in the same order. When ctx ends, what has
// not been sent yet comes back at once as Retry.
func (p Pool) SendAll(ctx context.Context, messages []Message) []Result {
	workers, timeout := p.Workers, p.Timeout
	if workers <= 0 {
		workers = defaultWorkers
	}
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	results := make([]Result, len(messages))
	next := make(chan int)
	var crew sync.WaitGroup
	for range min(workers, len(messages)) {
		crew.Go(func() {
			for i := range next {
				results[i] = p.sendOne(ctx, messages[i], timeout)
			}
		})
	}
	for i := range messages {
		next <- i
	}
	close(next)
	crew.Wait()
	return results
}

func (p Pool) sendOne(ctx context.Context, m Message, timeout time.Duration) Result {
	if err := ctx.Err(); err != nil {
		return Result{Outcome: Retry, Code: codeNotSent, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return p.Sender.Send(ctx, m)
}
