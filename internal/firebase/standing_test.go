package firebase_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"citygraph/internal/fake/fcmfake"
	"citygraph/internal/fake/toolkitfake"
	"citygraph/internal/firebase"
)

// directory asks a fake Google without a socket.
func directory(t *testing.T, google http.Handler) *firebase.Directory {
	t.Helper()
	d, err := firebase.NewDirectory(t.Context(), firebase.DirectoryOptions{
		ProjectID: project, Endpoint: "http://toolkit.test/relay", Transport: inProcess{http.StripPrefix("/relay", google)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestStanding(t *testing.T) {
	google := toolkitfake.New()
	d := directory(t, google.Handler())
	now := time.Now().Truncate(time.Second)
	google.Disable("disabled")
	google.Delete("deleted")
	google.Revoke("revoked", now)
	for uid, want := range map[string]struct{ before, at, after bool }{
		"well":     {true, true, true},
		"revoked":  {false, true, true},
		"disabled": {},
		"deleted":  {},
	} {
		got, err := d.Standing(t.Context(), uid)
		if err != nil {
			t.Fatal(err)
		}
		if got.Holds(now.Add(-time.Second)) != want.before || got.Holds(now) != want.at || got.Holds(now.Add(time.Hour)) != want.after {
			t.Errorf("%s: %+v", uid, got)
		}
	}
}

// Whoever asks is answered after one request, also by a Google that is out of order: the SDK by itself would
// try for minutes.
func TestNobodyKnowsDuringAnOutage(t *testing.T) {
	google := toolkitfake.New()
	d := directory(t, google.Handler())
	google.SetOutage(true)
	if got, err := d.Standing(t.Context(), "well"); err == nil {
		t.Errorf("during an outage: %+v", got)
	}
	if n := len(google.Lookups()); n != 1 {
		t.Errorf("%d requests for one answer", n)
	}
	google.SetOutage(false)
	if got, err := d.Standing(t.Context(), "well"); err != nil || got.Ended {
		t.Errorf("after the outage: %+v, %v", got, err)
	}
}

type broken struct{ asked int }

var errCable = errors.New("the cable is cut")

func (b *broken) RoundTrip(*http.Request) (*http.Response, error) { b.asked++; return nil, errCable }

func TestABrokenNetworkIsAskedOnce(t *testing.T) {
	cable := &broken{}
	d, err := firebase.NewDirectory(t.Context(), firebase.DirectoryOptions{ProjectID: project, Endpoint: "http://toolkit.test", Transport: cable})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Standing(t.Context(), "well"); !errors.Is(err, errCable) || cable.asked != 1 {
		t.Errorf("asked %d times: %v", cable.asked, err)
	}
}

func TestABlackHoleHoldsALookUpNotPastItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := firebase.NewDirectory(t.Context(), firebase.DirectoryOptions{ProjectID: project, Endpoint: "http://toolkit.test", Transport: blackHole{}})
		if err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		_, err = d.Standing(t.Context(), "well")
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(started))
		}
	})
}

// A look-up is made by the service account; Google's own address is asked by no other.
func TestLookUpsAreTheServiceAccounts(t *testing.T) {
	fcm, google := fcmfake.New(), toolkitfake.New()
	bank := httptest.NewServer(fcm.Handler())
	defer bank.Close()
	var authorised []string
	d, err := firebase.NewDirectory(t.Context(), firebase.DirectoryOptions{
		ProjectID: project, CredentialsJSON: fcm.Credentials(project, bank.URL), Endpoint: "http://toolkit.test",
		Transport: routed(func(r *http.Request) http.Handler {
			if r.URL.Host != "toolkit.test" {
				return fcm.Handler()
			}
			authorised = append(authorised, r.Header.Get("Authorization"))
			return google.Handler()
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := d.Standing(t.Context(), "well"); err != nil {
			t.Fatal(err)
		}
	}
	if fcm.TokensIssued() != 1 || len(authorised) != 2 || authorised[0] != authorised[1] || len(authorised[0]) < len("Bearer ya29.") {
		t.Errorf("%d tokens bought, asked as %q", fcm.TokensIssued(), authorised)
	}
	if _, err := firebase.NewDirectory(t.Context(), firebase.DirectoryOptions{ProjectID: project}); err == nil {
		t.Error("Google would be asked by nobody in particular")
	}
}

// routed answers each request from the handler that is chosen for it.
type routed func(*http.Request) http.Handler

func (choose routed) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	choose(r).ServeHTTP(w, r)
	return w.Result(), nil
}

func TestARedirectIsNotFollowed(t *testing.T) {
	d := directory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "elsewhere.test" {
			t.Error("the look-up went elsewhere")
		}
		w.Header().Set("Location", "http://elsewhere.test/")
		w.WriteHeader(http.StatusTemporaryRedirect)
		_, _ = io.WriteString(w, "{}")
	}))
	if got, err := d.Standing(t.Context(), "well"); err == nil {
		t.Errorf("a redirect says %+v", got)
	}
}
