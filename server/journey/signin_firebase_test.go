package journey_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"citygraph/internal/clock"
	"citygraph/internal/fake/jwksfake"
	"citygraph/internal/firebase"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// withFirebase lets a city trust the keys of a fake Google.
func withFirebase(t *testing.T) (*jwksfake.Server, citytest.Option) {
	t.Helper()
	google := jwksfake.New("citygraph-test", clock.System{})
	server := httptest.NewServer(google.Handler())
	t.Cleanup(server.Close)
	return google, func(o *wiring.Options) {
		o.Firebase = &firebase.Options{ProjectID: "citygraph-test", KeysURL: server.URL + jwksfake.JWKPath}
	}
}

func user(uid string) map[string]any { return map[string]any{"sub": uid, "user_id": uid} }

func signInWithFirebase(c *citytest.Client, idToken string) citytest.Answer {
	return c.Do("SignInWithFirebase", citytest.Vars{"input": citytest.Vars{"idToken": idToken}})
}

func TestFirebaseUserIsOnePersonBySessionAndByBearer(t *testing.T) {
	google, option := withFirebase(t)
	city := citytest.Start(t, option)

	bearer := city.With(t, google.Mint(user("uid-lin")))
	first := me(t, bearer)
	got, found := opened(t, signInWithFirebase(city.Visitor(t), google.Mint(user("uid-lin"))))
	if len(found) > 0 {
		t.Fatalf("sign in: %+v", found)
	}
	if again := me(t, city.With(t, got.AccessToken)); again != first {
		t.Errorf("by bearer %s, by session %s", first, again)
	}
	if other := me(t, city.With(t, google.Mint(user("uid-mei")))); other == first {
		t.Error("two users are one person")
	}
	// There is no session of ours to end: the token is Google's until it runs out.
	if found := problems(t, bearer.Do("SignOut", nil)); len(found) > 0 {
		t.Errorf("sign out: %+v", found)
	}
	if me(t, bearer) != first {
		t.Error("the bearer token stopped working")
	}
}

func TestFirebaseTokenThatIsNotGenuineOpensNothing(t *testing.T) {
	google, option := withFirebase(t)
	city := citytest.Start(t, option)
	kid, key := google.SigningKey()
	sign := func(method jwt.SigningMethod, with any, kid string) string {
		token := jwt.NewWithClaims(method, google.Claims(nil))
		token.Header["kid"] = kid
		text, err := token.SignedString(with)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	genuine := google.Mint(nil)
	now := time.Now().Unix()
	for name, token := range map[string]string{
		"alg none":           sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid),
		"HMAC with the key":  sign(jwt.SigningMethodHS256, key.N.Bytes(), kid),
		"RS512":              sign(jwt.SigningMethodRS512, key, kid),
		"unknown key":        sign(jwt.SigningMethodRS256, key, "key-of-nobody"),
		"another project":    google.Mint(map[string]any{"aud": "another-project"}),
		"another issuer":     google.Mint(map[string]any{"iss": "https://securetoken.google.com/another-project"}),
		"expired":            google.Mint(map[string]any{"exp": now - 3600, "iat": now - 7200, "auth_time": now - 7200}),
		"from the future":    google.Mint(map[string]any{"iat": now + 3600, "exp": now + 7200}),
		"nobody's":           google.Mint(map[string]any{"sub": ""}),
		"a broken signature": genuine[:len(genuine)-8] + strings.Repeat("A", 8),
		"no token":           "not.a.token",
	} {
		if answer := signInWithFirebase(city.Visitor(t), token); answer.Code() != "UNAUTHENTICATED" {
			t.Errorf("%s: signed in: %s", name, answer.Body)
		}
		if answer := city.With(t, token).Do("HomeScreen", nil); answer.Status != http.StatusUnauthorized || answer.Code() != "UNAUTHENTICATED" {
			t.Errorf("%s: as bearer: %d %s", name, answer.Status, answer.Body)
		}
	}
	if city.DB.Session.Query().ExistX(system(t)) {
		t.Error("a session was opened")
	}
}

func TestFirebaseUserStaysSignedInWhileGoogleIsOutOfReach(t *testing.T) {
	google, option := withFirebase(t)
	city := citytest.Start(t, option)
	before := me(t, city.With(t, google.Mint(nil)))
	google.SetOutage(true)
	if me(t, city.With(t, google.Mint(nil))) != before {
		t.Error("somebody else")
	}
}

func TestConcurrentFirstRequestsByBearerMakeOnePerson(t *testing.T) {
	google, option := withFirebase(t)
	city := citytest.Start(t, option)
	replicas := []*citytest.City{city, city.Replica(t)}
	before := city.DB.Person.Query().CountX(system(t))
	token := google.Mint(user("uid-everywhere"))
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			if answer := replicas[i%2].With(t, token).Do("HomeScreen", nil); answer.Code() != "" {
				t.Errorf("first request: %s", answer.Body)
			}
		})
	}
	all.Wait()
	if made := city.DB.Person.Query().CountX(system(t)) - before; made != 1 {
		t.Errorf("%d people were made", made)
	}
}
