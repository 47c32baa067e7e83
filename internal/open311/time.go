package open311

import (
	"time"

	"citygraph/internal/clock"
)

// Time is an instant, written in the city's zone to the second.
type Time time.Time

// MarshalText writes it by ISO 8601.
func (t Time) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).In(clock.Shanghai).Format(time.RFC3339)), nil
}

// UnmarshalText reads ISO 8601.
func (t *Time) UnmarshalText(text []byte) error {
	at, err := time.Parse(time.RFC3339, string(text))
	*t = Time(at)
	return err
}
