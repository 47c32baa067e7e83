package citytest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// Subscription is one operation over graphql-transport-ws or graphql-sse.
type Subscription struct {
	Events chan Answer               // each next message; closed at the end
	Closed chan websocket.StatusCode // how it ended, once

	leave func()
}

func newSubscription(leave func()) *Subscription {
	return &Subscription{Events: make(chan Answer, 1000), Closed: make(chan websocket.StatusCode, 1), leave: leave}
}

// Close leaves without a word, as a phone in a tunnel does.
func (s *Subscription) Close() { s.leave() }

type wsMessage struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// Subscribe opens a socket, signs in and starts an operation of the citizen app.
func (c *Client) Subscribe(t testing.TB, operation string, vars Vars) *Subscription {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx,
		strings.Replace(c.City.URL, "http", "ws", 1)+"/graphql",
		&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	s := newSubscription(func() { _ = conn.CloseNow() })
	t.Cleanup(s.leave)
	hello := map[string]any{"acceptLanguage": c.Header.Get("Accept-Language")}
	if c.Token != "" {
		hello["authorization"] = "Bearer " + c.Token
	}
	write(ctx, t, conn, "connection_init", "", hello)
	var ack wsMessage
	if err := wsjson.Read(ctx, conn, &ack); err != nil || ack.Type != "connection_ack" {
		t.Fatalf("connection_init was answered %q: %v", ack.Type, err)
	}
	o, ok := c.City.Manifest.Find("citizen-app", operation)
	if !ok {
		t.Fatalf("no operation %s", operation)
	}
	write(ctx, t, conn, "subscribe", "1", map[string]any{"documentId": o.ID, "variables": vars})
	go func() { s.end(s.readMessages(conn)) }()
	return s
}

func write(ctx context.Context, t testing.TB, conn *websocket.Conn, kind, id string, payload any) {
	t.Helper()
	encoded, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	if err := wsjson.Write(ctx, conn, wsMessage{ID: id, Type: kind, Payload: encoded}); err != nil {
		t.Fatalf("send %s: %v", kind, err)
	}
}

// readMessages passes messages on until the socket closes, and tells its close code.
func (s *Subscription) readMessages(conn *websocket.Conn) websocket.StatusCode {
	for {
		var m wsMessage
		if err := wsjson.Read(context.Background(), conn, &m); err != nil {
			return websocket.CloseStatus(err)
		}
		switch m.Type {
		case "next":
			if !s.deliver(m.Payload) {
				return websocket.StatusInvalidFramePayloadData
			}
		case "error":
			if !s.deliver([]byte(`{"errors":` + string(m.Payload) + `}`)) {
				return websocket.StatusInvalidFramePayloadData
			}
		case "ping":
			if err := wsjson.Write(context.Background(), conn, wsMessage{Type: "pong"}); err != nil {
				return websocket.CloseStatus(err)
			}
		}
	}
}

// deliver passes one answer on; false when it is not one.
func (s *Subscription) deliver(payload []byte) bool {
	a := Answer{Status: http.StatusOK, Body: payload}
	if json.Unmarshal(payload, &struct {
		Data   *json.RawMessage
		Errors *[]Error
	}{&a.Data, &a.Errors}) != nil {
		return false
	}
	s.Events <- a
	return true
}

func (s *Subscription) end(code websocket.StatusCode) {
	close(s.Events)
	s.Closed <- code
}

// Next waits for the next event.
func (s *Subscription) Next(t testing.TB) Answer {
	t.Helper()
	select {
	case a, ok := <-s.Events:
		if !ok {
			t.Fatal("the subscription ended")
		}
		return a
	case <-time.After(20 * time.Second):
		t.Fatal("no event in 20 seconds")
		return Answer{}
	}
}

// Ended waits for the end, letting events pass, and tells how it came.
func (s *Subscription) Ended(t testing.TB) websocket.StatusCode {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for events := s.Events; ; {
		select {
		case _, ok := <-events:
			if !ok {
				events = nil
			}
		case code := <-s.Closed:
			return code
		case <-deadline:
			t.Fatal("the subscription goes on")
		}
	}
}
