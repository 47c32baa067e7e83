package attendance

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	row "citygraph/ent/db/attendanceevent"
	"citygraph/ent/db/leaverequest"
	"citygraph/internal/audit"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/school/part"
	"citygraph/internal/viewer"
	"citygraph/internal/workday"
)

// Entry is how one pupil attended.
type Entry struct {
	StudentID string
	Status    row.Status
}

// mostEntries is how many pupils are recorded at once.
const mostEntries = 500

// Record writes how pupils of a class attended on a day, nil for today; what stands for a pupil is corrected, and who is not named stays as
// they were. A teacher of the class may. Who is said to be ABSENT and has an approved leave that touches the day is EXCUSED.
// Returns UNAUTHENTICATED; FORBIDDEN for who is no teacher; NOT_FOUND for a class of another school, and for a pupil who is not of the
// class; NOT_CLASS_TEACHER; BAD_USER_INPUT for a day that is no school day, to come or more than 7 days ago, and for a pupil named twice.
func (b *Book) Record(ctx context.Context, classID string, day *string, entries []*Entry) (*ClassDay, error) {
	err := b.Store.InTx(ctx, func(ctx context.Context) error {
		class, err := part.Taught(ctx, b.DB, classID, "classId")
		if err != nil {
			return err
		}
		at, err := b.recordable(day)
		if err != nil {
			return err
		}
		said, err := distinct(entries)
		if err != nil {
			return err
		}
		// One at a time in a school and on a day: a pupil may be in two of its classes, and is told of once.
		if err := b.Store.Lock(ctx, "attendance/"+class.SchoolID+"/"+at.Format(time.DateOnly)); err != nil {
			return err
		}
		return b.record(ctx, class, at, said)
	})
	if err != nil {
		return nil, err
	}
	return b.Class(ctx, classID, day)
}

// recordable is a day for which attendance may be recorded now.
func (b *Book) recordable(day *string) (time.Time, error) {
	at, err := b.dayOf("day", day)
	if err != nil {
		return at, err
	}
	today := clock.Midnight(b.Clock.Now())
	switch {
	case at.After(today) || at.Before(today.AddDate(0, 0, -mostBack)):
		return at, fault.BadInput("day", "只能登记今天或过去7天的考勤。", "Attendance is recorded for today, or up to 7 days ago.")
	case !workday.Is(at):
		return at, fault.BadInput("day", "这一天不上课。", "There is no school on this day.")
	}
	return at, nil
}

// distinct are the entries by pupil.
func distinct(entries []*Entry) (map[string]row.Status, error) {
	said := make(map[string]row.Status, len(entries))
	for _, e := range entries {
		said[e.StudentID] = e.Status
	}
	if len(entries) == 0 || len(entries) > mostEntries || len(said) < len(entries) {
		return nil, fault.BadInput("entries", "须为1至500名学生，每人一次。", "Name 1 to 500 pupils, each once.")
	}
	return said, nil
}

// record writes what is said of pupils, and tells of those who are newly absent, and who was not after all.
func (b *Book) record(ctx context.Context, class *db.SchoolClass, day time.Time, said map[string]row.Status) error {
	pupils, err := part.Pupils(ctx, b.DB, class.ID)
	if err != nil {
		return err
	}
	of := make(map[string]*db.Person, len(pupils))
	for _, p := range pupils {
		of[p.PersonID] = p.Edges.Person
	}
	for pupil := range said {
		if of[pupil] == nil {
			return fault.New(fault.NotFound).At("entries")
		}
	}
	leaves, err := b.leaves(ctx, class.ID, day, leaverequest.StatusApproved)
	if err != nil {
		return err
	}
	for pupil, status := range said {
		if status == row.StatusAbsent && leaves[pupil] != nil {
			said[pupil] = row.StatusExcused
		}
	}
	stood, err := b.events(ctx, class.ID, day)
	if err != nil {
		return err
	}
	w := writing{made: []*db.AttendanceEventCreate{}, corrected: map[row.Status][]string{}}
	for _, p := range pupils { // in their order, as the ids of new rows are
		if status, named := said[p.PersonID]; named {
			w.add(b, class, day, p.Edges.Person, stood[p.PersonID], status)
		}
	}
	if err := b.write(ctx, w); err != nil {
		return err
	}
	v := viewer.From(ctx)
	if err := audit.Record(ctx, b.DB, audit.Deed{Action: "recordAttendance", Subject: v.PersonID, TargetID: class.ID}); err != nil {
		return err
	}
	return b.tell(ctx, class.SchoolID, day, w)
}

// writing is what a record changes.
type writing struct {
	made      []*db.AttendanceEventCreate
	corrected map[row.Status][]string // ids of rows
	missed    []Pupil
	came      []string
}

func (w *writing) add(b *Book, class *db.SchoolClass, day time.Time, p *db.Person, stood *db.AttendanceEvent, status row.Status) {
	var eventID string
	switch {
	case stood == nil:
		eventID = id.New(id.AttendanceEvent)
		w.made = append(w.made, b.DB.AttendanceEvent.Create().SetID(eventID).SetStudentID(p.ID).SetSchoolClassID(class.ID).
			SetSchoolID(class.SchoolID).SetDay(day.Format(time.DateOnly)).SetStatus(status).SetCreatedAt(b.Clock.Now()).SetUpdatedAt(b.Clock.Now()))
	case stood.Status == status:
		return
	default:
		eventID = stood.ID
		w.corrected[status] = append(w.corrected[status], stood.ID)
		if stood.Status == row.StatusAbsent {
			w.came = append(w.came, p.ID)
		}
	}
	if status == row.StatusAbsent {
		w.missed = append(w.missed, Pupil{EventID: eventID, PersonID: p.ID, Name: p.Name})
	}
}

func (b *Book) write(ctx context.Context, w writing) error {
	recorder := viewer.From(ctx).PersonID
	for _, c := range w.made {
		c.SetRecorderID(recorder)
	}
	if len(w.made) > 0 {
		if err := b.DB.AttendanceEvent.CreateBulk(w.made...).Exec(system(ctx)); err != nil {
			return fmt.Errorf("record attendance: %w", err)
		}
	}
	for status, ids := range w.corrected {
		err := b.DB.AttendanceEvent.Update().Where(b.Store.OneOf(row.FieldID, ids)).
			SetStatus(status).SetRecorderID(recorder).SetUpdatedAt(b.Clock.Now()).Exec(system(ctx))
		if err != nil {
			return fmt.Errorf("correct attendance: %w", err)
		}
	}
	return nil
}

func (b *Book) tell(ctx context.Context, schoolID string, day time.Time, w writing) error {
	if len(w.came) > 0 {
		still, err := b.DB.AttendanceEvent.Query().Where(b.Store.OneOf(row.FieldStudentID, w.came), row.Day(day.Format(time.DateOnly)),
			row.StatusEQ(row.StatusAbsent)).Select(row.FieldStudentID).Strings(system(ctx))
		if err != nil {
			return fmt.Errorf("look for other classes: %w", err)
		}
		if err := b.Events.Emit(ctx, Came{day, without(w.came, still)}); err != nil {
			return err
		}
	}
	if len(w.missed) == 0 {
		return nil
	}
	ids := make([]string, len(w.missed))
	for i, p := range w.missed {
		ids[i] = p.PersonID
	}
	guardians, err := part.Speakers(ctx, b.DB, ids...)
	if err != nil {
		return err
	}
	for i, p := range w.missed {
		w.missed[i].Guardians = guardians[p.PersonID]
	}
	return b.Events.Emit(ctx, Missed{schoolID, day, w.missed})
}

func without(all, some []string) (rest []string) {
	taken := map[string]bool{}
	for _, one := range some {
		taken[one] = true
	}
	for _, one := range all {
		if !taken[one] {
			rest = append(rest, one)
		}
	}
	return rest
}
