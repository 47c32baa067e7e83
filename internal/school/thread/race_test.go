package thread_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/message"
	row "citygraph/ent/db/thread"
	"citygraph/internal/school/thread"
	"citygraph/internal/seed/seedtest"
)

type (
	dbThread = db.Thread
	dbReport = db.MessageReport
)

const crowd = 50

func TestOneThreadWhoeverOpensItAtOnce(t *testing.T) {
	s := open(t)
	lina := seedtest.Person(t, "lina")
	var all sync.WaitGroup
	ids := make([]string, 20)
	for i := range ids {
		all.Go(func() {
			var th *db.Thread
			var err error
			if i%2 == 0 {
				th, err = s.Open(s.lina, s.child, nil)
			} else {
				th, err = s.Open(s.mother, s.child, &lina)
			}
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = th.ID
		})
	}
	all.Wait()
	for _, one := range ids {
		if one != ids[0] {
			t.Errorf("threads %s and %s", ids[0], one)
		}
	}
	if n := s.DB.Thread.Query().Where(row.StudentID(s.child)).CountX(seedtest.System(t)); n != 1 {
		t.Errorf("%d threads", n)
	}
}

// Fifty speak at once: their messages are numbered 1 to n, and who listens hears each once and in order; who comes late, or comes
// back, too.
func TestNumbersAreDenseAndHeardInOrder(t *testing.T) {
	s := open(t)
	threadID := s.opened(t)
	ctx, cancel := context.WithCancel(s.mother)
	defer cancel()
	early, err := s.Listen(ctx, threadID, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range crowd {
		all.Go(func() {
			who := s.lina
			if i%2 == 0 {
				who = s.mother
			}
			if _, err := s.Say(who, saying(threadID, "同时")); err != nil {
				t.Error(err)
			}
		})
	}
	heard(t, early, 1, crowd)
	all.Wait()
	seqs := s.DB.Message.Query().Where(message.ThreadID(threadID)).Order(message.BySeq()).AllX(seedtest.System(t))
	for i, m := range seqs {
		if m.Seq != i+1 {
			t.Fatalf("message %d has the number %d", i+1, m.Seq)
		}
	}
	if len(seqs) != crowd || s.DB.Thread.GetX(seedtest.System(t), threadID).LastSeq != crowd {
		t.Errorf("%d messages", len(seqs))
	}
	late, err := s.Listen(ctx, threadID, crowd-10)
	if err != nil {
		t.Fatal(err)
	}
	heard(t, late, crowd-9, crowd)
	edited := seqs[0]
	author := s.lina
	if edited.AuthorRole == message.AuthorRoleGuardian {
		author = s.mother
	}
	if _, err := s.Change(author, edited.ID, "改过"); err != nil {
		t.Fatal(err)
	}
	for _, stream := range []<-chan *db.Message{early, late} {
		if m := next(t, stream); m.Seq != 1 || m.Body != "改过" {
			t.Errorf("after an edit: %d %q", m.Seq, m.Body)
		}
	}
	back, err := s.Listen(ctx, threadID, crowd) // it was away while the message was edited
	if err != nil {
		t.Fatal(err)
	}
	if m := next(t, back); m.Seq != 1 || m.EditedAt == nil {
		t.Errorf("come back: %d", m.Seq)
	}
	if _, err := s.TakeBack(author, edited.ID); err != nil {
		t.Fatal(err)
	}
	for _, stream := range []<-chan *db.Message{early, late, back} {
		if m := next(t, stream); m.Seq != 1 || thread.Body(m) != nil {
			t.Errorf("after a retraction: %d", m.Seq)
		}
	}
}

func heard(t *testing.T, stream <-chan *db.Message, from, to int) {
	t.Helper()
	for seq := from; seq <= to; seq++ {
		if m := next(t, stream); m.Seq != seq {
			t.Fatalf("heard %d, not %d", m.Seq, seq)
		}
	}
}

func next(t *testing.T, stream <-chan *db.Message) *db.Message {
	t.Helper()
	select {
	case m, ok := <-stream:
		if !ok {
			t.Fatal("the stream ended")
		}
		return m
	case <-time.After(time.Minute):
		t.Fatal("nothing is heard")
	}
	return nil
}
