package edge_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/rs/zerolog"

	"citygraph/internal/edge"
	"citygraph/internal/edge/edgetest"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// marker stands in every hostile request; no answer may contain it.
const marker = "ZXmarkerZX"

type documents map[string]string

func (d documents) Lookup(id string) (string, bool) { text, ok := d[id]; return text, ok }

// rig is a running edge over the test schema.
type rig struct {
	*testing.T
	city    *edgetest.City
	handler *edge.Handler
	server  *httptest.Server
	log     *safeBuffer
	revoke  func() // ends the session of the token "revocable"
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// development returns the options of a server that accepts any document.
func development() edge.Options { return edge.Options{AnyDocument: true, Introspection: true} }

func newRig(t *testing.T, o edge.Options) *rig {
	t.Helper()
	r := &rig{T: t, city: &edgetest.City{}, log: &safeBuffer{}}
	standing, revoke := context.WithCancel(context.Background())
	r.revoke = revoke
	o.Schema = r.city.Schema()
	o.Log = zerolog.New(r.log)
	o.Authenticate = func(ctx context.Context, bearer string) (context.Context, *edge.Session, error) {
		s := &edge.Session{Key: bearer}
		switch bearer {
		case "":
			return ctx, nil, nil
		case "lin":
		case "short":
			s.ExpiresAt = time.Now().Add(300 * time.Millisecond)
		case "revocable":
			s.Watch = func(_ context.Context, ended func()) { context.AfterFunc(standing, ended) }
		case "banned":
			return ctx, nil, fault.New(fault.Forbidden)
		default:
			return ctx, nil, fault.New(fault.Unauthenticated)
		}
		return viewer.With(ctx, &viewer.Viewer{PersonID: bearer}), s, nil
	}
	r.handler = edge.New(o)
	r.server = httptest.NewServer(r.handler)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := r.handler.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		r.server.CloseClientConnections()
		r.server.Close()
	})
	return r
}

// reply is an answer read whole.
type reply struct {
	*http.Response
	body string
}

func (r *rig) do(req *http.Request) reply {
	r.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	return reply{res, string(body)}
}

func (r *rig) request(method, path, body string, headers ...string) *http.Request {
	r.Helper()
	req, err := http.NewRequest(method, r.server.URL+path, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("Accept-Language", "en")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

func (r *rig) post(body string, headers ...string) reply {
	r.Helper()
	return r.do(r.request(http.MethodPost, "/graphql", body, headers...))
}

func (r *rig) get(query string, headers ...string) reply {
	r.Helper()
	return r.do(r.request(http.MethodGet, "/graphql?"+query, "", headers...))
}

// dial opens a WebSocket with the protocol's name.
func (r *rig) dial(headers ...string) *client {
	r.Helper()
	header := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	conn, _, err := websocket.Dial(r.Context(), r.server.URL, &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header,
	})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(1 << 22)
	return &client{r, conn}
}

// client speaks graphql-transport-ws word by word.
type client struct {
	*rig
	conn *websocket.Conn
}

func (c *client) say(message string) {
	c.Helper()
	if err := c.conn.Write(c.Context(), websocket.MessageText, []byte(message)); err != nil {
		c.Fatal(err)
	}
}

func (c *client) hear() string {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), 5*time.Second)
	defer cancel()
	_, data, err := c.conn.Read(ctx)
	if err != nil {
		c.Fatal(err)
	}
	return string(data)
}

func (c *client) expect(message string) {
	c.Helper()
	if got := c.hear(); got != message {
		c.Fatalf("heard %s, want %s", got, message)
	}
}

// closed reads until the server closes and returns its code.
func (c *client) closed() int {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), 5*time.Second)
	defer cancel()
	for {
		if _, _, err := c.conn.Read(ctx); err != nil {
			return int(websocket.CloseStatus(err))
		}
	}
}

func (c *client) open(payload string) *client {
	c.Helper()
	c.say(`{"type":"connection_init","payload":` + payload + `}`)
	c.expect(`{"type":"connection_ack"}`)
	return c
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}
