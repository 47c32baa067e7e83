package journey_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"citygraph/internal/fake/toolkitfake"
	"citygraph/internal/firebase"
	"citygraph/internal/redisx/redistest"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// withAccounts lets a city ask a fake Google how accounts stand.
func withAccounts(t *testing.T) (*toolkitfake.Server, citytest.Option) {
	t.Helper()
	google := toolkitfake.New()
	server := httptest.NewServer(google.Handler())
	t.Cleanup(server.Close)
	return google, func(o *wiring.Options) {
		o.FirebaseAccounts = &firebase.DirectoryOptions{ProjectID: "citygraph-test", Endpoint: server.URL}
	}
}

// Somebody's Firebase sign-ins are revoked, as after a stolen phone: the old token opens no session from then
// on, and within half a minute no replica takes it as a bearer. A sign-in after that is good again.
func TestAnAccountRevokedAtGoogleIsOutOnEveryReplica(t *testing.T) {
	keys, withKeys := withFirebase(t)
	accounts, option := withAccounts(t)
	watch := later{&atomic.Int64{}}
	here := citytest.Start(t, withKeys, option, citytest.Redis(redistest.Start(t)), func(o *wiring.Options) { o.Clock = watch })
	replicas := []*citytest.City{here, here.Replica(t)}
	signedIn := func(uid string, at time.Time) string {
		return keys.Mint(map[string]any{"sub": uid, "user_id": uid, "auth_time": at.Unix()})
	}
	now := time.Now()
	old := signedIn("uid-stolen", now.Add(-time.Hour))
	for _, at := range replicas {
		if me(t, at.With(t, old)) == "" {
			t.Fatal("a good token is nobody's")
		}
	}
	session, found := opened(t, signInWithFirebase(here.Visitor(t), old))
	if len(found) > 0 {
		t.Fatalf("sign in: %+v", found)
	}

	accounts.Revoke("uid-stolen", now.Add(-time.Minute))
	forged := signInWithFirebase(here.Visitor(t), old[:len(old)-8]+"AAAAAAAA")
	for _, at := range replicas {
		if got := signInWithFirebase(at.Visitor(t), old); got.Code() != "UNAUTHENTICATED" || !bytes.Equal(got.Body, forged.Body) {
			t.Errorf("a revoked token is told from a forged one: %s", got.Body)
		}
	}
	watch.by.Store(int64(31 * time.Second))
	for i, at := range replicas {
		if got := at.With(t, old).Do("HomeScreen", nil); got.Status != http.StatusUnauthorized {
			t.Errorf("replica %d takes a revoked bearer: %d", i, got.Status)
		}
		if me(t, at.With(t, signedIn("uid-stolen", now))) == "" || me(t, at.With(t, signedIn("uid-other", now.Add(-time.Hour)))) == "" {
			t.Errorf("replica %d refuses whoever signed in since, or somebody else", i)
		}
	}
	// What was opened in time is ours to end, from the list of sessions.
	if me(t, here.With(t, session.AccessToken)) == "" {
		t.Error("the session ended with the token that opened it")
	}

	for name, end := range map[string]func(string){"uid-disabled": accounts.Disable, "uid-deleted": accounts.Delete} {
		end(name)
		if got := here.With(t, signedIn(name, now)).Do("HomeScreen", nil); got.Status != http.StatusUnauthorized {
			t.Errorf("%s asks on: %d", name, got.Status)
		}
		if got := signInWithFirebase(here.Visitor(t), signedIn(name, now)); got.Code() != "UNAUTHENTICATED" {
			t.Errorf("%s signs in: %s", name, got.Body)
		}
	}
}

// With Google out of reach nobody new gets in, whoever holds a young token goes on, and nothing waits twice.
func TestAGoogleOutOfReachOpensNothing(t *testing.T) {
	keys, withKeys := withFirebase(t)
	accounts, option := withAccounts(t)
	city := citytest.Start(t, withKeys, option)
	accounts.SetSilent(true)
	if got := signInWithFirebase(city.Visitor(t), keys.Mint(user("uid-new"))); got.Code() != "INTERNAL" {
		t.Errorf("signed in unasked: %s", got.Body)
	}
	asked := len(accounts.Lookups())
	for range 5 {
		if me(t, city.With(t, keys.Mint(user("uid-young")))) == "" {
			t.Error("a young token is nobody's")
		}
	}
	if n := len(accounts.Lookups()) - asked; n != 1 {
		t.Errorf("asked %d times in vain", n)
	}
	now := time.Now().Unix()
	aged := keys.Mint(map[string]any{"sub": "uid-aged", "iat": now - 1000, "auth_time": now - 1000})
	if got := city.With(t, aged).Do("HomeScreen", nil); got.Status != http.StatusUnauthorized {
		t.Errorf("an aged token is believed unasked: %d", got.Status)
	}
	if city.DB.Session.Query().ExistX(system(t)) {
		t.Error("a session was opened")
	}
}
