package day

import (
	"math/rand/v2"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
)

func queued(number, rank int) *db.Appointment {
	return &db.Appointment{Status: appointment.StatusCheckedIn, QueueNumber: &number, QueueRank: rank}
}

// Whoever comes when, no more than two with a priority are called in a row while somebody without one waits, among
// equals the lower number is first, nobody with a priority waits while one without is called but after two of them, and
// everybody is called once. What is foretold of an unchanged queue comes true.
func TestNobodyStarvesAndEqualsKeepTheirOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var rows []*db.Appointment
		var foretold []*db.Appointment
		at, row, called := time.Unix(0, 0), 0, 0
		for step := 0; step < 80 || called < len(rows); step++ {
			if step < 80 && random.IntN(2) == 0 {
				rows = append(rows, queued(len(rows)+1, random.IntN(2)))
				foretold = nil
				continue
			}
			l := lineOf(rows)
			if len(l.waiting) == 0 {
				continue
			}
			next := l.waiting[0]
			if len(foretold) > 0 && foretold[0] != next {
				t.Fatalf("%d was to be next, and %d is", *foretold[0].QueueNumber, *next.QueueNumber)
			}
			if foretold = l.waiting[1:]; len(foretold) == 0 {
				foretold = nil
			}
			counts := map[int]int{}
			for _, w := range l.waiting {
				counts[w.QueueRank]++
				if w.QueueRank == next.QueueRank && *w.QueueNumber < *next.QueueNumber {
					t.Fatalf("%d is called before %d", *next.QueueNumber, *w.QueueNumber)
				}
			}
			switch {
			case next.QueueRank == 0 && counts[1] > 0 && row >= 2:
				t.Fatalf("%d with a priority in a row", row+1)
			case next.QueueRank == 1 && counts[0] > 0 && row < 2:
				t.Fatalf("one with a priority waits after %d", row)
			}
			if row++; next.QueueRank == 1 {
				row = 0
			}
			at = at.Add(time.Minute)
			instant := at
			next.CalledAt = &instant
			called++
		}
		if called != len(rows) {
			t.Fatalf("%d of %d were called", called, len(rows))
		}
	}
}

func TestThePaceIsTheMiddleOne(t *testing.T) {
	start := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		minutes []int
		want    int
	}{
		"nobody":          {nil, 0},
		"one":             {[]int{5}, 0},
		"two":             {[]int{5, 12}, 7},
		"a break at noon": {[]int{0, 10, 20, 140, 150}, 10},
		"the last six":    {[]int{0, 100, 200, 205, 210, 215, 220, 225}, 5},
	} {
		var ends []time.Time
		for _, m := range tt.minutes {
			ends = append(ends, start.Add(time.Duration(m)*time.Minute))
		}
		if got := median(ends); got != time.Duration(tt.want)*time.Minute {
			t.Errorf("%s: %s", name, got)
		}
	}
}
