package observe_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"citygraph/internal/observe"
)

func ask(t *testing.T, h http.HandlerFunc) (status int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	h(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestReadyNamesChecksButNotCauses(t *testing.T) {
	var log bytes.Buffer
	h := observe.NewHealth(zerolog.New(&log),
		observe.Check{Name: "database", Run: func(context.Context) error { return errors.New("dial 10.0.0.7: refused") }},
		observe.Check{Name: "migrations", Run: func(context.Context) error { return nil }})
	status, body := ask(t, h.Ready)
	if want := `{"status":"unavailable","checks":{"database":"failed","migrations":"ok"}}`; status != 503 || body != want {
		t.Errorf("%d %s, want %s", status, body, want)
	}
	if !strings.Contains(log.String(), "10.0.0.7") {
		t.Error("the operator is not told the cause")
	}
	if status, body := ask(t, h.Live); status != 200 || body != `{"status":"ok"}` {
		t.Errorf("the process is up, yet /healthz says %d %s", status, body)
	}
}

func TestReadyWaitsForNoCheckLongerThanItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := observe.NewHealth(zerolog.Nop(), observe.Check{Name: "stuck", Run: func(context.Context) error { <-release; return nil }})
		started := time.Now()
		status, _ := ask(t, h.Ready)
		if took := time.Since(started); status != 503 || took > time.Second {
			t.Errorf("%d after %v", status, took)
		}
		close(release)
	})
}

func TestManyProbesAskTheDatabaseOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		h := observe.NewHealth(zerolog.Nop(), observe.Check{Name: "database", Run: func(context.Context) error { asked++; return nil }})
		for range 100 {
			ask(t, h.Ready)
		}
		if asked != 1 {
			t.Errorf("100 probes asked %d times", asked)
		}
		time.Sleep(2 * time.Second) // the fake clock moves: the results are stale
		ask(t, h.Ready)
		if asked != 2 {
			t.Errorf("stale results were used")
		}
	})
}

func TestDrainingIsNotReady(t *testing.T) {
	h := observe.NewHealth(zerolog.Nop())
	if status, _ := ask(t, h.Ready); status != 200 {
		t.Fatalf("ready answers %d", status)
	}
	h.Drain()
	h.Drain()
	if status, body := ask(t, h.Ready); status != 503 || body != `{"status":"draining"}` {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := ask(t, h.Live); status != 200 {
		t.Errorf("a draining process is alive, yet /healthz says %d", status)
	}
}

func TestAdminServesProfilesAndProbes(t *testing.T) {
	admin := observe.AdminHandler(observe.NewMetrics("test", nil), observe.NewHealth(zerolog.Nop()))
	for path, want := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/metrics": 200, "/debug/pprof/": 200, "/debug/pprof/goroutine": 200, "/": 404,
	} {
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s answered %d, want %d", path, w.Code, want)
		}
	}
}
