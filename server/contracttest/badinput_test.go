package contracttest_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// marker stands in hostile input wherever a value can; an answer must not repeat it.
const marker = "Zq9injected"

// hostile is a request nobody means well with.
type hostile struct {
	name   string
	code   string // of the first error
	status int    // of the answer, 200 where it is not the transport's affair
	// document tells that the request brings a document of its own, which production refuses unread and
	// development may explain to its author.
	document bool
	request  func(t *testing.T, r *rig) *http.Request
}

// TestBadInput sends each request as a visitor and as a citizen, in development and in production.
func TestBadInput(t *testing.T) {
	for mode, introspection := range map[string]bool{"development": true, "production": false} {
		r := start(t, func(o *wiring.Options) { o.Introspection = introspection })
		for _, h := range hostiles {
			for _, name := range []string{visitor, "chenjing"} {
				t.Run(mode+"/"+h.name+"/"+name, func(t *testing.T) {
					got := r.member[name].Send(h.request(t, r))
					code := h.code
					if h.document && !introspection {
						code = "BAD_USER_INPUT"
					}
					if got.Code() != code || got.Status != h.status {
						t.Errorf("want %d %s, got %d %s", h.status, code, got.Status, got.Body)
					}
					if len(got.Body) > 1024 {
						t.Errorf("%d bytes come back: %s", len(got.Body), got.Body)
					}
					if bytes.Contains(got.Body, []byte(marker)) && (!h.document || !introspection) {
						t.Errorf("the input comes back: %s", got.Body)
					}
					if most := signInCost(name); got.Statements > most {
						t.Errorf("%d statements for it", got.Statements)
					}
				})
			}
		}
	}
}

// signInCost is how many statements it takes to know who asks; a refusal is to cost no more.
func signInCost(name string) int {
	if name == visitor {
		return 0
	}
	return 1
}

// repeated joins n copies of a pattern, with # standing for the number.
func repeated(n int, pattern string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(pattern, "#", fmt.Sprint(i)))
	}
	return b.String()
}

// fragmentBomb doubles at each of n levels.
func fragmentBomb(n int) string {
	return "{ ...F0 }" + repeated(n, " fragment F# on Query { ...G# ...G# } fragment G# on Query { ...F#x }") +
		repeated(n, " fragment F#x on Query { districts { id } }")
}

// bodied is a POST of a text as it stands.
func bodied(r *rig, body io.Reader) *http.Request {
	request, err := http.NewRequest(http.MethodPost, r.URL+"/graphql", body)
	if err != nil {
		panic(err) // the address is the test's own
	}
	request.Header.Set("Content-Type", "application/json")
	return request
}

// document sends a document of the caller's own.
func document(text string, vars string) func(*testing.T, *rig) *http.Request {
	return func(_ *testing.T, r *rig) *http.Request {
		return bodied(r, strings.NewReader(fmt.Sprintf(`{"query":%q,"variables":%s}`, text, vars)))
	}
}

// trusted sends an operation of the citizen app with hostile variables.
func trusted(operation, vars string) func(*testing.T, *rig) *http.Request {
	return fromClient("citizen-app", operation, vars)
}

// fromClient sends an operation of any client with hostile variables.
func fromClient(client, operation, vars string) func(*testing.T, *rig) *http.Request {
	return func(t *testing.T, r *rig) *http.Request {
		t.Helper()
		o, ok := r.Manifest.Find(client, operation)
		if !ok {
			t.Fatalf("no operation %s", operation)
		}
		return bodied(r, strings.NewReader(fmt.Sprintf(`{"documentId":%q,"variables":%s}`, o.ID, vars)))
	}
}

// byGET sends an operation of the citizen app in the query string.
func byGET(operation, vars string) func(*testing.T, *rig) *http.Request {
	return func(t *testing.T, r *rig) *http.Request {
		t.Helper()
		o, _ := r.Manifest.Find("citizen-app", operation)
		query := url.Values{"documentId": {o.ID}, "variables": {vars}}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL+"/graphql?"+query.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return request
	}
}

// cursorOf is the cursor a city gives at the end of a list.
func cursorOf(t *testing.T, c *citytest.City, operation string) string {
	t.Helper()
	var page map[string]struct{ PageInfo struct{ EndCursor string } }
	c.Visitor(t).Do(operation, first(1)).Decode(t, &page)
	for _, connection := range page {
		return connection.PageInfo.EndCursor
	}
	return ""
}

// gzipped is a body that is small on the wire and 10 MB large inside.
func gzipped(t *testing.T) io.Reader {
	t.Helper()
	var small bytes.Buffer
	w := gzip.NewWriter(&small)
	if _, err := io.Copy(w, io.LimitReader(blanks{}, 10<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &small
}

// blanks never end.
type blanks struct{}

func (blanks) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}
