package clinic

import (
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/slot"
	"citygraph/internal/fault"
)

// Slots says whose slots are asked for, by exactly one id, and of which time.
type Slots struct {
	ClinicID       *string
	DepartmentID   *string
	PractitionerID *string
	From, To       *time.Time
}

// maxSpan is the longest time that slots are listed for.
const maxSpan = 60 * 24 * time.Hour

// Open narrows a query to the free slots of the filter that are not over at an instant, full ones included.
// Anyone may. BAD_USER_INPUT unless one owner is named and the time runs forward for 60 days at most.
func Open(q *db.SlotQuery, f Slots, now time.Time) (*db.SlotQuery, error) {
	whose, err := f.owner()
	if err != nil {
		return nil, err
	}
	from := now
	if f.From != nil && f.From.After(now) {
		from = *f.From
	}
	to := from.Add(maxSpan)
	if f.To != nil {
		to = *f.To
	}
	if !to.After(from) || to.Sub(from) > maxSpan {
		return nil, fault.BadInput("to", "结束时间应在开始时间之后60天以内。", "The time must end within 60 days after it begins.")
	}
	return q.Where(slot.StatusEQ(slot.StatusFree), slot.EndsAtGT(from.UTC()), slot.StartsAtLT(to.UTC()), slot.HasScheduleWith(whose)), nil
}

// owner is the condition on schedules that the one id given stands for.
func (f Slots) owner() (predicate.Schedule, error) {
	var found []predicate.Schedule
	for _, by := range []struct {
		id *string
		of func(string) predicate.Schedule
	}{{f.ClinicID, schedule.ClinicID}, {f.DepartmentID, schedule.DepartmentID}, {f.PractitionerID, schedule.PractitionerID}} {
		if by.id != nil {
			found = append(found, by.of(*by.id))
		}
	}
	if len(found) != 1 {
		return nil, fault.BadInput("clinic", "请指定医院、科室或医生中的一个。", "Name a clinic, a department or a practitioner: exactly one.")
	}
	return found[0], nil
}
