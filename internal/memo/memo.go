// Package memo asks once in a response what many of its fields want to know.
package memo

import (
	"context"
	"sync"
)

type contextKey struct{}

// sheet is what one response has found out.
type sheet struct {
	mu    sync.Mutex
	known map[any]any
}

// With returns the context of one response. What it found out dies with it.
func With(ctx context.Context) context.Context {
	return context.WithValue(ctx, contextKey{}, &sheet{})
}

// Once returns what find found for the key in this response, and asks it if nobody has; outside a response it
// asks every time. A failure is not kept. The key is a comparable type of the caller's own; of several who ask
// at once, those after the first wait.
func Once[T any](ctx context.Context, key any, find func() (T, error)) (T, error) {
	s, ok := ctx.Value(contextKey{}).(*sheet)
	if !ok {
		return find()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.known[key]; ok {
		return known.(T), nil
	}
	found, err := find()
	if err != nil {
		return found, err
	}
	if s.known == nil {
		s.known = map[any]any{}
	}
	s.known[key] = found
	return found, nil
}
