package alert_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"citygraph/ent/db"
	row "citygraph/ent/db/alert"
	"citygraph/ent/db/district"
	"citygraph/internal/alert"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
	"citygraph/internal/live"
	"citygraph/internal/seed/seedtest"
)

// room is the room with a note of what it announces.
type room struct {
	*alert.Alerts
	city  *seedtest.City
	clock *seedtest.Clock

	mu        sync.Mutex
	announced []alert.Announced
	ended     []string
}

func open(t *testing.T) *room {
	t.Helper()
	city, hub, bus := seedtest.Open(t), live.NewHub(nil), event.New()
	t.Cleanup(hub.Close)
	r := &room{city: city, clock: seedtest.NewClock()}
	r.Alerts = &alert.Alerts{
		DB: city.DB, Store: city.Store, Clock: r.clock, Events: bus, Hub: hub,
		Once: idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: r.clock},
		Fail: func(_ context.Context, err error) { t.Logf("the stream ends: %v", err) },
	}
	event.On(bus, func(_ context.Context, e alert.Announced) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.announced = append(r.announced, e)
		return nil
	})
	event.On(bus, func(_ context.Context, e alert.Ended) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ended = append(r.ended, e.AlertID)
		return nil
	})
	return r
}

// storm is a warning for Xihu and Shangcheng.
func (r *room) storm() alert.Warning {
	return alert.Warning{
		Key: uuid.New(), Category: row.CategoryMet, Event: lang.Text{ZH: "暴雨", EN: "Rainstorm"},
		Urgency: row.UrgencyImmediate, Severity: row.SeverityModerate, Certainty: row.CertaintyObserved,
		Headline: lang.Text{ZH: "暴雨黄色预警"}, Description: lang.Text{ZH: "三小时降雨50毫米以上。"},
		Districts: []string{"330106", "330102"}, Expires: r.clock.Now().Add(time.Hour),
	}
}

func (r *room) districtIDs(t *testing.T, codes ...string) []string {
	t.Helper()
	return r.city.DB.District.Query().Where(district.CodeIn(codes...)).Order(district.ByID()).IDsX(t.Context())
}

// shown are the alerts in force, by headline.
func (r *room) shown(t *testing.T, codes ...string) []string {
	t.Helper()
	rows, err := r.Current(t.Context(), codes)
	if err != nil {
		t.Fatal(err)
	}
	return headlines(rows)
}

func headlines(rows []*db.Alert) []string {
	said := []string{}
	for _, a := range rows {
		said = append(said, a.Headline.ZH)
	}
	return said
}

func TestAnAlertIsShownWhereItHoldsAndWhileItHolds(t *testing.T) {
	r := open(t)
	admin := r.city.As(t, "fanglei")
	issued, err := r.Issue(admin, r.storm())
	if err != nil {
		t.Fatal(err)
	}
	severe := r.storm()
	severe.Severity, severe.Headline.ZH, severe.Districts = row.SeverityExtreme, "暴雨红色预警", []string{"330106"}
	later := r.clock.Now().Add(30 * time.Minute)
	pending := r.storm()
	pending.Headline.ZH, pending.Effective = "雷电预警", &later
	for _, w := range []alert.Warning{severe, pending} {
		if _, err := r.Issue(admin, w); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		codes []string
		want  []string
	}{
		{nil, []string{"暴雨红色预警", "暴雨黄色预警"}}, {[]string{"330102"}, []string{"暴雨黄色预警"}},
		{[]string{"330106", "330102"}, []string{"暴雨红色预警", "暴雨黄色预警"}}, {[]string{"330110"}, []string{}}, {[]string{"mars"}, []string{}},
	} {
		if diff := cmp.Diff(tt.want, r.shown(t, tt.codes...)); diff != "" {
			t.Errorf("in %v: %s", tt.codes, diff)
		}
	}
	want := alert.Announced{
		AlertID: issued.ID, Type: row.MessageTypeAlert, Event: issued.Event, Headline: issued.Headline,
		Districts: r.districtIDs(t, "330106", "330102"), Effective: issued.Effective, Expires: issued.Expires,
	}
	if diff := cmp.Diff(want, r.announced[0]); diff != "" || len(r.announced) != 3 || !r.announced[2].Effective.Equal(later) {
		t.Errorf("announced %s", diff)
	}
	r.clock.Turn(30 * time.Minute)
	if got := r.shown(t); len(got) != 3 {
		t.Errorf("in force are %v", got)
	}
	r.clock.Turn(30 * time.Minute)
	if got := r.shown(t); len(got) != 0 {
		t.Errorf("expired, and shown: %v", got)
	}
	if s := r.State(issued); s != alert.Expired {
		t.Errorf("it is %s", s)
	}
	for _, bad := range [][]string{{}, {"330106", "330106"}, strings.Split(strings.Repeat("x,", 20)+"y", ",")} {
		if _, err := r.Current(t.Context(), bad); fault.CodeOf(err) != fault.BadUserInput {
			t.Errorf("alerts of %v: %v", bad, err)
		}
		if _, err := r.Changes(t.Context(), bad); fault.CodeOf(err) != fault.BadUserInput {
			t.Errorf("changes of %v: %v", bad, err)
		}
	}
}

func TestOnlyAdministratorsWarn(t *testing.T) {
	r := open(t)
	issued, err := r.Issue(r.city.As(t, "fanglei"), r.storm())
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{"", "chenjing", "zhaoqiang", "qianjun"} {
		want := fault.Forbidden
		if member == "" {
			want = fault.Unauthenticated
		}
		ctx := r.city.As(t, member)
		_, issue := r.Issue(ctx, r.storm())
		_, revise := r.Revise(ctx, alert.Revision{Key: uuid.New(), AlertID: issued.ID})
		_, call := r.CallOff(ctx, uuid.New(), issued.ID, lang.Text{ZH: "雨停了"})
		for _, err := range []error{issue, revise, call} {
			if fault.CodeOf(err) != want {
				t.Errorf("%q: %v", member, err)
			}
		}
		if may := r.AllowedActions(ctx, issued); len(may) != 0 {
			t.Errorf("%q may %v", member, may)
		}
	}
	if len(r.announced) != 1 || len(r.ended) != 0 {
		t.Errorf("the refused announced %v and ended %v", r.announced, r.ended)
	}
}

func TestBadWarningsNameTheirField(t *testing.T) {
	r := open(t)
	admin, now := r.city.As(t, "fanglei"), r.clock.Now()
	far := now.Add(31 * 24 * time.Hour)
	for name, tt := range map[string]struct {
		spoil func(*alert.Warning)
		field string
	}{
		"no event":              {func(w *alert.Warning) { w.Event.ZH = " " }, "event.zh"},
		"a long event":          {func(w *alert.Warning) { w.Event.EN = strings.Repeat("x", 41) }, "event.en"},
		"no headline":           {func(w *alert.Warning) { w.Headline.ZH = "" }, "headline.zh"},
		"a headline with marks": {func(w *alert.Warning) { w.Headline.EN = "a\u202eb" }, "headline.en"},
		"no description":        {func(w *alert.Warning) { w.Description.ZH = "" }, "description.zh"},
		"a long instruction":    {func(w *alert.Warning) { w.Instruction.ZH = strings.Repeat("雨", 2001) }, "instruction.zh"},
		"no districts":          {func(w *alert.Warning) { w.Districts = nil }, "districts"},
		"a district twice":      {func(w *alert.Warning) { w.Districts = []string{"330106", "330106"} }, "districts"},
		"an unknown district":   {func(w *alert.Warning) { w.Districts = []string{"330106", "310101"} }, "districts"},
		"expired":               {func(w *alert.Warning) { w.Expires = now }, "expires"},
		"without end":           {func(w *alert.Warning) { w.Expires = far }, "expires"},
		"over before it begins": {func(w *alert.Warning) { w.Effective = &w.Expires }, "expires"},
		"far off":               {func(w *alert.Warning) { w.Effective, w.Expires = &far, far.Add(time.Hour) }, "effective"},
	} {
		w := r.storm()
		tt.spoil(&w)
		_, err := r.Issue(admin, w)
		if f := fault.From(err); f == nil || f.Code != fault.BadUserInput || strings.Join(f.Field, ".") != tt.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := r.city.DB.Alert.Query().CountX(seedtest.System(t)); n != 0 || len(r.announced) != 0 {
		t.Errorf("they left %d alerts", n)
	}
}

func TestAnUpdateSupersedes(t *testing.T) {
	r := open(t)
	admin := r.city.As(t, "fanglei")
	first, err := r.Issue(admin, r.storm())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]alert.Action{alert.Update, alert.Cancel}, r.AllowedActions(admin, first)); diff != "" {
		t.Error(diff)
	}
	severe, headline := row.SeverityExtreme, lang.Text{ZH: "暴雨红色预警"}
	revision := alert.Revision{
		Key: uuid.New(), AlertID: first.ID, Severity: &severe, Headline: &headline, Districts: []string{"330106", "330110"},
	}
	second, err := r.Revise(admin, revision)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.Revise(admin, revision); err != nil || again.ID != second.ID {
		t.Errorf("the same key: %v, %v", again, err)
	}
	if second.Event != first.Event || second.Severity != severe || second.MessageType != row.MessageTypeUpdate || !second.Expires.Equal(first.Expires) {
		t.Errorf("updated to %+v", second)
	}
	if diff := cmp.Diff([]string{"暴雨红色预警"}, r.shown(t)); diff != "" {
		t.Error(diff)
	}
	if told := r.announced[1].Districts; len(r.announced) != 2 || !cmp.Equal(told, r.districtIDs(t, "330106", "330102", "330110")) {
		t.Errorf("told were %v", told)
	}
	old, err := r.city.DB.Alert.Query().Where(row.ID(first.ID)).WithSupersededBy().Only(t.Context())
	if err != nil || old.Edges.SupersededBy.ID != second.ID || r.State(old) != alert.Superseded || !cmp.Equal(r.ended, []string{first.ID}) {
		t.Errorf("the first one is %s, %v; ended %v", r.State(old), err, r.ended)
	}
	over := r.clock.Now()
	for name, tt := range map[string]struct {
		revision alert.Revision
		code     fault.Code
	}{
		"superseded": {alert.Revision{AlertID: first.ID}, fault.InvalidTransition},
		"missing":    {alert.Revision{AlertID: id.New(id.Alert)}, fault.NotFound},
		"no alert":   {alert.Revision{AlertID: id.New(id.CityCase)}, fault.NotFound},
		"expired":    {alert.Revision{AlertID: second.ID, Expires: &over}, fault.BadUserInput},
		"nowhere":    {alert.Revision{AlertID: second.ID, Districts: []string{"310101"}}, fault.BadUserInput},
		"used key":   {alert.Revision{Key: revision.Key, AlertID: second.ID}, fault.IdempotencyKeyReused},
	} {
		if tt.revision.Key == uuid.Nil {
			tt.revision.Key = uuid.New()
		}
		if _, err := r.Revise(admin, tt.revision); fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.clock.Turn(time.Hour)
	if _, err := r.Revise(admin, alert.Revision{Key: uuid.New(), AlertID: second.ID}); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("an expired one was updated: %v", err)
	}
}

func TestACallOffEndsIt(t *testing.T) {
	r := open(t)
	admin, later := r.city.As(t, "fanglei"), r.clock.Now().Add(time.Minute)
	inForce, err := r.Issue(admin, r.storm())
	if err != nil {
		t.Fatal(err)
	}
	w := r.storm()
	w.Effective = &later
	pending, err := r.Issue(admin, w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.CallOff(admin, uuid.New(), inForce.ID, lang.Text{}); fault.CodeOf(err) != fault.BadUserInput {
		t.Errorf("without a reason: %v", err)
	}
	for _, a := range []*db.Alert{inForce, pending} {
		message, err := r.CallOff(admin, uuid.New(), a.ID, lang.Text{ZH: "雨停了"})
		if err != nil || message.MessageType != row.MessageTypeCancel || r.State(message) != alert.Cancelled {
			t.Fatalf("%+v, %v", message, err)
		}
		if _, err := r.CallOff(admin, uuid.New(), a.ID, lang.Text{ZH: "雨停了"}); fault.CodeOf(err) != fault.InvalidTransition {
			t.Errorf("twice: %v", err)
		}
		if _, err := r.CallOff(admin, uuid.New(), message.ID, lang.Text{ZH: "雨停了"}); fault.CodeOf(err) != fault.InvalidTransition {
			t.Errorf("the call-off was called off: %v", err)
		}
	}
	if got := r.shown(t); len(got) != 0 {
		t.Errorf("shown are %v", got)
	}
	// The call-off of what nobody has heard of is not announced.
	if len(r.announced) != 3 || r.announced[2].Type != row.MessageTypeCancel || r.announced[2].Headline.ZH != "雨停了" || len(r.ended) != 2 {
		t.Errorf("announced %+v, ended %v", r.announced, r.ended)
	}
}

// Of many who replace one alert at once one does, and the others learn where it stands.
func TestOneOfManyReplacesIt(t *testing.T) {
	r := open(t)
	admin := r.city.As(t, "fanglei")
	first, err := r.Issue(admin, r.storm())
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	codes := make(chan fault.Code, 20)
	for range 20 {
		all.Go(func() {
			_, err := r.Revise(admin, alert.Revision{Key: uuid.New(), AlertID: first.ID})
			codes <- fault.CodeOf(err)
		})
	}
	all.Wait()
	close(codes)
	count := map[fault.Code]int{}
	for c := range codes {
		count[c]++
	}
	if count[""] != 1 || count[fault.InvalidTransition] != 19 || len(r.shown(t)) != 1 {
		t.Errorf("outcomes %v, shown %v", count, r.shown(t))
	}
}

const patience = 20 * time.Second

// next takes the next state of a banner.
func next(t *testing.T, banner <-chan []*db.Alert) []string {
	t.Helper()
	select {
	case rows, ok := <-banner:
		if !ok {
			t.Fatal("the stream ended")
		}
		return headlines(rows)
	case <-time.After(patience):
		t.Fatal("nothing came")
		return nil
	}
}

// A visitor's banner shows what holds, and changes by itself when an alert is issued, replaced or called off.
func TestTheBannerFollows(t *testing.T) {
	r := open(t)
	admin := r.city.As(t, "fanglei")
	ctx, leave := context.WithCancel(t.Context())
	banner, err := r.Changes(ctx, []string{"330106"})
	if err != nil {
		t.Fatal(err)
	}
	expect := func(want ...string) {
		t.Helper()
		if got := next(t, banner); !cmp.Equal(append([]string{}, want...), got) {
			t.Fatalf("it shows %v, want %v", got, want)
		}
	}
	expect()
	elsewhere := r.storm()
	elsewhere.Districts = []string{"330110"}
	if _, err := r.Issue(admin, elsewhere); err != nil {
		t.Fatal(err)
	}
	issued, err := r.Issue(admin, r.storm())
	if err != nil {
		t.Fatal(err)
	}
	expect("暴雨黄色预警")
	headline := lang.Text{ZH: "暴雨红色预警"}
	revised, err := r.Revise(admin, alert.Revision{Key: uuid.New(), AlertID: issued.ID, Headline: &headline})
	if err != nil {
		t.Fatal(err)
	}
	expect("暴雨红色预警")
	if _, err := r.CallOff(admin, uuid.New(), revised.ID, lang.Text{ZH: "雨停了"}); err != nil {
		t.Fatal(err)
	}
	expect()
	leave()
	select {
	case _, open := <-banner:
		if open {
			t.Error("it goes on")
		}
	case <-time.After(patience):
		t.Error("it has no end")
	}
}

// message is a message in CAP.
func message(kind, identifier, references, severity, area, expires string) string {
	return fmt.Sprintf(`<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>%s</identifier><sender>met</sender>
<sent>2026-06-20T11:00:00+08:00</sent><status>Actual</status><msgType>%s</msgType><scope>Public</scope>%s
<info><category>Met</category><event>暴雨</event><urgency>Immediate</urgency><severity>%s</severity><certainty>Observed</certainty>
<expires>%s</expires><headline>%s</headline><area>%s</area></info></alert>
`, identifier, kind, references, severity, expires, identifier, area)
}

func (r *room) take(t *testing.T, text string) alert.Report {
	t.Helper()
	report, err := r.Import(t.Context(), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestImportKeepsTheGoodAndRefusesTheBad(t *testing.T) {
	r := open(t)
	soon, past := r.clock.Now().Add(time.Hour).Format(time.RFC3339), r.clock.Now().Format(time.RFC3339)
	const xihu, nowhere = "<areaDesc>一带</areaDesc><geocode><valueName>x</valueName><value>330106</value></geocode>", "<areaDesc>上海</areaDesc>"
	file := "<alerts>\n" + message("Alert", "a", "", "Extreme", xihu, soon) + message("Alert", "b", "", "Extreme", nowhere, soon) +
		message("Alert", "c", "", "Extreme", xihu, past) + message("Alert", "d", "", "Red", xihu, soon) +
		message("Alert", "e", "", "Minor", "<areaDesc>杭州市</areaDesc>", soon) + "</alerts>"
	report := r.take(t, file)
	if len(report.Kept) != 2 || len(report.Problems) != 3 {
		t.Fatalf("kept %d, refused %v", len(report.Kept), report.Problems)
	}
	for i, want := range []struct {
		line   int
		reason string
	}{{9, "no district"}, {13, "expired"}, {16, "severity"}} {
		if p := report.Problems[i]; p.Line != want.line || !strings.Contains(p.Reason, want.reason) {
			t.Errorf("refused %v, want line %d, %s", p, want.line, want.reason)
		}
	}
	if diff := cmp.Diff([]string{"a", "e"}, r.shown(t, "330106")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"e"}, r.shown(t, "330127")); diff != "" {
		t.Error(diff)
	}
	again := r.take(t, file)
	if len(again.Kept) != 0 || len(again.Problems) != 5 || !strings.Contains(again.Problems[0].Reason, "received before") || again.Problems[0].Line != 2 {
		t.Errorf("again: kept %d, refused %v", len(again.Kept), again.Problems)
	}
	if len(r.announced) != 2 {
		t.Errorf("announced %d", len(r.announced))
	}
}

func TestImportedUpdatesSupersede(t *testing.T) {
	r := open(t)
	soon := r.clock.Now().Add(time.Hour).Format(time.RFC3339)
	const xihu = "<areaDesc>西湖区</areaDesc>"
	refer := func(to string) string { return "<references>met," + to + ",2026-06-20T11:00:00+08:00</references>" }
	r.take(t, message("Alert", "a", "", "Minor", "<areaDesc>上城区</areaDesc>", soon))
	r.take(t, message("Update", "b", refer("a"), "Extreme", xihu, soon))
	if diff := cmp.Diff([]string{"b"}, r.shown(t)); diff != "" {
		t.Error(diff)
	}
	if !cmp.Equal(r.announced[1].Districts, r.districtIDs(t, "330106", "330102")) {
		t.Errorf("told were %v", r.announced[1].Districts)
	}
	for name, to := range map[string]string{"has ended": "a", "never received": "x"} {
		report := r.take(t, message("Cancel", "c-"+to, refer(to), "Extreme", xihu, soon))
		if len(report.Problems) != 1 || !strings.Contains(report.Problems[0].Reason, name) || report.Problems[0].Line != 2 {
			t.Errorf("%s: %v", name, report.Problems)
		}
	}
	r.take(t, message("Cancel", "c", refer("b"), "Extreme", xihu, soon))
	if got := r.shown(t); len(got) != 0 {
		t.Errorf("shown are %v", got)
	}
}

// What is not meant in earnest is kept for those who look after it, and nobody is told.
func TestExercisesAreNotShown(t *testing.T) {
	r := open(t)
	drill := strings.Replace(message("Alert", "drill", "", "Extreme", "<areaDesc>西湖区</areaDesc>", r.clock.Now().Add(time.Hour).Format(time.RFC3339)),
		"Actual", "Exercise", 1)
	if report := r.take(t, drill); len(report.Kept) != 1 {
		t.Fatalf("refused %v", report.Problems)
	}
	if got := r.shown(t); len(got) != 0 || len(r.announced) != 0 {
		t.Errorf("shown are %v, announced %d", got, len(r.announced))
	}
	for member, want := range map[string]int{"": 0, "chenjing": 0, "fanglei": 1, "qianjun": 1} {
		if n := r.city.DB.Alert.Query().CountX(r.city.As(t, member)); n != want {
			t.Errorf("%q sees %d", member, n)
		}
	}
}
