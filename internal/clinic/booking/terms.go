package booking

import (
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/slot"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
)

// Terms are what the city promises of booking.
type Terms struct {
	ReleaseDays int           // how many days before its own a slot can be booked
	ReleaseAt   time.Duration // since midnight in Shanghai of that day
	CutOff      time.Duration // before it begins, from when on a slot is neither booked nor given back
	// MiniProgram is how much of a slot's capacity can be taken from mini-programs, in percent; a hundred for all of it.
	MiniProgram int
	HoldLife    time.Duration // of a place that is held
	OfferLife   time.Duration // of a place that is offered to who waits
}

// DefaultTerms are the usual ones.
var DefaultTerms = Terms{
	ReleaseDays: 7, ReleaseAt: 8 * time.Hour, CutOff: 30 * time.Minute, MiniProgram: 100, HoldLife: 5 * time.Minute, OfferLife: 15 * time.Minute,
}

// ReleasedAt is from when on a slot that begins at the instant can be booked.
func (t Terms) ReleasedAt(start time.Time) time.Time {
	y, m, d := start.In(clock.Shanghai).Date()
	return time.Date(y, m, d-t.ReleaseDays, 0, 0, 0, 0, clock.Shanghai).Add(t.ReleaseAt).UTC()
}

// Window is from when until when a slot may begin that can be booked at the instant: not too soon, and released.
func (t Terms) Window(now time.Time) (from, before time.Time) {
	from = now.Add(t.CutOff)
	y, m, d := now.In(clock.Shanghai).Date()
	before = time.Date(y, m, d+t.ReleaseDays, 0, 0, 0, 0, clock.Shanghai).UTC()
	if !now.Before(t.ReleasedAt(before)) {
		before = time.Date(y, m, d+t.ReleaseDays+1, 0, 0, 0, 0, clock.Shanghai).UTC()
	}
	return from, before
}

// late reports whether what begins then can no longer be booked or given back.
func (t Terms) late(start, now time.Time) bool { return start.Add(-t.CutOff).Before(now) }

// open is why nobody can have a place in the slot now, whatever is left of it; nil when somebody can.
func (t Terms) open(s *db.Slot, now time.Time) error {
	switch {
	case t.late(s.StartsAt, now):
		return fault.New(fault.CutoffPassed).At("slotId")
	case now.Before(t.ReleasedAt(s.StartsAt)):
		return fault.New(fault.SlotNotReleased).At("slotId")
	case s.Status != slot.StatusFree:
		return full()
	}
	return nil
}

// bookable reports whether somebody can have a place in the slot now, if one is left.
func (t Terms) bookable(s *db.Slot, now time.Time) bool { return t.open(s, now) == nil }

// until is when a place of an appointment that begins then is let go again.
func until(now time.Time, life time.Duration, start time.Time) time.Time {
	if end := now.Add(life); end.Before(start) {
		return end
	}
	return start
}

func full() error { return fault.New(fault.SlotFull).At("slotId") }
