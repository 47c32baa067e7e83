package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"citygraph/internal/delivery"
)

// fakeApp writes down what was asked of it.
func fakeApp() app {
	return app{
		Serve:   func(_ context.Context, cfg Config, out io.Writer) error { return say(out, "serve "+cfg.HTTP.Addr) },
		Migrate: func(_ context.Context, _ Config, out io.Writer) error { return say(out, "migrate") },
		Seed: func(_ context.Context, _ Config, size seedSize, out io.Writer) error {
			return say(out, fmt.Sprintf("seed %d %d", size.Citizens, size.Seed))
		},
		TokenList: func(_ context.Context, _ Config, out io.Writer) error { return say(out, "cast") },
		TokenAs: func(_ context.Context, _ Config, name string, out io.Writer) error {
			return say(out, "token of "+name)
		},
		Import311: func(_ context.Context, _ Config, from takeover, out io.Writer) error {
			return say(out, fmt.Sprint("open311 ", from))
		},
		ImportFHIR: func(_ context.Context, _ Config, from supply, out io.Writer) error {
			return say(out, fmt.Sprint("fhir ", from))
		},
		ImportRoster: func(_ context.Context, _ Config, from rosterSet, out io.Writer) error {
			return say(out, fmt.Sprint("roster ", from))
		},
		VerifyLedger: func(_ context.Context, _ Config, out io.Writer) error { return say(out, "verify the ledger") },
		StateLedger: func(_ context.Context, _ Config, w ledgerDay, out io.Writer) error {
			return say(out, fmt.Sprint("state ", w.Provider, " ", w.Day.Format(time.RFC3339)))
		},
		Reconcile: func(_ context.Context, _ Config, w ledgerDay, files billFiles, out io.Writer) error {
			return say(out, fmt.Sprint("reconcile ", w.Provider, " ", w.Day.Format(time.RFC3339), " ", files))
		},
		ImportCAP: func(_ context.Context, _ Config, file string, out io.Writer) error { return say(out, "cap "+file) },
		Replay: func(_ context.Context, _ Config, o delivery.Replay, out io.Writer) error {
			return say(out, fmt.Sprint("replay ", o.Channel, " ", o.Since.UTC().Format(time.RFC3339), " ", o.Until.UTC().Format(time.RFC3339), " ", o.DryRun))
		},
		DeadLetters: func(_ context.Context, _ Config, w deadLetters, out io.Writer) error {
			return say(out, fmt.Sprint("dead ", w.Channel, " ", w.Since.UTC().Format(time.RFC3339), " ", w.Limit, " ", w.Retry, " ", w.DryRun))
		},
	}
}

func say(out io.Writer, what string) error {
	_, err := io.WriteString(out, what)
	return err
}

// command runs one command line with the fake app.
func command(environ map[string]string, args ...string) (code int, out, problems string) {
	var o, p bytes.Buffer
	code = run(fakeApp(), args, environ, &o, &p)
	return code, o.String(), p.String()
}

func TestCommandsReachTheirVerb(t *testing.T) {
	for line, want := range map[string]string{
		"":                           "serve :8080",
		"serve":                      "serve :8080",
		"migrate":                    "migrate",
		"seed":                       "seed 200 1",
		"seed --citizens 9 --seed 7": "seed 9 7",
		"token --list":               "cast",
		"import cap flood.xml":       "cap flood.xml",
		"token --as chen":            "token of chen",
		"ledger verify":              "verify the ledger",

		"ledger statement --date 2025-11-26":                                                                    "state SANDBOX 2025-11-26T00:00:00+08:00",
		"ledger reconcile --date 2025-11-26 --provider sandbox b.csv --before a.csv --out d.csv":                "reconcile SANDBOX 2025-11-26T00:00:00+08:00 {b.csv a.csv d.csv}",
		"import oneroster set.zip --source sis --dry-run":                                                       "roster {set.zip sis true}",
		"import open311 cases.json --source ningbo --codes codes.csv":                                           "open311 {cases.json ningbo codes.csv}",
		"notices replay --since 2026-01-02T08:00":                                                               "replay FCM 2026-01-02T00:00:00Z 0001-01-01T00:00:00Z false",
		"notices replay --since 2026-01-02T08:00Z --until 2026-01-02T09:00:00+00:00 --channel wechat --dry-run": "replay WECHAT 2026-01-02T08:00:00Z 2026-01-02T09:00:00Z true",
		"notices dead-letters": "dead  0001-01-01T00:00:00Z 20 false false",
		"notices dead-letters --since 2026-01-02 --channel SMS --retry --dry-run --limit 1": "dead SMS 2026-01-01T16:00:00Z 1 true true",
		"token --as=officer --help=0": "token of officer",
	} {
		if code, out, problems := command(nil, strings.Fields(line)...); code != 0 || out != want {
			t.Errorf("%q: exit %d, %q, %q, want %q", line, code, out, problems, want)
		}
	}
}

func TestMistakesEndWithOneSentence(t *testing.T) {
	for line, want := range map[string]string{
		"serv":                   `unknown command "serv"`,
		"seed --citizens -1":     "--citizens must not be negative",
		"seed --citizens many":   "invalid argument",
		"token":                  "at least one of the flags",
		"token --list --as chen": "none of the others can be",
		"import cap":             "accepts 1 arg",

		"import oneroster set.zip":                             `required flag(s) "source" not set`,
		"import open311 cases.json":                            `required flag(s) "source" not set`,
		"ledger statement":                                     `required flag(s) "date" not set`,
		"ledger statement --date 2025-02-30":                   "--date must be a day such as",
		"ledger statement --date 2999-01-01":                   "--date is still to come",
		"ledger reconcile --date 2025-11-26":                   "accepts 1 arg",
		"ledger reconcile --date 2025-11-26 --provider x f":    `there is no provider "x"`,
		"notices replay":                                       `required flag(s) "since"`,
		"notices replay --since yesterday":                     "--since must be a time",
		"notices replay --since 2126-01-02":                    "still to come",
		"notices replay --since 2026-01-02 --until 2026-01-01": "--until must be after --since",
		"paycode verify HZ1:X":                                 `required flag(s) "purpose" not set`,
		"paycode verify --purpose CINEMA HZ1:X":                `there is no purpose "CINEMA"`,
		"paycode verify --purpose CLINIC HZ1:X":                "not signed by a key of this city",
		"notices replay --since 2026-01-02 --channel pigeon":   `there is no channel "pigeon"`,
		"notices dead-letters --dry-run":                       "--dry-run is for --retry",
		"notices dead-letters --limit -1":                      "--limit must not be negative",
	} {
		code, out, problems := command(nil, strings.Fields(line)...)
		if code != 1 || out != "" || !strings.Contains(problems, want) || !strings.HasPrefix(problems, "server: ") {
			t.Errorf("%q: exit %d, %q, %q, want %q", line, code, out, problems, want)
		}
	}
}

func TestBadSettingsStopEveryVerb(t *testing.T) {
	for _, line := range []string{"serve", "migrate", "seed", "token --list", "config", "healthcheck"} {
		code, _, problems := command(map[string]string{"LOG_LEVEL": "loud"}, strings.Fields(line)...)
		if code != 1 || !strings.Contains(problems, "LOG_LEVEL must be") {
			t.Errorf("%q: exit %d, %q", line, code, problems)
		}
	}
}

func TestTokensNeedDevelopmentSignIn(t *testing.T) {
	code, out, problems := command(map[string]string{"DEV_SIGN_IN": "false"}, "token", "--as", "chen")
	if code != 1 || out != "" || !strings.Contains(problems, "DEV_SIGN_IN") {
		t.Errorf("exit %d, %q, %q", code, out, problems)
	}
}

func TestConfigHidesSecrets(t *testing.T) {
	environ := map[string]string{
		"TOKEN_SIGNING_KEY": "canary-signing-key-of-32-bytes-or-more", "CURSOR_KEY": "canary-cursor-key-of-32-bytes-or-more",
		"FIREBASE_CREDENTIALS_JSON": `{"private_key":"canary"}`, "WECHAT_APP_ID": "wx1", "WECHAT_APP_SECRET": "canary",
		"DATABASE_URL": "postgres://user:canary@db:5432/city?password=canary", "REDIS_URL": "redis://:canary@cache:6379/1",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://u:canary@collector:4318", "FCM_ENDPOINT": "http://localhost:1?key=canary",
		"BLOB_URL": "s3://files?endpoint=canary",
	}
	for _, args := range [][]string{{"config"}, {"config", "--json"}} {
		code, out, problems := command(environ, args...)
		if code != 0 || strings.Contains(out+problems, "canary") {
			t.Errorf("%v: exit %d, %s%s", args, code, out, problems)
		}
		if !strings.Contains(out, "postgres://db:5432/city") || !strings.Contains(out, "redis://cache:6379/1") {
			t.Errorf("%v hides where the data is:\n%s", args, out)
		}
	}
}

func TestConfigPrintsEveryVariable(t *testing.T) {
	_, text, _ := command(nil, "config")
	_, encoded, _ := command(nil, "config", "--json")
	var rows []setting
	if err := json.Unmarshal([]byte(encoded), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(variables(Development)) {
		t.Errorf("JSON has %d rows, want %d", len(rows), len(variables(Development)))
	}
	for _, row := range rows {
		if !strings.Contains(text, "\n"+row.Name+" ") || row.Doc == "" {
			t.Errorf("%s is not in the text, or has no doc", row.Name)
		}
	}
}

func TestSecretsAreNotFormatted(t *testing.T) {
	cfg, err := loadConfig(map[string]string{"TOKEN_SIGNING_KEY": "canary-signing-key-of-32-bytes-or-more"})
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprintf("%v %+v %#v %s", cfg, cfg, cfg, encoded); strings.Contains(all, "canary") {
		t.Errorf("a formatter prints the key: %s", all)
	}
}

func TestHealthcheckAsksThisMachine(t *testing.T) {
	status := http.StatusOK
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Path
		w.WriteHeader(status)
	}))
	defer server.Close()
	environ := map[string]string{"HTTP_ADDR": ":" + server.URL[strings.LastIndexByte(server.URL, ':')+1:]}

	if code, _, problems := command(environ, "healthcheck"); code != 0 || asked != "/healthz" {
		t.Errorf("exit %d after asking %s: %s", code, asked, problems)
	}
	status = http.StatusServiceUnavailable
	if code, _, problems := command(environ, "healthcheck", "--ready"); code != 1 || asked != "/readyz" || !strings.Contains(problems, "503") {
		t.Errorf("exit %d after asking %s: %s", code, asked, problems)
	}
	server.Close()
	if code, _, _ := command(environ, "healthcheck"); code != 1 {
		t.Errorf("exit %d with nobody listening", code)
	}
}

func TestSignalStopsTheVerb(t *testing.T) {
	a := fakeApp()
	a.Serve = func(ctx context.Context, _ Config, _ io.Writer) error {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(5 * time.Second):
			return errors.New("SIGTERM did not reach the verb")
		}
	}
	var out, problems bytes.Buffer
	if code := run(a, nil, nil, &out, &problems); code != 0 {
		t.Errorf("exit %d: %s", code, &problems)
	}
}
