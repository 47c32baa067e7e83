package notice_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/jobs"
	"citygraph/internal/lang"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
	"citygraph/internal/wording"
)

// desk is the room, with a note of every push it enqueues.
type desk struct {
	*notice.Desk
	city  *seedtest.City
	clock *seedtest.Clock

	mu      sync.Mutex
	batches [][]string
	jobs    []jobs.Args
	failed  []error
}

func open(t *testing.T) *desk {
	t.Helper()
	city, hub := seedtest.Open(t), live.NewHub(nil)
	t.Cleanup(hub.Close)
	d := &desk{city: city, clock: seedtest.NewClock()}
	d.Desk = &notice.Desk{
		DB: city.DB, Store: city.Store, Clock: d.clock, Hub: hub,
		Admit: func(context.Context) error { return nil },
		Enqueue: func(_ context.Context, args jobs.Args, _ ...jobs.Option) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.jobs = append(d.jobs, args)
			return nil
		},
		Deliver: func(_ context.Context, ids []string) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.batches = append(d.batches, ids)
			return nil
		},
		Fail: func(_ context.Context, err error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.failed = append(d.failed, err)
		},
	}
	return d
}

// news is a notice to a member of the cast about an occurrence.
func news(t testing.TB, member, occurrence string) notice.Notice {
	t.Helper()
	person := seedtest.Person(t, member)
	return notice.Notice{Recipient: person, Subject: person, EventKey: occurrence, Letter: notice.Letter{
		Template: "city_case/accepted", TargetID: id.New(id.CityCase),
		Params: wording.Params{"category": wording.ALabel(lang.Text{ZH: "路灯", EN: "A light"}), "number": wording.ACode("HZ1")},
	}}
}

// tell tells in a transaction of its own.
func (d *desk) tell(ctx context.Context, notices ...notice.Notice) error {
	return d.city.Store.InTx(ctx, func(ctx context.Context) error { return d.Tell(ctx, notices...) })
}

func (d *desk) inbox(t *testing.T, member string) []*db.Notification {
	t.Helper()
	return d.DB.Notification.Query().Order(notification.BySeq()).AllX(d.city.As(t, member))
}

func seqs(rows []*db.Notification) []int64 {
	out := make([]int64, len(rows))
	for i, n := range rows {
		out[i] = n.Seq
	}
	return out
}

// upTo is 1 … n.
func upTo(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i + 1)
	}
	return out
}

func TestTellRefusesOutsideATransaction(t *testing.T) {
	d := open(t)
	if err := d.Tell(t.Context(), news(t, "chenjing", "case_1/2")); err == nil {
		t.Error("a notice was told without the transaction of its cause")
	}
	if rows := d.inbox(t, "chenjing"); len(rows) != 0 || len(d.batches) != 0 {
		t.Errorf("it left %v and %v", rows, d.batches)
	}
}

func TestTellWritesTheRowAndEnqueuesItsPush(t *testing.T) {
	d := open(t)
	n := news(t, "chenjing", "case_1/2")
	n.Subject = seedtest.Person(t, "wangguiying")
	if err := d.tell(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	rows := d.inbox(t, "chenjing")
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	got := rows[0]
	if got.Seq != 1 || got.PersonID != n.Recipient || got.SubjectPersonID != n.Subject || got.Target.ID() != n.TargetID ||
		got.Title.EN != "Your report was accepted" || got.Body.ZH != "“路灯”（HZ1）已由城管受理。" || got.ReadAt != nil ||
		got.Topic != notification.TopicCityCase || got.Priority != notification.PriorityNormal || got.Params["number"] != n.Params["number"] {
		t.Errorf("told %+v", got)
	}
	if diff := cmp.Diff([][]string{{got.ID}}, d.batches); diff != "" {
		t.Error(diff)
	}
	if rows := d.inbox(t, "wangguiying"); len(rows) != 0 {
		t.Errorf("whom it is about was told as well: %+v", rows)
	}
}

func TestRefusedNoticesLeaveNoRowAndNoGap(t *testing.T) {
	d, boom := open(t), errors.New("boom")
	bad := news(t, "chenjing", "case_1/1")
	bad.TargetID = "wonder_1"
	wordless := news(t, "chenjing", "case_1/1")
	wordless.Params = nil
	nobody := news(t, "chenjing", "case_1/1")
	nobody.Recipient = id.New(id.Person)
	deliver := d.Deliver
	for name, tell := range map[string]func() error{
		"nothing opens the target": func() error { return d.tell(t.Context(), bad) },
		"a parameter is missing":   func() error { return d.tell(t.Context(), wordless) },
		"nobody is told":           func() error { return d.tell(t.Context(), nobody) },
		"the push cannot be kept": func() error {
			d.Deliver = func(context.Context, []string) error { return boom }
			defer func() { d.Deliver = deliver }()
			return d.tell(t.Context(), news(t, "chenjing", "case_1/1"))
		},
		"the cause fails afterwards": func() error {
			return d.city.Store.InTx(t.Context(), func(ctx context.Context) error {
				return errors.Join(d.Tell(ctx, news(t, "chenjing", "case_1/1")), boom)
			})
		},
	} {
		if err := tell(); err == nil {
			t.Errorf("%s: told", name)
		}
	}
	if err := d.tell(t.Context(), news(t, "chenjing", "case_1/2")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(upTo(1), seqs(d.inbox(t, "chenjing"))); diff != "" {
		t.Errorf("the inbox has a gap or too much: %s", diff)
	}
}

// Who has ended their account is told nothing; the cause goes on. Somebody who never was is a mistake.
func TestWhoIsGoneIsToldNothing(t *testing.T) {
	d := open(t)
	gone := seedtest.Person(t, "chenjing")
	d.DB.Person.UpdateOneID(gone).SetDeletedAt(time.Now()).ExecX(seedtest.System(t))
	if err := d.tell(t.Context(), news(t, "chenjing", "case_1/2")); err != nil {
		t.Fatal(err)
	}
	if rows := d.inbox(t, "chenjing"); len(rows) != 0 || len(d.batches) != 0 {
		t.Errorf("it left %v and %v", rows, d.batches)
	}
	n := news(t, "chenjing", "case_1/3")
	n.Recipient = id.New(id.Person)
	if err := d.tell(t.Context(), n); err == nil {
		t.Error("nobody was told, and that is no error")
	}
}

// Several people are told of one cause in as many statements as one, each in words of their own.
func TestSeveralAreToldAtOnce(t *testing.T) {
	d := open(t)
	statements := func(notices ...notice.Notice) int {
		t.Helper()
		ctx, counter := store.RecordStatements(t.Context())
		if err := d.tell(ctx, notices...); err != nil {
			t.Fatal(err)
		}
		return len(counter.Texts())
	}
	one := statements(news(t, "chenjing", "case_1/1"))
	other := news(t, "maming", "case_1/2")
	other.Template = "city_case/rejected"
	several := statements(news(t, "zhouwei", "case_1/2"), other, news(t, "chenjing", "case_1/2"))
	if several != one {
		t.Errorf("%d statements for three, %d for one", several, one)
	}
	for member, want := range map[string][]string{"chenjing": {"city_case/accepted", "city_case/accepted"}, "maming": {"city_case/rejected"}, "zhouwei": {"city_case/accepted"}} {
		var templates []string
		for _, n := range d.inbox(t, member) {
			templates = append(templates, n.Template)
		}
		if !slices.Equal(templates, want) {
			t.Errorf("%s was told %v", member, templates)
		}
	}
	if len(d.batches) != 2 || len(d.batches[1]) != 3 {
		t.Errorf("the pushes are %v", d.batches)
	}
	if err := d.tell(t.Context(), news(t, "lina", "case_1/3"), news(t, "lina", "case_1/4")); err == nil {
		t.Error("one got two seqs at once")
	}
	d.DB.Person.UpdateOneID(seedtest.Person(t, "maming")).SetDeletedAt(time.Now()).ExecX(seedtest.System(t))
	if err := d.tell(t.Context(), news(t, "maming", "case_1/5"), news(t, "lina", "case_1/5")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(upTo(1), seqs(d.inbox(t, "lina"))); diff != "" {
		t.Error(diff)
	}
}

// One row per occurrence and recipient: a verb that runs again cannot tell twice.
func TestAnOccurrenceIsToldOnce(t *testing.T) {
	d := open(t)
	if err := d.tell(t.Context(), news(t, "chenjing", "case_1/2")); err != nil {
		t.Fatal(err)
	}
	if err := d.tell(t.Context(), news(t, "chenjing", "case_1/2")); err == nil {
		t.Error("the same occurrence was told twice")
	}
	for _, other := range []notice.Notice{news(t, "chenjing", "case_1/3"), news(t, "maming", "case_1/2")} {
		if err := d.tell(t.Context(), other); err != nil {
			t.Errorf("%s: %v", other.EventKey, err)
		}
	}
	if diff := cmp.Diff(upTo(2), seqs(d.inbox(t, "chenjing"))); diff != "" {
		t.Error(diff)
	}
}

// Many causes at once, a third of them rolled back, with their retries: no seq is missing or double.
func TestSeqIsGapFree(t *testing.T) {
	const workers, each = 6, 10
	d, refused := open(t), errors.New("refused")
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				err := d.city.Store.InTx(t.Context(), func(ctx context.Context) error {
					told := []notice.Notice{news(t, "chenjing", fmt.Sprintf("case_%d/%d", w, i)), news(t, "maming", fmt.Sprintf("case_%d/%d", w, i))}
					if w%2 == 0 { // whatever their order, nobody waits for somebody who waits for them
						slices.Reverse(told)
					}
					if err := d.Tell(ctx, told...); err != nil {
						return err
					}
					if i%3 == 0 {
						return refused
					}
					return nil
				})
				if err != nil && !errors.Is(err, refused) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, member := range []string{"chenjing", "maming"} {
		if diff := cmp.Diff(upTo(workers*6), seqs(d.inbox(t, member))); diff != "" {
			t.Errorf("%s: %s", member, diff)
		}
		unread, err := d.UnreadCount(d.city.As(t, member))
		if err != nil || unread != workers*6 {
			t.Errorf("%s has %d unread, %v", member, unread, err)
		}
	}
}

func TestInboxAndBadgeAreTheViewersOwn(t *testing.T) {
	d := open(t)
	for i := range 3 {
		if err := d.tell(t.Context(), news(t, "chenjing", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	mine, other := d.city.As(t, "chenjing"), d.city.As(t, "fanglei")
	d.DB.Notification.Update().Where(notification.Seq(2)).SetReadAt(time.Now()).ExecX(mine)
	for name, tt := range map[string]struct {
		ctx    context.Context
		after  *int64
		want   []int64
		unread int
	}{
		"all":            {mine, nil, upTo(3), 2},
		"after 2":        {mine, new(int64(2)), []int64{3}, 2},
		"after the last": {mine, new(int64(3)), []int64{}, 2},
		"after nothing":  {mine, new(int64(-5)), upTo(3), 2},
		"another's":      {other, nil, []int64{}, 0},
	} {
		q, err := d.Inbox(tt.ctx, d.DB.Notification.Query(), notice.Filter{AfterSeq: tt.after})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, seqs(q.Order(notification.BySeq()).AllX(tt.ctx))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if unread, err := d.UnreadCount(tt.ctx); err != nil || unread != tt.unread {
			t.Errorf("%s: %d unread, %v", name, unread, err)
		}
	}
	if _, err := d.Inbox(t.Context(), d.DB.Notification.Query(), notice.Filter{}); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor's inbox: %v", err)
	}
	if _, err := d.UnreadCount(t.Context()); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor's badge: %v", err)
	}
}
