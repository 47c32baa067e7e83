package day

import (
	"cmp"
	"slices"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
)

// inARow is how many patients with a priority are called one after another while one without waits.
const inARow = 2

// rankOf is the rank of a priority: the lower one is called first. Coming back and a great age count alike; among equals
// the number decides.
func rankOf(p appointment.QueuePriority) int {
	if p == appointment.QueuePriorityRegular {
		return 1
	}
	return 0
}

// inOrder is the order in which those who wait are called, after so many with a priority in a row: those with a priority
// first, by their numbers, but after two of them one without, if any waits. So whoever is first without one waits for two calls at
// most, however many with one come.
func inOrder(waiting []*db.Appointment, row int) []*db.Appointment {
	byNumber := slices.SortedFunc(slices.Values(waiting), func(a, b *db.Appointment) int { return cmp.Compare(*a.QueueNumber, *b.QueueNumber) })
	var first, others []*db.Appointment
	for _, a := range byNumber {
		if a.QueueRank == 0 {
			first = append(first, a)
		} else {
			others = append(others, a)
		}
	}
	order := make([]*db.Appointment, 0, len(waiting))
	for len(first)+len(others) > 0 {
		if len(others) == 0 || len(first) > 0 && row < inARow {
			order, first, row = append(order, first[0]), first[1:], row+1
		} else {
			order, others, row = append(order, others[0]), others[1:], 0
		}
	}
	return order
}

// line is a queue as it stands.
type line struct {
	waiting []*db.Appointment // in the order of calling
	last    *db.Appointment   // who was called last; nil before the first
	inside  bool              // whether that patient has not been seen to the end
	pace    time.Duration     // between the ends of the last visits; zero before the second
}

// paceOf is how many visits the pace is taken from.
const paceOf = 6

// lineOf makes a queue of all who ever were in it.
func lineOf(rows []*db.Appointment) line {
	var l line
	var waiting, called []*db.Appointment
	var ends []time.Time
	for _, a := range rows {
		switch {
		case a.CalledAt != nil:
			called = append(called, a)
		case a.Status == appointment.StatusCheckedIn:
			waiting = append(waiting, a)
		}
		if a.Status == appointment.StatusFulfilled && a.EndedAt != nil {
			ends = append(ends, *a.EndedAt)
		}
	}
	slices.SortFunc(called, func(a, b *db.Appointment) int { return b.CalledAt.Compare(*a.CalledAt) })
	row := slices.IndexFunc(called, func(a *db.Appointment) bool { return a.QueueRank > 0 })
	if row < 0 {
		row = len(called)
	}
	if len(called) > 0 {
		l.last, l.inside = called[0], called[0].Status == appointment.StatusCheckedIn
	}
	l.waiting, l.pace = inOrder(waiting, row), median(ends)
	return l
}

// median is the middle one of the times between the last of the instants, so that a break at noon is no pace.
func median(ends []time.Time) time.Duration {
	if len(ends) < 2 {
		return 0
	}
	slices.SortFunc(ends, time.Time.Compare)
	ends = ends[max(0, len(ends)-paceOf):]
	between := make([]time.Duration, len(ends)-1)
	for i := range between {
		between[i] = ends[i+1].Sub(ends[i])
	}
	slices.Sort(between)
	return between[len(between)/2]
}
