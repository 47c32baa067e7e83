package edge_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestSocketRunsEveryKindOfOperation(t *testing.T) {
	c := newRig(t, development()).dial().open(`{"authorization":"Bearer lin"}`)
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"subscription{count(to:2)}"}}`)
	c.expect(`{"id":"1","type":"next","payload":{"data":{"count":1}}}`)
	c.expect(`{"id":"1","type":"next","payload":{"data":{"count":2}}}`)
	c.expect(`{"id":"1","type":"complete"}`)
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"{whoami}"}}`)
	c.expect(`{"id":"1","type":"next","payload":{"data":{"whoami":"lin"}}}`)
	c.expect(`{"id":"1","type":"complete"}`)
	c.say(`{"id":"2","type":"subscribe","payload":{"query":"mutation{rename(name:\"x\")}"}}`)
	c.expect(`{"id":"2","type":"next","payload":{"data":{"rename":"x"}}}`)
	c.expect(`{"id":"2","type":"complete"}`)
	c.say(`{"type":"ping"}`)
	c.expect(`{"type":"pong"}`)
}

func TestSocketSignsIn(t *testing.T) {
	for _, tc := range []struct{ name, header, payload, who string }{
		{"payload", "", `{"authorization":"Bearer lin"}`, "lin"},
		{"capital letter", "", `{"Authorization":"Bearer lin"}`, "lin"},
		{"header", "Bearer lin", `{}`, "lin"},
		{"anonymous", "", `null`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newRig(t, development()).dial("Authorization", tc.header).open(tc.payload)
			c.say(`{"id":"1","type":"subscribe","payload":{"query":"{whoami}"}}`)
			c.expect(`{"id":"1","type":"next","payload":{"data":{"whoami":"` + tc.who + `"}}}`)
		})
	}
}

func TestSocketSpeaksTheCallersLanguage(t *testing.T) {
	c := newRig(t, development()).dial().open(`{"acceptLanguage":"en"}`)
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"{missing}"}}`)
	if got := c.hear(); !strings.Contains(got, "Not found.") {
		t.Error(got)
	}
}

func TestSocketClosesWithItsReason(t *testing.T) {
	init := `{"type":"connection_init"}`
	idle := `{"id":"1","type":"subscribe","payload":{"query":"subscription{idle}"}}`
	for _, tc := range []struct {
		name string
		say  []string
		code int
	}{
		{"subscribe before init", []string{idle}, 4401},
		{"refused token", []string{`{"type":"connection_init","payload":{"authorization":"Bearer forged"}}`}, 4401},
		{"not a bearer", []string{`{"type":"connection_init","payload":{"authorization":"Basic abc"}}`}, 4401},
		{"forbidden", []string{`{"type":"connection_init","payload":{"authorization":"Bearer banned"}}`}, 4403},
		{"init with a string", []string{`{"type":"connection_init","payload":"x"}`}, 4400},
		{"init with a list", []string{`{"type":"connection_init","payload":[1]}`}, 4400},
		{"second init", []string{init, init}, 4429},
		{"same id twice", []string{init, idle, idle}, 4409},
		{"not JSON", []string{init, `{`}, 4400},
		{"unknown type", []string{init, `{"type":"start"}`}, 4400},
		{"no id", []string{init, `{"type":"subscribe","payload":{"query":"{whoami}"}}`}, 4400},
		{"long id", []string{init, `{"id":"` + strings.Repeat("x", 200) + `","type":"subscribe","payload":{}}`}, 4400},
		{"no payload", []string{init, `{"id":"1","type":"subscribe"}`}, 4400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newRig(t, development()).dial()
			for _, m := range tc.say {
				c.say(m)
			}
			if got := c.closed(); got != tc.code {
				t.Errorf("closed with %d, want %d", got, tc.code)
			}
			eventually(t, "producers end", func() bool { return c.city.Open() == 0 })
		})
	}
}

// A client may send its first message along with the handshake.
func TestSocketKeepsWhatComesEarly(t *testing.T) {
	r := newRig(t, development())
	conn, err := net.Dial("tcp", r.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	init := `{"type":"connection_init","payload":{"pad":"` + strings.Repeat("x", 70) + `"}}`
	frame := append([]byte{0x81, 0x80 | byte(len(init)), 0, 0, 0, 0}, init...) // masked with zeros
	request := "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
	if _, err := conn.Write(append([]byte(request), frame...)); err != nil {
		t.Fatal(err)
	}
	var heard strings.Builder
	for buf := make([]byte, 1024); !strings.Contains(heard.String(), "connection_ack"); {
		n, err := conn.Read(buf)
		heard.Write(buf[:n])
		if err != nil {
			t.Fatalf("%v after %q", err, heard.String())
		}
	}
}

// The close frame may be lost to the reset that unread bytes cause, so only the end is certain.
func TestMessageOverTheLimitEndsTheSocket(t *testing.T) {
	c := newRig(t, development()).dial().open(`{}`)
	_ = c.conn.Write(t.Context(), websocket.MessageText, []byte(strings.Repeat("x", 70<<10)))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, _, err := c.conn.Read(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("still open: %v", err)
	}
}

func TestSocketWithoutInitIsClosed(t *testing.T) {
	o := development()
	o.Limits.InitTimeout = 50 * time.Millisecond
	if got := newRig(t, o).dial().closed(); got != 4408 {
		t.Errorf("closed with %d", got)
	}
}

func TestSocketWithAnotherSubprotocolIsClosed(t *testing.T) {
	r := newRig(t, development())
	conn, _, err := websocket.Dial(t.Context(), r.server.URL, &websocket.DialOptions{Subprotocols: []string{"graphql-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := (&client{r, conn}).closed(); got != 4406 {
		t.Errorf("closed with %d", got)
	}
}

func TestSocketRefusesForeignOriginAndBadHandshake(t *testing.T) {
	r := newRig(t, development())
	upgrade := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13"}
	got := r.get("", append(upgrade, "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Origin", "https://evil.example")...)
	if got.StatusCode != http.StatusForbidden || !strings.Contains(got.body, "FORBIDDEN") {
		t.Errorf("foreign origin: %d %s", got.StatusCode, got.body)
	}
	got = r.get("", append(upgrade, "Sec-WebSocket-Key", marker)...)
	if got.StatusCode != http.StatusBadRequest || strings.Contains(got.body, marker) {
		t.Errorf("bad key: %d %s", got.StatusCode, got.body)
	}
}

func TestSocketOperationsFailByThemselves(t *testing.T) {
	for _, tc := range []struct{ name, query, want string }{
		{"invalid", "{nope}", `"type":"error"`},
		{"cannot start", "subscription{refuses}", `"code":"FORBIDDEN"`},
		{"panics", "{panics}", `"code":"INTERNAL"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newRig(t, development()).dial().open(`{}`)
			c.say(`{"id":"1","type":"subscribe","payload":{"query":"` + tc.query + `"}}`)
			if got := c.hear(); !strings.Contains(got, tc.want) {
				t.Errorf("heard %s", got)
			}
			c.say(`{"type":"ping"}`)
			for got := c.hear(); got != `{"type":"pong"}`; got = c.hear() {
			}
		})
	}
}

// gqlgen's AddSubscriptionError needs a context only its own transport makes and crashes the process
// without it. Fail works wherever the subscription runs.
func TestSubscriptionFailsMidway(t *testing.T) {
	r := newRig(t, development())
	c := r.dial().open(`{}`)
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"subscription{breaks}"}}`)
	c.expect(`{"id":"1","type":"next","payload":{"data":{"breaks":1}}}`)
	if got := c.hear(); !strings.HasPrefix(got, `{"id":"1","type":"error","payload":[{"message"`) || !strings.Contains(got, "INTERNAL") {
		t.Errorf("heard %s", got)
	}
	got := r.post(`{"query":"subscription{breaks}"}`, "Accept", "text/event-stream")
	if !strings.Contains(got.body, `{"data":{"breaks":1}}`) || !strings.Contains(got.body, "INTERNAL") {
		t.Errorf("streamed %s", got.body)
	}
}

func TestClientCompletes(t *testing.T) {
	c := newRig(t, development()).dial().open(`{}`)
	for range 3 {
		c.say(`{"id":"1","type":"subscribe","payload":{"query":"subscription{idle}"}}`)
		c.say(`{"id":"1","type":"complete"}`)
	}
	c.say(`{"type":"ping"}`)
	c.expect(`{"type":"pong"}`)
	eventually(t, "producers end", func() bool { return c.city.Open() == 0 })
}

func TestCapsOnOperations(t *testing.T) {
	o := development()
	o.Limits.OperationsPerConnection, o.Limits.OperationsPerUser = 3, 5
	r := newRig(t, o)
	start := func(c *client, n int) {
		for i := range n {
			c.say(fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":"subscription{idle}"}}`, i))
		}
	}
	first, second := r.dial().open(`{"authorization":"Bearer lin"}`), r.dial().open(`{"authorization":"Bearer lin"}`)
	start(first, 4)
	if got := first.hear(); !strings.Contains(got, `"id":"3","type":"error"`) || !strings.Contains(got, "RATE_LIMITED") {
		t.Errorf("fourth on one connection: %s", got)
	}
	eventually(t, "three run", func() bool { return r.city.Open() == 3 })
	start(second, 3)
	if got := second.hear(); !strings.Contains(got, `"type":"error"`) || !strings.Contains(got, "RATE_LIMITED") {
		t.Errorf("sixth of one user: %s", got)
	}
	first.conn.CloseNow()
	eventually(t, "the closed connection frees its share", func() bool { return r.city.Open() == 2 })
}

func TestSocketEndsWithItsSession(t *testing.T) {
	for _, token := range []string{"short", "revocable"} {
		t.Run(token, func(t *testing.T) {
			r := newRig(t, development())
			c := r.dial().open(`{"authorization":"Bearer ` + token + `"}`)
			c.say(`{"id":"1","type":"subscribe","payload":{"query":"subscription{idle}"}}`)
			eventually(t, "it runs", func() bool { return r.city.Open() == 1 })
			if token == "revocable" {
				r.revoke()
			}
			if got := c.closed(); got != 4401 {
				t.Errorf("closed with %d", got)
			}
			eventually(t, "producers end", func() bool { return r.city.Open() == 0 })
		})
	}
}

func TestShutdownSendsClientsElsewhere(t *testing.T) {
	r := newRig(t, development())
	c := r.dial().open(`{}`)
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"subscription{idle}"}}`)
	eventually(t, "it runs", func() bool { return r.city.Open() == 1 })
	done := make(chan error, 1)
	go func() { done <- r.handler.Shutdown(context.Background()) }()
	if got := c.closed(); got != 1012 {
		t.Errorf("closed with %d", got)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := r.post(`{"query":"subscription{idle}"}`, "Accept", "text/event-stream"); got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after shutdown: %d", got.StatusCode)
	}
}

func TestClientThatDoesNotReadIsCut(t *testing.T) {
	o := development()
	o.Limits.WriteTimeout = 200 * time.Millisecond
	r := newRig(t, o)
	c := r.dial().open(`{}`)
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"subscription{flood(bytes:1000000)}"}}`)
	eventually(t, "it runs", func() bool { return r.city.Open() == 1 })
	eventually(t, "it is cut", func() bool { return r.city.Open() == 0 })
}

// The time a message may take to be written must not run on until the next ping.
func TestIdleSocketOutlivesItsHeartbeats(t *testing.T) {
	o := development()
	o.Limits.Heartbeat, o.Limits.WriteTimeout = 400*time.Millisecond, 200*time.Millisecond
	r := newRig(t, o)
	c := r.dial().open(`{}`)
	for range 4 {
		c.expect(`{"type":"ping"}`)
		c.say(`{"type":"pong"}`)
	}
}

func TestSilentClientIsCut(t *testing.T) {
	o := development()
	o.Limits.Heartbeat, o.Limits.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	r := newRig(t, o)
	c := r.dial().open(`{}`)
	c.say(`{"id":"1","type":"subscribe","payload":{"query":"subscription{idle}"}}`)
	eventually(t, "it runs", func() bool { return r.city.Open() == 1 })
	eventually(t, "it is cut for want of a pong", func() bool { return r.city.Open() == 0 })
}

func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Logf("no descriptor count here: %v", err)
	}
	return len(entries)
}

// In gqlgen a connection_init that fails leaves its socket open for good.
func TestBadSocketsLeaveNothingBehind(t *testing.T) {
	const sockets = 200
	for _, tc := range []struct{ name, message string }{
		{"never says anything", ""},
		{"payload is no object", `{"type":"connection_init","payload":"` + marker + `"}`},
		{"payload is a list", `{"type":"connection_init","payload":[]}`},
		{"sign-in fails", `{"type":"connection_init","payload":{"authorization":"Bearer forged"}}`},
		{"no JSON", marker},
		{"starts early", `{"id":"1","type":"subscribe","payload":{"query":"{whoami}"}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := development()
			o.Limits.InitTimeout = 300 * time.Millisecond
			r := newRig(t, o)
			r.get("query={__typename}")
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			var routines, files int
			eventually(t, "a quiet start", func() bool {
				routines, files = runtime.NumGoroutine(), descriptors(t)
				time.Sleep(20 * time.Millisecond)
				return routines == runtime.NumGoroutine() && files == descriptors(t)
			})
			for range sockets {
				conn, _, err := websocket.Dial(t.Context(), r.server.URL, &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
				if err != nil {
					t.Fatal(err)
				}
				if tc.message != "" {
					_ = conn.Write(t.Context(), websocket.MessageText, []byte(tc.message))
				}
				// The client neither reads nor closes; only its end of the socket is kept.
				t.Cleanup(func() { _ = conn.CloseNow() })
			}
			eventually(t, "the server has let go of every socket", func() bool {
				return runtime.NumGoroutine() <= routines+2 && descriptors(t) <= files+sockets+2
			})
		})
	}
}
