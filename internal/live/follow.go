package live

import (
	"context"
	"sync"
)

// follower looks again whenever one of its topics wakes it.
type follower struct {
	ctx  context.Context
	look func() bool
	end  func()

	mu            sync.Mutex
	stance        stance
	subscriptions []Subscription
}

type stance int8

const (
	waiting stance = iota
	looking
	wokenAgain // while looking
	over
)

// Follow calls look at once and then at every wake-up of the topics, until ctx ends or look declines, and
// calls end after that. The calls follow one another; wake-ups that come during one are one more. No
// goroutine waits between them: what a look needs of stack, thousands of idle followers do not keep.
func (h *Hub) Follow(ctx context.Context, look func() bool, end func(), topics ...string) {
	f := &follower{ctx: ctx, look: look, end: end, stance: looking, subscriptions: make([]Subscription, len(topics))}
	for i, topic := range topics {
		h.attach(&f.subscriptions[i], topic, f.wake)
	}
	go f.run()
	context.AfterFunc(ctx, f.wake)
}

func (f *follower) wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch f.stance {
	case waiting:
		f.stance = looking
		go f.run()
	case looking:
		f.stance = wokenAgain
	}
}

func (f *follower) run() {
	for f.ctx.Err() == nil && f.look() {
		if f.rest() {
			return
		}
	}
	f.mu.Lock()
	f.stance = over
	f.mu.Unlock()
	for i := range f.subscriptions {
		f.subscriptions[i].remove()
	}
	f.end()
}

// rest reports whether nothing has called for another look.
func (f *follower) rest() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stance--
	return f.stance == waiting
}
