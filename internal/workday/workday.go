// Package workday knows which days the city works: Monday to Friday, less the public holidays of the
// State Council, and with the weekend days that are worked in exchange for them (调休). The hours of a
// promise are hours of working days: they pass round the clock on a working day, and not at all on a day off.
package workday

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"
	"time"

	"citygraph/internal/clock"
)

// days are the exceptions from Monday to Friday that the State Council has published, from 2007 to 2026.
// The notice for 2027 is not out: its days are taken for plain weekdays and weekends until it is added here.
//
//go:embed data/days.csv
var days string

// off tells of each exceptional day, as 2006-01-02, whether it is a day off.
var off = mustParse(days)

func mustParse(text string) map[string]bool {
	parsed, err := parse(text)
	if err != nil {
		panic(fmt.Sprintf("workday: %v", err)) // the file is compiled in, and a test reads it
	}
	return parsed
}

// parse reads runs of exceptional days.
func parse(text string) (map[string]bool, error) {
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	parsed := map[string]bool{}
	for i, cells := range lines[1:] {
		from, err := time.Parse(time.DateOnly, cells[0])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		to, err := time.Parse(time.DateOnly, cells[1])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		if to.Before(from) || cells[3] != "OFF" && cells[3] != "WORK" {
			return nil, fmt.Errorf("line %d: %s to %s %s", i+2, cells[0], cells[1], cells[3])
		}
		for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
			key := day.Format(time.DateOnly)
			if _, twice := parsed[key]; twice {
				return nil, fmt.Errorf("line %d: %s comes twice", i+2, key)
			}
			parsed[key] = cells[3] == "OFF"
		}
	}
	return parsed, nil
}

// Is reports whether the city works on the service day of the instant.
func Is(at time.Time) bool {
	at = at.In(clock.Shanghai)
	if isOff, published := off[at.Format(time.DateOnly)]; published {
		return !isOff
	}
	return at.Weekday() != time.Saturday && at.Weekday() != time.Sunday
}

// Add returns the instant at which so much time of working days has passed since the given one.
func Add(at time.Time, d time.Duration) time.Time {
	for {
		midnight := nextDay(at)
		if Is(at) {
			if left := midnight.Sub(at); d > left {
				d -= left
			} else {
				return at.Add(d)
			}
		}
		at = midnight
	}
}

// Between returns how much time of working days lies between two instants; none when the second is not
// after the first.
func Between(from, to time.Time) time.Duration {
	passed := time.Duration(0)
	for from.Before(to) {
		until := nextDay(from)
		if until.After(to) {
			until = to
		}
		if Is(from) {
			passed += until.Sub(from)
		}
		from = until
	}
	return passed
}

// nextDay is the midnight in Hangzhou after the instant, in the instant's own zone.
func nextDay(at time.Time) time.Time {
	y, m, d := at.In(clock.Shanghai).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, clock.Shanghai).In(at.Location())
}
