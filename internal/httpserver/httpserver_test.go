package httpserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"citygraph/internal/httpserver"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestStopFinishesRequestsInOrder stops a server while a request is being served.
func TestStopFinishesRequestsInOrder(t *testing.T) {
	serving, finish := make(chan struct{}), make(chan struct{})
	var steps []string
	note := func(step string) httpserver.Hook {
		return httpserver.Hook{Name: step, Run: func(context.Context) error { steps = append(steps, step); return nil }}
	}
	drained := note("sockets told")
	release := httpserver.Hook{Name: "release", Run: func(context.Context) error { close(finish); return nil }}
	l := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	life := httpserver.Life{
		Listeners: []httpserver.Listener{{Name: "public", Net: l, Server: httpserver.New(httpserver.Options{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				close(serving)
				<-finish
				fmt.Fprint(w, "whole")
			}), MaxHeader: 4096, Log: zerolog.Nop()})}},
		NotReady: func() { steps = append(steps, "not ready") },
		Drain:    []httpserver.Hook{drained, release},
		Close:    []httpserver.Hook{note("traces sent"), note("database closed")},
		Timeout:  10 * time.Second, Log: zerolog.Nop(),
	}
	go func() { done <- life.Run(ctx) }()

	answer := make(chan string, 1)
	go func() {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String(), nil)
		if err != nil {
			answer <- err.Error()
			return
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answer <- string(body)
	}()
	<-serving
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := <-answer; got != "whole" {
		t.Errorf("the request in flight got %q", got)
	}
	if diff := cmp.Diff([]string{"not ready", "sockets told", "traces sent", "database closed"}, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestStopCutsOffWhatDoesNotEnd(t *testing.T) {
	serving := make(chan struct{})
	released := make(chan struct{})
	closed := false
	l := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	life := httpserver.Life{
		Listeners: []httpserver.Listener{{Name: "public", Net: l, Server: httpserver.New(httpserver.Options{
			Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				close(serving)
				<-r.Context().Done() // ends when the connection is cut
				close(released)
			}), MaxHeader: 4096, Log: zerolog.Nop()})}},
		NotReady: func() {},
		Drain:    []httpserver.Hook{{Name: "jobs", Run: func(context.Context) error { return errors.New("stuck") }}},
		Close:    []httpserver.Hook{{Name: "database", Run: func(context.Context) error { closed = true; return nil }}},
		Timeout:  50 * time.Millisecond, Log: zerolog.Nop(),
	}
	done := make(chan error, 1)
	go func() { done <- life.Run(ctx) }()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-serving
	stop()
	err = <-done
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stop jobs: stuck") {
		t.Errorf("error is %v, want the stuck hook and the deadline", err)
	}
	<-released
	if !closed {
		t.Error("a failing step kept the database open")
	}
}

func TestFailingListenerEndsTheLife(t *testing.T) {
	l := listen(t)
	l.Close()
	life := httpserver.Life{
		Listeners: []httpserver.Listener{{Name: "admin", Net: l, Server: httpserver.New(httpserver.Options{Log: zerolog.Nop()})}},
		NotReady:  func() {}, Timeout: time.Second, Log: zerolog.Nop(),
	}
	if err := life.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "admin listener") {
		t.Errorf("error is %v", err)
	}
}

func TestLargeHeadersAreRefused(t *testing.T) {
	l := listen(t)
	server := httpserver.New(httpserver.Options{Handler: http.NotFoundHandler(), MaxHeader: 4096, Log: zerolog.Nop()})
	go server.Serve(l)
	defer server.Close()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", strings.Repeat("a", 16384))
	status, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(status, "431") {
		t.Errorf("%q, %v", status, err)
	}
}

func TestClientIPBelievesTrustedProxiesOnly(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, test := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"no proxy", "203.0.113.9:1", nil, "203.0.113.9"},
		{"a stranger's claim", "203.0.113.9:1", []string{"1.2.3.4"}, "203.0.113.9"},
		{"one proxy", "10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"two proxies", "10.0.0.1:1", []string{"203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"a claim before the real client", "10.0.0.1:1", []string{"1.2.3.4, 203.0.113.9"}, "203.0.113.9"},
		{"two header lines", "10.0.0.1:1", []string{"1.2.3.4", "203.0.113.9"}, "203.0.113.9"},
		{"garbage", "10.0.0.1:1", []string{"not an address"}, "10.0.0.1"},
		{"garbage behind a proxy", "10.0.0.1:1", []string{"x, 10.0.0.3"}, "10.0.0.3"},
		{"empty", "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"mapped address", "[::ffff:10.0.0.1]:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"v6", "[::1]:1", []string{"2001:db8::7"}, "2001:db8::7"},
		{"a socket without address", "@", nil, "invalid IP"},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			request.RemoteAddr = test.peer
			request.Header["X-Forwarded-For"] = test.forwarded
			var got netip.Addr
			httpserver.ClientIP(trusted)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got = httpserver.ClientIPFrom(r.Context())
			})).ServeHTTP(httptest.NewRecorder(), request)
			if got.String() != test.want {
				t.Errorf("client is %v, want %s", got, test.want)
			}
		})
	}
}

func TestSecurityHeaders(t *testing.T) {
	for production, hsts := range map[bool]string{false: "", true: "max-age=31536000; includeSubDomains"} {
		w := httptest.NewRecorder()
		httpserver.SecurityHeaders(production)(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": hsts,
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("production=%v: %s is %q, want %q", production, name, got, want)
			}
		}
	}
}
