package graphiql_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"citygraph/server/graphiql"
)

func handler(t *testing.T) http.Handler {
	t.Helper()
	h, err := graphiql.Handler(graphiql.Page{
		Endpoint: "/graphql", Query: "{ __typename }", Cast: []graphiql.Member{{Name: "chen", Roles: "parent of two"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(t *testing.T, h http.Handler, path, encoding string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	request.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request)
	return w
}

// TestPageLoadsOnlyItself follows every link of the page: each must be served from here, and none may
// point elsewhere.
func TestPageLoadsOnlyItself(t *testing.T) {
	h := handler(t)
	page := get(t, h, "/", "")
	if page.Code != http.StatusOK {
		t.Fatalf("page answered %d", page.Code)
	}
	links := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1)
	if len(links) < 6 {
		t.Fatalf("page loads %d files, want its scripts and styles", len(links))
	}
	for _, link := range links {
		target := link[1]
		if target == "data:," {
			continue
		}
		if strings.Contains(target, "//") {
			t.Errorf("page loads %s from elsewhere", target)
		}
		if got := get(t, h, "/"+target, "gzip"); got.Code != http.StatusOK || got.Body.Len() == 0 {
			t.Errorf("%s answered %d with %d bytes", target, got.Code, got.Body.Len())
		}
	}
}

func TestVendoredFilesAreServedGzippedOrPlain(t *testing.T) {
	h := handler(t)
	packed := get(t, h, "/graphiql/react.js", "gzip, br")
	if got := packed.Header().Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("Content-Encoding is %q", got)
	}
	reader, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	plain := get(t, h, "/graphiql/react.js", "identity")
	if plain.Header().Get("Content-Encoding") != "" || plain.Body.String() != string(unpacked) {
		t.Error("a client without gzip gets other bytes")
	}
}

func TestEveryAnswerIsConfined(t *testing.T) {
	h := handler(t)
	for path, contentType := range map[string]string{
		"/":                       "text/html; charset=utf-8",
		"/graphiql/page.js":       "text/javascript; charset=utf-8",
		"/graphiql/graphiql.css":  "text/css; charset=utf-8",
		"/graphiql/settings.json": "application/json",
	} {
		got := get(t, h, path, "gzip").Header()
		if got.Get("Content-Type") != contentType {
			t.Errorf("%s is %q, want %q", path, got.Get("Content-Type"), contentType)
		}
		policy := got.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'self';") {
			t.Errorf("%s has policy %q", path, policy)
		}
	}
	for _, path := range []string{"/assets/LICENSES.txt", "/graphiql/", "/graphiql/../graphiql.go"} {
		if got := get(t, h, path, ""); got.Code == http.StatusOK {
			t.Errorf("%s is served", path)
		}
	}
}

func TestSettingsCarryQueryAndCast(t *testing.T) {
	got := get(t, handler(t), "/graphiql/settings.json", "").Body.String()
	want := `{"endpoint":"/graphql","query":"{ __typename }","cast":[{"name":"chen","roles":"parent of two"}]}`
	if got != want {
		t.Errorf("settings are %s, want %s", got, want)
	}
}
