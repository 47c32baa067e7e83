package edge

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// eventStream is one operation over graphql-sse, distinct connections mode. It is never compressed:
// a compressor would hold events back.
type eventStream struct {
	h   *Handler
	w   http.ResponseWriter
	ctl *http.ResponseController

	mu   sync.Mutex // one write at a time
	over bool
}

// stream answers with an event stream. A request whose document or variables are unfit is told so
// in the stream, because EventSource cannot read the body of a failed request.
func (h *Handler) stream(w http.ResponseWriter, r *http.Request, q *request, op *operation, who caller) {
	release, open := h.hold()
	if !open {
		h.refuse(w, r, mediaJSON, refused(http.StatusServiceUnavailable, errClosing))
		return
	}
	defer release()
	if !h.usage.take(who.keys[0], h.Limits.OperationsPerUser) {
		h.refuse(w, r, mediaJSON, refused(http.StatusTooManyRequests, errTooMany))
		return
	}
	defer h.usage.release(who.keys[0])

	job, refusal := h.admit(r.Context(), q, op, who, "sse")
	if refusal != nil && refusal.status != 0 {
		h.refuse(w, r, mediaJSON, refusal)
		return
	}
	s := &eventStream{h: h, w: w, ctl: http.NewResponseController(w)}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // proxies hold streams back otherwise
	if !s.comment() {
		return
	}
	if refusal != nil {
		s.end(refusal.present(r.Context()))
		return
	}
	s.serve(r.Context(), job, who)
}

func (s *eventStream) serve(ctx context.Context, job *run, who caller) {
	ctx, cancel := context.WithCancel(ctx)
	who.session.watch(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { s.watch(ctx, cancel, who.session) })
	ended := job.begin(ctx).drain(func(response *graphql.Response) bool {
		return !who.session.ended(s.h.Clock.Now()) && s.event("next", encode(response))
	})
	switch {
	case ctx.Err() != nil:
	case who.session.ended(s.h.Clock.Now()):
		s.end(gqlerror.List{Present(ctx, errToken)})
	default:
		s.end(ended)
	}
	cancel()
	watching.Wait()
}

// watch keeps the stream alive while it is idle and ends it with its session or the process.
func (s *eventStream) watch(ctx context.Context, cancel context.CancelFunc, session *Session) {
	defer cancel()
	heartbeat := time.NewTicker(s.h.Limits.Heartbeat)
	defer heartbeat.Stop()
	var expired <-chan time.Time
	if at := session.expiry(); !at.IsZero() {
		timer := time.NewTimer(at.Sub(s.h.Clock.Now()))
		defer timer.Stop()
		expired = timer.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.h.life.Done(): // no complete: the client is to connect again
			return
		case <-session.revoked():
			s.end(gqlerror.List{Present(ctx, errToken)})
			return
		case <-expired:
			s.end(gqlerror.List{Present(ctx, errToken)})
			return
		case <-heartbeat.C:
			if !s.comment() {
				return
			}
		}
	}
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

// write sends and flushes within the write timeout. A client that does not read is cut.
func (s *eventStream) write(b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	_ = s.ctl.SetWriteDeadline(time.Now().Add(s.h.Limits.WriteTimeout))
	_, err := s.w.Write(b)
	if err == nil {
		err = s.ctl.Flush()
	}
	s.over = err != nil
	return !s.over
}
