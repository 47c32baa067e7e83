package crashtest_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"citygraph/server/citytest"
)

// SIGTERM turns readiness off first; the request under way is answered, the subscriber is told to come
// back, and the process ends well within its time.
func TestStopsGracefully(t *testing.T) {
	const drain, shutdown = 3 * time.Second, 10 * time.Second
	p := newPlace(t)
	server, url := serve(t, p.env.with(environment{"DRAIN_DELAY": drain.String(), "SHUTDOWN_TIMEOUT": shutdown.String()}))
	wantStatus(t, url+"/readyz", http.StatusOK)
	citizen := p.client(t, url, "chenjing")
	category := categoryOf(t, citizen)
	live := citizen.Subscribe(t, "InboxChanged", citytest.Vars{"afterSeq": 0})

	release := p.holdWrites(t)
	answered := make(chan citytest.Answer, 1)
	go func() { answered <- citizen.Do("SubmitCase", darkLight(category)) }()
	server.signal(syscall.SIGTERM)
	asked := time.Now()
	citytest.Eventually(t, "readiness is off", func() bool { return status(t, url+"/readyz") == http.StatusServiceUnavailable })
	wantStatus(t, url+"/healthz", http.StatusOK)
	select {
	case a := <-answered:
		t.Fatalf("the request did not wait for the lock: %s", a.Body)
	default:
	}
	release()
	var out struct{ SubmitCase answer }
	(<-answered).Decode(t, &out)
	if out.SubmitCase.CityCase == nil {
		t.Errorf("the request under way was answered %+v", out)
	}
	select {
	case code := <-live.Closed:
		if code != websocket.StatusServiceRestart {
			t.Errorf("the subscription was closed with %d, want %d", code, websocket.StatusServiceRestart)
		}
	case <-time.After(patience):
		t.Error("the subscription is still open")
	}
	if code := server.wait(); code != 0 {
		t.Errorf("the server ended with %d", code)
	}
	if took := time.Since(asked); took > drain+shutdown {
		t.Errorf("it took %s", took)
	}
}

// A request that outlasts the shutdown is cut off, and the process says so with its exit code.
func TestStopIsBounded(t *testing.T) {
	const drain, shutdown = 2 * time.Second, time.Second
	p := newPlace(t)
	server, url := serve(t, p.env.with(environment{"DRAIN_DELAY": drain.String(), "SHUTDOWN_TIMEOUT": shutdown.String()}))
	citizen := p.client(t, url, "chenjing")
	input := darkLight(categoryOf(t, citizen))["input"].(citytest.Vars)
	phone := &phone{manifest: p.manifest, token: citizen.Token, http: &http.Client{}}
	phone.url = new(atomic.Pointer[string])
	phone.url.Store(&url)

	defer p.holdWrites(t)()
	cut := make(chan error, 1)
	go func() {
		var out struct{ SubmitCase answer }
		cut <- phone.try(t.Context(), "SubmitCase", input, &out)
	}()
	server.signal(syscall.SIGTERM) // the drain leaves the request the time to arrive
	asked := time.Now()
	if code := server.wait(); code != 1 {
		t.Errorf("the server ended with %d, want 1", code)
	}
	if took := time.Since(asked); took > drain+shutdown+2*time.Second {
		t.Errorf("it took %s to stop within %s", took, drain+shutdown)
	}
	if err := <-cut; err == nil {
		t.Error("the request was answered")
	}
}

// holdWrites makes the submissions of every server wait until release.
func (p *place) holdWrites(t testing.TB) (release func()) {
	t.Helper()
	s, _ := p.open(t)
	tx, err := s.Writer().BeginTx(context.WithoutCancel(t.Context()), nil) // on SQLite this alone is the lock
	if err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() { _ = tx.Rollback() }) // it has changed nothing
	t.Cleanup(release)
	if p.sqlite() {
		return release
	}
	if _, err := tx.Exec("LOCK TABLE idempotency_records IN EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	return release
}

func status(t testing.TB, url string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func wantStatus(t testing.TB, url string, want int) {
	t.Helper()
	if got := status(t, url); got != want {
		t.Errorf("%s answered %d, want %d", url, got, want)
	}
}
