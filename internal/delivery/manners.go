package delivery

import (
	"sync"
	"time"
)

// graveTime is how long a dead token is remembered here: its device is deleted within moments, but a message
// to it may have been loaded just before.
const graveTime = time.Minute

// mostRemembered is when what is over is swept out.
const mostRemembered = 1024

// manners remember, for the moments before the database does, what providers have just said of devices:
// which must be left alone for a while, and which for good.
type manners struct {
	mu     sync.Mutex
	waits  map[string]time.Time
	graves map[string]time.Time // until when they are remembered
}

func (m *manners) dead(deviceID string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return now.Before(m.graves[deviceID])
}

func (m *manners) bury(deviceID string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.graves = remember(m.graves, deviceID, now.Add(graveTime), now)
}

// until is when the device may be sent to, by the provider's word here or in the row.
func (m *manners) until(deviceID string, row time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if until := m.waits[deviceID]; until.After(row) {
		return until
	}
	return row
}

func (m *manners) wait(deviceID string, until, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waits = remember(m.waits, deviceID, until, now)
}

func remember(all map[string]time.Time, deviceID string, until, now time.Time) map[string]time.Time {
	if all == nil {
		all = map[string]time.Time{}
	}
	if len(all) >= mostRemembered {
		for other, end := range all {
			if !now.Before(end) {
				delete(all, other)
			}
		}
	}
	all[deviceID] = until
	return all
}
