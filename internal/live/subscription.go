package live

// Subscription is one waiter on one topic.
type Subscription struct {
	hub    *Hub
	topic  string
	notify func() // must not block
	c      chan struct{}
	detach func() bool
}

// C delivers wake-ups. Those that come before the last was taken are one. It is never closed: wait on your
// context as well.
func (s *Subscription) C() <-chan struct{} { return s.c }

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	s.detach()
	s.remove()
}

func (s *Subscription) ring() {
	select {
	case s.c <- struct{}{}:
	default: // one is waiting already
	}
}

func (s *Subscription) remove() {
	sh := s.hub.shard(s.topic)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	delete(sh.topics[s.topic], s)
	if len(sh.topics[s.topic]) == 0 {
		delete(sh.topics, s.topic)
	}
}
