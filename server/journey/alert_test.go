package journey_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/internal/redisx/redistest"
	"citygraph/server/citytest"
)

// alertRow is an alert as clients ask for it.
type alertRow struct {
	ID             string
	Event          string
	Headline       string
	Severity       string
	State          string
	AllowedActions []string
	Districts      []struct{ Code string }
}

// flood is the input of a warning for a district.
func flood(district string) citytest.Vars {
	return citytest.Vars{
		"idempotencyKey": uuid.NewString(), "category": "MET", "urgency": "IMMEDIATE", "severity": "SEVERE", "certainty": "OBSERVED",
		"event": citytest.Vars{"zh": "暴雨", "en": "Rainstorm"}, "headline": citytest.Vars{"zh": "暴雨橙色预警", "en": "Orange rainstorm warning"},
		"description": citytest.Vars{"zh": "三小时降雨50毫米以上。"}, "districts": []string{district}, "expires": time.Now().Add(time.Hour),
	}
}

// warned reads the answer to a mutation of alerts.
func warned(t *testing.T, a citytest.Answer) alertRow {
	t.Helper()
	var data map[string]struct {
		Alert      alertRow
		UserErrors []problem
	}
	a.Decode(t, &data)
	for _, payload := range data {
		if len(payload.UserErrors) > 0 {
			t.Fatalf("refused: %+v", payload.UserErrors)
		}
		return payload.Alert
	}
	t.Fatalf("no payload in %s", a.Body)
	return alertRow{}
}

// banner reads the next state of a banner: the headlines.
func banner(t *testing.T, live *citytest.Subscription) string {
	t.Helper()
	var told struct{ AlertsChanged []alertRow }
	live.Next(t).Decode(t, &told)
	var said []string
	for _, a := range told.AlertsChanged {
		said = append(said, a.Headline)
	}
	return strings.Join(said, ", ")
}

// A flood warning reaches everybody who lives there, on the phone and in the inbox, and the banner of every
// visitor on every replica; its update takes its place, and its end is told.
func TestAFloodWarningReachesTheDistrict(t *testing.T) {
	here := citytest.Start(t, citytest.Redis(redistest.Start(t)))
	there := here.Replica(t)
	admin, citizen, stranger := here.As(t, "fanglei"), here.As(t, "chenjing"), here.As(t, "maming")
	register(t, citizen, "ANDROID", "xihu")
	register(t, stranger, "ANDROID", "yuhang")
	visitor := here.Visitor(t)
	socket := visitor.On(there).Subscribe(t, "AlertsChanged", citytest.Vars{"districts": []string{"330106"}})
	events := visitor.Speaking("en").Stream(t, "AlertsChanged", nil)
	if zh, en := banner(t, socket), banner(t, events); zh != "" || en != "" {
		t.Fatalf("the banners begin with %q and %q", zh, en)
	}

	input := flood("330106")
	issued := warned(t, admin.Do("IssueAlert", citytest.Vars{"input": input}))
	if again := warned(t, admin.Do("IssueAlert", citytest.Vars{"input": input})); again.ID != issued.ID {
		t.Error("the same key warned twice")
	}
	if issued.State != "IN_FORCE" || len(issued.AllowedActions) != 2 || issued.Districts[0].Code != "330106" {
		t.Errorf("issued %+v", issued)
	}
	if zh, en := banner(t, socket), banner(t, events); zh != "暴雨橙色预警" || en != "Orange rainstorm warning" {
		t.Errorf("the banners show %q and %q", zh, en)
	}
	citytest.Eventually(t, "the phone rings", func() bool { return received(here, "xihu") == 1 })
	m := here.FCM.Messages()[0]
	if m.Data["topic"] != "ALERT" || m.Data["targetId"] != issued.ID || m.Data["link"] != "citygraph://alert/"+issued.ID {
		t.Errorf("pushed %+v", m.Data)
	}

	var public struct{ Alerts []alertRow }
	answer := visitor.Do("Alerts", citytest.Vars{"districts": []string{"330106"}})
	answer.Decode(t, &public)
	if len(public.Alerts) != 1 || len(public.Alerts[0].AllowedActions) != 0 {
		t.Errorf("a visitor reads %+v", public.Alerts)
	}

	updated := warned(t, admin.Do("UpdateAlert", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "alertId": issued.ID, "severity": "EXTREME",
		"headline": citytest.Vars{"zh": "暴雨红色预警", "en": "Red rainstorm warning"},
	}}))
	if zh, en := banner(t, socket), banner(t, events); zh != "暴雨红色预警" || en != "Red rainstorm warning" {
		t.Errorf("the banners show %q and %q", zh, en)
	}
	citytest.Eventually(t, "the update is told", func() bool { _, badge := inboxPage(t, citizen, nil); return badge == 2 })
	warned(t, admin.Do("CancelAlert", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "alertId": updated.ID, "reason": citytest.Vars{"zh": "雨停了", "en": "The rain is over"},
	}}))
	if zh, en := banner(t, socket), banner(t, events); zh != "" || en != "" {
		t.Errorf("the banners show %q and %q", zh, en)
	}
	citytest.Eventually(t, "the end is told", func() bool { _, badge := inboxPage(t, citizen, nil); return badge == 3 })
	rows, _ := inboxPage(t, citizen, citytest.Vars{"topic": "ALERT"})
	for i, title := range []string{"预警解除：暴雨", "预警更新：暴雨", "预警：暴雨"} {
		if rows[i].Title != title || rows[i].Target.Kind != "ALERT" {
			t.Errorf("the inbox has %+v, want %s", rows[i], title)
		}
	}
	if _, badge := inboxPage(t, stranger, nil); badge != 0 || received(here, "yuhang") != 0 {
		t.Error("somebody in another district was told")
	}
	gone := problems(t, admin.Do("UpdateAlert", citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "alertId": issued.ID}}))
	if len(gone) != 1 || gone[0].Code != "INVALID_TRANSITION" || !strings.Contains(gone[0].Message, "SUPERSEDED") {
		t.Errorf("the superseded was updated: %+v", gone)
	}
}

func TestBadWarningsNameTheirField(t *testing.T) {
	city := citytest.Start(t)
	admin := city.As(t, "fanglei")
	for name, tt := range map[string]struct {
		spoil func(citytest.Vars)
		field string
	}{
		"no headline":         {func(v citytest.Vars) { v["headline"] = citytest.Vars{"zh": ""} }, "input headline zh"},
		"an unknown district": {func(v citytest.Vars) { v["districts"] = []string{"310101"} }, "input districts"},
		"expired":             {func(v citytest.Vars) { v["expires"] = time.Now().Add(-time.Hour) }, "input expires"},
	} {
		input := flood("330106")
		tt.spoil(input)
		found := problems(t, admin.Do("IssueAlert", citytest.Vars{"input": input}))
		if len(found) != 1 || found[0].Code != "BAD_USER_INPUT" || strings.Join(found[0].Field, " ") != tt.field {
			t.Errorf("%s: %+v", name, found)
		}
	}
	if n := counted(t, city, "SELECT (SELECT count(*) FROM alerts) + (SELECT count(*) FROM broadcasts)"); n != 0 {
		t.Errorf("they left %d rows", n)
	}
}
