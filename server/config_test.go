package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const goodKey = "0123456789abcdef0123456789abcdef"

// production returns settings that production accepts, with some replaced.
func production(changes map[string]string) map[string]string {
	environ := map[string]string{"APP_ENV": "production", "TOKEN_SIGNING_KEY": goodKey,
		"PERSONAL_DATA_KEYS": "2026:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "BLIND_INDEX_KEY": goodKey}
	for name, value := range changes {
		environ[name] = value
	}
	return environ
}

// refused returns the variables that loadConfig names.
func refused(t *testing.T, environ map[string]string) []string {
	t.Helper()
	_, err := loadConfig(environ)
	if err == nil {
		return nil
	}
	problems, ok := errors.AsType[Problems](err)
	if !ok {
		t.Fatalf("error is %T, want Problems", err)
	}
	var names []string
	for _, p := range problems {
		names = append(names, p.Variable)
	}
	return names
}

func TestDefaultsAreDevelopment(t *testing.T) {
	cfg, err := loadConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.IsProduction() || !cfg.SignIn.DevelopmentOn || !cfg.Graph.Introspection {
		t.Errorf("nothing set gives %+v, want an open development", cfg)
	}
	if cfg.HTTP.Addr != ":8080" || cfg.HTTP.AdminAddr != "127.0.0.1:9090" || cfg.SignIn.RefreshTTL != 30*24*time.Hour {
		t.Errorf("defaults are %+v", cfg)
	}
}

func TestProductionStartsOnSafeSettings(t *testing.T) {
	cfg, err := loadConfig(production(nil))
	if err != nil {
		t.Fatal(err)
	}
	if cfg.SignIn.DevelopmentOn || cfg.Graph.Introspection {
		t.Error("production opens development's doors by default")
	}
}

func TestProductionRefusesUnsafeSettings(t *testing.T) {
	for name, changes := range map[string]map[string]string{
		"no key":                {"TOKEN_SIGNING_KEY": ""},
		"the published key":     {"TOKEN_SIGNING_KEY": developmentDefault("TOKEN_SIGNING_KEY")},
		"a short key":           {"TOKEN_SIGNING_KEY": "short"},
		"a short cursor key":    {"CURSOR_KEY": "short"},
		"published cursor key":  {"CURSOR_KEY": developmentDefault("TOKEN_SIGNING_KEY")},
		"a published operator":  {"TRANSIT_OPERATORS": developmentDefault("TRANSIT_OPERATORS")},
		"unsigned tokens":       {"FIREBASE_AUTH_EMULATOR_HOST": "localhost:9099"},
		"sign-in without proof": {"DEV_SIGN_IN": "true"},
		"introspection":         {"INTROSPECTION": "true"},
		"lossy commits":         {"SQLITE_SYNCHRONOUS": "NORMAL"},
		"no commits":            {"SQLITE_SYNCHRONOUS": "off"},
		"plain FCM":             {"FCM_ENDPOINT": "http://relay:80"},
		"plain WeChat":          {"WECHAT_BASE_URL": "http://relay:80"},
		"plain keys":            {"FIREBASE_KEYS_URL": "http://relay:80"},
		"plain links":           {"PUBLIC_URL": "http://city.example.cn"},
		"files in memory":       {"BLOB_URL": "mem://"},
		"no time to take back":  {"ACCOUNT_DELETION_GRACE": "1h"},
		"plain look-ups":        {"FIREBASE_AUTH_ENDPOINT": "http://relay:80"},
		"revoked users stay":    {"FIREBASE_PROJECT_ID": "hangzhou"},
	} {
		t.Run(name, func(t *testing.T) {
			want := make([]string, 0, 1)
			for variable := range changes {
				want = append(want, variable)
			}
			if diff := cmp.Diff(want, refused(t, production(changes))); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryBadValueIsNamedOnce(t *testing.T) {
	bad := map[string]string{
		"APP_ENV": "staging", "HTTP_ADDR": "8080", "ADMIN_ADDR": "localhost", "PUBLIC_ORIGINS": "https://a.cn/path",
		"TRUSTED_PROXIES": "10.0.0.0/99", "MAX_BODY_BYTES": "1", "MAX_HEADER_BYTES": "big", "REQUEST_TIMEOUT": "-1s",
		"DRAIN_DELAY": "2", "SHUTDOWN_TIMEOUT": "0s", "DATABASE_URL": "mysql://root:hunter2@db/city", "REDIS_URL": "cache:6379",
		"SQLITE_SYNCHRONOUS": "SOMETIMES", "DB_MAX_CONNS": "-1", "TOKEN_SIGNING_KEY": "hunter2", "CURSOR_KEY": "hunter2",
		"ACCESS_TOKEN_TTL": "soon", "REFRESH_TOKEN_TTL": "long", "DEV_SIGN_IN": "perhaps", "INTROSPECTION": "2",
		"FIREBASE_KEYS_URL": "keys", "FIREBASE_AUTH_ENDPOINT": "auth", "FCM_ENDPOINT": "ftp://x", "WECHAT_APP_ID": "wx1", "WECHAT_BASE_URL": "wechat",
		"WECHAT_TEMPLATES":          "CITY_CASE",
		"FIREBASE_CREDENTIALS_FILE": "a.json", "FIREBASE_CREDENTIALS_JSON": "{hunter2}",
		"PUBLIC_URL": "city.example.cn/app", "BLOB_URL": "ftp://hunter2@files", "ACCOUNT_DELETION_GRACE": "9000h",
		"TRANSIT_OPERATORS": "bus=公交,Bus,hunter2", "TRANSIT_CODES": "0", "TRANSIT_CODES_OUT": "101", "TRANSIT_CODE_TTL": "90m",
		"BOOKING_RELEASE_DAYS": "-1", "BOOKING_RELEASE_AT": "8 h", "BOOKING_CUTOFF": "-1m", "BOOKING_MINI_PROGRAM_PERCENT": "101", "BOOKING_HOLD_TTL": "1s", "BOOKING_OFFER_TTL": "48h",
		"TRANSIT_FARE_CAP_FEN": "0", "TRANSIT_UPLOAD_WITHIN": "1m", "TRANSIT_PERSON_OWES_FEN": "-1", "TRANSIT_CITY_OWES_FEN": "-1",
		"LOG_LEVEL": "loud", "LOG_FORMAT": "xml", "OTEL_EXPORTER_OTLP_ENDPOINT": "collector",
	}
	var want []string
	for name := range bad {
		switch name {
		case "FIREBASE_CREDENTIALS_FILE": // fine by itself, and refused as the other of a pair
		case "WECHAT_APP_ID":
			want = append(want, "WECHAT_APP_SECRET")
		default:
			want = append(want, name)
		}
	}
	got := refused(t, bad)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	_, err := loadConfig(bad)
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error quotes a secret: %v", err)
	}
}

func TestEmptyVariableCountsAsAbsent(t *testing.T) {
	cfg, err := loadConfig(map[string]string{"ACCESS_TOKEN_TTL": "", "ADMIN_ADDR": ""})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.SignIn.AccessTTL != 15*time.Minute {
		t.Errorf("empty ACCESS_TOKEN_TTL is %v", cfg.SignIn.AccessTTL)
	}
	if cfg.HTTP.AdminAddr != "" {
		t.Errorf("empty ADMIN_ADDR is %q, want off", cfg.HTTP.AdminAddr)
	}
}

func TestDatabase(t *testing.T) {
	for _, test := range []struct {
		url, dialect, place string
		ok                  bool
	}{
		{"", "sqlite", "data/citygraph.db", true},
		{"sqlite://city.db", "sqlite", "city.db", true},
		{"sqlite:///var/lib/city.db", "sqlite", "/var/lib/city.db", true},
		{"file:city.db", "sqlite", "city.db", true},
		{"file:city.db?_pragma=synchronous(0)", "sqlite", "city.db?_pragma=synchronous(0)", false},
		{"sqlite://", "sqlite", "", false},
		{"postgres://u:p@db/city?sslmode=require", "postgres", "postgres://u:p@db/city?sslmode=require", true},
		{"postgresql://db/city", "postgres", "postgresql://db/city", true},
		{"postgres://", "postgres", "postgres://", false},
		{"mysql://db/city", "postgres", "mysql://db/city", false},
	} {
		dialect, place, ok := StorageConfig{DataDir: "./data", DatabaseURL: test.url}.Database()
		if ok != test.ok || ok && (dialect != test.dialect || place != test.place) {
			t.Errorf("%q is %s at %s (%v), want %s at %s (%v)", test.url, dialect, place, ok, test.dialect, test.place, test.ok)
		}
	}
}

func TestTrustedProxies(t *testing.T) {
	cfg, err := loadConfig(map[string]string{"TRUSTED_PROXIES": "10.1.2.3/8, 192.0.2.1,::1"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range cfg.HTTP.TrustedProxies {
		got = append(got, p.String())
	}
	if diff := cmp.Diff([]string{"10.0.0.0/8", "192.0.2.1/32", "::1/128"}, got); diff != "" {
		t.Errorf("proxies (-want +got):\n%s", diff)
	}
}

func TestCursorKeyIsDerivedUnlessSet(t *testing.T) {
	derive := func(s SignInConfig) string {
		key, err := s.CursorSealKey()
		if err != nil || len(key) != 32 {
			t.Fatalf("key of %d bytes, %v", len(key), err)
		}
		return string(key)
	}
	first := derive(SignInConfig{SigningKey: goodKey})
	if first == goodKey || first != derive(SignInConfig{SigningKey: goodKey}) {
		t.Error("the derived key is the signing key or changes")
	}
	if first == derive(SignInConfig{SigningKey: goodKey, CursorKey: "another key of thirty-two bytes.."}) {
		t.Error("CURSOR_KEY changes nothing")
	}
}

func TestLinksHaveAKeyOfTheirOwn(t *testing.T) {
	s := SignInConfig{SigningKey: goodKey}
	links, err := s.LinkKey()
	cursors, _ := s.CursorSealKey()
	if err != nil || len(links) != 32 || string(links) == goodKey || bytes.Equal(links, cursors) {
		t.Errorf("a key of %d bytes, %v", len(links), err)
	}
}

func TestObjectStoresAreKnown(t *testing.T) {
	for _, bucket := range []string{"s3://city-files?region=cn-east-1", "file:///var/lib/citygraph/files"} {
		if names := refused(t, production(map[string]string{"BLOB_URL": bucket})); names != nil {
			t.Errorf("%s is refused at %v", bucket, names)
		}
	}
}

// TestVariablesAreDocumented holds the struct to what the loader and the help rely on.
func TestVariablesAreDocumented(t *testing.T) {
	fields := map[string]bool{}
	for _, v := range variables(Development) {
		if v.description == "" {
			t.Errorf("%s has no doc", v.name)
		}
		if fields[v.field] {
			t.Errorf("two groups have a field %s, so a bad value could name the wrong variable", v.field)
		}
		fields[v.field] = true
	}
}
