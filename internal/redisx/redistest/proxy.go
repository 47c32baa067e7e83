package redistest

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy carries bytes between clients and a Redis until told to fail.
type proxy struct {
	t        testing.TB
	addr     string
	upstream string
	frozen   atomic.Bool
	sent     atomic.Int64
	running  sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]struct{} // nil while cut off
}

func startProxy(t testing.TB, upstream string) *proxy {
	t.Helper()
	p := &proxy{t: t, upstream: upstream}
	l := listen(t, "127.0.0.1:0")
	p.addr = l.Addr().String()
	p.open(l)
	t.Cleanup(p.Cut)
	return p
}

// Cut closes every connection and refuses new ones, as a stopped Redis does.
func (p *proxy) Cut() {
	p.mu.Lock()
	if p.conns != nil {
		_ = p.listener.Close()
		p.hangUp()
		p.conns = nil
	}
	p.mu.Unlock()
	p.running.Wait()
}

// Freeze swallows everything from now on: connections are accepted and never answered.
func (p *proxy) Freeze() { p.frozen.Store(true) }

// Restore makes a cut or frozen Server work again. What was swallowed stays lost.
func (p *proxy) Restore() {
	p.t.Helper()
	p.mu.Lock()
	cut := p.conns == nil
	if !cut {
		p.hangUp()
	}
	p.mu.Unlock()
	p.frozen.Store(false)
	if cut {
		p.open(listen(p.t, p.addr))
	}
}

// Sent counts the times that clients reached the wire: connections made and requests sent.
func (p *proxy) Sent() int64 { return p.sent.Load() }

func (p *proxy) open(l net.Listener) {
	p.mu.Lock()
	p.listener, p.conns = l, map[net.Conn]struct{}{}
	p.mu.Unlock()
	p.running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			p.sent.Add(1)
			if p.track(client) {
				p.running.Go(func() { p.serve(client) })
			}
		}
	})
}

func (p *proxy) serve(client net.Conn) {
	defer p.drop(client)
	var server net.Conn
	if !p.frozen.Load() {
		var err error
		if server, err = net.Dial("tcp", p.upstream); err != nil || !p.track(server) {
			return
		}
		defer p.drop(server)
		p.running.Go(func() {
			defer p.drop(client)
			p.carry(server, client)
		})
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		p.sent.Add(1)
		if server == nil || p.frozen.Load() {
			continue
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// carry passes answers on until either side ends.
func (p *proxy) carry(from, to net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if p.frozen.Load() {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// track remembers the connection for Cut, and closes it at once when Cut came first.
func (p *proxy) track(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		_ = c.Close()
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *proxy) drop(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	_ = c.Close()
}

func (p *proxy) hangUp() {
	for c := range p.conns {
		_ = c.Close()
	}
}
