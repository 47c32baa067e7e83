package firebase_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"citygraph/internal/clock"
	"citygraph/internal/fake/jwksfake"
	"citygraph/internal/fault"
	"citygraph/internal/firebase"
)

func TestKeysAreFetchedAheadOfExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := jwksfake.New(project, clock.System{})
		v := verifier(t, keys, jwksfake.JWKPath)
		synctest.Wait()
		keys.Rotate()
		time.Sleep(time.Hour) // synctest's clock: the whole max-age
		if got := keys.Fetches(); got != 2 {
			t.Fatalf("%d fetches within the first max-age, want 2", got)
		}
		if _, err := v.Verify(t.Context(), keys.Mint(nil)); err != nil {
			t.Errorf("token of the rotated key: %v", err)
		}
		if got := keys.Fetches(); got != 2 {
			t.Errorf("a known key caused a fetch: %d", got)
		}
	})
}

func TestStaleKeysSurviveAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := jwksfake.New(project, clock.System{})
		v := verifier(t, keys, jwksfake.JWKPath)
		synctest.Wait()
		keys.SetOutage(true)
		time.Sleep(3 * 24 * time.Hour)
		if _, err := v.Verify(t.Context(), keys.Mint(nil)); err != nil {
			t.Fatalf("three days into the outage: %v", err)
		}
		if got := keys.Fetches(); got < 100 || got > 3*24*12+20 {
			t.Errorf("%d fetches in three days, want about one in five minutes", got)
		}

		keys.Rotate()
		keys.Rotate()
		keys.SetOutage(false)
		time.Sleep(6 * time.Minute)
		before := keys.Fetches()
		if _, err := v.Verify(t.Context(), keys.Mint(nil)); err != nil {
			t.Errorf("after the outage: %v", err)
		}
		if keys.Fetches() != before {
			t.Error("the background refresh had not caught up")
		}
	})
}

func TestAWithdrawnKeyIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := jwksfake.New(project, clock.System{})
		v := verifier(t, keys, jwksfake.JWKPath)
		old := keys.Mint(map[string]any{"exp": time.Now().Add(24 * time.Hour).Unix()})
		keys.Rotate()
		keys.Rotate()
		time.Sleep(2 * time.Hour)
		if _, err := v.Verify(t.Context(), old); fault.CodeOf(err) != fault.Unauthenticated {
			t.Errorf("got %v, want UNAUTHENTICATED", err)
		}
	})
}

func TestUnknownKeyIDsCauseOneFetchPerMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := jwksfake.New(project, clock.System{})
		v := verifier(t, keys, jwksfake.JWKPath)
		synctest.Wait()
		forger, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, keys.Claims(nil))
		token.Header["kid"] = "nobody's"
		forged, err := token.SignedString(forger)
		if err != nil {
			t.Fatal(err)
		}

		flood := func() {
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					if _, err := v.Verify(t.Context(), forged); fault.CodeOf(err) != fault.Unauthenticated {
						t.Errorf("got %v, want UNAUTHENTICATED", err)
					}
				})
			}
			all.Wait()
		}
		flood()
		flood()
		if got := keys.Fetches(); got != 2 {
			t.Errorf("%d fetches, want the first and one for the flood", got)
		}
		time.Sleep(time.Minute)
		flood()
		if got := keys.Fetches(); got != 3 {
			t.Errorf("%d fetches a minute later, want 3", got)
		}
	})
}

func TestARotationUnderLoadIsOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := jwksfake.New(project, clock.System{})
		v := verifier(t, keys, jwksfake.X509Path)
		synctest.Wait()
		keys.Rotate()
		token := keys.Mint(nil)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if _, err := v.Verify(t.Context(), token); err != nil {
					t.Errorf("token of the new key: %v", err)
				}
			})
		}
		all.Wait()
		if got := keys.Fetches(); got != 2 {
			t.Errorf("%d fetches, want 2", got)
		}
	})
}

func TestAColdStartDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := jwksfake.New(project, clock.System{})
		keys.SetOutage(true)
		v := verifier(t, keys, jwksfake.JWKPath)
		if _, err := v.Verify(t.Context(), keys.Mint(nil)); fault.CodeOf(err) != fault.InternalError {
			t.Errorf("got %v, want INTERNAL: the token may be good", err)
		}
		keys.SetOutage(false)
		time.Sleep(3 * time.Second)
		if _, err := v.Verify(t.Context(), keys.Mint(nil)); err != nil {
			t.Errorf("after the outage: %v", err)
		}
	})
}

// blackHole swallows requests until they are given up.
type blackHole struct{}

func (blackHole) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestABlackHoleHoldsNobodyPastTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, err := firebase.New(firebase.Options{
			ProjectID: project, KeysURL: "http://keys.test/", HTTPClient: &http.Client{Transport: blackHole{}},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		keys := jwksfake.New(project, clock.System{})
		started := time.Now()

		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = v.Verify(hurried, keys.Mint(nil))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != time.Second {
			t.Errorf("hurried caller: %v after %v", err, time.Since(started))
		}
		_, err = v.Verify(t.Context(), keys.Mint(nil))
		if fault.CodeOf(err) != fault.InternalError || time.Since(started) != 5*time.Second {
			t.Errorf("patient caller: %v after %v", err, time.Since(started))
		}
	})
}
