package roster_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"citygraph/internal/school/roster"
)

// rowsEnv says how many rows to import to print figures, such as 1000000.
const rowsEnv = "CITYGRAPH_ROSTER_ROWS"

// A set is imported for its figures, and then once more. Memory does not grow with the rows.
func TestASetOfAnySizeTakesTheSameMemory(t *testing.T) {
	rows, err := strconv.Atoi(os.Getenv(rowsEnv))
	if err != nil {
		rows = 5_000
	}
	r := open(t)
	set := large(t, rows)
	for _, time := range []string{"first", "again"} {
		done := r.timed(t, time, set)
		if done.Refused+done.Warned > 0 {
			t.Fatalf("%+v", done)
		}
		if time == "again" && len(done.New)+len(done.Changed)+len(done.Ended) > 0 {
			t.Errorf("%+v", done)
		}
	}
}

// maxHeap is what an import may hold, in bytes, whatever its size.
const maxHeap = 128 << 20

func (r *rig) timed(t *testing.T, what, set string) roster.Done {
	t.Helper()
	order := r.order(set)
	peak := uint64(0)
	order.Progress = func(roster.Done) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
	}
	began := time.Now()
	done, err := r.Import(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	t.Logf("%s: %d rows in %s, %.0f a second, %d MB of heap at most", what, done.Rows, took.Round(time.Millisecond), float64(done.Rows)/took.Seconds(), peak>>20)
	if peak > maxHeap {
		t.Errorf("%d MB of heap", peak>>20)
	}
	return done
}

// large writes about so many rows: a fifth are pupils, each with a guardian and a birth date, and two fifths enrolments.
func large(t *testing.T, rows int) string {
	t.Helper()
	dir, pupils := t.TempDir(), rows/5
	classes := max(2, pupils/40)
	file := func(name, head string, fill func(line func(format string, args ...any))) {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriter(f)
		fmt.Fprintln(w, head)
		fill(func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) })
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	file("manifest.csv", "propertyName,value", func(line func(string, ...any)) {
		for _, name := range []string{"orgs", "classes", "users", "demographics", "enrollments"} {
			line("file.%s,bulk", name)
		}
	})
	file("orgs.csv", "sourcedId,name,type", func(line func(string, ...any)) { line("s,杭州市学军小学,school") })
	file("classes.csv", "sourcedId,title,schoolSourcedId", func(line func(string, ...any)) {
		for i := range classes {
			line("c%d,班%d,s", i, i)
		}
	})
	file("users.csv", "sourcedId,orgSourcedIds,role,givenName,familyName,sms,agentSourcedIds", func(line func(string, ...any)) {
		for i := range pupils {
			line("p%d,s,student,小%d,王,,g%d", i, i, i)
			line("g%d,s,parent,大%d,李,137%08d,", i, i, i)
		}
	})
	file("demographics.csv", "sourcedId,birthDate,sex", func(line func(string, ...any)) {
		for i := range pupils {
			line("p%d,2017-03-%02d,female", i, i%28+1)
		}
	})
	file("enrollments.csv", "sourcedId,classSourcedId,userSourcedId,role", func(line func(string, ...any)) {
		for i := range 2 * pupils {
			pupil := i % pupils
			line("e%d,c%d,p%d,student", i, (pupil+i/pupils)%classes, pupil)
		}
	})
	return dir
}
