package identity_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"citygraph/internal/cache"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/firebase"
	"citygraph/internal/idempotency"
	"citygraph/internal/identity"
	"citygraph/internal/lang"
	"citygraph/internal/live"
	"citygraph/internal/personal"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

const (
	accessTTL  = 15 * time.Minute
	refreshTTL = 30 * 24 * time.Hour
	grace      = 15 * 24 * time.Hour
)

// house is the room with everything it needs, and a clock to turn.
type house struct {
	*identity.Accounts
	city  *seedtest.City
	clock *seedtest.Clock

	mu    sync.Mutex
	asked []string // tokens that Firebase was asked about
}

// open starts the room on a fresh database. Firebase knows the users of tokens "firebase:…" and
// WeChat those of codes "wechat:…".
func open(t *testing.T) *house {
	t.Helper()
	city, clock, hub := seedtest.Open(t), seedtest.NewClock(), live.NewHub(nil)
	born := clock.Now() // of every ID token
	t.Cleanup(hub.Close)
	h := &house{city: city, clock: clock}
	h.Accounts = &identity.Accounts{
		DB: city.DB, Store: city.Store, Clock: clock, Hub: hub, Cache: cache.New(nil, clock, 100), Development: true,
		Mint:   identity.Mint{Key: bytes.Repeat([]byte("k"), 32), Clock: clock, AccessTTL: accessTTL, RefreshTTL: refreshTTL},
		Events: event.New(), Verifier: identity.Sandbox{},
		Records: &personal.Records{DB: city.DB, Store: city.Store, Vault: seedtest.Vault(t)},
		Once:    idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock}, Grace: grace,
		Limit: func(context.Context) error { return nil },
		FirebaseUser: func(_ context.Context, token string) (firebase.Claims, error) {
			h.mu.Lock()
			h.asked = append(h.asked, token)
			h.mu.Unlock()
			uid, ok := strings.CutPrefix(token, "firebase:")
			if !ok {
				return firebase.Claims{}, fault.New(fault.Unauthenticated)
			}
			uid, _, _ = strings.Cut(uid, "@") // what follows tells tokens of one user apart
			return firebase.Claims{UID: uid, AuthTime: born, IssuedAt: born, ExpiresAt: clock.Now().Add(time.Hour)}, nil
		},
		WechatUser: func(_ context.Context, code string) (string, error) {
			openID, ok := strings.CutPrefix(code, "wechat:")
			if !ok {
				return "", fault.BadInput("code", "登录码无效。", "The code is not valid.")
			}
			return openID, nil
		},
	}
	return h
}

// signIn is the tokens of a member of the cast.
func (h *house) signIn(t *testing.T, member string) *identity.Tokens {
	t.Helper()
	tokens, err := h.SignInForDevelopment(t.Context(), member)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// viewer is who a good bearer stands for.
func (h *house) viewer(t *testing.T, bearer string) *viewer.Viewer {
	t.Helper()
	proof, err := h.Authenticate(t.Context(), bearer)
	if err != nil {
		t.Fatal(err)
	}
	return proof.Viewer
}

func code(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("fault %q, want %q: %v", got, want, err)
	}
}

// safe fails when what a client is told holds any of the secrets.
func safe(t *testing.T, err error, secrets ...string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) {
		t.Fatalf("not a fault: %v", err)
	}
	for _, secret := range secrets {
		if strings.Contains(f.Sentence(lang.ZH)+f.Sentence(lang.EN)+f.Error(), secret) {
			t.Errorf("%v holds %q", f, secret)
		}
	}
}
