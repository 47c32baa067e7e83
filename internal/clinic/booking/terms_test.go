package booking_test

import (
	"testing"
	"time"

	"citygraph/internal/clinic/booking"
	"citygraph/internal/clock"
)

// Whatever begins within the window can be booked, and nothing before or after it.
func TestTheWindowIsWhatIsReleasedAndNotTooSoon(t *testing.T) {
	terms := booking.DefaultTerms
	for _, at := range []string{"00:00", "07:59", "08:00", "23:59"} {
		now, err := time.ParseInLocation("2006-01-02 15:04", "2026-03-02 "+at, clock.Shanghai)
		if err != nil {
			t.Fatal(err)
		}
		from, before := terms.Window(now)
		if !from.Equal(now.Add(30 * time.Minute)) {
			t.Errorf("at %s it begins at %v", at, from)
		}
		for start, want := range map[time.Time]bool{before.Add(-time.Minute): true, before: false} {
			if released := !now.Before(terms.ReleasedAt(start)); released != want {
				t.Errorf("at %s what begins at %v is released: %v", at, start.In(clock.Shanghai), released)
			}
		}
	}
}
