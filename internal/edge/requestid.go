package edge

import (
	"context"
	"net/http"

	"github.com/oklog/ulid/v2"
)

const requestIDHeader = "X-Request-Id"

type requestIDKey struct{}

// Identify gives every request an id: the client's own when it is sane, a fresh one otherwise. It
// stands in the X-Request-Id header of the answer and in RequestID of the context. A request that
// already has one keeps it, so the middleware may be applied twice.
func Identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if RequestID(r.Context()) != "" {
			next.ServeHTTP(w, r)
			return
		}
		id := r.Header.Get(requestIDHeader)
		if !sane(id) {
			id = ulid.Make().String()
		}
		w.Header().Set(requestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// RequestID returns the id of the request behind ctx, "" when there is none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// sane reports whether a client-chosen id is short and plain enough for a log line and a key.
func sane(id string) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
