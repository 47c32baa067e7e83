package thread

import (
	"time"

	"citygraph/internal/clock"
	"citygraph/internal/workday"
)

// Hours are the hours of a school, in minutes after midnight in Shanghai: on workdays, from one to before the other. A teacher's phone
// rings for what families write in them, unless it is urgent.
type Hours struct{ From, To int }

// DefaultHours are those of most schools.
var DefaultHours = Hours{From: 7 * 60, To: 19 * 60}

// Next is the instant itself in school hours, and else when they begin again.
func (h Hours) Next(at time.Time) time.Time {
	y, m, d := at.In(clock.Shanghai).Date()
	for day := 0; ; day++ {
		begins := time.Date(y, m, d+day, 0, h.From, 0, 0, clock.Shanghai)
		ends := time.Date(y, m, d+day, 0, h.To, 0, 0, clock.Shanghai)
		switch {
		case !workday.Is(begins) || !at.Before(ends):
		case at.Before(begins):
			return begins
		default:
			return at
		}
	}
}
