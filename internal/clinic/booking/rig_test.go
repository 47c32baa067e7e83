package booking_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/slot"
	"citygraph/ent/migrations"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/mask"
	"citygraph/internal/notice"
	"citygraph/internal/personal"
	"citygraph/internal/reaction"
	"citygraph/internal/resident"
	"citygraph/internal/seed"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store/storetest"
	"citygraph/internal/viewer"
)

// desk is the booking of a city by two replicas over one database. At works at the first.
type desk struct {
	*booking.Office
	replicas []*booking.Office
	city     *seedtest.City
	clock    *seedtest.Clock
	records  *personal.Records
	clinic   string       // xumin's
	diary    *db.Schedule // a practitioner's, of the demo
	own      string       // that of the test's slots
}

// opened is when every test begins: nine in the morning of a working day.
var opened = time.Date(2026, 11, 30, 9, 0, 0, 0, clock.Shanghai).UTC()

func open(t testing.TB) *desk {
	t.Helper()
	url := storetest.URL(t, migrations.Files)
	d := &desk{clock: seedtest.NewClock()}
	d.clock.Turn(opened.Sub(d.clock.Now()))
	for range 2 {
		d.replicas = append(d.replicas, d.replica(t, url))
	}
	d.Office = d.replicas[0]
	d.clinic = viewer.From(d.city.As(t, "xumin")).Organisations(viewer.ClinicStaff)[0]
	d.diary = d.DB.Schedule.Query().Where(schedule.ClinicID(d.clinic)).Order(schedule.ByID()).FirstX(seedtest.System(t))
	d.own = d.diaries(t, 1)[0]
	return d
}

// replica is what one process has of the city; the first seeds it.
func (d *desk) replica(t testing.TB, url string) *booking.Office {
	t.Helper()
	s := storetest.OpenURL(t, url)
	c := db.NewClient(db.Driver(s.Driver()))
	if d.city == nil {
		d.city = &seedtest.City{Store: s, DB: c}
		if err := seed.City(t.Context(), s, c, seed.Options{Citizens: 5, Seed: 1, Clock: d.clock, Vault: seedtest.Vault(t)}); err != nil {
			t.Fatal(err)
		}
		d.records = &personal.Records{DB: c, Store: s, Vault: seedtest.Vault(t)}
	}
	hub, bus := live.NewHub(nil), event.New()
	t.Cleanup(hub.Close)
	once := idempotency.Ledger{DB: c, Store: s, Clock: d.clock}
	register := &household.Register{DB: c, Store: s, Clock: d.clock, Events: bus, Hub: hub, Once: once}
	office := &booking.Office{
		DB: c, Store: s, Clock: d.clock, Events: bus, Once: once, Terms: booking.DefaultTerms, Hub: hub,
		For: register.For, ActsFor: register.ActsFor,
		Admit: func(context.Context) error { return nil },
		Fail:  func(_ context.Context, err error) { t.Log(err) },
	}
	inbox := &notice.Desk{DB: c, Store: s, Clock: d.clock, Hub: hub, Deliver: func(context.Context, []string) error { return nil }}
	reaction.Booking(bus, inbox, register, office)
	return office
}

// slot opens a slot that begins so much from now.
func (d *desk) slot(t testing.TB, in time.Duration, capacity int) *db.Slot {
	t.Helper()
	return d.beside(t, d.own, in, capacity)
}

// beside opens a slot of any diary.
func (d *desk) beside(t testing.TB, diaryID string, in time.Duration, capacity int) *db.Slot {
	t.Helper()
	start := d.clock.Now().Add(in)
	return d.DB.Slot.Create().SetID(id.New(id.Slot)).SetCreatedAt(d.clock.Now()).SetScheduleID(diaryID).SetStartsAt(start).SetEndsAt(start.Add(20 * time.Minute)).
		SetCapacity(capacity).SetRemaining(capacity).SetFee(50_00).SetStatus(slot.StatusFree).SaveX(seedtest.System(t))
}

// diaries are as many more diaries of the clinic as are asked for, of anybody on duty.
func (d *desk) diaries(t testing.TB, n int) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = d.DB.Schedule.Create().SetID(id.New(id.Schedule)).SetCreatedAt(d.clock.Now()).SetClinicID(d.clinic).SaveX(seedtest.System(t)).ID
	}
	return ids
}

// people are patients with real names, each signed in.
func (d *desk) people(t testing.TB, n int) []context.Context {
	t.Helper()
	ctx, all := seedtest.System(t), make([]context.Context, n)
	for from := 0; from < n; from += 100 {
		var people []*db.PersonCreate
		var data []*db.PersonalDataCreate
		for i := from; i < min(from+100, n); i++ {
			personID := id.New(id.Person)
			people = append(people, d.DB.Person.Create().SetID(personID).SetCreatedAt(d.clock.Now()).SetUpdatedAt(d.clock.Now()).SetName(mask.Name("赵一")))
			row, err := d.records.Builder(personID, personal.Data{
				Name: "赵一", IDNumber: fmt.Sprintf("33010619%010d", i), BirthDate: "1990-01-01", Sex: resident.Female,
			})
			if err != nil {
				t.Fatal(err)
			}
			data = append(data, row)
			all[i] = viewer.With(t.Context(), &viewer.Viewer{PersonID: personID})
		}
		d.DB.Person.CreateBulk(people...).ExecX(ctx)
		d.DB.PersonalData.CreateBulk(data...).ExecX(ctx)
	}
	return all
}

func (d *desk) hold(as context.Context, s *db.Slot) (*db.Appointment, error) {
	return d.Hold(as, booking.Request{Key: uuid.New(), SlotID: s.ID})
}

func book(as context.Context, o *booking.Office, s *db.Slot) (*db.Appointment, error) {
	return o.Book(as, booking.Booking{Key: uuid.New(), SlotID: &s.ID})
}

func (d *desk) confirm(as context.Context, a *db.Appointment) (*db.Appointment, error) {
	return d.Book(as, booking.Booking{Key: uuid.New(), AppointmentID: &a.ID})
}

func (d *desk) booked(t testing.TB, as context.Context, s *db.Slot) *db.Appointment {
	t.Helper()
	a, err := book(as, d.Office, s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (d *desk) joined(t testing.TB, as context.Context, s *db.Slot) *db.WaitlistEntry {
	t.Helper()
	e, err := d.Join(as, booking.Request{Key: uuid.New(), SlotID: s.ID})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (d *desk) tend(t testing.TB) {
	t.Helper()
	if err := d.Tend(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// status is where an appointment stands.
func (d *desk) status(t testing.TB, a *db.Appointment) appointment.Status {
	t.Helper()
	return d.DB.Appointment.GetX(seedtest.System(t), a.ID).Status
}

// waits is where a waitlist entry stands.
func (d *desk) waits(t testing.TB, e *db.WaitlistEntry) string {
	t.Helper()
	return string(d.DB.WaitlistEntry.GetX(seedtest.System(t), e.ID).Status)
}

// left fails unless so many places of the slot are left, and what is left and what is taken make up its capacity.
func (d *desk) left(t testing.TB, s *db.Slot, want int) {
	t.Helper()
	ctx := seedtest.System(t)
	now := d.DB.Slot.GetX(ctx, s.ID)
	taken := d.DB.Appointment.Query().Where(appointment.SlotID(s.ID), appointment.StatusNEQ(appointment.StatusCancelled)).CountX(ctx)
	if now.Remaining != want || now.Remaining+taken != now.Capacity {
		t.Errorf("%d places are left of %d, %d are taken; want %d left", now.Remaining, now.Capacity, taken, want)
	}
}

// sound fails when a slot has more in it than it is for, or a patient two places at a time: invariants 1 and 2.
func (d *desk) sound(t testing.TB) {
	t.Helper()
	ctx := seedtest.System(t)
	bySlot, byPatient := map[string]int{}, map[string][]*db.Appointment{}
	for _, a := range d.DB.Appointment.Query().Where(appointment.StatusNEQ(appointment.StatusCancelled)).AllX(ctx) {
		bySlot[a.SlotID]++
		for _, b := range byPatient[a.PatientID] {
			if a.StartsAt.Before(b.EndsAt) && b.StartsAt.Before(a.EndsAt) {
				t.Errorf("%s has %s and %s at a time", a.PatientID, a.ID, b.ID)
			}
		}
		byPatient[a.PatientID] = append(byPatient[a.PatientID], a)
	}
	for _, s := range d.DB.Slot.Query().AllX(ctx) {
		if bySlot[s.ID]+s.Remaining > s.Capacity {
			t.Errorf("%s has %d taken and %d left of %d", s.ID, bySlot[s.ID], s.Remaining, s.Capacity)
		}
	}
}

// told are the templates of what a member of the cast was told of visits, in their order.
func (d *desk) told(t testing.TB, member string) string {
	t.Helper()
	told := d.DB.Notification.Query().Where(notification.PersonID(seedtest.Person(t, member)), notification.TopicEQ(notification.TopicClinic)).
		Order(notification.BySeq()).Select(notification.FieldTemplate).StringsX(seedtest.System(t))
	return strings.Join(told, " ")
}

// rows are what refusals must not add to.
func (d *desk) rows(t testing.TB) [5]int {
	t.Helper()
	ctx := seedtest.System(t)
	return [5]int{
		d.DB.Appointment.Query().CountX(ctx), d.DB.WaitlistEntry.Query().CountX(ctx), d.DB.Notification.Query().CountX(ctx),
		d.DB.AuditEvent.Query().CountX(ctx), d.DB.IdempotencyRecord.Query().CountX(ctx),
	}
}

// atOnce has n callers do something, by turns at the two replicas, and counts how they ended.
func (d *desk) atOnce(t testing.TB, n int, do func(o *booking.Office, i int) error) map[fault.Code]int {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := map[fault.Code]int{}
	for i := range n {
		all.Go(func() {
			err := do(d.replicas[i%len(d.replicas)], i)
			mu.Lock()
			defer mu.Unlock()
			codes[fault.CodeOf(err)]++
			if fault.CodeOf(err) == fault.InternalError {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return codes
}
