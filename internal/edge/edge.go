// Package edge serves a gqlgen schema over HTTP, WebSocket and server-sent events.
//
// It owns everything between the socket and the resolver: limits, trusted documents, the guard that
// bounds a document before it is validated, negotiation, caching headers, sessions of long-lived
// connections and the one error presenter. gqlgen's executor runs the operation; its transports are
// not used, because each loses data or leaks a socket in some case.
package edge

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/ast"

	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/requestid"
)

// Session is the proof of sign-in behind a connection or a request.
type Session struct {
	Key       string    // names the session for limits; never shown
	ExpiresAt time.Time // when an open connection must end; zero never
	// Watch has ended called once the session is revoked, unless ctx ends first; nil when it cannot
	// be. It does not wait for that. Only a long-lived connection calls it, once.
	Watch func(ctx context.Context, ended func())

	gone atomic.Bool
}

// Documents finds a trusted document by the id its client's build gave it.
type Documents interface {
	Lookup(id string) (text string, ok bool)
}

// Limiter takes the cost of an operation from the budget of each key, in points. When one of them
// is spent it takes nothing and says how long to wait.
type Limiter interface {
	Take(ctx context.Context, keys []string, cost int) (retryAfter time.Duration, ok bool)
}

// Operation is what Observe learns about one finished operation.
type Operation struct {
	Name       string
	Kind       ast.Operation
	DocumentID string
	Cost       int
	Duration   time.Duration
	Codes      []string // error codes of the answer, empty when all went well
	Transport  string   // http, ws or sse
}

// Options make a Handler. Schema is required; everything else has a safe default.
type Options struct {
	Schema        graphql.ExecutableSchema
	Documents     Documents
	AnyDocument   bool     // accept full documents, not only trusted ids: development only
	Introspection bool     // answer __schema and __type: development only
	Suggestions   bool     // show the validator's own message, cut short: development only
	Origins       []string // browser origins allowed besides the server's own, as scheme://host[:port]

	// Authenticate turns a bearer token, "" for none, into a context in which its viewer asks. The
	// session is nil for an anonymous visitor. The error is a *fault.Fault.
	Authenticate func(ctx context.Context, bearer string) (context.Context, *Session, error)
	// Address tells the client's network address for limits. By default the peer's; behind a proxy
	// it is the server's part to know which header to believe.
	Address func(*http.Request) string

	Limiter Limiter
	Observe func(context.Context, Operation)
	Log     zerolog.Logger
	Clock   clock.Clock
	Limits  Limits
}

// Handler serves /graphql. It is safe for concurrent use.
type Handler struct {
	Options
	exec      *executor.Executor
	documents *library
	origins   origins
	usage     usage
	identify  http.Handler

	mu      sync.Mutex
	streams sync.WaitGroup
	life    context.Context // ends when Shutdown begins
	endLife context.CancelFunc
}

// New returns a handler for the options.
func New(o Options) *Handler {
	o.Limits = o.Limits.withDefaults()
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Authenticate == nil {
		o.Authenticate = func(ctx context.Context, _ string) (context.Context, *Session, error) { return ctx, nil, nil }
	}
	if o.Address == nil {
		o.Address = peer
	}
	h := &Handler{Options: o, origins: newOrigins(o.Origins)}
	h.life, h.endLife = context.WithCancel(context.Background())
	h.documents = newLibrary(o)
	h.exec = executor.New(o.Schema)
	h.exec.SetQueryCache(prepared{})
	h.exec.SetErrorPresenter(Present)
	h.exec.SetRecoverFunc(recovered)
	h.identify = requestid.Middleware(http.HandlerFunc(h.route))
	return h
}

// ServeHTTP answers one request, or holds one connection until it ends.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.identify.ServeHTTP(w, r) }

func (h *Handler) route(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(h.enter(r))
	defer h.survive(w, r)
	vary(w.Header())
	if !h.origins.admit(w.Header(), r) {
		h.refuse(w, r, mediaJSON, refused(http.StatusForbidden, errForeignOrigin))
		return
	}
	switch {
	case r.Header.Get("Upgrade") != "":
		h.serveSocket(w, r)
	case r.Method == http.MethodGet, r.Method == http.MethodPost:
		h.serveRequest(w, r)
	case r.Method == http.MethodOptions && r.Header.Get("Origin") != "":
		preflight(w)
	default:
		w.Header().Set("Allow", "GET, POST")
		h.refuse(w, r, mediaJSON, refused(http.StatusMethodNotAllowed, errMethod))
	}
}

// survive answers a panic outside the resolvers as they are answered inside: the stack in the log,
// INTERNAL to the client.
func (h *Handler) survive(w http.ResponseWriter, r *http.Request) {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		panic(p)
	default:
		h.refuse(w, r, mediaJSON, refused(http.StatusInternalServerError, fault.From(recovered(r.Context(), p))))
	}
}

// Shutdown tells every WebSocket client to reconnect elsewhere, ends every event stream and waits
// for them until ctx is done. Plain requests are drained by http.Server.Shutdown.
func (h *Handler) Shutdown(ctx context.Context) error {
	h.mu.Lock()
	h.endLife()
	h.mu.Unlock()

	done := make(chan struct{})
	go func() {
		h.streams.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("streams still open"), ctx.Err())
	}
}

// hold counts a long-lived connection in, so that Shutdown waits for its release. It refuses once
// Shutdown has begun.
func (h *Handler) hold() (release func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.life.Err() != nil {
		return nil, false
	}
	h.streams.Add(1)
	return h.streams.Done, true
}

func peer(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}
