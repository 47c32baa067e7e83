package edge

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const subprotocol = "graphql-transport-ws"

// Close codes of graphql-transport-ws, and the two of WebSocket itself that are used here.
const (
	closeBadMessage    = 4400
	closeUnauthorized  = 4401
	closeForbidden     = 4403
	closeSubprotocol   = 4406
	closeInitTimeout   = 4408
	closeDuplicate     = 4409
	closeTooManyInits  = 4429
	closeInternal      = websocket.StatusInternalError
	closeTryAgainLater = websocket.StatusTryAgainLater
	closeRestart       = websocket.StatusServiceRestart
)

// closeGrace is how long a client may take to answer a close frame before its socket is dropped.
const closeGrace = time.Second

// socket is one WebSocket connection. One goroutine reads and each running operation has its own.
type socket struct {
	h      *Handler
	conn   *websocket.Conn
	net    *lookahead // below conn
	ctx    context.Context
	cancel context.CancelFunc
	freed  func() // when all is over
	unkeep func() // nil before the session has begun
	keys   []string
	who    caller
	bearer string // the Authorization header of the upgrade
	heard  chan struct{}

	writing sync.Mutex
	closing sync.Once
	ending  sync.Mutex // conn may read then, to hear the other side close

	mu   sync.Mutex
	live map[string]*socketOperation
	jobs sync.WaitGroup
}

// serveSocket accepts a WebSocket and hands it to a goroutine of its own.
func (h *Handler) serveSocket(w http.ResponseWriter, r *http.Request) {
	release, open := h.hold()
	if !open {
		h.refuse(w, r, mediaJSON, refused(http.StatusServiceUnavailable, errClosing))
		return
	}
	tap := &hijackTap{ResponseWriter: w}
	conn, err := websocket.Accept(tap, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // the origin has been checked for every transport alike
	})
	if err != nil {
		release()
		w.Header().Set("Allow", http.MethodGet)
		h.refuse(w, r, mediaJSON, refused(tap.status, errMalformed))
		return
	}
	// The request's own context ends with the handler; its values may live on.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	s := &socket{
		h: h, conn: conn, net: tap.conn, ctx: ctx, cancel: cancel, freed: release,
		bearer: r.Header.Get("Authorization"), keys: h.keysOf(r), heard: make(chan struct{}, 1), live: map[string]*socketOperation{},
	}
	go s.run(s.begin)
}

// run takes one step of the conversation and leaves the next to another goroutine: what a message needs
// of stack, the wait for the next must not keep.
func (s *socket) run(step func() bool) {
	goesOn := false
	defer func() {
		if !goesOn {
			s.finish(recover())
		}
	}()
	if goesOn = step() && s.ctx.Err() == nil; goesOn {
		go s.run(s.next)
	}
}

// begin signs the connection in.
func (s *socket) begin() bool {
	if s.conn.Subprotocol() != subprotocol {
		s.close(closeSubprotocol, "Subprotocol not acceptable")
		return false
	}
	s.conn.SetReadLimit(int64(s.h.Limits.BodyBytes))
	if !s.open() {
		return false
	}
	s.unkeep = s.h.keep(s.who.session, s.restart, s.unauthorize, s.alive)
	return true
}

// finish ends every operation and frees the connection, whatever way it ended.
func (s *socket) finish(panicked any) {
	defer s.freed()
	if panicked != nil {
		_ = Present(s.ctx, recovered(s.ctx, panicked)) // for its log line
		s.close(closeInternal, "Internal server error")
	}
	if s.unkeep != nil {
		s.unkeep()
	}
	s.cancel()
	s.jobs.Wait()
	_ = s.conn.CloseNow() // closed already in most cases
}

func (s *socket) unauthorize() { s.close(closeUnauthorized, "Unauthorized") }

func (s *socket) restart() { s.close(closeRestart, "Service restart") }

// alive asks for a pong and waits for any message. A client that says nothing is dropped. The ping is one of
// graphql-transport-ws: a pong of WebSocket's own would leave the reading goroutine within the library, on
// a stack twice as large as it needs to wait for a message.
func (s *socket) alive() bool {
	select {
	case <-s.heard: // before it was asked
	default:
	}
	if !s.send([]byte(`{"type":"ping"}`)) {
		return false
	}
	late := time.NewTimer(s.h.Limits.WriteTimeout)
	defer late.Stop()
	select {
	case <-s.heard:
		return true
	case <-late.C:
		s.drop()
	case <-s.ctx.Done():
	}
	return false
}

// send writes one message within the write timeout. A client that does not read is dropped, and so
// is everything it subscribed to. Nothing leaves under a session that has ended.
func (s *socket) send(message []byte) bool {
	if s.who.session.ended(s.h.Clock.Now()) {
		s.unauthorize()
		return false
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	_ = s.net.SetWriteDeadline(time.Now().Add(s.h.Limits.WriteTimeout))
	if err := s.conn.Write(context.Background(), websocket.MessageText, message); err != nil {
		s.drop()
		return false
	}
	_ = s.net.SetWriteDeadline(time.Time{}) // the library answers what is sent to it within limits of its own
	return true
}

// close says why and ends the connection. The first reason counts.
func (s *socket) close(code websocket.StatusCode, reason string) {
	s.closing.Do(func() {
		s.cancel()
		_ = s.net.SetDeadline(time.Now().Add(closeGrace))
		s.ending.Lock()
		defer s.ending.Unlock()
		_ = s.conn.Close(code, reason)
	})
}

// drop ends the connection without a word.
func (s *socket) drop() {
	s.closing.Do(func() {
		s.cancel()
		_ = s.net.Close()
	})
}

// awaitMessage waits for the first bytes of a message. The library would wait for them at the depth of its own
// calls, on a stack twice as large.
func (s *socket) awaitMessage() bool {
	s.ending.Lock()
	begun := s.net.buffer.Buffered() > 0
	s.ending.Unlock()
	return begun || s.net.await()
}

// lookahead is a connection that can wait for what is read next. buffer is what the library reads it through.
type lookahead struct {
	net.Conn
	buffer *bufio.Reader

	mu    sync.Mutex
	bytes [socketBuffer]byte
	ahead []byte // of bytes, or what the client sent before the upgrade
}

// await reports whether there is something to read, once there is or the connection is over.
func (l *lookahead) await() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ahead) == 0 {
		n, _ := l.Conn.Read(l.bytes[:])
		l.ahead = l.bytes[:n]
	}
	return len(l.ahead) > 0
}

// Read implements net.Conn.
func (l *lookahead) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ahead) == 0 {
		return l.Conn.Read(p)
	}
	n := copy(p, l.ahead)
	l.ahead = l.ahead[n:]
	return n, nil
}

// hijackTap lets the WebSocket library take the connection over while keeping hold of it, and keeps
// back the library's own error page, which repeats parts of the request.
type hijackTap struct {
	http.ResponseWriter
	conn   *lookahead
	status int
}

// socketBuffer is the size of each buffer of an idle connection: small messages fit, and what is longer passes
// it by.
const socketBuffer = 64

// Hijack implements http.Hijacker. It trades the server's buffers for small ones.
func (t *hijackTap) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, early, err := takeOver(t.ResponseWriter)
	if err != nil {
		return nil, nil, err
	}
	t.conn = &lookahead{Conn: conn, ahead: early}
	t.conn.buffer = bufio.NewReaderSize(t.conn, socketBuffer)
	return t.conn, bufio.NewReadWriter(t.conn.buffer, bufio.NewWriterSize(conn, socketBuffer)), nil
}

// WriteHeader implements http.ResponseWriter.
func (t *hijackTap) WriteHeader(status int) {
	t.status = status
	if status == http.StatusSwitchingProtocols {
		t.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (t *hijackTap) Write(b []byte) (int, error) { return len(b), nil }
