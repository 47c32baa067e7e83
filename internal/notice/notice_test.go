package notice_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/seed/seedtest"
)

// desk is the room, with a note of every push it enqueues.
type desk struct {
	*notice.Desk
	city *seedtest.City

	mu       sync.Mutex
	enqueued []string
	failed   []error
}

func open(t *testing.T) *desk {
	t.Helper()
	city, hub := seedtest.Open(t), live.NewHub(nil)
	t.Cleanup(hub.Close)
	d := &desk{city: city}
	d.Desk = &notice.Desk{
		DB: city.DB, Hub: hub,
		Admit: func(context.Context) error { return nil },
		Deliver: func(_ context.Context, notificationID string) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.enqueued = append(d.enqueued, notificationID)
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
	return notice.Notice{
		Recipient: person, Subject: person, EventKey: occurrence, Topic: notification.TopicCityCase,
		Title: lang.Text{ZH: "已受理", EN: "Accepted"}, Body: lang.Text{ZH: "路灯", EN: "A light"},
		TargetID: id.New(id.CityCase),
	}
}

// tell tells in a transaction of its own.
func (d *desk) tell(ctx context.Context, n notice.Notice) error {
	return d.city.Store.InTx(ctx, func(ctx context.Context) error { return d.Tell(ctx, n) })
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
	if rows := d.inbox(t, "chenjing"); len(rows) != 0 || len(d.enqueued) != 0 {
		t.Errorf("it left %v and %v", rows, d.enqueued)
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
		got.Title != n.Title || got.Body != n.Body || got.ReadAt != nil {
		t.Errorf("told %+v", got)
	}
	if diff := cmp.Diff([]string{got.ID}, d.enqueued); diff != "" {
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
	nobody := news(t, "chenjing", "case_1/1")
	nobody.Recipient = id.New(id.Person)
	deliver := d.Deliver
	for name, tell := range map[string]func() error{
		"nothing opens the target": func() error { return d.tell(t.Context(), bad) },
		"nobody is told":           func() error { return d.tell(t.Context(), nobody) },
		"the push cannot be kept": func() error {
			d.Deliver = func(context.Context, string) error { return boom }
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
					for _, member := range []string{"chenjing", "maming"} { // in one order: locks are taken by id everywhere
						if err := d.Tell(ctx, news(t, member, fmt.Sprintf("case_%d/%d", w, i))); err != nil {
							return err
						}
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
		q, err := notice.Inbox(tt.ctx, d.DB.Notification.Query(), tt.after)
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
	if _, err := notice.Inbox(t.Context(), d.DB.Notification.Query(), nil); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor's inbox: %v", err)
	}
	if _, err := d.UnreadCount(t.Context()); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor's badge: %v", err)
	}
}
