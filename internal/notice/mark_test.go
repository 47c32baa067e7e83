package notice_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/jobs"
	"citygraph/internal/notice"
	"citygraph/internal/seed/seedtest"
)

// telling tells a member of so many occurrences, and returns the rows in order.
func (d *desk) telling(t *testing.T, member string, n int) []*db.Notification {
	t.Helper()
	for i := range n {
		if err := d.tell(t.Context(), news(t, member, fmt.Sprintf("told/%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	return d.inbox(t, member)
}

func ids(rows ...*db.Notification) []string {
	out := make([]string, len(rows))
	for i, n := range rows {
		out[i] = n.ID
	}
	return out
}

// unread holds the badge to the unread list, and returns it.
func (d *desk) unread(t *testing.T, member string) int {
	t.Helper()
	ctx, state := d.city.As(t, member), notice.StateUnread
	q, err := d.Inbox(ctx, d.DB.Notification.Query(), notice.Filter{State: &state})
	if err != nil {
		t.Fatal(err)
	}
	badge, err := d.UnreadCount(ctx)
	if listed := q.CountX(ctx); err != nil || listed != badge {
		t.Errorf("%d are unread, and the badge says %d, %v", listed, badge, err)
	}
	return badge
}

func TestMarkReadMarksAllOrNone(t *testing.T) {
	d := open(t)
	rows, foreign := d.telling(t, "chenjing", 3), d.telling(t, "maming", 1)
	mine := d.city.As(t, "chenjing")
	for name, bad := range map[string][]string{
		"another's": {rows[0].ID, foreign[0].ID}, "a missing one": {rows[0].ID, id.New(id.Notification)},
		"a forged one": {rows[0].ID, "notice_1"}, "one of another kind": {id.New(id.CityCase)},
	} {
		if _, err := d.MarkRead(mine, bad); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, bad := range map[string][]string{"none": {}, "too many": make([]string, 101)} {
		for i := range bad {
			bad[i] = id.New(id.Notification)
		}
		if _, err := d.MarkRead(mine, bad); fault.CodeOf(err) != fault.BadUserInput {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := d.unread(t, "chenjing"); n != 3 {
		t.Errorf("what was refused left %d unread", n)
	}
	got, err := d.MarkRead(mine, []string{rows[2].ID, rows[0].ID, rows[2].ID})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ids(rows[2], rows[0], rows[2]), ids(got...)); diff != "" {
		t.Error(diff)
	}
	first := *got[0].ReadAt
	d.clock.Turn(time.Hour)
	if again, err := d.MarkRead(mine, ids(rows[2])); err != nil || !again[0].ReadAt.Equal(first) {
		t.Errorf("read again at %v, %v", again, err)
	}
	if n := d.unread(t, "chenjing"); n != 1 {
		t.Errorf("%d are unread", n)
	}
	if _, err := d.MarkRead(t.Context(), ids(rows[0])); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor: %v", err)
	}
}

func TestMarkAllReadStopsAtTheSeqAndTheTopic(t *testing.T) {
	d := open(t)
	rows := d.telling(t, "chenjing", 5)
	mine := d.city.As(t, "chenjing")
	if _, err := d.Snooze(mine, rows[0].ID, d.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	other, own := notification.TopicAlert, notification.TopicCityCase
	for _, tt := range []struct {
		upTo  int64
		topic *notification.Topic
		want  int
	}{{0, nil, 0}, {3, &other, 0}, {3, &own, 2}, {3, nil, 0}, {5, nil, 2}} {
		if n, err := d.MarkAllRead(mine, tt.upTo, tt.topic); err != nil || n != tt.want {
			t.Errorf("up to %d: %d, %v, want %d", tt.upTo, n, err, tt.want)
		}
	}
	for _, beyond := range []int64{-1, 6, 1 << 62} {
		if _, err := d.MarkAllRead(mine, beyond, nil); fault.CodeOf(err) != fault.BadUserInput {
			t.Errorf("up to %d: %v", beyond, err)
		}
	}
	d.clock.Turn(time.Hour)
	if n := d.unread(t, "chenjing"); n != 1 {
		t.Errorf("%d are unread: what was put off comes back, and that alone", n)
	}
	if _, err := d.MarkAllRead(t.Context(), 1, nil); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor: %v", err)
	}
}

func TestSnoozeLeavesTheUnreadUntilItsInstant(t *testing.T) {
	d := open(t)
	rows, foreign := d.telling(t, "chenjing", 2), d.telling(t, "maming", 1)
	mine, now := d.city.As(t, "chenjing"), d.clock.Now()
	for name, tt := range map[string]struct {
		id    string
		until time.Time
		code  fault.Code
	}{
		"the past":      {rows[0].ID, now, fault.BadUserInput},
		"far away":      {rows[0].ID, now.Add(31 * 24 * time.Hour), fault.BadUserInput},
		"another's":     {foreign[0].ID, now.Add(time.Hour), fault.NotFound},
		"a missing one": {id.New(id.Notification), now.Add(time.Hour), fault.NotFound},
		"a forged one":  {"notice", now.Add(time.Hour), fault.NotFound},
	} {
		if _, err := d.Snooze(mine, tt.id, tt.until); fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(d.jobs) != 0 {
		t.Errorf("what was refused left jobs: %v", d.jobs)
	}
	if _, err := d.MarkRead(mine, ids(rows[0])); err != nil {
		t.Fatal(err)
	}
	snoozed, err := d.Snooze(mine, rows[0].ID, now.Add(time.Hour))
	if err != nil || snoozed.SnoozedUntil == nil || snoozed.ReadAt != nil {
		t.Fatalf("%+v, %v", snoozed, err)
	}
	if n := d.unread(t, "chenjing"); n != 1 {
		t.Errorf("%d are unread while one is put off", n)
	}
	d.clock.Turn(time.Hour)
	if n := d.unread(t, "chenjing"); n != 2 {
		t.Errorf("%d are unread afterwards", n)
	}
	changes, err := d.Changes(mine, notice.Since{Change: &snoozed.ChangeSeq})
	if err != nil {
		t.Fatal(err)
	}
	job, ok := d.jobs[0].(notice.Wake)
	if !ok || len(d.jobs) != 1 {
		t.Fatalf("jobs %v", d.jobs)
	}
	stale := notice.Wake{NotificationID: job.NotificationID, Until: job.Until.Add(time.Second)}
	for _, args := range []notice.Wake{stale, {NotificationID: id.New(id.Notification), Until: job.Until}, job, job} {
		if err := d.EndSnooze(t.Context(), jobs.Job[notice.Wake]{Args: args}); err != nil {
			t.Fatal(err)
		}
	}
	if woken := next(t, changes); woken != rows[0].Seq {
		t.Errorf("the stream told of %d", woken)
	}
	if n := d.inbox(t, "chenjing")[0]; n.SnoozedUntil != nil {
		t.Error("the snooze has no end")
	}
}

// A tombstone keeps its place and nothing else; a retraction knows no recipients by name.
func TestRetractLeavesATombstone(t *testing.T) {
	d := open(t)
	for _, member := range []string{"chenjing", "maming"} {
		for _, occurrence := range []string{"one", "two"} {
			if err := d.tell(t.Context(), news(t, member, occurrence)); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := d.inbox(t, "chenjing")[0]
	retract := func(occurrence string) error {
		return d.city.Store.InTx(t.Context(), func(ctx context.Context) error { return d.Retract(ctx, occurrence) })
	}
	if err := d.Retract(t.Context(), "one"); err == nil {
		t.Error("retracted outside a transaction")
	}
	for range 2 {
		if err := errors.Join(retract("one"), retract("never told")); err != nil {
			t.Fatal(err)
		}
	}
	for _, member := range []string{"chenjing", "maming"} {
		rows := d.inbox(t, member)
		buried, kept := rows[0], rows[1]
		if buried.RetractedAt == nil || buried.Title.ZH != "已撤回" || buried.Params != nil || buried.ChangeSeq != 3 {
			t.Errorf("%s: the tombstone says %+v", member, buried)
		}
		if kept.RetractedAt != nil || kept.Title.ZH != "您的上报已受理" || kept.ChangeSeq != 2 {
			t.Errorf("%s: the other says %+v", member, kept)
		}
		if n := d.unread(t, member); n != 1 {
			t.Errorf("%s has %d unread", member, n)
		}
	}
	mine := d.city.As(t, "chenjing")
	if _, err := d.Snooze(mine, before.ID, d.clock.Now().Add(time.Hour)); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("a tombstone was put off: %v", err)
	}
	if _, err := d.MarkRead(mine, []string{before.ID}); err != nil {
		t.Errorf("a tombstone that is marked with others is no mistake: %v", err)
	}
}

func TestTopicsGroupTheInbox(t *testing.T) {
	d := open(t)
	d.telling(t, "chenjing", 3)
	warning := news(t, "chenjing", "storm")
	warning.Template, warning.TargetID = "alert/issued", id.New(id.Alert)
	warning.Params["event"], warning.Params["headline"] = warning.Params["category"], sentence("暴雨红色预警")
	delete(warning.Params, "category")
	delete(warning.Params, "number")
	if err := d.tell(t.Context(), warning); err != nil {
		t.Fatal(err)
	}
	d.telling(t, "maming", 1)
	mine := d.city.As(t, "chenjing")
	if _, err := d.MarkAllRead(mine, 2, nil); err != nil {
		t.Fatal(err)
	}
	groups, err := d.Topics(mine)
	if err != nil || len(groups) != 2 {
		t.Fatalf("%d groups, %v", len(groups), err)
	}
	for i, want := range []struct {
		topic  notification.Topic
		unread int
		latest int64
	}{{notification.TopicAlert, 1, 4}, {notification.TopicCityCase, 1, 3}} {
		if g := groups[i]; g.Topic != want.topic || g.Unread != want.unread || g.Latest.Seq != want.latest {
			t.Errorf("group %d is %s with %d unread, latest %d", i, g.Topic, g.Unread, g.Latest.Seq)
		}
	}
	if _, err := d.Topics(t.Context()); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor: %v", err)
	}
}

// Invariant 16: after ten thousand random operations from many clients at once the badge is the unread
// list and what the operations say it is, seq has no gaps, and no two rows share a change_seq.
func TestTheBadgeIsTheUnreadListAfterAnyInterleaving(t *testing.T) {
	const clients, operations = 16, 10_000
	d := open(t)
	members := []string{"chenjing", "maming", "lina"}
	people := map[string]context.Context{}
	for _, m := range members {
		people[m] = d.city.As(t, m)
	}
	until := d.clock.Now().Add(time.Hour) // never comes: the clock stands still
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			random := rand.New(rand.NewPCG(16, uint64(c)))
			for i := range operations / clients {
				m := members[random.IntN(len(members))]
				if err := d.anything(people[m], random, news(t, m, fmt.Sprintf("%d/%d", c, i)), until); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, m := range members {
		rows, unread, changes := d.inbox(t, m), 0, map[int64]bool{}
		if diff := cmp.Diff(upTo(len(rows)), seqs(rows)); diff != "" {
			t.Errorf("%s: %s", m, diff)
		}
		for _, n := range rows {
			if n.ReadAt == nil && n.RetractedAt == nil && n.SnoozedUntil == nil {
				unread++
			}
			if changes[n.ChangeSeq] {
				t.Errorf("%s: two rows have change_seq %d", m, n.ChangeSeq)
			}
			changes[n.ChangeSeq] = true
		}
		if badge := d.unread(t, m); badge != unread || len(rows) < operations/clients {
			t.Errorf("%s: the badge says %d, and %d of %d rows are unread", m, badge, unread, len(rows))
		}
	}
}

// anything does one thing that a person, a phone of theirs or a domain may do to an inbox.
func (d *desk) anything(ctx context.Context, random *rand.Rand, n notice.Notice, until time.Time) error {
	tells := func() error { return d.tell(context.WithoutCancel(ctx), n) }
	some, err := d.DB.Notification.Query().Where(notification.PersonID(n.Recipient), notification.RetractedAtIsNil()).
		Order(notification.BySeq()).Offset(random.IntN(20)).Limit(1 + random.IntN(4)).All(ctx)
	if err != nil || len(some) == 0 {
		return errors.Join(err, tells())
	}
	one := some[random.IntN(len(some))]
	switch random.IntN(8) {
	case 0, 1, 2, 3:
		return tells()
	case 4:
		_, err = d.MarkRead(ctx, ids(some...))
	case 5:
		_, err = d.MarkAllRead(ctx, one.Seq, nil)
	case 6:
		if _, err = d.Snooze(ctx, one.ID, until); fault.CodeOf(err) == fault.InvalidTransition {
			err = nil // somebody took it back just before
		}
	case 7:
		err = d.city.Store.InTx(ctx, func(ctx context.Context) error { return d.Retract(ctx, one.EventKey) })
	}
	return err
}

func TestPreferencesAreDefaultsUntilChosen(t *testing.T) {
	d := open(t)
	mine := d.city.As(t, "chenjing")
	defaults, err := d.Preferences(mine)
	if err != nil {
		t.Fatal(err)
	}
	choice := *defaults[6]
	choice.Channels, choice.DigestAt = choice.Channels[:1], "08:30"
	for _, at := range []string{"08:00", "08:30"} { // the last word counts
		choice.DigestAt = at
		if got, err := d.SetPreference(mine, choice); err != nil || !cmp.Equal(*got, choice) {
			t.Fatalf("set %+v, %v", got, err)
		}
	}
	bad := choice
	bad.Zone = "Mars/Olympus"
	if _, err := d.SetPreference(mine, bad); fault.CodeOf(err) != fault.BadUserInput {
		t.Errorf("a bad one: %v", err)
	}
	want := append(append(defaults[:6:6], &choice), defaults[7:]...)
	if got, err := d.Preferences(mine); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v, %v", cmp.Diff(want, got), err)
	}
	if got, err := d.Preferences(d.city.As(t, "maming")); err != nil || !cmp.Equal(got, defaults) {
		t.Errorf("another's choice shows: %v, %v", cmp.Diff(defaults, got), err)
	}
	wanted, err := notice.Wanted(seedtest.System(t), d.DB, choice.Topic, seedtest.Person(t, "chenjing"), seedtest.Person(t, "maming"))
	if err != nil || !cmp.Equal(wanted[seedtest.Person(t, "chenjing")], choice) || !cmp.Equal(wanted[seedtest.Person(t, "maming")], *defaults[6]) {
		t.Errorf("pushes are wanted so: %v, %v", wanted, err)
	}
	_, read := d.Preferences(t.Context())
	_, set := d.SetPreference(t.Context(), choice)
	if fault.CodeOf(read) != fault.Unauthenticated || fault.CodeOf(set) != fault.Unauthenticated {
		t.Errorf("a visitor: %v, %v", read, set)
	}
}
