package edge

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// A connection that lives long is taken away from net/http: its buffers, its stack below the handler and
// the request itself would otherwise be kept for every idle subscriber. From then on time is watched by
// timers and changes by callbacks; goroutines only wait where bytes or events come from.

// takeOver takes the connection away from net/http, with what the client has sent ahead.
func takeOver(w http.ResponseWriter) (conn net.Conn, early []byte, err error) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, err = rw.Peek(rw.Reader.Buffered())
	return conn, bytes.Clone(early), err
}

// keep calls restart when the process ends and expired when the session does of itself, and beat every
// so often until it declines. The calls come from goroutines of their own until stop.
func (h *Handler) keep(session *Session, restart, expired func(), beat func() bool) (stop func()) {
	stops := []func() bool{context.AfterFunc(h.life, restart), startPulse(h.Limits.Heartbeat, beat).stop}
	if at := session.expiry(); !at.IsZero() {
		stops = append(stops, time.AfterFunc(at.Sub(h.Clock.Now()), expired).Stop)
	}
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// pulse is a ticker that needs no goroutine.
type pulse struct {
	every time.Duration
	beat  func() bool

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

func startPulse(every time.Duration, beat func() bool) *pulse {
	p := &pulse{every: every, beat: beat}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(every, p.run)
	return p
}

func (p *pulse) run() {
	goesOn := p.beat()
	p.mu.Lock()
	defer p.mu.Unlock()
	if goesOn && !p.stopped {
		p.timer.Reset(p.every)
	}
}

func (p *pulse) stop() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	return p.timer.Stop()
}
