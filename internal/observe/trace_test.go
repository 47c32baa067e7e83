package observe_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"citygraph/internal/observe"
)

func TestTracesReachTheCollectorWithoutSecrets(t *testing.T) {
	bodies := make(chan []byte, 4)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("collector got %s, %v", r.URL.Path, err)
		}
		bodies <- body
	}))
	defer collector.Close()
	tracing, err := observe.NewTracing(t.Context(), zerolog.Nop(), observe.TraceOptions{Endpoint: collector.URL, Service: "citygraph"})
	if err != nil {
		t.Fatal(err)
	}
	serveTraced(t, tracing, "/graphql?token=canary")
	serveTraced(t, tracing, "/readyz")
	if err := tracing.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case body := <-bodies:
		if !bytes.Contains(body, []byte("citygraph")) || !bytes.Contains(body, []byte("/graphql")) {
			t.Errorf("the span does not tell service and path: %q", body)
		}
		if bytes.Contains(body, []byte("canary")) || bytes.Contains(body, []byte("readyz")) {
			t.Errorf("the span tells a secret or a probe: %q", body)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("nothing reached the collector")
	}
}

func TestDeadCollectorStopsNothing(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, endpoint := range []string{"", gone.URL} {
		tracing, err := observe.NewTracing(t.Context(), zerolog.Nop(), observe.TraceOptions{Endpoint: endpoint})
		if err != nil {
			t.Fatalf("endpoint %q: %v", endpoint, err)
		}
		if got := serveTraced(t, tracing, "/graphql"); got != "served" {
			t.Errorf("endpoint %q: answer %q", endpoint, got)
		}
	}
}

func serveTraced(t *testing.T, tracing *observe.Tracing, target string) string {
	t.Helper()
	h := tracing.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "served") }))
	w := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, nil)
	request.Header.Set("Authorization", "Bearer canary")
	h.ServeHTTP(w, request)
	return w.Body.String()
}
