package edge

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"citygraph/internal/fault"
	"citygraph/internal/lang"
	"citygraph/internal/requestid"
)

// caller is who stands behind a request or a connection.
type caller struct {
	session *Session // nil for an anonymous visitor
	keys    []string // whose budget pays; the first also counts the open streams
}

// enter returns the context every request starts with: its address, its language and
// the log.
func (h *Handler) enter(r *http.Request) context.Context {
	ctx := context.WithValue(r.Context(), addressKey{}, h.Address(r))
	ctx = speak(ctx, r.Header.Get("Accept-Language"))
	return h.Log.WithContext(ctx)
}

type addressKey struct{}

// AddressFrom returns the network address of the client behind ctx, "" when there is none.
func AddressFrom(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}

// speak returns a context in the language of an Accept-Language value. A value too long to be
// honest is not parsed.
func speak(ctx context.Context, accept string) context.Context {
	if len(accept) > 256 {
		accept = ""
	}
	return lang.With(ctx, lang.Negotiate(accept))
}

// authenticate turns an Authorization value into the context its viewer asks in.
func (h *Handler) authenticate(ctx context.Context, authorization string, keys []string) (context.Context, caller, error) {
	bearer, ok := bearerOf(authorization)
	if !ok {
		return ctx, caller{keys: keys}, errToken
	}
	ctx, session, err := h.Authenticate(ctx, bearer)
	if err != nil {
		return ctx, caller{keys: keys}, err
	}
	if session == nil {
		return ctx, caller{keys: keys}, nil
	}
	return ctx, caller{session: session, keys: append([]string{"session:" + session.Key}, keys[1:]...)}, nil
}

// keysOf names the budgets a request draws on before it is known who asks: its address and, when
// the client names a sane one, its device.
func (h *Handler) keysOf(r *http.Request) []string {
	keys := []string{"address:" + h.Address(r)}
	if device := r.Header.Get("X-Device-Id"); requestid.Sane(device) {
		keys = append(keys, "device:"+device)
	}
	return keys
}

func bearerOf(authorization string) (token string, ok bool) {
	if authorization == "" {
		return "", true
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}

// charge takes the cost from the caller's budgets.
func (h *Handler) charge(ctx context.Context, who caller, cost int) *refusal {
	if h.Limiter == nil {
		return nil
	}
	wait, ok := h.Limiter.Take(ctx, who.keys, cost)
	if ok {
		return nil
	}
	return refused(http.StatusTooManyRequests, fault.New(fault.RateLimited).After(wait))
}

// usage counts the streams each user has open.
type usage struct {
	mu   sync.Mutex
	open map[string]int
}

// take counts one more for the key unless that would pass the limit.
func (u *usage) take(key string, limit int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.open[key] >= limit {
		return false
	}
	if u.open == nil {
		u.open = map[string]int{}
	}
	u.open[key]++
	return true
}

func (u *usage) release(key string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.open[key]--; u.open[key] <= 0 {
		delete(u.open, key)
	}
}
