package edge_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"

	"citygraph/internal/edge"
)

func TestStatusFollowsTheMediaType(t *testing.T) {
	const newer, older = "application/graphql-response+json", "application/json"
	r := newRig(t, development())
	for _, tc := range []struct {
		name, body, accept string
		status             int
	}{
		{"data", `{"query":"{whoami}"}`, newer, 200},
		{"field error", `{"query":"{missing}"}`, newer, 200},
		{"invalid, newer", `{"query":"{nope}"}`, newer, 400},
		{"invalid, older", `{"query":"{nope}"}`, older, 200},
		{"syntax, newer", `{"query":"{"}`, newer, 400},
		{"no JSON", `{`, older, 400},
		{"no document", `{}`, older, 400},
		{"subscription", `{"query":"subscription{idle}"}`, newer, 400},
		{"nothing acceptable", `{"query":"{whoami}"}`, "text/html", 406},
		{"stream declined", `{"query":"{whoami}"}`, "text/event-stream;q=0, " + newer, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := r.post(tc.body, "Accept", tc.accept)
			if got.StatusCode != tc.status {
				t.Errorf("status %d, want %d: %s", got.StatusCode, tc.status, got.body)
			}
			if !json.Valid([]byte(got.body)) || got.ContentLength != int64(len(got.body)) {
				t.Errorf("not one whole JSON answer: %q", got.body)
			}
		})
	}
}

func TestMethodsAndContentTypes(t *testing.T) {
	r := newRig(t, development())
	mutation := "query=" + url.QueryEscape(`mutation{rename(name:"x")}`)
	for _, tc := range []struct {
		name   string
		got    reply
		status int
		allow  string
	}{
		{"mutation by GET", r.get(mutation), 405, "POST"},
		{"mutation by GET as stream", r.get(mutation, "Accept", "text/event-stream"), 405, "POST"},
		{"subscription by GET", r.get("query=subscription{idle}"), 405, "POST"},
		{"PUT", r.do(r.request(http.MethodPut, "/graphql", "")), 405, "GET, POST"},
		{"form", r.post("query={whoami}", "Content-Type", "application/x-www-form-urlencoded"), 415, ""},
		{"multipart without a boundary", r.post("--b--", "Content-Type", "multipart/form-data", "Apollo-Require-Preflight", "1"), 415, ""},
		{"multipart of nothing", r.post("--b--", "Content-Type", "multipart/form-data; boundary=b", "Apollo-Require-Preflight", "1"), 400, ""},
		{"text", r.post(`{"query":"{whoami}"}`, "Content-Type", "text/plain"), 415, ""},
		{"deflate", r.post(`{"query":"{whoami}"}`, "Content-Encoding", "deflate"), 415, ""},
	} {
		if tc.got.StatusCode != tc.status || tc.got.Header.Get("Allow") != tc.allow {
			t.Errorf("%s: %d, Allow %q", tc.name, tc.got.StatusCode, tc.got.Header.Get("Allow"))
		}
		if !strings.Contains(tc.got.body, "BAD_USER_INPUT") {
			t.Errorf("%s: %s", tc.name, tc.got.body)
		}
	}
	if n := r.city.Calls(); n != 0 {
		t.Errorf("%d resolvers ran", n)
	}
}

func TestForeignPagesAreKeptOut(t *testing.T) {
	o := development()
	o.Origins = []string{"https://app.example"}
	r := newRig(t, o)
	own := r.server.URL
	for _, tc := range []struct {
		name    string
		headers []string
		post    int
		get     int
	}{
		{"no page", nil, 200, 200},
		{"own page", []string{"Origin", own}, 200, 200},
		{"allowed page", []string{"Origin", "https://app.example"}, 200, 200},
		{"foreign page", []string{"Origin", "https://evil.example"}, 403, 403},
		{"sandboxed page", []string{"Origin", "null"}, 403, 403},
		{"foreign page with header", []string{"Origin", "https://evil.example", "X-Requested-With", "x"}, 403, 403},
		{"image on a foreign page", []string{"Sec-Fetch-Site", "cross-site"}, 200, 403},
		{"cookies", []string{"Cookie", "a=b"}, 200, 403},
		{"cookies with header", []string{"Cookie", "a=b", "Apollo-Require-Preflight", "1"}, 200, 200},
		{"cookies with content type", []string{"Cookie", "a=b", "Content-Type", "application/json"}, 200, 200},
	} {
		if got := r.post(`{"query":"{whoami}"}`, tc.headers...); got.StatusCode != tc.post {
			t.Errorf("%s: POST %d", tc.name, got.StatusCode)
		}
		if got := r.get("query={whoami}", tc.headers...); got.StatusCode != tc.get {
			t.Errorf("%s: GET %d", tc.name, got.StatusCode)
		}
	}
	preflight := r.do(r.request(http.MethodOptions, "/graphql", "", "Origin", "https://app.example"))
	if preflight.StatusCode != http.StatusNoContent || preflight.Header.Get("Access-Control-Allow-Origin") != "https://app.example" {
		t.Errorf("preflight: %d %v", preflight.StatusCode, preflight.Header)
	}
}

func TestTrustedDocuments(t *testing.T) {
	r := newRig(t, edge.Options{Documents: documents{"Who.v1": "query Who{whoami}"}})
	want := `{"data":{"whoami":"lin"}}`
	lin := []string{"Authorization", "Bearer lin"}
	for name, got := range map[string]reply{
		"documentId": r.post(`{"documentId":"Who.v1"}`, lin...),
		"id":         r.post(`{"id":"Who.v1","operationName":"Who"}`, lin...),
		"persisted":  r.post(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"Who.v1"}}}`, lin...),
		"GET":        r.get("id=Who.v1", lin...),
		"GET Apollo": r.get("extensions="+url.QueryEscape(`{"persistedQuery":{"sha256Hash":"Who.v1"}}`), lin...),
		"with text":  r.post(`{"documentId":"Who.v1","query":"{long(bytes:9)}"}`, lin...),
	} {
		if got.body != want {
			t.Errorf("%s: %s", name, got.body)
		}
	}
	for name, body := range map[string]string{
		"unknown id":     `{"documentId":"` + marker + `"}`,
		"full document":  `{"query":"{whoami}"}`,
		"id and unknown": `{"documentId":"` + marker + `","query":"{whoami}"}`,
		"introspection":  `{"query":"{__schema{types{name}}}"}`,
	} {
		if got := r.post(body); !strings.Contains(got.body, "BAD_USER_INPUT") || strings.Contains(got.body, marker) {
			t.Errorf("%s: %s", name, got.body)
		}
	}
}

// gqlgen's POST transport sends the first part of a deferred answer and drops the rest.
func TestDeferredDataComesWhole(t *testing.T) {
	r := newRig(t, development())
	got := r.post(`{"query":"{spot(id:\"spot_0\"){name ...@defer{story} ...S@defer(label:\"s\")}} fragment S on Spot{id}"}`)
	want := `{"data":{"spot":{"name":"西湖","story":"story of spot_0","id":"spot_0"}}}`
	if diff := cmp.Diff(want, got.body); diff != "" {
		t.Error(diff)
	}
}

// gqlgen's POST transport starts subscriptions; a failing one then takes the process down.
func TestPostedSubscriptionIsRefused(t *testing.T) {
	r := newRig(t, development())
	for _, field := range []string{"idle", "breaks", "refuses", "count(to:3)"} {
		got := r.post(`{"query":"subscription{` + field + `}"}`)
		if !strings.Contains(got.body, "BAD_USER_INPUT") || strings.Contains(got.body, "data") {
			t.Errorf("%s: %s", field, got.body)
		}
	}
	if r.city.Calls() != 0 {
		t.Error("a resolver ran")
	}
}

func TestFailuresShowOnlyTheirFace(t *testing.T) {
	r := newRig(t, development())
	for query, want := range map[string]string{
		"{fails}":   `{"errors":[{"message":"Something went wrong. Please try again later.","path":["fails"],"locations":[{"line":1,"column":2}],"extensions":{"code":"INTERNAL","requestId":"req-1"}}],"data":null}`,
		"{panics}":  `{"errors":[{"message":"Something went wrong. Please try again later.","path":["panics"],"extensions":{"code":"INTERNAL","requestId":"req-1"}}],"data":{"panics":null}}`,
		"{missing}": `{"errors":[{"message":"Not found.","path":["missing"],"locations":[{"line":1,"column":2}],"extensions":{"code":"NOT_FOUND"}}],"data":{"missing":null}}`,
	} {
		got := r.post(`{"query":"`+query+`"}`, "X-Request-Id", "req-1")
		if diff := cmp.Diff(want, got.body); diff != "" {
			t.Error(diff)
		}
		if got.Header.Get("X-Request-Id") != "req-1" {
			t.Error("the request id is not returned")
		}
	}
	for _, logged := range []string{"hunter2", `"requestId":"req-1"`, "resolvers.go"} {
		if !strings.Contains(r.log.String(), logged) {
			t.Errorf("%s is not in the log: %s", logged, r.log)
		}
	}
	if got := r.post(`{"query":"{missing}"}`, "X-Request-Id", "no spaces", "Accept-Language", "zh"); len(got.Header.Get("X-Request-Id")) != 26 || !strings.Contains(got.body, "没有找到。") {
		t.Errorf("%v %s", got.Header, got.body)
	}
}

// Root fields are resolved at once, each when it may be.
func TestErrorsComeInTheOrderOfTheDocument(t *testing.T) {
	r := newRig(t, development())
	for range 50 {
		got := r.post(`{"query":"{a:missing b:missing c:missing d:missing e:missing}"}`)
		var answer struct{ Errors []struct{ Path []string } }
		if err := json.Unmarshal([]byte(got.body), &answer); err != nil {
			t.Fatal(err)
		}
		var order string
		for _, e := range answer.Errors {
			order += e.Path[0]
		}
		if order != "abcde" {
			t.Fatalf("they come as %s", order)
		}
	}
}

func TestTokensAreChecked(t *testing.T) {
	r := newRig(t, development())
	for token, status := range map[string]int{"Bearer lin": 200, "Bearer forged": 401, "Basic x": 401, "Bearer banned": 403} {
		if got := r.post(`{"query":"{whoami}"}`, "Authorization", token); got.StatusCode != status {
			t.Errorf("%s: %d %s", token, got.StatusCode, got.body)
		}
	}
}

func TestPublicCatalogueIsCacheable(t *testing.T) {
	r := newRig(t, development())
	for _, tc := range []struct {
		name, query string
		headers     []string
		want        string
	}{
		{"one hint", "{spots{edges{node{id}}}}", nil, "public, max-age=60"},
		{"the smallest", `{spots{edges{node{id}}} spot(id:"spot_0"){id}}`, nil, "public, max-age=60"},
		{"through a fragment", `{...F} fragment F on Query{spot(id:"spot_0"){id}}`, nil, "public, max-age=300"},
		{"signed in", "{spots{edges{node{id}}}}", []string{"Authorization", "Bearer lin"}, "private, max-age=60"},
		{"a private field below", `{spot(id:"spot_0"){visitedByMe}}`, nil, "no-store"},
		{"an unhinted field beside", "{spots{edges{node{id}}} whoami}", nil, "no-store"},
		{"with errors", `{spot(id:"none"){id}}`, nil, "no-store"},
		{"no catalogue", "{whoami}", nil, "no-store"},
		{"refused", "{nope}", nil, "no-store"},
	} {
		got := r.get("query="+url.QueryEscape(tc.query), tc.headers...)
		if got.Header.Get("Cache-Control") != tc.want {
			t.Errorf("%s: %q", tc.name, got.Header.Get("Cache-Control"))
		}
		if (got.Header.Get("ETag") != "") != (tc.want != "no-store") || !strings.Contains(got.Header.Get("Vary"), "Accept-Language") {
			t.Errorf("%s: %v", tc.name, got.Header)
		}
	}
	if got := r.post(`{"query":"{spots{edges{node{id}}}}"}`); got.Header.Get("Cache-Control") != "no-store" {
		t.Error("an answer to POST is cacheable")
	}
	first := r.get("query={spots{edges{node{id}}}}")
	again := r.get("query={spots{edges{node{id}}}}", "If-None-Match", `"other", `+first.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified || again.body != "" {
		t.Errorf("revalidation: %d %q", again.StatusCode, again.body)
	}
}

func TestAnswersAreCompressed(t *testing.T) {
	r := newRig(t, development())
	plain := r.get("query={long(bytes:9000)}")
	for _, tc := range []struct {
		accept, encoding string
		open             func(io.Reader) (io.Reader, error)
	}{
		{"gzip", "gzip", func(s io.Reader) (io.Reader, error) { return gzip.NewReader(s) }},
		{"gzip, br", "br", func(s io.Reader) (io.Reader, error) { return brotli.NewReader(s), nil }},
		{"br;q=0.1, gzip", "gzip", func(s io.Reader) (io.Reader, error) { return gzip.NewReader(s) }},
		{"br;q=0, gzip;q=0", "", func(s io.Reader) (io.Reader, error) { return s, nil }},
	} {
		got := r.get("query={long(bytes:9000)}", "Accept-Encoding", tc.accept)
		if got.Header.Get("Content-Encoding") != tc.encoding {
			t.Errorf("%s: %q", tc.accept, got.Header.Get("Content-Encoding"))
			continue
		}
		src, err := tc.open(strings.NewReader(got.body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(src); err != nil || string(body) != plain.body {
			t.Errorf("%s: %v, other body", tc.accept, err)
		}
		if tc.encoding != "" && got.Header.Get("ETag") == plain.Header.Get("ETag") {
			t.Errorf("%s: the strong ETag of another representation", tc.accept)
		}
	}
	if got := r.get("query={whoami}", "Accept-Encoding", "gzip"); got.Header.Get("Content-Encoding") != "" {
		t.Error("a short answer is compressed")
	}
}

func zipped(t *testing.T, size int) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(`{"query":"{whoami}","pad":"`)); err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(bytes.Repeat([]byte("x"), size))
	_, _ = w.Write([]byte(`"}`))
	_ = w.Close()
	return b.String()
}

func TestBodiesAreBounded(t *testing.T) {
	r := newRig(t, development())
	for name, tc := range map[string]struct {
		got    reply
		status int
	}{
		"gzip":      {r.post(zipped(t, 10), "Content-Encoding", "gzip"), 200},
		"gzip bomb": {r.post(zipped(t, 50<<20), "Content-Encoding", "gzip"), 413},
		"not gzip":  {r.post("hello", "Content-Encoding", "gzip"), 400},
		"plain":     {r.post(`{"query":"{whoami}","pad":"` + strings.Repeat("x", 65<<10) + `"}`), 413},
		"URL":       {r.get("query={whoami}&pad=" + strings.Repeat("x", 65<<10)), 414},
	} {
		if tc.got.StatusCode != tc.status || len(tc.got.body) > 1024 {
			t.Errorf("%s: %d %s", name, tc.got.StatusCode, tc.got.body)
		}
	}
}

type limiter struct {
	keys []string
	cost int
	ok   bool
}

func (l *limiter) Take(_ context.Context, keys []string, cost int) (time.Duration, bool) {
	l.keys, l.cost = keys, cost
	return 1500 * time.Millisecond, l.ok
}

func TestBudgets(t *testing.T) {
	l := &limiter{ok: true}
	o := development()
	o.Limiter = l
	r := newRig(t, o)
	r.post(`{"query":"mutation{rename(name:\"x\")}"}`, "Authorization", "Bearer lin", "X-Device-Id", "phone-1")
	if diff := cmp.Diff([]string{"session:lin", "device:phone-1"}, l.keys); diff != "" || l.cost != 50 {
		t.Errorf("cost %d %s", l.cost, diff)
	}
	r.post(`{"query":"query($n:Int){spots(first:$n){edges{node{id name}}}}","variables":{"n":50}}`, "X-Device-Id", "no sane id")
	if diff := cmp.Diff([]string{"address:127.0.0.1"}, l.keys); diff != "" || l.cost != 1+50*4 {
		t.Errorf("cost %d %s", l.cost, diff)
	}
	l.ok = false
	for _, query := range []string{"{whoami}", "{nope}"} {
		got := r.post(`{"query":"` + query + `"}`)
		if got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") != "2" || !strings.Contains(got.body, `"code":"RATE_LIMITED","retryAfter":2`) {
			t.Errorf("%s: %d %s", query, got.StatusCode, got.body)
		}
	}
}

// Who is signed in is never refused a call for help, however much else they have asked for; what comes with it is.
func TestAlwaysAdmitted(t *testing.T) {
	o := development()
	o.Limiter = &limiter{}
	r := newRig(t, o)
	for _, tc := range []struct {
		query, bearer string
		status        int
	}{
		{"mutation{help}", "Bearer lin", 200},
		{"mutation{a:help b:help}", "Bearer lin", 200},
		{"mutation{help}", "", 429},
		{"mutation{__typename help}", "Bearer lin", 200},
		{"mutation{help rename(name:1)}", "Bearer lin", 429},
		{"mutation{...on Mutation{help}}", "Bearer lin", 429},
		{"{whoami}", "Bearer lin", 429},
	} {
		query := strings.ReplaceAll(tc.query, "1", `\"x\"`)
		got := r.post(`{"query":"`+query+`"}`, "Authorization", tc.bearer)
		if got.StatusCode != tc.status {
			t.Errorf("%s as %q: %d %s", tc.query, tc.bearer, got.StatusCode, got.body)
		}
	}
}

func TestOperationsAreObserved(t *testing.T) {
	var seen []edge.Operation
	o := development()
	o.Observe = func(_ context.Context, op edge.Operation) { seen = append(seen, op) }
	o.Documents = documents{"W": "query Who{missing}"}
	r := newRig(t, o)
	r.post(`{"id":"W"}`)
	if len(seen) != 1 {
		t.Fatalf("%d operations", len(seen))
	}
	seen[0].Duration = 0
	want := edge.Operation{Name: "Who", Kind: "query", DocumentID: "W", Cost: 1, Codes: []string{"NOT_FOUND"}, Transport: "http"}
	if diff := cmp.Diff(want, seen[0]); diff != "" {
		t.Error(diff)
	}
}
