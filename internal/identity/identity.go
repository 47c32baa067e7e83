// Package identity knows who signs in, keeps their sessions, and the devices they can be reached on.
package identity

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/internal/cache"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/firebase"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/personal"
	"citygraph/internal/store"
)

// Accounts are the verbs of signing in and out.
type Accounts struct {
	DB    *db.Client
	Store *store.Store
	Clock clock.Clock
	Cache *cache.Cache
	Hub   *live.Hub
	Mint  Mint

	Events  *event.Bus
	Records *personal.Records
	Once    idempotency.Ledger
	Grace   time.Duration // from asking for the end of an account to its end

	// FirebaseUser verifies a Firebase ID token; nil when no project is configured.
	FirebaseUser func(ctx context.Context, idToken string) (firebase.Claims, error)
	// FirebaseStanding asks Firebase how an account stands now; nil where it cannot be asked.
	FirebaseStanding func(ctx context.Context, uid string) (firebase.Standing, error)
	// WechatUser exchanges a wx.login code for the account's open id; nil when no app is configured.
	WechatUser func(ctx context.Context, code string) (openID string, err error)
	// Verifier proves who somebody is by real name; nil where none is configured.
	Verifier Verifier
	// Limit holds the callers of sign-in and binding to a stricter rate: RATE_LIMITED.
	Limit func(ctx context.Context) error
	// Development accepts sessions made by `server token`.
	Development bool
}
