package preference_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/internal/fault"
	"citygraph/internal/notice/preference"
)

// at reads an instant.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	got, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Every topic stands in the table once, with a way to reach the person and defaults that pass the check.
func TestTheTableIsWhole(t *testing.T) {
	seen := map[preference.Topic]bool{}
	for _, r := range preference.Rules {
		if seen[r.Topic] || r.Name.ZH == "" || r.Name.EN == "" || len(r.Channels) == 0 {
			t.Errorf("%+v", r)
		}
		seen[r.Topic] = true
		if err := preference.Default(r.Topic).Check(); err != nil {
			t.Errorf("the default of %s: %v", r.Topic, err)
		}
		if r.Priority == preference.Urgent && r.Obligation != preference.Required {
			t.Errorf("%s passes quiet hours, and could be turned off", r.Topic)
		}
	}
	if len(preference.Named()) != 2*len(seen) {
		t.Errorf("the schema is told of %v", preference.Named())
	}
}

func TestCheckNamesTheField(t *testing.T) {
	good := preference.Default(preference.CityCase)
	for name, tt := range map[string]struct {
		change func(*preference.Preference)
		field  []string
	}{
		"no such topic":          {func(p *preference.Preference) { p.Topic = "WEATHER" }, []string{"topic"}},
		"no such channel":        {func(p *preference.Preference) { p.Channels = []preference.Channel{"PIGEON"} }, []string{"channels"}},
		"a channel twice":        {func(p *preference.Preference) { p.Channels = []preference.Channel{"FCM", "SMS", "FCM"} }, []string{"channels"}},
		"a legal one off":        {func(p *preference.Preference) { p.Topic, p.Channels = preference.Alert, nil }, []string{"channels"}},
		"a legal one in digests": {func(p *preference.Preference) { p.Topic, p.Pace = preference.Account, preference.Daily }, []string{"pace"}},
		"no such pace":           {func(p *preference.Preference) { p.Pace = "HOURLY" }, []string{"pace"}},
		"no hour":                {func(p *preference.Preference) { p.DigestAt = "" }, []string{"digestAt"}},
		"an hour too many":       {func(p *preference.Preference) { p.DigestAt = "24:00" }, []string{"digestAt"}},
		"a short hour":           {func(p *preference.Preference) { p.DigestAt = "8:00" }, []string{"digestAt"}},
		"no such zone":           {func(p *preference.Preference) { p.Zone = "Asia/Atlantis" }, []string{"zone"}},
		"the machine's zone":     {func(p *preference.Preference) { p.Zone = "Local" }, []string{"zone"}},
		"a zone outside":         {func(p *preference.Preference) { p.Zone = "../etc/passwd" }, []string{"zone"}},
		"quiet from nowhen":      {quiet("late", "07:00"), []string{"quietHours", "from"}},
		"quiet to nowhen":        {quiet("22:00", "07:60"), []string{"quietHours", "to"}},
		"quiet for no time":      {quiet("22:00", "22:00"), []string{"quietHours"}},
	} {
		p := good
		tt.change(&p)
		err := p.Check()
		if fault.CodeOf(err) != fault.BadUserInput {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tt.field, fault.From(err).Field); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	off := good
	off.Channels = nil
	if err := off.Check(); err != nil {
		t.Errorf("an optional topic cannot be turned off: %v", err)
	}
}

func quiet(from, to string) func(*preference.Preference) {
	return func(p *preference.Preference) { p.QuietHours = &preference.QuietHours{From: from, To: to} }
}

func TestPlan(t *testing.T) {
	type channels = []preference.Channel
	night, noon := quiet("22:00", "07:00"), quiet("12:00", "14:00")
	both := func(changes ...func(*preference.Preference)) func(*preference.Preference) {
		return func(p *preference.Preference) {
			for _, c := range changes {
				c(p)
			}
		}
	}
	digest := func(p *preference.Preference) { p.Pace, p.DigestAt = preference.Daily, "18:00" }
	late := func(p *preference.Preference) { p.DigestAt = "23:00" }
	off := func(p *preference.Preference) { p.Channels = nil }
	wechat := func(p *preference.Preference) { p.Channels = channels{preference.Wechat} }
	none := func(*preference.Preference) {}
	for name, tt := range map[string]struct {
		topic    preference.Topic
		priority preference.Priority
		choose   func(*preference.Preference)
		now      string
		want     string
		channels channels
		digest   bool
	}{
		"by day at once":         {preference.CityCase, preference.Normal, night, "2026-03-01T21:59:59+08:00", "2026-03-01T21:59:59+08:00", channels{"FCM", "WECHAT"}, false},
		"in the evening":         {preference.CityCase, preference.Normal, night, "2026-03-01T22:00:00+08:00", "2026-03-02T07:00:00+08:00", channels{"FCM", "WECHAT"}, false},
		"after midnight":         {preference.CityCase, preference.Normal, night, "2026-03-02T06:59:59+08:00", "2026-03-02T07:00:00+08:00", channels{"FCM", "WECHAT"}, false},
		"when the night is over": {preference.CityCase, preference.Normal, night, "2026-03-02T07:00:00+08:00", "2026-03-02T07:00:00+08:00", channels{"FCM", "WECHAT"}, false},
		"at noon":                {preference.CityCase, preference.Normal, noon, "2026-03-01T13:00:00+08:00", "2026-03-01T14:00:00+08:00", channels{"FCM", "WECHAT"}, false},
		"urgent at night":        {preference.CityCase, preference.Urgent, night, "2026-03-01T23:00:00+08:00", "2026-03-01T23:00:00+08:00", channels{"FCM", "WECHAT"}, false},
		"urgent though off":      {preference.CityCase, preference.Urgent, off, "2026-03-01T23:00:00+08:00", "2026-03-01T23:00:00+08:00", channels{"FCM", "WECHAT"}, false},
		"urgent, one first":      {preference.Alert, preference.Urgent, wechat, "2026-03-01T23:00:00+08:00", "2026-03-01T23:00:00+08:00", channels{"WECHAT", "FCM", "SMS"}, false},
		"off":                    {preference.CityCase, preference.Normal, off, "2026-03-01T12:00:00+08:00", "2026-03-01T12:00:00+08:00", nil, false},
		"in one's own order":     {preference.CityCase, preference.Normal, wechat, "2026-03-01T12:00:00+08:00", "2026-03-01T12:00:00+08:00", channels{"WECHAT"}, false},
		"news by default":        {preference.CityNews, preference.Low, none, "2026-03-01T12:00:00+08:00", "2026-03-01T18:00:00+08:00", channels{"FCM"}, true},
		"news after the hour":    {preference.CityNews, preference.Low, none, "2026-03-01T18:00:00+08:00", "2026-03-02T18:00:00+08:00", channels{"FCM"}, true},
		"cases in a digest":      {preference.CityCase, preference.Normal, digest, "2026-03-01T19:00:00+08:00", "2026-03-02T18:00:00+08:00", channels{"FCM", "WECHAT"}, true},
		"a digest in the night":  {preference.CityNews, preference.Low, both(night, late), "2026-03-01T12:00:00+08:00", "2026-03-02T07:00:00+08:00", channels{"FCM"}, true},
		"urgent, no digest":      {preference.CityCase, preference.Urgent, digest, "2026-03-01T12:00:00+08:00", "2026-03-01T12:00:00+08:00", channels{"FCM", "WECHAT"}, false},
		"a choice gone bad":      {preference.CityCase, preference.Normal, quiet("x", "y"), "2026-03-01T12:00:00+08:00", "2026-03-01T12:00:00+08:00", channels{"FCM", "WECHAT"}, false},
	} {
		p := preference.Default(tt.topic)
		tt.choose(&p)
		now := at(t, tt.now)
		item := preference.Item{Topic: tt.topic, Priority: tt.priority, ToldAt: now}
		got := preference.Plan(item, p, now)
		if !got.At.Equal(at(t, tt.want)) || got.Digest != tt.digest || !cmp.Equal(got.Channels, tt.channels) && len(got.Channels)+len(tt.channels) > 0 {
			t.Errorf("%s: at %s over %v, digest %v", name, got.At, got.Channels, got.Digest)
		}
		if again := preference.Plan(item, p, got.At); !again.At.Equal(got.At) {
			t.Errorf("%s: asked again when it is due, it waits until %s", name, again.At)
		}
	}
}

// A preference for another topic never decides over this one.
func TestPlanTakesNoOthersPreference(t *testing.T) {
	other := preference.Default(preference.Card)
	other.Channels = nil
	now := at(t, "2026-03-01T12:00:00+08:00")
	got := preference.Plan(preference.Item{Topic: preference.CityCase, Priority: preference.Normal, ToldAt: now}, other, now)
	if len(got.Channels) != 2 {
		t.Errorf("pushed over %v", got.Channels)
	}
}

// Through every hour of a year with its two changes of clocks, in places where they happen at night, at
// midnight or by half an hour: a push waits for less than the quiet hours and the hour that is lost or won, is
// never early, and is due at its end.
func TestQuietHoursSurviveTheClocksChange(t *testing.T) {
	for _, zone := range []string{"Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo"} {
		for _, hours := range []preference.QuietHours{{"22:00", "07:00"}, {"23:30", "02:30"}, {"02:15", "02:45"}, {"00:00", "23:59"}} {
			p := preference.Default(preference.CityCase)
			p.Zone, p.QuietHours = zone, &hours
			in, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			longest := span(t, hours) + time.Hour
			waited := false
			for now := at(t, "2025-01-01T00:07:00Z"); now.Year() == 2025; now = now.Add(19 * time.Minute) {
				item := preference.Item{Topic: p.Topic, Priority: preference.Normal, ToldAt: now}
				due := preference.Plan(item, p, now).At
				wait := due.Sub(now)
				waited = waited || wait > 0
				if wait < 0 || wait > longest {
					t.Fatalf("%s %v: told at %s, pushed at %s", zone, hours, now.In(in), due.In(in))
				}
				if again := preference.Plan(item, p, due).At; !again.Equal(due) {
					t.Fatalf("%s %v: due at %s, it waits until %s", zone, hours, due.In(in), again.In(in))
				}
				if local := now.In(in).Format("15:04"); wait == 0 && hours == (preference.QuietHours{From: "22:00", To: "07:00"}) && (local >= "23:00" || local < "06:00") {
					t.Fatalf("%s: pushed at %s", zone, now.In(in))
				}
			}
			if !waited {
				t.Errorf("%s %v: never quiet", zone, hours)
			}
		}
	}
}

// span is how long quiet hours last on an ordinary day.
func span(t *testing.T, h preference.QuietHours) time.Duration {
	t.Helper()
	from, to := at(t, "2026-01-01T"+h.From+":00Z"), at(t, "2026-01-01T"+h.To+":00Z")
	if to.Before(from) {
		to = to.Add(24 * time.Hour)
	}
	return to.Sub(from)
}

func TestADigestHoldsItsDay(t *testing.T) {
	p := preference.Default(preference.CityNews)
	for told, want := range map[string][2]string{
		"2026-03-01T17:59:59+08:00": {"2026-02-28T18:00:00+08:00", "2026-03-01T18:00:00+08:00"},
		"2026-03-01T18:00:00+08:00": {"2026-03-01T18:00:00+08:00", "2026-03-02T18:00:00+08:00"},
	} {
		from, until := p.DigestWindow(at(t, told))
		if !from.Equal(at(t, want[0])) || !until.Equal(at(t, want[1])) {
			t.Errorf("told at %s it shares %s to %s", told, from, until)
		}
	}
}
