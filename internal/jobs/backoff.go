package jobs

import (
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river/rivertype"
)

const (
	firstPause   = time.Second
	longestPause = 30 * time.Minute
)

// backoff doubles the pause with each failure up to a bound, and spreads it so that jobs that failed
// together do not return together.
type backoff struct{}

// NextRetry is when the failed job runs again.
func (backoff) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(pauseAfter(job.Attempt))
}

// pauseAfter is the nominal pause of the attempt, give or take a quarter.
func pauseAfter(attempt int) time.Duration {
	pause := longestPause
	if doublings := max(attempt-1, 0); doublings < 12 { // one second doubled 11 times is past the bound
		pause = min(firstPause<<doublings, longestPause)
	}
	return pause*3/4 + rand.N(pause/2)
}
