package identity_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db/session"
	"citygraph/internal/fault"
	"citygraph/internal/firebase"
	"citygraph/internal/seed/seedtest"
)

// google is what Firebase says of every account, until a test says otherwise.
type google struct {
	mu       sync.Mutex
	standing firebase.Standing
	err      error
	asked    int
}

func (g *google) Standing(context.Context, string) (firebase.Standing, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	return g.standing, g.err
}

func (g *google) says(s firebase.Standing, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.standing, g.err = s, err
}

func askable(t *testing.T) (*house, *google) {
	t.Helper()
	h, g := open(t), &google{}
	h.FirebaseStanding = g.Standing
	return h, g
}

// A revoked account opens nothing from that moment; a bearer token of it ends within half a minute.
func TestAnAccountRevokedInFirebaseIsOut(t *testing.T) {
	for name, standing := range map[string]func(*house) firebase.Standing{
		"revoked":             func(h *house) firebase.Standing { return firebase.Standing{ValidSince: h.clock.Now().Add(time.Second)} },
		"disabled or deleted": func(*house) firebase.Standing { return firebase.Standing{Ended: true} },
	} {
		t.Run(name, func(t *testing.T) {
			h, g := askable(t)
			h.viewer(t, "firebase:uid-1")
			if _, err := h.SignInWithFirebase(t.Context(), "firebase:uid-1"); err != nil {
				t.Fatal(err)
			}
			g.says(standing(h), nil)
			tokens, err := h.SignInWithFirebase(t.Context(), "firebase:uid-1")
			if fault.CodeOf(err) != fault.Unauthenticated || tokens != nil {
				t.Errorf("opens %+v, %v", tokens, err)
			}
			h.clock.Turn(31 * time.Second)
			_, err = h.Authenticate(t.Context(), "firebase:uid-1")
			code(t, err, fault.Unauthenticated)
			if n := h.DB.Session.Query().Where(session.ClientEQ(session.ClientApp)).CountX(seedtest.System(t)); n != 1 {
				t.Errorf("%d sessions were opened", n)
			}
			g.says(firebase.Standing{ValidSince: h.clock.Now().Add(-time.Hour)}, nil)
			h.clock.Turn(31 * time.Second)
			h.viewer(t, "firebase:uid-1")
		})
	}
}

// Requests by bearer share an answer for half a minute; a sign-in always asks for one of its own.
func TestFirebaseIsNotAskedForEachRequest(t *testing.T) {
	h, g := askable(t)
	for i := range 100 {
		h.viewer(t, "firebase:uid-1@"+string(rune('a'+i%26)))
	}
	if g.asked != 1 {
		t.Errorf("asked %d times for a hundred requests", g.asked)
	}
	for range 2 {
		if _, err := h.SignInWithFirebase(t.Context(), "firebase:uid-1"); err != nil {
			t.Fatal(err)
		}
	}
	if g.asked != 3 {
		t.Errorf("asked %d times with two sign-ins", g.asked)
	}
}

// While Google is out of reach no session is opened, and a bearer token is believed for a quarter of an hour
// from its issue.
func TestWhileFirebaseCannotBeAsked(t *testing.T) {
	h, g := askable(t)
	g.says(firebase.Standing{}, errors.New("no route to Google"))
	tokens, err := h.SignInWithFirebase(t.Context(), "firebase:uid-1")
	if fault.CodeOf(err) != fault.InternalError || tokens != nil {
		t.Errorf("opens %+v, %v", tokens, err)
	}
	asked := g.asked
	for range 10 {
		h.viewer(t, "firebase:uid-1")
	}
	if g.asked != asked+1 {
		t.Errorf("ten requests waited for Google %d times", g.asked-asked)
	}
	h.clock.Turn(15 * time.Minute)
	h.viewer(t, "firebase:uid-1")
	h.clock.Turn(time.Second)
	_, err = h.Authenticate(t.Context(), "firebase:uid-1")
	code(t, err, fault.Unauthenticated)
	g.says(firebase.Standing{}, nil)
	h.clock.Turn(31 * time.Second)
	h.viewer(t, "firebase:uid-1")
}

// Where the city has no credentials at Google, a token is believed for its life, as its signature says.
func TestWithoutADirectoryATokenIsBelieved(t *testing.T) {
	h := open(t)
	h.clock.Turn(50 * time.Minute)
	h.viewer(t, "firebase:uid-1")
	if _, err := h.SignInWithFirebase(t.Context(), "firebase:uid-1"); err != nil {
		t.Error(err)
	}
}
