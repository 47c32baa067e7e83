package seed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/slot"
	"citygraph/internal/clock"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/workday"
)

// The demo's diaries: one practitioner in each of the first departments of the foremost hospitals, with
// sessions on the working days of a week. The people and the fees are invented.
const (
	diaryHospitals   = 4
	diaryDepartments = 3
	diaryDays        = 7
)

// sessions are when a demo slot begins on a working day, as time since midnight; each takes half an hour.
var sessions = []time.Duration{8 * time.Hour, 9 * time.Hour, 10 * time.Hour, 14 * time.Hour, 15 * time.Hour}

var titles = []struct {
	name lang.Text
	fee  int64 // fen
}{
	{lang.Text{ZH: "主任医师", EN: "Chief physician"}, 50_00},
	{lang.Text{ZH: "副主任医师", EN: "Associate chief physician"}, 30_00},
	{lang.Text{ZH: "主治医师", EN: "Attending physician"}, 15_00},
}

// diary is one demo schedule.
type diary struct {
	key, clinic, department string
	name                    lang.Text
	title                   int
}

func (d diary) practitionerID(rank int) string { return id.Derive(id.Practitioner, rank, d.key) }

func (d diary) scheduleID(rank int) string { return id.Derive(id.Schedule, rank, d.key) }

// diaries draws its names apart from the citizens', who stay who they were.
func (w *writer) diaries() []diary {
	r := rand.New(rand.NewPCG(w.seed, 0x6469617279))
	var found []diary
	for i, h := range w.city.Hospitals[:min(diaryHospitals, len(w.city.Hospitals))] {
		for rank, code := range h.Departments[:min(diaryDepartments, len(h.Departments))] {
			name := string(familyNames[r.IntN(len(familyNames))]) + string(givenNames[r.IntN(len(givenNames))])
			found = append(found, diary{
				key: h.Key + "/" + code, clinic: id.Derive(id.Clinic, i, h.Key),
				department: id.Derive(id.Department, rank, h.Key+"/"+code),
				name:       lang.Text{ZH: name, EN: name}, title: (i + rank) % len(titles),
			})
		}
	}
	return found
}

func (w *writer) supply(ctx context.Context) error {
	diaries := w.diaries()
	for rank, d := range diaries {
		who, where := d.practitionerID(rank), d.scheduleID(rank)
		if err := w.db.Practitioner.Create().SetID(who).SetCreatedAt(w.now).SetName(d.name).SetTitle(titles[d.title].name).Exec(ctx); err != nil {
			return err
		}
		if err := w.db.PractitionerRole.Create().SetID(id.Derive(id.PractitionerRole, rank, d.key)).SetCreatedAt(w.now).
			SetPractitionerID(who).SetClinicID(d.clinic).SetDepartmentID(d.department).Exec(ctx); err != nil {
			return err
		}
		if err := w.db.Schedule.Create().SetID(where).SetCreatedAt(w.now).SetClinicID(d.clinic).SetDepartmentID(d.department).
			SetPractitionerID(who).Exec(ctx); err != nil {
			return err
		}
	}
	return w.slots(ctx, diaries)
}

func (w *writer) slots(ctx context.Context, diaries []diary) error {
	starts := w.sessions()
	return inBatches(len(diaries)*len(starts), func(i int) *db.SlotCreate {
		rank, start := i/len(starts), starts[i%len(starts)]
		d := diaries[rank]
		return w.db.Slot.Create().SetID(id.Derive(id.Slot, i, fmt.Sprint(d.key, start.Unix()))).SetCreatedAt(w.now).
			SetScheduleID(d.scheduleID(rank)).SetStartsAt(start).SetEndsAt(start.Add(30 * time.Minute)).
			SetCapacity(10).SetRemaining(10).SetFee(titles[d.title].fee).SetStatus(slot.StatusFree)
	}, func(c ...*db.SlotCreate) error {
		defer w.wrote(len(c))
		return w.db.Slot.CreateBulk(c...).Exec(ctx)
	})
}

// sessions are the starts of a week's slots, from tomorrow on.
func (w *writer) sessions() (starts []time.Time) {
	today := clock.Midnight(w.now)
	for n := 1; n <= diaryDays; n++ {
		day := today.AddDate(0, 0, n)
		if !workday.Is(day) {
			continue
		}
		for _, at := range sessions {
			starts = append(starts, day.Add(at))
		}
	}
	return starts
}
