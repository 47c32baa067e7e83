package observe_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"citygraph/internal/observe"
)

const jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl-canary_"

func TestRedactText(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"nothing to hide: case_01J9ZQ4M1W6Y8Q3V5T7R2N0KXB took 12ms", "nothing to hide: case_01J9ZQ4M1W6Y8Q3V5T7R2N0KXB took 12ms"},
		{"Authorization: Bearer abc.def-123", "Authorization: [redacted]"},
		{"sent bearer abc.def/123== to it", "sent bearer [redacted] to it"},
		{"basic dXNlcjpwYXNz", "basic [redacted]"},
		{"token " + jwt + " refused", "token [redacted] refused"},
		{"get https://api/x?access_token=canary&type=1", "get https://api/x?access_token=[redacted]&type=1"},
		{"get /sns?appid=wx1&secret=canary&js_code=canary", "get /sns?appid=wx1&secret=[redacted]&js_code=[redacted]"},
		{"callback?code=canary&state=1", "callback?code=[redacted]&state=1"},
		{"failed with code: NOT_FOUND", "failed with code: NOT_FOUND"},
		{"dial postgres://user:canary@db:5432/city", "dial postgres://[redacted]@db:5432/city"},
		{"dial redis://:ca@nary@cache/1", "dial redis://[redacted]@cache/1"},
		{"see https://example.cn/@someone", "see https://example.cn/@someone"},
		{"call 13912345678 now", "call [redacted] now"},
		{"call +8613912345678", "call +[redacted]"},
		{"call 139-1234-5678 or 139 1234 5678", "call [redacted] or [redacted]"},
		{"person 330106199001011234", "person [redacted]"},
		{"person 33010619900101123X", "person [redacted]"},
		{"person 330106900101123", "person [redacted]"},
		{"手机13912345678，谢谢", "手机[redacted]，谢谢"},
		{"at 1764000000000 and 1764000000000000000", "at 1764000000000 and 1764000000000000000"},
		{"order 12345678901", "order 12345678901"},
		{"span 00f067aa0ba902b7", "span 00f067aa0ba902b7"},
	} {
		if got := string(observe.Redact([]byte(test.in))); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.in, got, test.want)
		}
	}
}

func TestRedactJSON(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`{"level":"info","took":12.5,"operation":"HomeScreen"}`, `{"level":"info","took":12.5,"operation":"HomeScreen"}`},
		{`{"accessToken":"canary","n":1}`, `{"accessToken":"[redacted]","n":1}`},
		{`{"phone":13912345678}`, `{"phone":"[redacted]"}`},
		{`{"Set-Cookie":["a=canary","b=canary"],"n":1}`, `{"Set-Cookie":"[redacted]","n":1}`},
		{`{"refresh_token":{"id":"canary","x":[1,2]},"n":1}`, `{"refresh_token":"[redacted]","n":1}`},
		{`{"code":"NOT_FOUND"}`, `{"code":"NOT_FOUND"}`},
		{`{"n":13912345678}`, `{"n":0}`},
		{`{"bytes":1391234567}`, `{"bytes":1391234567}`},
		{`{"error":"body {\"access_token\":\"canary\",\"expires_in\":7200}"}`, `{"error":"body {\"access_token\":\"[redacted]\",\"expires_in\":7200}"}`},
		{`{"error":"line\nBearer canary"}`, `{"error":"line\nBearer [redacted]"}`},
		{`{"error":"q=\u0026token=canary\u0026x=1"}`, `{"error":"q=\u0026token=[redacted]\u0026x=1"}`},
		{`{"a":"C:\\","password":"canary\"x"}`, `{"a":"C:\\","password":"[redacted]"}`},
	} {
		if got := string(observe.Redact([]byte(test.in))); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.in, got, test.want)
		}
	}
}

// TestLoggerKeepsSecrets writes every canary through the logger in the ways code would.
func TestLoggerKeepsSecrets(t *testing.T) {
	canaries := []string{"canary", "13912345678", "330106199001011234", jwt}
	for _, console := range []bool{false, true} {
		var out bytes.Buffer
		log, err := observe.NewLogger(&out, observe.LogOptions{Level: "debug", Console: console, Service: "citygraph", Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		log.Info().Str("authorization", "Bearer canary").Str("phone", "13912345678").Msg("fields")
		log.Info().Str("note", "Bearer canary").Strs("tokens", nil).Strs("deviceToken", []string{"canary"}).Msg("values")
		log.Error().Err(errors.New(`Get "https://api/x?secret=canary&js_code=canary": EOF`)).Msg("upstream")
		log.Warn().Msgf("id 330106199001011234, phone 13912345678, token %s", jwt)
		log.Info().Interface("body", map[string]any{"idNumber": "330106199001011234", "session_key": "canary"}).Msg("object")
		for _, canary := range canaries {
			if strings.Contains(out.String(), canary) {
				t.Errorf("console=%v: the log shows %s:\n%s", console, canary, &out)
			}
		}
		if n := strings.Count(out.String(), "\n"); n != 5 {
			t.Errorf("console=%v: %d lines, want 5:\n%s", console, n, &out)
		}
	}
}

func TestLoggerRefusesUnknownLevel(t *testing.T) {
	if _, err := observe.NewLogger(&bytes.Buffer{}, observe.LogOptions{Level: "loud"}); err == nil {
		t.Error("level loud is accepted")
	}
}

func TestRedactURL(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "",
		"postgres://u:canary@db/city?x=1":  "postgres://db/city",
		"redis://:canary@cache:6379/1":     "redis://cache:6379/1",
		"file:city.db":                     "file:city.db",
		"user:canary@tcp(db)/city":         observe.Redacted,
		"host=db password=canary user=any": observe.Redacted,
	} {
		if got := observe.RedactURL(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

// FuzzRedact: valid JSON stays valid JSON, and redacting twice changes nothing more to find.
func FuzzRedact(f *testing.F) {
	f.Add([]byte(`{"token":"x","a":["Bearer y",13912345678],"b":{"c":null}}`))
	f.Add([]byte(`{"error":"{\"token\":\"a\\\"b\"}","n":-1.5e3}`))
	f.Add([]byte("GET /x?code=1&y=2 Bearer z"))
	f.Fuzz(func(t *testing.T, line []byte) {
		out := observe.Redact(line)
		if json.Valid(line) && !json.Valid(out) {
			t.Errorf("valid JSON became invalid:\n in %s\nout %s", line, out)
		}
	})
}

func BenchmarkRedactAccessLine(b *testing.B) {
	line := []byte(`{"level":"info","method":"POST","path":"/graphql","status":200,"bytes":10240,"requestId":"01J9ZQ4M1W6Y8Q3V5T7R2N0KXB","operation":"HomeScreen","outcome":"ok","took":3.21,"time":"2026-11-24T04:00:00Z","message":"request"}`)
	b.ReportAllocs()
	for b.Loop() {
		observe.Redact(line)
	}
}
