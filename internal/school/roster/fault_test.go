package roster_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"

	"citygraph/internal/oneroster"
	"citygraph/internal/school/roster"
	"citygraph/internal/store/storetest"
)

func TestAnImportThatFailsHalfWayLeavesNothing(t *testing.T) {
	r := open(t)
	before := r.rows(t)
	set := r.set(t, r.users(t), nil)
	broken, cancel := context.WithCancel(t.Context())
	defer cancel()
	order := r.order(set)
	order.Progress = func(d roster.Done) {
		if d.New["RosterUser"] > 0 { // users are written, enrolments are not
			cancel()
		}
	}
	if _, err := r.Import(broken, order); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if r.rows(t) != before {
		t.Error("something is left")
	}
	r.take(t, set)
}

func TestOneImportOfASourceRunsAtATime(t *testing.T) {
	r := open(t)
	set := r.set(t, r.users(t), nil)
	begun, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	order := r.order(set)
	order.Told = func(oneroster.Problem) {}
	order.Progress = func(d roster.Done) {
		if d.New["RosterUser"] > 0 {
			once.Do(func() { close(begun); <-goOn })
		}
	}
	var first error
	var all sync.WaitGroup
	all.Go(func() { _, first = r.Import(t.Context(), order) })
	<-begun
	second := r.order(set)
	second.Told = func(oneroster.Problem) {}
	if r.Office.Store.Dialect() == dialect.Postgres {
		if _, err := r.Import(t.Context(), second); !errors.Is(err, roster.ErrBusy) {
			t.Errorf("the second import: %v", err)
		}
		close(goOn)
	} else { // one writer: the second waits for the first
		all.Go(func() {
			if done, err := r.Import(t.Context(), second); err != nil || len(done.New) > 0 {
				t.Errorf("the second import: %+v, %v", done, err)
			}
		})
		close(goOn)
	}
	all.Wait()
	if first != nil {
		t.Error(first)
	}
	before := r.rows(t)
	r.take(t, set)
	if r.rows(t) != before {
		t.Error("the set was not whole")
	}
}

// killedURL tells the process that is to die which database it dies at, and killedSet which set it takes over.
const killedURL, killedSet = "CITYGRAPH_ROSTER_KILLED_URL", "CITYGRAPH_ROSTER_KILLED_SET"

func TestAnImportThatIsKilledLeavesNothing(t *testing.T) {
	if url := os.Getenv(killedURL); url != "" {
		dieHalfWay(t, url)
		return
	}
	r := open(t)
	before := r.rows(t)
	set := r.set(t, r.users(t), nil)
	self := exec.Command(os.Args[0], "-test.run=^TestAnImportThatIsKilledLeavesNothing$")
	self.Env = append(os.Environ(), killedURL+"="+r.url, killedSet+"="+set)
	if out, err := self.CombinedOutput(); err == nil || !bytes.Contains(out, []byte("half-way")) {
		t.Fatalf("%v\n%s", err, out)
	}
	if r.rows(t) != before {
		t.Error("something is left")
	}
	r.take(t, set)
}

func dieHalfWay(t *testing.T, url string) {
	r := at(t, storetest.OpenURL(t, url))
	order := r.order(os.Getenv(killedSet))
	order.Progress = func(d roster.Done) {
		if d.New["RosterUser"] > 0 {
			println("half-way")
			os.Exit(9)
		}
	}
	_, err := r.Import(t.Context(), order)
	t.Fatal("it lives", err)
}

func TestASetThatWouldEndTooMuchIsRefusedWhole(t *testing.T) {
	r := open(t)
	var with, without strings.Builder
	with.WriteString(usersHead + user("one", "", "primary", "parent", "陈静", r.number(t, "chenjing"), "", ""))
	without.WriteString(with.String())
	for i := range 2001 {
		id := "p" + strings.Repeat("x", i%3) + string(rune('a'+i%26)) + itoa(i)
		with.WriteString(user(id, "", "primary", "student", "学生", "", "", "one"))
		without.WriteString(user(id, "", "primary", "student", "学生", "", "", ""))
	}
	var born strings.Builder
	born.WriteString("sourcedId,status,dateLastModified,birthDate,sex\n")
	for line := range strings.SplitSeq(with.String(), "\n") {
		if id, _, found := strings.Cut(line, ","); found && strings.HasPrefix(id, "p") {
			born.WriteString(id + ",,,2017-01-01,male\n")
		}
	}
	files := map[string]string{"demographics.csv": born.String()}
	if done := r.take(t, r.set(t, with.String(), files)); done.Guarded != 2001 {
		t.Fatalf("%+v", done)
	}
	before := r.rows(t)
	if _, err := r.try(t.Context(), r.set(t, without.String(), files)); err == nil || !strings.Contains(err.Error(), "more than 2000") {
		t.Errorf("error %v", err)
	}
	if r.rows(t) != before {
		t.Error("something has changed")
	}
}
