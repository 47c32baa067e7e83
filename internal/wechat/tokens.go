package wechat

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"citygraph/internal/clock"
)

// TokenCache is the store in which replicas share the access token.
type TokenCache interface {
	// GetOrFetch returns the text under the key. When there is none it calls fetch, once however many
	// ask, and keeps the result for the ttl fetch gives; a failed fetch keeps nothing. One caller's
	// cancellation must not end the fetch others wait for.
	GetOrFetch(ctx context.Context, key string, fetch func(context.Context) (text string, ttl time.Duration, err error)) (string, error)
}

// MemoryTokens is a TokenCache for a single process.
type MemoryTokens struct {
	clock   clock.Clock
	fetches singleflight.Group

	mu     sync.Mutex
	tokens map[string]keptToken
}

type keptToken struct {
	text string
	ends time.Time
}

// NewMemoryTokens returns an empty store; a nil clock is the system's.
func NewMemoryTokens(c clock.Clock) *MemoryTokens {
	if c == nil {
		c = clock.System{}
	}
	return &MemoryTokens{clock: c, tokens: map[string]keptToken{}}
}

// GetOrFetch returns the text under the key, fetching it once for all who wait.
func (m *MemoryTokens) GetOrFetch(ctx context.Context, key string, fetch func(context.Context) (text string, ttl time.Duration, err error)) (string, error) {
	if text, ok := m.get(key); ok {
		return text, nil
	}
	fetched := m.fetches.DoChan(key, func() (any, error) {
		if text, ok := m.get(key); ok {
			return text, nil // fetched between the look and the flight
		}
		text, ttl, err := fetch(context.WithoutCancel(ctx))
		if err == nil {
			m.mu.Lock()
			m.tokens[key] = keptToken{text: text, ends: m.clock.Now().Add(ttl)}
			m.mu.Unlock()
		}
		return text, err
	})
	select {
	case got := <-fetched:
		text, _ := got.Val.(string)
		return text, got.Err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (m *MemoryTokens) get(key string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept, ok := m.tokens[key]
	return kept.text, ok && m.clock.Now().Before(kept.ends)
}
