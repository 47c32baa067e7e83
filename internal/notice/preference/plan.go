package preference

import (
	"slices"
	"time"
)

// Item is a notice as far as its push depends on it.
type Item struct {
	Topic    Topic
	Priority Priority // the topic's own, unless its cause raised or lowered it
	ToldAt   time.Time
}

// Dispatch is when and how a notice is pushed.
type Dispatch struct {
	At       time.Time // not before now
	Channels []Channel // in the order to try; none: the inbox alone
	Digest   bool      // together with the others of its topic since the last digest
}

// Plan tells when an item is pushed and over which channels, in the order to try them. The same item
// planned again at or after At is due at once, so a worker may ask anew each time it wakes.
//
// An urgent item goes at once, over the channels the person prefers and then the topic's others. Any
// other waits for the day's digest if the person chose one, and then for the end of the quiet hours. A
// preference that cannot be read counts as the topic's default: a notice is never lost to it.
func Plan(item Item, p Preference, now time.Time) Dispatch {
	if p.Topic != item.Topic || p.Check() != nil {
		p = Default(item.Topic)
	}
	rule, _ := RuleOf(item.Topic)
	d := Dispatch{At: now, Channels: slices.Clone(p.Channels)}
	if item.Priority == Urgent {
		for _, c := range rule.Channels {
			if !slices.Contains(d.Channels, c) {
				d.Channels = append(d.Channels, c)
			}
		}
		return d
	}
	if len(d.Channels) == 0 {
		return d
	}
	in, _ := zone(p.Zone) // Check has read it
	if p.Pace == Daily && rule.Obligation == Optional {
		d.Digest = true
		d.At = later(now, p.digestAfter(item.ToldAt, in))
	}
	d.At = p.QuietHours.end(d.At, in)
	return d
}

// DigestWindow is the time whose notices share the digest of one told at the instant: after from, up to
// until, when it comes.
func (p Preference) DigestWindow(toldAt time.Time) (from, until time.Time) {
	if p.Check() != nil {
		p = Default(p.Topic)
	}
	in, _ := zone(p.Zone)
	until = p.digestAfter(toldAt, in)
	return on(until.In(in), -1, p.digestMinutes()), until
}

// digestAfter is the first digest after the instant.
func (p Preference) digestAfter(at time.Time, in *time.Location) time.Time {
	local := at.In(in)
	if today := on(local, 0, p.digestMinutes()); today.After(at) {
		return today
	}
	return on(local, 1, p.digestMinutes())
}

func (p Preference) digestMinutes() int {
	minutes, _ := clockTime(p.DigestAt) // Check has read it
	return minutes
}

// end is the instant itself, or the end of the quiet hours it falls into. The hours of a day are an
// interval of instants, from the clock's showing From on that day to its showing To after: so a night in
// which clocks change is as quiet as any other, an hour shorter or longer.
func (q *QuietHours) end(at time.Time, in *time.Location) time.Time {
	if q == nil {
		return at
	}
	from, _ := clockTime(q.From) // Check has read both
	to, _ := clockTime(q.To)
	overnight := 0
	if to < from {
		overnight = 1
	}
	local := at.In(in)
	for _, day := range []int{-1, 0} { // the night may have begun yesterday
		begins, ends := on(local, day, from), on(local, day+overnight, to)
		if !at.Before(begins) && at.Before(ends) {
			return ends
		}
	}
	return at
}

// on is the instant at which the clocks of a place show so many minutes after midnight, so many days after
// that of a local time.
func on(local time.Time, days, minutes int) time.Time {
	y, m, d := local.Date()
	return time.Date(y, m, d+days, 0, minutes, 0, 0, local.Location())
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
