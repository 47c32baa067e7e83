package edge_test

import (
	"bufio"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestStreamOfEvents(t *testing.T) {
	o := development()
	o.Documents = documents{"Count.v1": "subscription{count(to:2)}"}
	r := newRig(t, o)
	two := ":\n\nevent: next\ndata: {\"data\":{\"count\":1}}\n\nevent: next\ndata: {\"data\":{\"count\":2}}\n\nevent: complete\ndata: \n\n"
	one := ":\n\nevent: next\ndata: {\"data\":{\"whoami\":\"\"}}\n\nevent: complete\ndata: \n\n"
	stream := []string{"Accept", "text/event-stream", "Accept-Encoding", "gzip"}
	for name, tc := range map[string]struct {
		got  reply
		want string
	}{
		"POST":        {r.post(`{"query":"subscription{count(to:2)}"}`, stream...), two},
		"EventSource": {r.get("documentId=Count.v1", stream...), two},
		"query":       {r.post(`{"query":"{whoami}"}`, stream...), one},
		"preferred":   {r.post(`{"query":"{whoami}"}`, "Accept", "application/json;q=0.5, text/event-stream"), one},
	} {
		if tc.got.body != tc.want || tc.got.Header.Get("Content-Encoding") != "" || !strings.HasPrefix(tc.got.Header.Get("Content-Type"), "text/event-stream") {
			t.Errorf("%s: %v\n%s", name, tc.got.Header, tc.got.body)
		}
	}
}

// gqlgen takes any Accept header that contains the words for a wish to stream.
func TestAcceptIsParsed(t *testing.T) {
	r := newRig(t, development())
	for accept, want := range map[string]string{
		"application/json, text/event-stream;q=0":   "application/json",
		"application/json, text/event-stream;q=0.1": "application/json",
		"*/*": "application/json",
		"application/json;x=\"text/event-stream\"": "application/json",
		"text/event-stream":                        "text/event-stream",
	} {
		if got := r.post(`{"query":"{whoami}"}`, "Accept", accept); !strings.HasPrefix(got.Header.Get("Content-Type"), want) {
			t.Errorf("%s: %s", accept, got.Header.Get("Content-Type"))
		}
	}
}

func TestStreamTellsWhatIsWrong(t *testing.T) {
	r := newRig(t, development())
	for query, code := range map[string]string{"subscription{refuses}": "FORBIDDEN", "subscription{breaks}": "INTERNAL"} {
		got := r.post(`{"query":"`+query+`"}`, "Accept", "text/event-stream")
		if !strings.Contains(got.body, code) || !strings.HasSuffix(got.body, "event: complete\ndata: \n\n") {
			t.Errorf("%s: %s", query, got.body)
		}
	}
	got := r.get("query="+url.QueryEscape("query($n:Int!){echo(int:$n)}"), "Accept", "text/event-stream")
	if got.StatusCode != http.StatusOK || !strings.Contains(got.body, "BAD_USER_INPUT") {
		t.Errorf("unfit variables: %d %s", got.StatusCode, got.body)
	}
}

// idleStream opens a stream that stays silent and returns its lines.
func idleStream(r *rig, token string) (*bufio.Scanner, func()) {
	req := r.request(http.MethodPost, "/graphql", `{"query":"subscription{idle}"}`, "Accept", "text/event-stream", "Authorization", token)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.Fatal(err)
	}
	eventually(r.T, "it runs", func() bool { return r.city.Open() == 1 })
	return bufio.NewScanner(res.Body), func() { _ = res.Body.Close() }
}

func rest(lines *bufio.Scanner) string {
	var b strings.Builder
	for lines.Scan() {
		b.WriteString(lines.Text() + "\n")
	}
	return b.String()
}

func TestStreamNobodyReadsIsCut(t *testing.T) {
	o := development()
	o.Limits.WriteTimeout = time.Second
	r := newRig(t, o)
	req := r.request(http.MethodPost, "/graphql", `{"query":"subscription{flood(bytes:1000000)}"}`, "Accept", "text/event-stream")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	eventually(t, "it runs", func() bool { return r.city.Open() == 1 })
	eventually(t, "it is cut", func() bool { return r.city.Open() == 0 })
}

func TestStreamEndsWithItsSession(t *testing.T) {
	for _, token := range []string{"short", "revocable"} {
		r := newRig(t, development())
		lines, done := idleStream(r, "Bearer "+token)
		if token == "revocable" {
			r.revoke()
		}
		if got := rest(lines); !strings.Contains(got, "UNAUTHENTICATED") || !strings.Contains(got, "event: complete") {
			t.Errorf("%s: %s", token, got)
		}
		done()
		eventually(t, "producers end", func() bool { return r.city.Open() == 0 })
	}
}

func TestStreamBeatsAndEndsWithItsClient(t *testing.T) {
	o := development()
	o.Limits.Heartbeat = 20 * time.Millisecond
	r := newRig(t, o)
	lines, done := idleStream(r, "")
	for beats := 0; beats < 3 && lines.Scan(); {
		if lines.Text() == ":" {
			beats++
		}
	}
	done()
	eventually(t, "producers end", func() bool { return r.city.Open() == 0 })
}

func TestShutdownEndsStreamsWithoutComplete(t *testing.T) {
	r := newRig(t, development())
	lines, done := idleStream(r, "")
	defer done()
	if err := r.handler.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := rest(lines); strings.Contains(got, "complete") {
		t.Errorf("the client is told not to come back: %s", got)
	}
}
