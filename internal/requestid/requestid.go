// Package requestid gives every request a name that finds its traces in the log.
package requestid

import (
	"context"
	"net/http"

	"github.com/oklog/ulid/v2"
)

// Header carries the id in both directions.
const Header = "X-Request-Id"

type key struct{}

// With returns a context of the request with this id.
func With(ctx context.Context, id string) context.Context { return context.WithValue(ctx, key{}, id) }

// From returns the id of the request behind ctx, "" when there is none.
func From(ctx context.Context) string {
	id, _ := ctx.Value(key{}).(string)
	return id
}

// Middleware gives every request an id, in its context and in the answer: the client's own when it is
// sane, so that a gateway can correlate, and a fresh one otherwise. A request that already has one
// keeps it, so the middleware may be applied twice.
func Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if From(r.Context()) != "" {
			next.ServeHTTP(w, r)
			return
		}
		id := r.Header.Get(Header)
		if !Sane(id) {
			id = ulid.Make().String()
		}
		w.Header().Set(Header, id)
		next.ServeHTTP(w, r.WithContext(With(r.Context(), id)))
	})
}

// Sane reports whether a name a client chose is short and plain enough for a log line and a key.
func Sane(id string) bool {
	if id == "" || len(id) > 64 {
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
