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

// Subscription is one operation over graphql-transport-ws.
type Subscription struct {
	Events chan Answer               // each next message
	Closed chan websocket.StatusCode // the close code, once

	conn *websocket.Conn
}

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
	conn, _, err := websocket.Dial(ctx, //nolint:bodyclose // the connection owns it
		strings.Replace(c.City.URL, "http", "ws", 1)+"/graphql",
		&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	s := &Subscription{Events: make(chan Answer, 1000), Closed: make(chan websocket.StatusCode, 1), conn: conn}
	t.Cleanup(func() { _ = conn.CloseNow() })
	s.write(ctx, t, "connection_init", "", map[string]any{"authorization": "Bearer " + c.Token})
	var ack wsMessage
	if err := wsjson.Read(ctx, conn, &ack); err != nil || ack.Type != "connection_ack" {
		t.Fatalf("connection_init was answered %q: %v", ack.Type, err)
	}
	o, ok := c.City.Manifest.Find("citizen-app", operation)
	if !ok {
		t.Fatalf("no operation %s", operation)
	}
	s.write(ctx, t, "subscribe", "1", map[string]any{"documentId": o.ID, "variables": vars})
	go s.read()
	return s
}

func (s *Subscription) write(ctx context.Context, t testing.TB, kind, id string, payload any) {
	t.Helper()
	encoded, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	if err := wsjson.Write(ctx, s.conn, wsMessage{ID: id, Type: kind, Payload: encoded}); err != nil {
		t.Fatalf("send %s: %v", kind, err)
	}
}

func (s *Subscription) read() {
	defer close(s.Events)
	for {
		var m wsMessage
		if err := wsjson.Read(context.Background(), s.conn, &m); err != nil {
			s.Closed <- websocket.CloseStatus(err)
			return
		}
		switch m.Type {
		case "next":
			var a Answer
			if err := json.Unmarshal(m.Payload, &struct {
				Data   *json.RawMessage
				Errors *[]Error
			}{&a.Data, &a.Errors}); err != nil {
				s.Closed <- websocket.StatusInvalidFramePayloadData
				return
			}
			a.Status = http.StatusOK
			s.Events <- a
		case "ping":
			if wsjson.Write(context.Background(), s.conn, wsMessage{Type: "pong"}) != nil {
				return
			}
		}
	}
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

// Close leaves.
func (s *Subscription) Close() { _ = s.conn.CloseNow() }
