package day_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/person"
	"citygraph/ent/db/schedule"
	"citygraph/ent/migrations"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/clinic/day"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/reaction"
	"citygraph/internal/seed"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store/storetest"
	"citygraph/internal/viewer"
)

// hospital is xumin's clinic at ten in the morning, on two replicas, with a schedule of its own.
type hospital struct {
	*day.Day
	replicas []*day.Day
	city     *seedtest.City
	clock    *seedtest.Clock
	staff    context.Context
	clinic   string
	diary    *db.Schedule
	people   []string // in the order of their ids; none of the cast, and no families

	mu   sync.Mutex
	ages map[string]int
	rest []day.Rest
	ends []error // what subscribers were told at the end
}

func open(t *testing.T) *hospital {
	t.Helper()
	url, h := storetest.URL(t, migrations.Files), &hospital{clock: seedtest.NewClock(), ages: map[string]int{}}
	y, m, d := h.clock.Now().In(clock.Shanghai).Date()
	h.clock.Turn(time.Date(y, m, d+1, 10, 0, 0, 0, clock.Shanghai).Sub(h.clock.Now()))
	hub := live.NewHub(nil)
	t.Cleanup(hub.Close)
	for range 2 {
		s := storetest.OpenURL(t, url)
		h.replicas = append(h.replicas, h.room(&seedtest.City{Store: s, DB: db.NewClient(db.Driver(s.Driver()))}, hub))
	}
	h.Day = h.replicas[0]
	h.city = &seedtest.City{Store: h.Store, DB: h.DB}
	if err := seed.City(t.Context(), h.Store, h.DB, seed.Options{Citizens: 160, Seed: 1, Clock: clock.System{}, Vault: seedtest.Vault(t)}); err != nil {
		t.Fatal(err)
	}
	h.staff = h.city.As(t, "xumin")
	h.clinic = viewer.From(h.staff).Organisations(viewer.ClinicStaff)[0]
	system := seedtest.System(t)
	seeded := h.DB.Schedule.Query().Where(schedule.ClinicID(h.clinic), schedule.DepartmentIDNotNil()).FirstX(system)
	h.diary = h.DB.Schedule.Create().SetClinicID(h.clinic).SetDepartmentID(*seeded.DepartmentID).SaveX(system)
	others := map[string]bool{}
	for _, one := range slices.Concat(seed.Cast, seed.Children) {
		others[one.PersonID()] = true
	}
	for _, g := range h.DB.Guardianship.Query().AllX(system) { // who is told of a child's visits, too
		others[g.GuardianID], others[g.ChildID] = true, true
	}
	for _, one := range h.DB.Person.Query().Order(person.ByID()).IDsX(system) {
		if !others[one] {
			h.people = append(h.people, one)
		}
	}
	return h
}

// room is one replica.
func (h *hospital) room(c *seedtest.City, hub *live.Hub) *day.Day {
	bus := event.New()
	once := idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: h.clock}
	register := &household.Register{DB: c.DB, Store: c.Store, Clock: h.clock, Events: bus, Hub: hub, Once: once}
	desk := &notice.Desk{DB: c.DB, Store: c.Store, Clock: h.clock, Hub: hub, Deliver: func(context.Context, []string) error { return nil }}
	room := &day.Day{
		DB: c.DB, Store: c.Store, Clock: h.clock, Events: bus, Once: once, Hub: hub, Key: bytes.Repeat([]byte("d"), 32), Rules: day.DefaultRules(),
		For: register.For, ActsFor: register.ActsFor,
		Age: func(_ context.Context, personID string, _ time.Time) (int, bool, error) {
			return h.ages[personID], true, nil
		},
		Window: booking.DefaultTerms.Window,
		Soon: func(_ context.Context, rest day.Rest) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.rest = append(h.rest, rest)
			return nil
		},
		Admit: func(context.Context) error { return nil },
		Fail: func(_ context.Context, err error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.ends = append(h.ends, err)
		},
	}
	reaction.ClinicDays(bus, desk, register, room)
	return room
}

// slot is a time of the schedule from now, after so long.
func (h *hospital) slot(t *testing.T, after, length time.Duration, capacity int) *db.Slot {
	t.Helper()
	return h.slotOf(t, h.diary, after, length, capacity)
}

func (h *hospital) slotOf(t *testing.T, diary *db.Schedule, after, length time.Duration, capacity int) *db.Slot {
	t.Helper()
	start := h.clock.Now().Add(after)
	return h.DB.Slot.Create().SetScheduleID(diary.ID).SetStartsAt(start).SetEndsAt(start.Add(length)).
		SetCapacity(capacity).SetRemaining(capacity).SetFee(0).SetStatus("FREE").SaveX(seedtest.System(t))
}

// book gives a person a place, as booking would leave it.
func (h *hospital) book(t *testing.T, s *db.Slot, patient string) *db.Appointment {
	t.Helper()
	return h.placed(t, s, patient, appointment.StatusBooked)
}

func (h *hospital) placed(t *testing.T, s *db.Slot, patient string, status appointment.Status) *db.Appointment {
	t.Helper()
	system := seedtest.System(t)
	row := h.DB.Appointment.Create().SetPatientID(patient).SetPatientName("王桂英").SetSlotID(s.ID).SetScheduleID(s.ScheduleID).SetClinicID(h.clinic).
		SetStartsAt(s.StartsAt).SetEndsAt(s.EndsAt).SetStatus(status).SetChannel(appointment.ChannelApp)
	if status == appointment.StatusPending {
		row.SetHeldUntil(s.StartsAt)
	}
	h.DB.Slot.UpdateOneID(s.ID).AddRemaining(-1).ExecX(system)
	return row.SaveX(system)
}

// arrive checks a patient in at the desk.
func (h *hospital) arrive(t *testing.T, a *db.Appointment) *db.Appointment {
	t.Helper()
	there, err := h.CheckIn(h.staff, day.CheckIn{AppointmentID: a.ID})
	if err != nil {
		t.Fatal(err)
	}
	return there
}

// person is a context in which somebody asks who is none of the cast.
func (h *hospital) person(t *testing.T, personID string) context.Context {
	t.Helper()
	return viewer.With(t.Context(), &viewer.Viewer{PersonID: personID})
}

// told are the templates of the notices a person got about clinics, in their order.
func (h *hospital) told(t *testing.T, personID string) string {
	t.Helper()
	told := h.DB.Notification.Query().Where(notification.PersonID(personID), notification.TopicEQ(notification.TopicClinic)).
		Order(notification.BySeq()).Select(notification.FieldTemplate).StringsX(seedtest.System(t))
	return strings.ReplaceAll(strings.Join(told, " "), "clinic/", "")
}

// rows are what refusals must not add to.
func (h *hospital) rows(t *testing.T) [4]int {
	t.Helper()
	ctx := seedtest.System(t)
	return [4]int{
		h.DB.Appointment.Query().Where(appointment.QueueNumberNotNil()).CountX(ctx), h.DB.Notification.Query().CountX(ctx),
		h.DB.AuditEvent.Query().CountX(ctx), h.DB.IdempotencyRecord.Query().CountX(ctx),
	}
}

// atOnce has n callers do something on the replicas by turns, and counts how they ended.
func (h *hospital) atOnce(t *testing.T, n int, do func(d *day.Day, i int) error) map[fault.Code]int {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := map[fault.Code]int{}
	for i := range n {
		all.Go(func() {
			err := do(h.replicas[i%2], i)
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
