package observe

import (
	"context"
	"net/http"

	"github.com/oklog/ulid/v2"
)

// RequestIDHeader carries the request id in both directions.
const RequestIDHeader = "X-Request-Id"

// record is what one request tells of itself while it is served. Only the request's own goroutine
// chain writes it, before the response ends.
type record struct {
	id        string
	operation string
	outcome   string
}

type recordKey struct{}

// RequestID gives every request an id, in its context and in the response. A caller's own id is kept
// when it is 8 to 64 letters, digits, hyphens or underscores, so that a gateway can correlate.
func RequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(RequestIDHeader)
		if !isRequestID(id) {
			id = ulid.Make().String()
		}
		w.Header().Set(RequestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), recordKey{}, &record{id: id})))
	})
}

// RequestIDFrom returns the id of the request being served, "" outside one.
func RequestIDFrom(ctx context.Context) string {
	if rec, ok := ctx.Value(recordKey{}).(*record); ok {
		return rec.id
	}
	return ""
}

// SetOperation names the GraphQL operation of the request for the access log, with its outcome: "ok"
// or an error code. The name comes from a client: anything but a short GraphQL name is left out.
func SetOperation(ctx context.Context, name, outcome string) {
	rec, ok := ctx.Value(recordKey{}).(*record)
	if !ok {
		return
	}
	rec.outcome = outcome
	if isOperationName(name) {
		rec.operation = name
	}
}

func isRequestID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if !isWord(s[i]) {
			return false
		}
	}
	return true
}

func isOperationName(s string) bool {
	if s == "" || len(s) > 64 || isDigit(s[0]) {
		return false
	}
	for i := range len(s) {
		if s[i] == '-' || !isWord(s[i]) {
			return false
		}
	}
	return true
}
