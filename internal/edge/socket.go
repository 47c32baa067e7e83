package edge

import (
	"bufio"
	"bytes"
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
	net    net.Conn // below conn, for deadlines
	ctx    context.Context
	cancel context.CancelFunc
	freed  func() // when all is over
	unkeep func() // nil before the session has begun
	keys   []string
	who    caller
	bearer string // the Authorization header of the upgrade

	writing sync.Mutex
	closing sync.Once

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
		bearer: r.Header.Get("Authorization"), keys: h.keysOf(r), live: map[string]*socketOperation{},
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

// alive asks for a pong and waits for it. A client that does not answer is dropped.
func (s *socket) alive() bool {
	ctx, cancel := context.WithTimeout(s.ctx, s.h.Limits.WriteTimeout)
	defer cancel()
	if s.conn.Ping(ctx) != nil {
		s.drop()
		return false
	}
	return true
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
	_ = s.net.SetWriteDeadline(time.Time{}) // a ping comes later, and has a limit of its own
	return true
}

// close says why and ends the connection. The first reason counts.
func (s *socket) close(code websocket.StatusCode, reason string) {
	s.closing.Do(func() {
		s.cancel()
		_ = s.net.SetDeadline(time.Now().Add(closeGrace))
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

// hijackTap lets the WebSocket library take the connection over while keeping hold of it, and keeps
// back the library's own error page, which repeats parts of the request.
type hijackTap struct {
	http.ResponseWriter
	conn   net.Conn
	status int
}

// socketBuffer is the size of each buffer of an idle connection: pings fit, and what is longer passes it
// by.
const socketBuffer = 64

// Hijack implements http.Hijacker. It trades the server's buffers for small ones.
func (t *hijackTap) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, early, err := takeOver(t.ResponseWriter)
	if err != nil {
		return nil, nil, err
	}
	in := bufio.NewReaderSize(bytes.NewReader(early), max(socketBuffer, len(early)))
	if _, err := in.Peek(len(early)); err != nil {
		return nil, nil, err
	}
	t.conn = conn
	return conn, bufio.NewReadWriter(in, bufio.NewWriterSize(conn, socketBuffer)), nil
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
