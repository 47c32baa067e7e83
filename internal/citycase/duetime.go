package citycase

import (
	"time"

	"citygraph/ent/db"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/workday"
)

// The escalation of a case: what its officers have been told of its due time.
const (
	onTime = iota
	toldNearlyDue
	toldOverdue
)

// dueAfter is when a case is due that is begun now.
func dueAfter(now time.Time, slaHours int) time.Time {
	return workday.Add(now, time.Duration(slaHours)*time.Hour)
}

// runClock stops the promise of a case, sets it going with what was left of it, or ends it. What was
// overdue when it stopped stays so.
func runClock(u *db.CityCaseUpdate, found *db.CityCase, edge machine.Edge, now time.Time) {
	switch {
	case edge.StopsClock():
		u.SetStoppedAt(now)
	case edge.StartsClock() && found.StoppedAt != nil:
		u.ClearStoppedAt()
		if left := workday.Between(*found.StoppedAt, found.DueAt); left > 0 {
			u.SetDueAt(workday.Add(now, left)).SetEscalation(onTime)
		}
	case edge.To == machine.Closed && !edge.Stays():
		u.SetClosedAt(now).SetOpenSeconds(int64(now.Sub(found.CreatedAt) / time.Second))
	}
}
