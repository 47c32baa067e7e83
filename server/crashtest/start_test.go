package crashtest_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"citygraph/internal/store/storetest"
	"citygraph/server/citytest"
)

// wantRefusal wants exit code 1 and a complaint that says these words.
func wantRefusal(t testing.TB, o outcome, words ...string) {
	t.Helper()
	if o.code != 1 || !strings.HasPrefix(o.problems, "server: ") {
		t.Errorf("exit %d, %q", o.code, o.problems)
	}
	for _, w := range words {
		if !strings.Contains(o.problems, w) {
			t.Errorf("%q does not say %q", o.problems, w)
		}
	}
}

func TestSecondServerOnTheSameDatabase(t *testing.T) {
	p := newPlace(t)
	first, url := serve(t, p.env)
	if p.sqlite() {
		wantRefusal(t, command(t, p.env), "another process serves this SQLite file", ".db")
	} else {
		_, other := serve(t, p.env)
		wantStatus(t, other+"/readyz", http.StatusOK)
	}
	wantStatus(t, url+"/readyz", http.StatusOK)
	first.kill()
	_, url = serve(t, p.env) // a dead holder holds nothing
	wantStatus(t, url+"/readyz", http.StatusOK)
}

func TestPortInUse(t *testing.T) {
	p := newPlace(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	o := command(t, p.env.with(environment{"HTTP_ADDR": addr}))
	wantRefusal(t, o, "HTTP_ADDR", addr, "address already in use")
	if strings.Count(o.problems, "\n") != 1 {
		t.Errorf("more than a sentence: %q", o.problems)
	}
	wantRefusal(t, command(t, p.env.with(environment{"ADMIN_ADDR": addr})), "ADMIN_ADDR", addr, "address already in use")
}

func TestDatabaseThatCannotBeOpened(t *testing.T) {
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p := newPlace(t)
	for name, tt := range map[string]struct{ url, want string }{
		"not a database":     {"sqlite://" + garbage, garbage},
		"a folder":           {"sqlite://" + filepath.Dir(garbage), filepath.Dir(garbage)},
		"nobody listens":     {"postgres://mallory:canary@" + nobody + "/city?password=canary", nobody},
		"a bad option":       {"postgres://mallory:canary@" + nobody + "/city?sslmode=never&password=canary", "sslmode"},
		"a bad escape":       {"postgres://mallory:canary%zz@" + nobody + "/city", "DATABASE_URL"},
		"another database":   {"mysql://mallory:canary@" + nobody + "/city", "DATABASE_URL"},
		"words of one's own": {"canary", "DATABASE_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"serve", "migrate", "seed"} {
				o := command(t, p.env.with(environment{"DATABASE_URL": tt.url}), verb)
				wantRefusal(t, o, tt.want)
				if strings.Contains(o.problems+o.out, "canary") {
					t.Errorf("%s shows the password: %q", verb, o.problems)
				}
			}
		})
	}
}

// A database that belongs to something else is left as it was.
func TestForeignDatabase(t *testing.T) {
	p := newPlace(t)
	p.env["DATABASE_URL"] = storetest.URL(t)
	s, _ := p.open(t)
	if _, err := s.Writer().ExecContext(t.Context(), "CREATE TABLE people (shoe_size integer)"); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, command(t, p.env, "migrate"), "migrate: ", "people", "already exists")
	if _, err := s.Writer().ExecContext(t.Context(), "INSERT INTO people (shoe_size) VALUES (42)"); err != nil {
		t.Errorf("the foreign table was changed: %v", err)
	}
	if _, err := s.Writer().ExecContext(t.Context(), "SELECT 1 FROM districts"); err == nil {
		t.Error("half of the schema was left behind")
	}
}

// production is the least that production asks for.
var production = environment{
	"APP_ENV": "production", "DEV_SIGN_IN": "false", "FIREBASE_PROJECT_ID": "", "FIREBASE_KEYS_URL": "", "FCM_ENDPOINT": "",
	"TOKEN_SIGNING_KEY": "a key of its own, of thirty-two bytes or more", "BLIND_INDEX_KEY": "another, of thirty-two bytes or more",
	"PERSONAL_DATA_KEYS": "2026:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
}

func TestProductionRefuses(t *testing.T) {
	p := newPlace(t)
	for variable, value := range map[string]string{
		"TOKEN_SIGNING_KEY":           "unsafe-development-key-never-use-in-production",
		"BLIND_INDEX_KEY":             "unsafe-development-key-never-use-in-production",
		"PERSONAL_DATA_KEYS":          "development:dW5zYWZlLWRldmVsb3BtZW50LWtleS1uZXZlci11c2U=",
		"DEV_SIGN_IN":                 "true",
		"INTROSPECTION":               "true",
		"FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099",
		"SQLITE_SYNCHRONOUS":          "NORMAL",
		"FCM_ENDPOINT":                "http://127.0.0.1:1/v1",
	} {
		o := command(t, p.env.with(production).with(environment{variable: value}))
		wantRefusal(t, o, variable)
		if strings.Count(o.problems, "\n") != 2 {
			t.Errorf("%s is not the only reason: %q", variable, o.problems)
		}
	}
}

// Production waits for `server migrate`, and is not ready on a database that lacks a migration.
func TestProductionAndMigrations(t *testing.T) {
	p := newPlace(t)
	p.env = p.env.with(production)
	p.env["DATABASE_URL"] = storetest.URL(t)
	wantRefusal(t, command(t, p.env), "migrations are pending", "server migrate")
	wantRefusal(t, command(t, p.env, "seed"), "migrations are pending", "server migrate")
	for range 2 { // a fresh database, then a current one
		if o := command(t, p.env, "migrate"); o.code != 0 {
			t.Fatalf("migrate: exit %d, %q", o.code, o.problems)
		}
	}
	server, url := serve(t, p.env)
	wantStatus(t, url+"/readyz", http.StatusOK)

	s, _ := p.open(t)
	if _, err := s.Writer().ExecContext(t.Context(), "DELETE FROM schema_revisions"); err != nil {
		t.Fatal(err)
	}
	citytest.Eventually(t, "it is not ready", func() bool { return status(t, url+"/readyz") == http.StatusServiceUnavailable })
	wantStatus(t, url+"/healthz", http.StatusOK)
	server.stop()
}

func TestSeedTwice(t *testing.T) {
	p := newPlace(t)
	if o := command(t, p.env, "seed", "--citizens", "20"); o.code != 0 || !strings.Contains(o.out, "100%") {
		t.Fatalf("seed: exit %d, %q, %q", o.code, o.out, o.problems)
	}
	wantRefusal(t, command(t, p.env, "seed", "--citizens", "20"), "has a city already")
}

// A seed that is told to stop does so at once and leaves nothing.
func TestSeedInterrupted(t *testing.T) {
	p := newPlace(t)
	seeding := launch(t, p.env, "seed", "--citizens", "100000")
	select {
	case <-seeding.began:
	case <-time.After(patience):
		t.Fatal("the seed does not begin")
	}
	asked := time.Now()
	seeding.signal(os.Interrupt)
	if code := seeding.wait(); code != 1 {
		t.Errorf("the seed ended with %d", code)
	}
	if took := time.Since(asked); took > 10*time.Second {
		t.Errorf("it took %s to stop", took)
	}
	_, client := p.open(t)
	if n := must(client.District.Query().Count(t.Context()))(t); n != 0 {
		t.Errorf("%d districts are left", n)
	}
	if o := command(t, p.env, "seed", "--citizens", "5"); o.code != 0 {
		t.Errorf("the next seed: exit %d, %q", o.code, o.problems)
	}
}
