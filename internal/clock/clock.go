// Package clock is the one source of time, so that tests can move it.
package clock

import "time"

// Clock tells the present instant.
type Clock interface{ Now() time.Time }

// System is the machine's clock in UTC.
type System struct{}

// Now returns the present instant in UTC, cut to the microseconds both databases keep.
func (System) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Shanghai is the zone of a service day.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// Midnight is the one in Shanghai at which the service day of the instant began, in that zone.
func Midnight(at time.Time) time.Time {
	y, m, d := at.In(Shanghai).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, Shanghai)
}

// DayEnd is the midnight at which the service day that is so many days after the instant's ends.
func DayEnd(at time.Time, days int) time.Time {
	y, m, d := at.In(Shanghai).Date()
	return time.Date(y, m, d+days+1, 0, 0, 0, 0, Shanghai).UTC()
}
