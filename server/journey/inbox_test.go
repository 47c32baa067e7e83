package journey_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"citygraph/internal/redisx/redistest"
	"citygraph/server/citytest"
)

// inboxRow is a notification as clients ask for it.
type inboxRow struct {
	ID           string
	Seq          int64
	ChangeSeq    int64
	Title, Body  string
	ReadAt       *time.Time
	SnoozedUntil *time.Time
	Target       struct{ Kind, AppLink, MiniProgramPath string }
}

// inboxPage is one's inbox in a state, with the badge.
func inboxPage(t *testing.T, c *citytest.Client, vars citytest.Vars) (rows []inboxRow, badge int) {
	t.Helper()
	var page struct {
		UnreadCount int
		Inbox       struct{ Edges []struct{ Node inboxRow } }
	}
	c.Do("Inbox", vars).Decode(t, &page)
	for _, e := range page.Inbox.Edges {
		rows = append(rows, e.Node)
	}
	return rows, page.UnreadCount
}

// One badge that is always right: two phones of one person read, put off and mark, and each hears of what
// the other did.
func TestOneBadgeOnTwoPhones(t *testing.T) {
	city := citytest.Start(t)
	phone, officer := city.As(t, "chenjing"), city.As(t, "zhaoqiang")
	tablet := city.As(t, "chenjing")
	write(t, phone, officer, 4)
	rows, badge := inboxPage(t, phone, nil)
	if len(rows) != 4 || badge != 4 || rows[0].Target.Kind != "CITY_CASE" || rows[0].Target.AppLink == "" || rows[0].Target.MiniProgramPath == "" {
		t.Fatalf("badge %d, rows %+v", badge, rows)
	}
	live := tablet.Subscribe(t, "InboxChanged", citytest.Vars{"afterChange": rows[0].ChangeSeq})
	hear := func(seq int64, badge int) inboxRow {
		t.Helper()
		var told struct {
			InboxChanged struct {
				UnreadCount  int
				Notification inboxRow
			}
		}
		live.Next(t).Decode(t, &told)
		if got := told.InboxChanged; got.Notification.Seq != seq || got.UnreadCount != badge {
			t.Fatalf("the tablet hears of %d with a badge of %d, want %d and %d", got.Notification.Seq, got.UnreadCount, seq, badge)
		}
		return told.InboxChanged.Notification
	}
	if found := problems(t, phone.Do("MarkRead", citytest.Vars{"input": citytest.Vars{"notificationIds": []string{rows[0].ID}}})); len(found) > 0 {
		t.Fatal(found)
	}
	if heard := hear(4, 3); heard.ReadAt == nil {
		t.Error("the tablet does not know that it was read")
	}
	until := time.Now().Add(2 * time.Second).UTC()
	if found := problems(t, phone.Do("Snooze", citytest.Vars{"input": citytest.Vars{"notificationId": rows[1].ID, "until": until}})); len(found) > 0 {
		t.Fatal(found)
	}
	hear(3, 2)
	if found := problems(t, phone.Do("MarkAllRead", citytest.Vars{"input": citytest.Vars{"upToSeq": 2}})); len(found) > 0 {
		t.Fatal(found)
	}
	hear(1, 0)
	hear(2, 0)
	if heard := hear(3, 1); heard.SnoozedUntil != nil { // by itself, when the time has come
		t.Error("it is put off still")
	}
	for state, want := range map[string]int{"UNREAD": 1, "SNOOZED": 0} {
		if rows, badge := inboxPage(t, phone, citytest.Vars{"state": state}); len(rows) != want || badge != 1 {
			t.Errorf("%s: %d rows, and a badge of %d", state, len(rows), badge)
		}
	}
	var topics struct {
		InboxTopics []struct {
			Topic  string
			Unread int
			Latest inboxRow
		}
	}
	phone.Do("InboxTopics", nil).Decode(t, &topics)
	if got := topics.InboxTopics; len(got) != 1 || got[0].Topic != "CITY_CASE" || got[0].Unread != 1 || got[0].Latest.Seq != 4 {
		t.Errorf("topics %+v", got)
	}
}

func TestBadInputToTheInboxNamesItsField(t *testing.T) {
	city := citytest.Start(t)
	citizen, officer, other := city.As(t, "chenjing"), city.As(t, "zhaoqiang"), city.As(t, "maming")
	write(t, citizen, officer, 1)
	write(t, other, officer, 1)
	foreign, _ := inboxPage(t, other, nil)
	mine, _ := inboxPage(t, citizen, nil)
	hour := time.Now().Add(time.Hour)
	for name, tt := range map[string]struct {
		operation string
		input     citytest.Vars
		code      string
		field     string
	}{
		"another's":       {"MarkRead", citytest.Vars{"notificationIds": []string{mine[0].ID, foreign[0].ID}}, "NOT_FOUND", "notificationIds"},
		"none":            {"MarkRead", citytest.Vars{"notificationIds": []string{}}, "BAD_USER_INPUT", "notificationIds"},
		"beyond the end":  {"MarkAllRead", citytest.Vars{"upToSeq": 2}, "BAD_USER_INPUT", "upToSeq"},
		"in the past":     {"Snooze", citytest.Vars{"notificationId": mine[0].ID, "until": time.Now().Add(-time.Hour)}, "BAD_USER_INPUT", "until"},
		"another's later": {"Snooze", citytest.Vars{"notificationId": foreign[0].ID, "until": hour}, "NOT_FOUND", "notificationId"},
		"law turned off":  {"SetNotificationPreference", citytest.Vars{"topic": "ALERT", "channels": []string{}}, "BAD_USER_INPUT", "channels"},
		"no such hour":    {"SetNotificationPreference", citytest.Vars{"topic": "CITY_CASE", "channels": []string{"FCM"}, "quietHours": citytest.Vars{"from": "25:00", "to": "07:00"}}, "BAD_USER_INPUT", "from"},
		"no such zone":    {"SetNotificationPreference", citytest.Vars{"topic": "CITY_CASE", "channels": []string{"FCM"}, "zone": "Mars"}, "BAD_USER_INPUT", "zone"},
	} {
		found := problems(t, citizen.Do(tt.operation, citytest.Vars{"input": tt.input}))
		if len(found) != 1 || found[0].Code != tt.code || found[0].Message == "" || found[0].Field[len(found[0].Field)-1] != tt.field {
			t.Errorf("%s: %+v", name, found)
		}
	}
	both := citizen.Subscribe(t, "InboxChanged", citytest.Vars{"afterSeq": 0, "afterChange": 0}).Next(t)
	if both.Code() != "BAD_USER_INPUT" {
		t.Errorf("two places at once: %s", both.Body)
	}
	if _, badge := inboxPage(t, citizen, nil); badge != 1 {
		t.Errorf("what was refused left a badge of %d", badge)
	}
}

// Quiet hours delay the push and never the row.
func TestQuietHoursKeepThePhoneStill(t *testing.T) {
	city := citytest.Start(t)
	citizen, officer := city.As(t, "chenjing"), city.As(t, "zhaoqiang")
	register(t, citizen, "ANDROID", "still")
	now := time.Now().UTC()
	quiet := citytest.Vars{"from": now.Add(-time.Hour).Format("15:04"), "to": now.Add(time.Hour).Format("15:04")}
	set := citizen.Do("SetNotificationPreference", citytest.Vars{"input": citytest.Vars{
		"topic": "CITY_CASE", "channels": []string{"FCM"}, "quietHours": quiet, "zone": "UTC",
	}})
	if found := problems(t, set); len(found) > 0 {
		t.Fatal(found)
	}
	write(t, citizen, officer, 1)
	citytest.Eventually(t, "the push is put off", func() bool {
		return counted(t, city, "SELECT count(*) FROM river_job WHERE kind = 'push.notification' AND state = 'scheduled'") == 1
	})
	if rows, badge := inboxPage(t, citizen, nil); len(rows) != 1 || badge != 1 {
		t.Errorf("%d rows, and a badge of %d", len(rows), badge)
	}
	if n := received(city, "still"); n != 0 {
		t.Errorf("the phone rang %d times", n)
	}
}

// Invariant 16 on three replicas: through a hundred forced disconnects, by both transports, while four people
// have it told, one that goes on by seq hears everything once and in order, and one that goes on by changeSeq ends
// with the inbox as it is.
func TestNothingIsLostThroughAHundredDisconnectsOnThreeReplicas(t *testing.T) {
	const disconnects, writers, each = 100, 4, 40
	here := citytest.Start(t, citytest.Redis(redistest.Start(t)))
	replicas := []*citytest.City{here, here.Replica(t), here.Replica(t)}
	citizen, officer := here.As(t, "chenjing"), here.As(t, "zhaoqiang")
	var writing sync.WaitGroup
	for i := range writers {
		writing.Go(func() { write(t, citizen.On(replicas[i%3]), officer.On(replicas[(i+1)%3]), each) })
	}
	defer writing.Wait()
	random := rand.New(rand.NewPCG(16, 3))
	anywhere := func(vars citytest.Vars) *citytest.Subscription {
		name := []string{"websocket", "sse"}[random.IntN(2)]
		return transports[name](citizen.On(replicas[random.IntN(3)]), t, vars)
	}
	last, broken := int64(0), 0
	for last < writers*each || broken < disconnects {
		live := anywhere(citytest.Vars{"afterSeq": last})
		for until := min(last+random.Int64N(4), writers*each); last < until; last++ {
			if got := seq(t, live); got != last+1 {
				t.Fatalf("after %d came %d", last, got)
			}
		}
		live.Close()
		broken++
	}
	writing.Wait()
	silent(t, anywhere(citytest.Vars{"afterSeq": last}))

	if found := problems(t, citizen.Do("MarkAllRead", citytest.Vars{"input": citytest.Vars{"upToSeq": last / 2}})); len(found) > 0 {
		t.Fatal(found)
	}
	known, place := map[int64]inboxRow{}, int64(0)
	for len(known) < int(last) {
		live := anywhere(citytest.Vars{"afterChange": place})
		for range 1 + random.IntN(20) {
			if len(known) == int(last) {
				break
			}
			var told struct {
				InboxChanged struct{ Notification inboxRow }
			}
			live.Next(t).Decode(t, &told)
			n := told.InboxChanged.Notification
			if n.ChangeSeq <= place {
				t.Fatalf("change %d came after %d", n.ChangeSeq, place)
			}
			known[n.Seq], place = n, n.ChangeSeq
		}
		live.Close()
	}
	for at, n := range known {
		if read := n.ReadAt != nil; read != (at <= last/2) {
			t.Errorf("seq %d counts as read: %t", at, read)
		}
	}
}
