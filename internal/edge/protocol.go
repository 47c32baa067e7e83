package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"citygraph/internal/fault"
)

// maxOperationID bounds the one thing a client sends that has to be sent back.
const maxOperationID = 128

// message is one message of graphql-transport-ws from the client.
type message struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// socketOperation is one operation running on a socket.
type socketOperation struct{ cancel context.CancelFunc }

// receive reads one message. Anything that is not one ends the connection.
func (s *socket) receive() (message, bool) {
	if !s.awaitMessage() {
		return message{}, false
	}
	kind, data, err := s.conn.Read(context.Background())
	if err != nil {
		return message{}, false
	}
	var m message
	if kind != websocket.MessageText || unmarshal(data, &m) != nil || m.Type == "" {
		s.close(closeBadMessage, "Invalid message")
		return message{}, false
	}
	select {
	case s.heard <- struct{}{}:
	default:
	}
	return m, true
}

// open waits for connection_init and signs the connection in.
func (s *socket) open() bool {
	_ = s.net.SetReadDeadline(time.Now().Add(s.h.Limits.InitTimeout))
	m, ok := s.receive()
	for ok && m.Type == "ping" {
		s.send([]byte(`{"type":"pong"}`))
		m, ok = s.receive()
	}
	if !ok {
		s.close(closeInitTimeout, "Connection initialisation timeout")
		return false
	}
	_ = s.net.SetReadDeadline(time.Time{})
	if m.Type != "connection_init" {
		s.close(closeUnauthorized, "Unauthorized")
		return false
	}
	var payload map[string]any
	if len(m.Payload) > 0 && json.Unmarshal(m.Payload, &payload) != nil {
		s.close(closeBadMessage, "Invalid connection_init payload")
		return false
	}
	return s.signIn(payload) && s.send([]byte(`{"type":"connection_ack"}`))
}

func (s *socket) signIn(payload map[string]any) bool {
	text := func(name string) string { v, _ := payload[name].(string); return v }
	if accept := text("acceptLanguage"); accept != "" {
		s.ctx = speak(s.ctx, accept)
	}
	token := firstOf(text("authorization"), text("Authorization"), s.bearer)
	s.bearer = ""
	ctx, who, err := s.h.authenticate(s.ctx, token, s.keys)
	if err != nil {
		s.close(closeFor(err))
		return false
	}
	s.ctx, s.who = ctx, who
	who.session.watch(ctx, s.unauthorize)
	return true
}

func closeFor(err error) (websocket.StatusCode, string) {
	switch fault.CodeOf(err) {
	case fault.Unauthenticated:
		return closeUnauthorized, "Unauthorized"
	case fault.Forbidden:
		return closeForbidden, "Forbidden"
	case fault.RateLimited:
		return closeTryAgainLater, "Try again later"
	}
	return closeInternal, "Internal server error"
}

// next reads and acts on one message. It reports whether to go on.
func (s *socket) next() bool {
	m, ok := s.receive()
	if !ok {
		return false
	}
	switch m.Type {
	case "ping":
		return s.send([]byte(`{"type":"pong"}`))
	case "pong":
		return true
	case "connection_init":
		s.close(closeTooManyInits, "Too many initialisation requests")
		return false
	case "complete":
		s.complete(m.ID)
		return true
	case "subscribe":
		return s.subscribe(m)
	}
	s.close(closeBadMessage, "Invalid message")
	return false
}

// subscribe starts an operation of any kind.
func (s *socket) subscribe(m message) bool {
	if m.ID == "" || len(m.ID) > maxOperationID || len(m.Payload) == 0 || bytes.Equal(m.Payload, []byte("null")) {
		s.close(closeBadMessage, "Invalid message")
		return false
	}
	ctx, cancel := context.WithCancel(s.ctx)
	op := &socketOperation{cancel: cancel}
	s.mu.Lock()
	_, taken := s.live[m.ID]
	full := len(s.live) >= s.h.Limits.OperationsPerConnection
	if !taken && !full {
		s.live[m.ID] = op
	}
	s.mu.Unlock()
	switch {
	case taken:
		cancel()
		s.close(closeDuplicate, "Subscriber for this id already exists")
		return false
	case full:
		cancel()
		return s.fail(m.ID, refused(http.StatusTooManyRequests, errTooMany).present(s.ctx))
	}
	s.jobs.Go(func() { s.start(ctx, m, op) })
	return true
}

// start begins the operation a message asks for and leaves its answers to a goroutine of their own.
func (s *socket) start(ctx context.Context, m message, op *socketOperation) {
	job, refusal := s.prepare(ctx, m.Payload)
	if refusal != nil {
		if s.forget(m.ID, op) {
			s.fail(m.ID, refusal.present(s.ctx))
		}
		return
	}
	s.jobs.Add(1)
	go s.await(m.ID, op, job.begin(ctx))
}

// await waits for the next answer of an operation, near the bottom of its stack.
func (s *socket) await(id string, op *socketOperation, f *flow) {
	defer s.jobs.Done()
	f.events.wait()
	s.deliver(id, op, f)
}

// prepare admits the operation in a payload. When it does, a place in the user's share is taken.
func (s *socket) prepare(ctx context.Context, payload []byte) (*run, *refusal) {
	q, refusal := decodeRequest(payload)
	if refusal != nil {
		return nil, refusal
	}
	op, refusal := s.h.documents.operation(q)
	if refusal != nil {
		if over := s.h.charge(ctx, s.who, 1); over != nil {
			refusal = over
		}
		return nil, refusal
	}
	key := s.who.keys[0]
	if !s.h.usage.take(key, s.h.Limits.OperationsPerUser) {
		return nil, refused(http.StatusTooManyRequests, errTooMany)
	}
	job, refusal := s.h.admit(ctx, q, op, s.who, "ws")
	if refusal != nil {
		s.h.usage.release(key)
	}
	return job, refusal
}

// deliver sends an answer of an operation and leaves those after it to another goroutine: what making an
// answer needs of stack, the wait for the next must not keep. At last it sends how it ended.
func (s *socket) deliver(id string, op *socketOperation, f *flow) {
	if f.next(func(response *graphql.Response) bool {
		return f.ctx.Err() == nil && s.send(reply("next", id, encode(response)))
	}) {
		s.jobs.Add(1)
		go s.await(id, op, f)
		return
	}
	ended := f.end()
	s.h.usage.release(s.who.keys[0])
	// An operation the client has completed is gone from live, and its id may be in use again.
	if !s.forget(id, op) || s.ctx.Err() != nil {
		return
	}
	if len(ended) > 0 {
		s.fail(id, ended)
		return
	}
	s.send(reply("complete", id, nil))
}

// complete ends an operation at the client's wish.
func (s *socket) complete(id string) {
	s.mu.Lock()
	op := s.live[id]
	s.mu.Unlock()
	if op != nil {
		s.forget(id, op)
	}
}

// forget ends op and frees its id, and reports whether it still held it.
func (s *socket) forget(id string, op *socketOperation) bool {
	op.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[id] != op {
		return false
	}
	delete(s.live, id)
	return true
}

func (s *socket) fail(id string, errs gqlerror.List) bool {
	return s.send(reply("error", id, encodeErrors(errs)))
}

// reply writes a message to the client around a payload that is JSON already.
func reply(kind, id string, payload []byte) []byte {
	quoted, err := json.Marshal(id)
	if err != nil {
		panic(err) // a string always encodes
	}
	b := make([]byte, 0, len(payload)+len(quoted)+40)
	b = append(append(append(b, `{"id":`...), quoted...), `,"type":"`...)
	b = append(append(b, kind...), '"')
	if payload != nil {
		b = append(append(b, `,"payload":`...), payload...)
	}
	return append(b, '}')
}
