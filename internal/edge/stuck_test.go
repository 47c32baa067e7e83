package edge_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"citygraph/internal/edge"
	"citygraph/internal/edge/edgetest"
)

// pipes is a listener and a dialer of connections without any buffer, so that what one end does not read
// holds the other up at once.
type pipes chan net.Conn

func (p pipes) DialContext(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p <- there
	return here, nil
}

func (p pipes) Accept() (net.Conn, error) {
	conn, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.IPAddr{} }

// flooded opens a subscription that never stops telling, reads its first event and no more.
var flooded = map[string]func(t *testing.T, c *http.Client){
	"websocket": func(t *testing.T, c *http.Client) {
		conn, _, err := websocket.Dial(t.Context(), "ws://city/graphql", &websocket.DialOptions{
			HTTPClient: c, Subprotocols: []string{"graphql-transport-ws"},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.CloseNow() })
		for _, message := range []string{
			`{"type":"connection_init"}`, `{"id":"1","type":"subscribe","payload":{"query":"subscription{flood(bytes:10)}"}}`,
		} {
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
				t.Fatal(err)
			}
			if _, _, err := conn.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	},
	"sse": func(t *testing.T, c *http.Client) {
		request, err := http.NewRequest(http.MethodPost, "http://city/graphql", strings.NewReader(`{"query":"subscription{flood(bytes:10)}"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Accept", "text/event-stream")
		answer, err := c.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		if _, err := io.ReadFull(answer.Body, make([]byte, 20)); err != nil {
			t.Fatal(err)
		}
	},
}

// By default a reader that is stuck is cut ten seconds after, and not before, by a clock of the test's own.
func TestStuckReaderIsCutWithinTenSeconds(t *testing.T) {
	for name, open := range flooded {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				city := &edgetest.City{}
				o := development()
				o.Schema = city.Schema()
				handler, network := edge.New(o), make(pipes)
				server := &http.Server{Handler: handler}
				go func() { _ = server.Serve(network) }()
				transport := &http.Transport{DialContext: network.DialContext, DisableKeepAlives: true}
				open(t, &http.Client{Transport: transport})

				time.Sleep(9 * time.Second)
				synctest.Wait()
				if city.Open() != 1 {
					t.Error("it is cut too early")
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if city.Open() != 0 {
					t.Error("it is not cut in time")
				}
				if err := handler.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				server.Close()
			})
		})
	}
}
