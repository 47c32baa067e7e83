package notice_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"citygraph/internal/fault"
	"citygraph/internal/notice"
)

// patience is how long a test waits for what must come; nothing is slow when all is well.
const patience = 20 * time.Second

// next takes one change; the test fails when none comes.
func next(t *testing.T, changes <-chan *notice.Change) int64 {
	t.Helper()
	select {
	case c, ok := <-changes:
		if !ok {
			t.Fatal("the stream ended")
		}
		return c.Notification.Seq
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return 0
}

func TestChangesReplayMoreThanAPageThenGoOn(t *testing.T) {
	const missed = 230 // two pages and a bit
	d := open(t)
	err := d.city.Store.InTx(t.Context(), func(ctx context.Context) error {
		for i := range missed {
			if err := d.Tell(ctx, news(t, "chenjing", fmt.Sprint(i))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	changes, err := d.Changes(d.city.As(t, "chenjing"), notice.Since{Seq: new(int64(3))})
	if err != nil {
		t.Fatal(err)
	}
	for want := int64(4); want <= missed; want++ {
		if got := next(t, changes); got != want {
			t.Fatalf("seq %d came where %d was due", got, want)
		}
	}
	if err := d.tell(t.Context(), news(t, "chenjing", "live")); err != nil {
		t.Fatal(err)
	}
	if got := next(t, changes); got != missed+1 {
		t.Errorf("seq %d came where %d was due", got, missed+1)
	}
}

// What is told while the subscription sets up, or under many wake-ups, comes once and in order.
func TestChangesLoseAndRepeatNothing(t *testing.T) {
	const told = 60
	d := open(t)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range told / 4 {
				if err := d.tell(t.Context(), news(t, "chenjing", fmt.Sprintf("%d/%d", w, i))); err != nil {
					t.Error(err)
				}
				d.Hub.Publish(notice.Topic(news(t, "chenjing", "").Recipient)) // a hint for nothing
			}
		})
	}
	changes, err := d.Changes(d.city.As(t, "chenjing"), notice.Since{Seq: new(int64(0))})
	if err != nil {
		t.Fatal(err)
	}
	for want := int64(1); want <= told; want++ {
		if got := next(t, changes); got != want {
			t.Fatalf("seq %d came where %d was due", got, want)
		}
	}
	wg.Wait()
	select {
	case c := <-changes:
		t.Errorf("seq %d came again", c.Notification.Seq)
	default:
	}
}

func TestChangesWithoutASeqBeginWithWhatComesNext(t *testing.T) {
	d := open(t)
	if err := d.tell(t.Context(), news(t, "chenjing", "before")); err != nil {
		t.Fatal(err)
	}
	changes, err := d.Changes(d.city.As(t, "chenjing"), notice.Since{})
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{"maming", "chenjing"} { // another's news is not hers
		if err := d.tell(t.Context(), news(t, member, "after")); err != nil {
			t.Fatal(err)
		}
	}
	if got := next(t, changes); got != 2 {
		t.Errorf("began with seq %d", got)
	}
}

func TestChangesEndWithTheirContext(t *testing.T) {
	d := open(t)
	for i := range 3 {
		if err := d.tell(t.Context(), news(t, "chenjing", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	for name, take := range map[string]int{"before the first is taken": 0, "amid the replay": 1, "while waiting": 3} {
		ctx, cancel := context.WithCancel(d.city.As(t, "chenjing"))
		changes, err := d.Changes(ctx, notice.Since{Seq: new(int64(0))})
		if err != nil {
			t.Fatal(err)
		}
		for range take {
			next(t, changes)
		}
		cancel()
		ended := time.After(patience)
		for open := true; open; {
			select {
			case _, open = <-changes: // one may have been on its way
			case <-ended:
				t.Fatalf("%s: the stream goes on", name)
			}
		}
	}
}

func TestChangesAreForThoseSignedIn(t *testing.T) {
	d := open(t)
	changes, err := d.Changes(t.Context(), notice.Since{})
	if fault.CodeOf(err) != fault.Unauthenticated || changes != nil {
		t.Errorf("a visitor gets %v, %v", changes, err)
	}
}

// A stream that cannot go on says so and ends, rather than fall silent.
func TestChangesTellOfAFailure(t *testing.T) {
	d := open(t)
	changes, err := d.Changes(d.city.As(t, "chenjing"), notice.Since{Seq: new(int64(0))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.city.Store.Writer().ExecContext(t.Context(), "ALTER TABLE notifications RENAME TO lost"); err != nil {
		t.Fatal(err)
	}
	d.Hub.Publish(notice.Topic(news(t, "chenjing", "").Recipient))
	select {
	case c, ok := <-changes:
		if ok {
			t.Fatalf("came %+v", c)
		}
	case <-time.After(patience):
		t.Fatal("the stream is silent")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.failed) != 1 || d.failed[0] == nil {
		t.Errorf("the subscriber was told %v", d.failed)
	}
}
