package crashtest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"citygraph/ent/db"
	"citygraph/ent/migrations"
	"citygraph/internal/clock"
	"citygraph/internal/fake/fcmfake"
	"citygraph/internal/fake/jwksfake"
	"citygraph/internal/redisx/redistest"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
	contracts "citygraph/mobile-contracts"
	"citygraph/server/citytest"
)

// place is what processes of one test share: a database, a Redis and Google's push service.
type place struct {
	env      environment
	fcm      *fcmfake.Server
	pushed   chan struct{} // a message has just reached the fake, whose answer is not on its way yet
	manifest *contracts.Manifest
}

// project is the Firebase project of every test.
const project = "citygraph-test"

// newPlace makes a fresh migrated database, which the first server seeds. On SQLite there is no Redis:
// one process has the file to itself.
func newPlace(t testing.TB) *place {
	t.Helper()
	p := &place{fcm: fcmfake.New(), pushed: make(chan struct{})}
	google := httptest.NewServer(p.tell(p.fcm.Handler()))
	t.Cleanup(google.Close)
	keys := httptest.NewServer(jwksfake.New(project, clock.System{}).Handler())
	t.Cleanup(keys.Close)
	var err error
	if p.manifest, err = contracts.Load(); err != nil {
		t.Fatal(err)
	}
	p.env = environment{
		"HTTP_ADDR": "127.0.0.1:0", "ADMIN_ADDR": "", "LOG_FORMAT": "json", "DEV_SIGN_IN": "true",
		"DATA_DIR": t.TempDir(), "DATABASE_URL": storetest.URL(t, migrations.Files),
		"FIREBASE_PROJECT_ID": project, "FIREBASE_KEYS_URL": keys.URL + jwksfake.JWKPath, "FCM_ENDPOINT": google.URL + "/v1",
	}
	if !p.sqlite() {
		p.env["REDIS_URL"] = redistest.Start(t).URL()
	}
	return p
}

// tell announces each message to whoever listens, while its sender waits for the answer.
func (p *place) tell(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r) // its short answer stays in the buffer until this handler returns
		select {
		case p.pushed <- struct{}{}:
			<-r.Context().Done() // the listener kills the sender
		default:
		}
	})
}

func (p *place) sqlite() bool { return strings.HasPrefix(p.env["DATABASE_URL"], "sqlite://") }

// open looks at the database from outside.
func (p *place) open(t testing.TB) (*store.Store, *db.Client) {
	t.Helper()
	s := storetest.OpenURL(t, p.env["DATABASE_URL"])
	return s, db.NewClient(db.Driver(s.Driver()))
}

// token is a member's access token, from the command line.
func (p *place) token(t testing.TB, member string) string {
	t.Helper()
	o := command(t, p.env, "token", "--as", member)
	if o.code != 0 || strings.Count(o.out, "\n") != 1 || o.problems != "" {
		t.Fatalf("token --as %s: exit %d, %q, %q", member, o.code, o.out, o.problems)
	}
	return strings.TrimSpace(o.out)
}

// client is a member's app talking to the server at url.
func (p *place) client(t testing.TB, url, member string) *citytest.Client {
	t.Helper()
	c := (&citytest.City{URL: url, FCM: p.fcm, Manifest: p.manifest}).Visitor(t)
	c.Token = p.token(t, member)
	return c
}
