package workday

import (
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	instant, err := time.ParseInLocation("2006-01-02 15:04", text, time.FixedZone("", 8*60*60))
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

func TestWorkingDays(t *testing.T) {
	for day, want := range map[string]bool{
		"2026-11-27": true,  // a Friday
		"2026-11-28": false, // a Saturday
		"2026-01-01": false, // New Year
		"2026-02-17": false, // Spring Festival, a Tuesday
		"2026-10-01": false, // National Day
		"2026-10-10": true,  // a Saturday worked for it
		"2007-01-01": false, // the first year that is known
		"2027-01-01": true,  // a Friday; the notice for 2027 is not out
	} {
		if got := Is(at(t, day+" 12:00")); got != want {
			t.Errorf("%s is worked: %v", day, got)
		}
	}
	// A service day is Hangzhou's, not that of Greenwich.
	if friday := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC); !Is(friday.Add(22*time.Hour)) || Is(friday.Add(24*time.Hour)) {
		t.Error("the weekend does not begin at midnight in Hangzhou")
	}
}

func TestHoursPassOnWorkingDaysOnly(t *testing.T) {
	for _, tt := range []struct {
		from  string
		hours int
		to    string
	}{
		{"2026-11-25 09:00", 0, "2026-11-25 09:00"},
		{"2026-11-25 09:00", 12, "2026-11-25 21:00"},
		{"2026-11-27 20:00", 4, "2026-11-28 00:00"},  // to the last of Friday
		{"2026-11-27 20:00", 12, "2026-11-30 08:00"}, // over the weekend
		{"2026-11-28 10:00", 2, "2026-11-30 02:00"},  // from a Saturday on
		{"2026-09-30 12:00", 24, "2026-10-08 12:00"}, // over National Day
		{"2026-10-09 12:00", 24, "2026-10-10 12:00"}, // into a Saturday that is worked
	} {
		from, want, d := at(t, tt.from), at(t, tt.to), time.Duration(tt.hours)*time.Hour
		if got := Add(from, d); !got.Equal(want) {
			t.Errorf("%d hours from %s end at %s, want %s", tt.hours, tt.from, got, tt.to)
		}
		if got := Between(from, want); got != d {
			t.Errorf("from %s to %s are %s, want %d hours", tt.from, tt.to, got, tt.hours)
		}
		if got := Between(want, from); got != 0 {
			t.Errorf("back from %s to %s are %s", tt.to, tt.from, got)
		}
	}
	if got := Add(time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC), 12*time.Hour); got.Location() != time.UTC {
		t.Errorf("the zone became %s", got.Location())
	}
}

func TestABrokenCalendarIsRefused(t *testing.T) {
	for name, line := range map[string]string{
		"no date":        "2026-13-01,2026-01-01,元旦,OFF",
		"no end":         "2026-01-01,,元旦,OFF",
		"backwards":      "2026-01-02,2026-01-01,元旦,OFF",
		"neither nor":    "2026-01-01,2026-01-01,元旦,HALF",
		"twice":          "2026-01-01,2026-01-02,元旦,OFF\n2026-01-02,2026-01-02,元旦,WORK",
		"a missing cell": "2026-01-01,2026-01-01,OFF",
	} {
		if got, err := parse("from,to,name,kind\n" + line + "\n"); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got, err := parse("from,to,name,kind\n2026-01-01,2026-01-03,元旦,OFF\n"); err != nil || len(got) != 3 {
		t.Errorf("%v, %v", got, err)
	}
	if n := strings.Count(days, "\n"); n < 200 || len(off) < 600 {
		t.Errorf("%d lines tell of %d days", n, len(off))
	}
}
