package observe

import (
	"context"
	"net/http"
)

// record is what one request tells of itself while it is served. Only the request's own goroutine
// chain writes it, before the response ends.
type record struct {
	operation string
	outcome   string
}

type recordKey struct{}

// Record opens the record of each request, for SetOperation and AccessLog.
func Record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), recordKey{}, &record{})))
	})
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
