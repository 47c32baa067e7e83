package citytest

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"citygraph/internal/store"
)

// meter counts the SQL statements of each request. What the job workers send meanwhile belongs to no
// request and is not counted, nor is a load that the cache shares among requests.
type meter struct {
	next http.Handler

	last atomic.Int64
	open sync.Map // the channel of each request under way, by its mark
}

// mark names a request to the meter; the city never sees it.
const mark = "X-Citytest-Mark"

func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	waiting, ok := m.open.LoadAndDelete(r.Header.Get(mark))
	if !ok {
		m.next.ServeHTTP(w, r)
		return
	}
	r.Header.Del(mark)
	ctx, counter := store.CountStatements(r.Context())
	m.next.ServeHTTP(w, r.WithContext(ctx))
	waiting.(chan int) <- counter.Statements() //nolint:forcetypeassert // the map holds nothing else
}

// watch marks a request, and returns what waits for its handler to end and tells the statements. A city
// in another process has no meter, and its requests count as none.
func (m *meter) watch(t testing.TB, r *http.Request) func() int {
	if m == nil {
		return func() int { return 0 }
	}
	name, counted := strconv.FormatInt(m.last.Add(1), 10), make(chan int, 1)
	m.open.Store(name, counted)
	r.Header.Set(mark, name)
	return func() int {
		select {
		case n := <-counted:
			return n
		case <-time.After(20 * time.Second):
			t.Error("a request was answered and its handler goes on")
			return 0
		}
	}
}
