package observe_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"citygraph/internal/observe"
	"citygraph/internal/requestid"
)

// served runs one request through the middlewares and returns the answer and its log line.
func served(t *testing.T, m *observe.Metrics, target string, header http.Header, h http.HandlerFunc) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	var log bytes.Buffer
	router := chi.NewRouter()
	router.Use(requestid.Middleware, observe.Record, observe.AccessLog(zerolog.New(&log), m))
	router.HandleFunc("/cases/{id}", h)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, nil)
	request.Header = header
	w := httptest.NewRecorder()
	router.ServeHTTP(w, request)
	line := map[string]any{}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("log %q: %v", log.String(), err)
	}
	return w, line
}

func TestAccessLogTellsTheRequest(t *testing.T) {
	m := observe.NewMetrics("test", nil)
	header := http.Header{"Authorization": {"Bearer canary"}, requestid.Header: {"gateway-0001"}}
	w, line := served(t, m, "/cases/7?token=canary", header, func(w http.ResponseWriter, r *http.Request) {
		observe.SetOperation(r.Context(), "HomeScreen", "RATE_LIMITED")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, "12345")
	})
	for field, want := range map[string]any{
		"method": "POST", "path": "/cases/7", "status": 418.0, "bytes": 5.0, "operation": "HomeScreen",
		"outcome": "RATE_LIMITED", "requestId": "gateway-0001", "level": "info",
	} {
		if line[field] != want {
			t.Errorf("%s is %v, want %v", field, line[field], want)
		}
	}
	if strings.Contains(fmt.Sprint(line), "canary") {
		t.Errorf("the log shows a secret: %v", line)
	}
	if w.Header().Get(requestid.Header) != "gateway-0001" {
		t.Errorf("the answer has request id %q", w.Header().Get(requestid.Header))
	}
	if text := scrape(t, m); !strings.Contains(text, `citygraph_http_request_seconds_count{method="POST",route="/cases/{id}",status="4xx"} 1`) {
		t.Errorf("metrics lack the route:\n%s", text)
	}
}

func TestAccessLogSurvivesAPanic(t *testing.T) {
	m := observe.NewMetrics("test", nil)
	var log bytes.Buffer
	h := observe.AccessLog(zerolog.New(&log), m)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
	func() {
		defer func() { _ = recover() }() // net/http recovers here
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	}()
	if !strings.Contains(log.String(), `"message":"request"`) {
		t.Errorf("no line for a request that panicked: %s", &log)
	}
	if !strings.Contains(scrape(t, m), "citygraph_http_in_flight 0") {
		t.Error("a request that panicked is still counted as in flight")
	}
}

func TestRequestIDIsOursUnlessWellFormed(t *testing.T) {
	for _, theirs := range []string{"", "with space in it", "new\nline-00", strings.Repeat("x", 65), "编号编号编号"} {
		w, line := served(t, observe.NewMetrics("test", nil), "/cases/7", http.Header{requestid.Header: {theirs}},
			func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, requestid.From(r.Context())) })
		id := w.Header().Get(requestid.Header)
		if id == theirs || len(id) != 26 || w.Body.String() != id || line["requestId"] != id {
			t.Errorf("%q: header %q, context %q, log %q", theirs, id, w.Body, line["requestId"])
		}
	}
}

func TestOperationNamesAreShortNames(t *testing.T) {
	for _, name := range []string{"", "1st", "a-b", "x\ny", strings.Repeat("a", 65), "操作"} {
		_, line := served(t, observe.NewMetrics("test", nil), "/cases/7", http.Header{},
			func(_ http.ResponseWriter, r *http.Request) { observe.SetOperation(r.Context(), name, "ok") })
		if line["operation"] != nil {
			t.Errorf("operation %q is logged", name)
		}
	}
}

func TestMetricLabelsAreBounded(t *testing.T) {
	m := observe.NewMetrics("v1", []string{"HomeScreen"})
	m.Operation("HomeScreen", "ok", time.Millisecond)
	for i := range 1000 {
		m.Operation(fmt.Sprintf("Made%dUp", i), "ok", time.Millisecond)
	}
	m.Statement("statement", time.Millisecond)
	m.Job("push", "ok", time.Second)
	m.Push("fcm", "unregistered", time.Second)
	m.DeadLetter("FCM", "REJECTED")
	text := scrape(t, m)
	for _, want := range []string{
		`citygraph_graphql_operation_seconds_count{operation="HomeScreen",outcome="ok"} 1`,
		`citygraph_graphql_operation_seconds_count{operation="other",outcome="ok"} 1000`,
		`citygraph_sql_statement_seconds_count{kind="statement"} 1`,
		`citygraph_job_seconds_count{kind="push",outcome="ok"} 1`,
		`citygraph_push_seconds_count{channel="fcm",outcome="unregistered"} 1`,
		`citygraph_push_dead_letters_total{channel="FCM",outcome="REJECTED"} 1`,
		`citygraph_build_info{revision="`, "go_goroutines", "process_open_fds",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(text, "Made") {
		t.Error("a made-up operation name became a label")
	}
}

// scrape returns what the admin address tells Prometheus.
func scrape(t *testing.T, m *observe.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	observe.AdminHandler(m, observe.NewHealth(zerolog.Nop())).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("/metrics answered %d", w.Code)
	}
	return w.Body.String()
}
