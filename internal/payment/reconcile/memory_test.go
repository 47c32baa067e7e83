package reconcile_test

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
	"testing"

	"citygraph/internal/payment/reconcile"
)

// write writes a file of so many records that no book has, spread over the order as a provider's numbers are.
func write(out io.Writer, rows int) error {
	buffered := bufio.NewWriter(out)
	fmt.Fprintln(buffered, reconcile.Header)
	for i := range rows {
		fmt.Fprintf(buffered, "%010d,42000%012d,TOP_UP,100,2026-11-26T08:00:00+08:00,SUCCESS\n", i*7_919%1_000_000_007, i)
	}
	return buffered.Flush()
}

// peak is the most heap that lives at any of a hundred points of reconciling so many rows, in bytes.
func (c *city) peak(t testing.TB, rows int) uint64 {
	t.Helper()
	in, out := io.Pipe()
	go func() { out.CloseWithError(write(out, rows)) }()
	var most uint64
	seen := 0
	look := func() {
		if seen++; seen%(rows/50) == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	s, err := c.counted(reconcile.Query{Day: reconcile.Day(c.clock.Now()), Records: func(each func(reconcile.Entry) error) error {
		return reconcile.Read(in, func(e reconcile.Entry) error {
			look()
			return each(e)
		}, func(p reconcile.Problem) { t.Error(p) })
	}}, look)
	if err != nil || s.Differences[reconcile.MissingInBook] != int64(rows) {
		t.Fatalf("%+v of %d rows, %v", s, rows, err)
	}
	return most
}

// Three times the rows need no more memory.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	c := open(t)
	few, many := c.peak(t, 40_000), c.peak(t, 120_000)
	t.Logf("40,000 rows: %d kB, 120,000 rows: %d kB", few>>10, many>>10)
	if many > few+few/4 {
		t.Errorf("40,000 rows take %d kB, and 120,000 take %d kB", few>>10, many>>10)
	}
}

// A million rows, of which nothing is in the book: every one is sorted, looked up and told.
func BenchmarkAMillionRecords(b *testing.B) {
	c := open(b)
	b.ReportAllocs()
	for b.Loop() {
		b.ReportMetric(float64(c.peak(b, 1_000_000))/(1<<20), "peak-MB")
	}
}
