package edge

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// eventStream is one operation over graphql-sse, distinct connections mode. It is never compressed:
// a compressor would hold events back. One goroutine waits for events and one for the client to leave.
type eventStream struct {
	h       *Handler
	conn    net.Conn
	ctx     context.Context
	cancel  context.CancelFunc
	session *Session

	mu   sync.Mutex // one write at a time
	over bool
}

// stream answers with an event stream. A request whose document or variables are unfit is told so
// in the stream, because EventSource cannot read the body of a failed request.
func (h *Handler) stream(w http.ResponseWriter, r *http.Request, q *request, op *operation, who caller) {
	leave, open := h.hold()
	if !open {
		h.refuse(w, r, mediaJSON, refused(http.StatusServiceUnavailable, errClosing))
		return
	}
	if !h.usage.take(who.keys[0], h.Limits.OperationsPerUser) {
		leave()
		h.refuse(w, r, mediaJSON, refused(http.StatusTooManyRequests, errTooMany))
		return
	}
	release := func() {
		h.usage.release(who.keys[0])
		leave()
	}
	job, refusal := h.admit(r.Context(), q, op, who, "sse")
	if refusal != nil && refusal.status != 0 {
		release()
		h.refuse(w, r, mediaJSON, refusal)
		return
	}
	s, err := h.openStream(w, r, who.session)
	if err != nil {
		release()
		h.refuse(w, r, mediaJSON, refused(http.StatusHTTPVersionNotSupported, errMalformed))
		return
	}
	if refusal != nil {
		s.end(refusal.present(r.Context()))
		s.close()
		release()
		return
	}
	f := job.begin(s.ctx)
	s.session.watch(s.ctx, s.unauthorize)
	// At a restart without complete: the client is to connect again.
	unkeep := h.keep(s.session, s.cancel, s.unauthorize, s.comment)
	go s.serve(f, func() {
		unkeep()
		release()
	})
}

// openStream takes the connection over and sends the head of the answer. It ends with the connection.
func (h *Handler) openStream(w http.ResponseWriter, r *http.Request, session *Session) (*eventStream, error) {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // proxies hold streams back otherwise
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	conn, _, err := takeOver(w)
	if err != nil {
		return nil, err
	}
	// The request's own context ends with the handler; its values may live on.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	s := &eventStream{h: h, conn: conn, ctx: ctx, cancel: cancel, session: session}
	head := http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: header, ContentLength: -1, Close: true}
	var b bytes.Buffer
	if err := head.Write(&b); err != nil {
		panic(err) // a buffer takes everything
	}
	s.write(append(b.Bytes(), ":\n\n"...))
	go s.listen()
	return s, nil
}

// serve waits for the next event, sends it, and leaves those after it to another goroutine, as a socket
// does, until the operation, the session, the process or the connection ends.
func (s *eventStream) serve(f *flow, over func()) {
	f.events.wait()
	s.deliver(f, over)
}

func (s *eventStream) deliver(f *flow, over func()) {
	if f.next(func(response *graphql.Response) bool {
		return !s.session.ended(s.h.Clock.Now()) && s.event("next", encode(response))
	}) {
		go s.serve(f, over)
		return
	}
	defer over()
	defer s.close()
	ended := f.end()
	switch {
	case s.ctx.Err() != nil:
	case s.session.ended(s.h.Clock.Now()):
		s.unauthorize()
	default:
		s.end(ended)
	}
}

// listen waits for the client to leave; it has nothing more to say.
func (s *eventStream) listen() {
	defer s.close()
	for b := make([]byte, 1); ; {
		if _, err := s.conn.Read(b); err != nil {
			return
		}
	}
}

func (s *eventStream) unauthorize() {
	s.end(gqlerror.List{Present(s.ctx, errToken)})
	s.close()
}

func (s *eventStream) close() {
	s.cancel()
	_ = s.conn.Close() // it may be closed already
}

// end sends the errors that ended the operation, if any, and its completion.
func (s *eventStream) end(errs gqlerror.List) {
	if len(errs) > 0 {
		s.event("next", encode(&graphql.Response{Errors: errs}))
	}
	s.event("complete", nil)
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
}

// event sends one event. A line break would end its data early; in JSON it can only be white space.
func (s *eventStream) event(name string, data []byte) bool {
	data = bytes.ReplaceAll(data, []byte{'\n'}, []byte{' '})
	b := make([]byte, 0, len(name)+len(data)+20)
	b = append(append(b, "event: "...), name...)
	b = append(append(b, "\ndata: "...), data...)
	return s.write(append(b, "\n\n"...))
}

func (s *eventStream) comment() bool { return s.write([]byte(":\n\n")) }

// write sends within the write timeout. A client that does not read is cut.
func (s *eventStream) write(b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	_ = s.conn.SetWriteDeadline(time.Now().Add(s.h.Limits.WriteTimeout))
	if _, err := s.conn.Write(b); err != nil {
		s.over = true
		s.close()
	}
	return !s.over
}
