package contracttest_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"citygraph/ent/db/session"
	"citygraph/internal/store"
	contracts "citygraph/mobile-contracts"
	"citygraph/server/citytest"
)

// figures are what one request costs a replica that is warm: statements sent by the request itself,
// bytes of the answer before compression, and allocations of the handler.
type figures struct {
	statements, bytes, allocations int
	body                           []byte
}

// asked is a person with an operation to run.
type asked struct {
	by   *citytest.Client
	vars citytest.Vars
}

// request is the POST that runs an operation by its document id; a subscription asks for an event stream.
func (a asked) request(t testing.TB, o contracts.Operation) *http.Request {
	t.Helper()
	r := post(t, a.by, map[string]any{"documentId": o.ID, "variables": a.vars})
	if o.Type == "subscription" {
		r.Header.Set("Accept", "text/event-stream")
	}
	return r
}

// post is a request of a client's for serve.
func post(t testing.TB, by *citytest.Client, body map[string]any) *http.Request {
	t.Helper()
	header := http.Header{}
	encoded, err := citytest.Encode(body, header)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", encoded)
	r.Header = header
	if by.Token != "" {
		r.Header.Set("Authorization", "Bearer "+by.Token)
	}
	return r
}

// serve runs the handler in this process, where its context and its allocations are at hand. A
// stream is left after its first event, when enough holds.
func (r *rig) serve(request *http.Request, into *bytes.Buffer, enough func()) (status int) {
	w := &answer{header: http.Header{}, status: http.StatusOK, body: into, gone: request.Context().Done()}
	w.event = func() { enough(); w.line.leave() }
	r.Edge.ServeHTTP(w, request)
	if w.line != nil {
		<-w.line.closed
	}
	return w.status
}

// atOnce leaves a stream without waiting for anything.
func atOnce() {}

// answer is a ResponseWriter that keeps what is written, and tells of each event of a stream.
type answer struct {
	header http.Header
	status int
	body   *bytes.Buffer
	event  func()
	gone   <-chan struct{} // closed when the client gives up
	line   *line           // of a stream
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) { a.status = status }

func (a *answer) Write(b []byte) (int, error) {
	defer func() {
		if bytes.HasPrefix(b, []byte("event: ")) {
			a.event()
		}
	}()
	return a.body.Write(b)
}

// count runs an operation once on a warm replica and reads statements and bytes.
func (r *rig) count(t testing.TB, o contracts.Operation, next func() asked) figures {
	t.Helper()
	for range 2 {
		r.serve(next().request(t, o), &bytes.Buffer{}, atOnce)
	}
	for {
		asking, looks := next(), 0
		request := asking.request(t, o)
		ctx, counter := store.RecordStatements(request.Context())
		var body bytes.Buffer
		status := r.serve(request.WithContext(ctx), &body, func() { looks = watched(t, asking.by, counter) })
		if status != http.StatusOK || faulty(body.Bytes()) {
			t.Fatalf("%s/%s answered %d: %s", o.Client, o.Name, status, body.Bytes())
		}
		if looks <= looksOfAStream { // else the hub woke it, as it does everybody twice a minute
			return figures{statements: regular(counter.Texts()), bytes: evenLength(body.Bytes()), body: body.Bytes()}
		}
	}
}

var wakeUp = regexp.MustCompile(`river_notification|pg_notify`)

// regular counts statements without the job queue's wake-up: it sends that at most every few
// milliseconds, so whether a request pays for it is chance.
func regular(texts []string) int {
	return len(slices.DeleteFunc(texts, wakeUp.MatchString))
}

// looksOfAStream are those at its session: signing in, when it begins to watch, which is beside the
// operation, and before it tells.
const looksOfAStream = 3

// watched waits until a stream has looked at its session as often as it does at the least, and returns how
// often it has. A visitor has none.
func watched(t testing.TB, by *citytest.Client, counter *store.Counter) (looks int) {
	t.Helper()
	if by.Token == "" {
		return 0
	}
	citytest.Eventually(t, "the stream looks at its session", func() bool {
		looks = 0
		for _, text := range counter.Texts() {
			if strings.Contains(text, session.Table) {
				looks++
			}
		}
		return looks >= looksOfAStream
	})
	return looks
}

// allocs is the median of the handler's allocations in several runs. It counts those of the whole process, so nothing else
// may run, see rig.quiet; what little does not stop, on a machine that is busy, is in few of the runs.
func (r *rig) allocs(t testing.TB, o contracts.Operation, next func() asked) int {
	t.Helper()
	const runs = 20
	requests := make([]*http.Request, runs+1) // one run warms up
	for i := range requests {
		requests[i] = next().request(t, o)
	}
	var body bytes.Buffer
	body.Grow(1 << 20)
	by := next().by
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	counts := make([]int, len(requests))
	for i, request := range requests {
		body.Reset()
		enough := atOnce
		if o.Type == "subscription" { // left in the middle of a look at its session, it would cost what cutting a statement short costs
			ctx, counter := store.RecordStatements(request.Context())
			request, enough = request.WithContext(ctx), func() { watched(t, by, counter) }
		}
		before := mallocs()
		r.serve(request, &body, enough)
		counts[i] = int(mallocs() - before)
	}
	counts = counts[1:]
	slices.Sort(counts)
	return counts[runs/2]
}

// mallocs counts the objects that the process has ever allocated.
func mallocs() uint64 {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return now.Mallocs
}

var problems = regexp.MustCompile(`"errors":|"userErrors":\[\{`)

// faulty reports whether an answer holds an error of any kind.
func faulty(body []byte) bool { return problems.Match(body) }

var instant = regexp.MustCompile(`T\d\d:\d\d:\d\d(\.\d{1,6})?Z"`)

// counter is a number of an inbox that grows from run to run.
var counter = regexp.MustCompile(`"(?:seq|changeSeq|unread|unreadCount)":(\d+)`)

// evenLength counts every instant with six digits of a second: one in ten ends in a zero, which is not
// written, and a figure must not depend on the moment; and the counters of an inbox with one digit, or it
// would depend on how often the operation ran.
func evenLength(body []byte) int {
	n := len(body)
	for _, found := range instant.FindAllSubmatch(body, -1) {
		n += len(".000000") - len(found[1])
	}
	for _, found := range counter.FindAllSubmatch(body, -1) {
		n -= len(found[1]) - 1
	}
	return n
}
