package wechat

import (
	"context"
	"time"
)

// TokenCache is the store in which replicas share the access token.
type TokenCache interface {
	// GetOrFetch returns the text under the key. When there is none it calls fetch, once however many
	// ask, and keeps the result for the ttl fetch gives; a failed fetch keeps nothing. One caller's
	// cancellation must not end the fetch others wait for.
	GetOrFetch(ctx context.Context, key string, fetch func(context.Context) (text string, ttl time.Duration, err error)) (string, error)

	// Drop forgets the text under the key if it still is this one: WeChat has refused it before its time.
	// Who drops a text is not given it again, unless fetch brings it anew.
	Drop(ctx context.Context, key, text string)
}
