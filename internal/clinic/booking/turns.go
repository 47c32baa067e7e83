package booking

import (
	"context"
	"sync"
)

// turns has those who want the same slot of this process go one after another, in the order in which they came. The database
// decides who has a place; this keeps a rush fair, since neither database nor pool serves in order, and has those who wait for a
// place that is gone by then hold neither connection nor lock. The zero value is ready.
type turns struct {
	mu   sync.Mutex
	last map[string]chan struct{} // of each key the turn that ends last
}

// take waits for its turn at the key, or for the end of ctx. Who has it must call leave.
func (q *turns) take(ctx context.Context, key string) (leave func(), err error) {
	mine := make(chan struct{})
	q.mu.Lock()
	if q.last == nil {
		q.last = map[string]chan struct{}{}
	}
	before := q.last[key]
	q.last[key] = mine
	q.mu.Unlock()
	end := func() {
		q.mu.Lock()
		if q.last[key] == mine {
			delete(q.last, key)
		}
		q.mu.Unlock()
		close(mine)
	}
	if before == nil {
		return end, nil
	}
	select {
	case <-before:
		return end, nil
	case <-ctx.Done():
		go func() { // those behind still wait for those before
			<-before
			end()
		}()
		return nil, ctx.Err()
	}
}
