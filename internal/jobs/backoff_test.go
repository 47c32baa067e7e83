package jobs

import (
	"testing"
	"time"
)

func TestPauseAfterGrowsToItsBound(t *testing.T) {
	for _, tt := range []struct {
		attempt int
		nominal time.Duration
	}{
		{0, time.Second},
		{1, time.Second},
		{2, 2 * time.Second},
		{11, 1024 * time.Second},
		{12, 30 * time.Minute},
		{25, 30 * time.Minute},
		{1000, 30 * time.Minute},
	} {
		for range 100 {
			if got := pauseAfter(tt.attempt); got < tt.nominal*3/4 || got > tt.nominal*5/4 {
				t.Errorf("pause after attempt %d is %s, want about %s", tt.attempt, got, tt.nominal)
			}
		}
	}
}
