package observe

import (
	"net/http"
	"strings"
	"time"

	"github.com/felixge/httpsnoop"
	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"citygraph/internal/requestid"
)

// maxLoggedPath cuts paths that only an attacker would send.
const maxLoggedPath = 200

// AccessLog writes one line for each request when it ends and counts it in the metrics. It must run
// inside requestid.Middleware and Record, and as a chi middleware so that metrics know the route. Query strings, headers
// and bodies are never logged. Probes are logged at debug level.
func AccessLog(log zerolog.Logger, metrics *Metrics) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			started := time.Now()
			metrics.httpInFlight.Inc()
			seen := httpsnoop.Metrics{Code: http.StatusOK}
			defer func() {
				metrics.httpInFlight.Dec()
				took := time.Since(started)
				metrics.observeHTTP(r.Method, routeOf(r), seen.Code, took)
				describe(log.WithLevel(levelOf(r.URL.Path, seen.Code)), r, seen).Dur("took", took).Msg("request")
			}()
			seen.CaptureMetrics(w, func(w http.ResponseWriter) { next.ServeHTTP(w, r) })
		})
	}
}

// describe puts on the log line what is known of a request that has ended.
func describe(event *zerolog.Event, r *http.Request, seen httpsnoop.Metrics) *zerolog.Event {
	path := r.URL.Path
	if len(path) > maxLoggedPath {
		path = path[:maxLoggedPath]
	}
	event.Str("method", boundedMethod(r.Method)).Str("path", path).Int("status", seen.Code).Int64("bytes", seen.Written)
	event.Str("requestId", requestid.From(r.Context()))
	if rec, ok := r.Context().Value(recordKey{}).(*record); ok {
		if rec.operation != "" {
			event.Str("operation", rec.operation)
		}
		if rec.outcome != "" {
			event.Str("outcome", rec.outcome)
		}
	}
	return event
}

// levelOf keeps probes out of the usual log and failures in every log.
func levelOf(path string, status int) zerolog.Level {
	switch {
	case strings.HasSuffix(path, "/healthz"), strings.HasSuffix(path, "/readyz"):
		return zerolog.DebugLevel
	case status >= http.StatusInternalServerError:
		return zerolog.ErrorLevel
	default:
		return zerolog.InfoLevel
	}
}

// routeOf returns the pattern that served the request: a path itself would make a label per client.
func routeOf(r *http.Request) string {
	if routes := chi.RouteContext(r.Context()); routes != nil {
		if pattern := routes.RoutePattern(); pattern != "" {
			return pattern
		}
	}
	return other
}

func boundedMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return other
	}
}
