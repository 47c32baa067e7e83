package resident_test

import (
	"errors"
	"testing"
	"time"

	"citygraph/internal/resident"
)

var today = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text  string
		birth string
		sex   resident.Sex
		err   error
	}{
		{"11010519491231002X", "1949-12-31", resident.Female, nil}, // the example of the standard
		{" 11010519491231002x ", "1949-12-31", resident.Female, nil},
		{"440524188001010014", "1880-01-01", resident.Male, nil}, // and its other
		{"110105194912310021", "", "", resident.ErrChecksum},
		{"11010519491231002", "", "", resident.ErrForm},
		{"11010519491231002XX", "", "", resident.ErrForm},
		{"1101051949123100X2", "", "", resident.ErrForm},
		{"１１０１０５", "", "", resident.ErrForm},
		{"", "", "", resident.ErrForm},
		{with("01010519491231002"), "", "", resident.ErrForm},
		{with("11010519490231002"), "", "", resident.ErrBirth},
		{with("11010520261125002"), "", "", resident.ErrBirth},
		{with("11010520261124002"), "2026-11-24", resident.Female, nil},
		{with("11010500000101002"), "", "", resident.ErrBirth},
	} {
		got, err := resident.Parse(tt.text, today)
		if !errors.Is(err, tt.err) || got.Birth != tt.birth || got.Sex != tt.sex {
			t.Errorf("%q: %+v, %v", tt.text, got, err)
		}
	}
}

func with(digits string) string { return digits + string(resident.Check(digits)) }

// One wrong digit, or two neighbours exchanged, never passes.
func TestTheChecksumFindsSlips(t *testing.T) {
	const good = "11010519491231002X"
	for i := range len(good) - 1 {
		for c := byte('0'); c <= '9'; c++ {
			slip := []byte(good)
			slip[i] = c
			if _, err := resident.Parse(string(slip), today); err == nil && string(slip) != good {
				t.Errorf("%s passes", slip)
			}
		}
		slip := []byte(good)
		slip[i], slip[i+1] = slip[i+1], slip[i]
		if _, err := resident.Parse(string(slip), today); err == nil && string(slip) != good {
			t.Errorf("%s passes", slip)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("11010519491231002X")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := resident.Parse(text, today)
		if err == nil && (len(n.Text) != 18 || n.Birth > "2026-11-24" || n.Sex == "") {
			t.Errorf("%q is %+v", text, n)
		}
	})
}

func TestAgeIsCompletedOnTheBirthday(t *testing.T) {
	for _, tt := range []struct {
		birth, on string
		want      int
	}{
		{"1952-01-26", "2026-01-25", 73},
		{"1952-01-26", "2026-01-26", 74},
		{"1952-01-26", "2026-12-31", 74},
		{"2012-02-29", "2026-02-28", 13},
		{"2012-02-29", "2026-03-01", 14},
		{"2012-02-29", "2028-02-29", 16},
		{"2026-11-27", "2026-11-27", 0},
	} {
		on, err := time.Parse(time.DateOnly, tt.on)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := resident.Age(tt.birth, on); err != nil || got != tt.want {
			t.Errorf("born %s, on %s: %d, %v", tt.birth, tt.on, got, err)
		}
	}
	if _, err := resident.Age("1952-13-01", time.Now()); err == nil {
		t.Error("the thirteenth month has an age")
	}
}
