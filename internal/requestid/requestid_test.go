package requestid_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"citygraph/internal/requestid"
)

// ask sends a request with these ids through the middleware, twice applied, and returns what the
// handler and the client saw.
func ask(t *testing.T, sent ...string) (inside, answered string) {
	t.Helper()
	handler := requestid.Middleware(requestid.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		inside = requestid.From(r.Context())
	})))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	for _, id := range sent {
		r.Header.Add(requestid.Header, id)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if all := w.Header().Values(requestid.Header); len(all) != 1 {
		t.Errorf("the answer carries %q", all)
	}
	return inside, w.Header().Get(requestid.Header)
}

func TestAGatewaysIdIsKept(t *testing.T) {
	for _, sent := range []string{"a", "01J9ZQ4M1W6Y8Q3V5T7R2N0KXB", "gw-1.2_Z", strings.Repeat("x", 64)} {
		if inside, answered := ask(t, sent); inside != sent || answered != sent {
			t.Errorf("sent %q: inside %q, answered %q", sent, inside, answered)
		}
	}
}

func TestAnythingElseGetsAFreshId(t *testing.T) {
	seen := map[string]bool{}
	for _, sent := range []string{
		"", " ", strings.Repeat("x", 65), "a b", "a\tb", "a\nlevel=error", `"},{"`, "<script>", "编号", "a/b", "a;b", "\x7f",
	} {
		inside, answered := ask(t, sent)
		if inside != answered || inside == sent || !requestid.Sane(inside) || seen[inside] {
			t.Errorf("sent %q: inside %q, answered %q", sent, inside, answered)
		}
		seen[inside] = true
	}
	if first, _ := ask(t); seen[first] || first == "" {
		t.Errorf("without a header the id is %q", first)
	}
}

func TestOutsideARequestThereIsNone(t *testing.T) {
	if got := requestid.From(t.Context()); got != "" {
		t.Errorf("got %q", got)
	}
	if got := requestid.From(requestid.With(t.Context(), "job-1")); got != "job-1" {
		t.Errorf("got %q", got)
	}
}

func FuzzSane(f *testing.F) {
	f.Add("ok-1._")
	f.Add("a\r\nSet-Cookie: x")
	f.Fuzz(func(t *testing.T, s string) {
		if requestid.Sane(s) && (s == "" || len(s) > 64 || strings.ContainsAny(s, " \t\r\n\"\\<>{}=:/;,\x00") ||
			strings.ContainsFunc(s, func(r rune) bool { return r > '~' })) {
			t.Errorf("%q counts as sane", s)
		}
	})
}
