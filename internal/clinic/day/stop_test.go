package day_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/slot"
	"citygraph/ent/db/waitlistentry"
	"citygraph/internal/clinic/day"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

func (h *hospital) stop(t *testing.T, d *day.Day, from, to time.Duration) {
	t.Helper()
	if _, err := d.Stop(h.staff, day.Stop{Key: uuid.New(), ScheduleID: h.diary.ID, From: h.clock.Now().Add(from), To: h.clock.Now().Add(to)}); err != nil {
		t.Error(err)
	}
}

func (h *hospital) look(t *testing.T, a *db.Appointment) *db.Appointment {
	t.Helper()
	return h.DB.Appointment.GetX(seedtest.System(t), a.ID)
}

func (h *hospital) colleague(t *testing.T) *db.Schedule {
	t.Helper()
	return h.DB.Schedule.Create().SetClinicID(h.clinic).SetDepartmentID(*h.diary.DepartmentID).SaveX(seedtest.System(t))
}

func TestADoctorWhoIsNotThereCancelsWhatLiesInTheTime(t *testing.T) {
	h := open(t)
	people := h.people
	now, later, after := h.slot(t, 0, time.Hour, 5), h.slot(t, time.Hour, time.Hour, 5), h.slot(t, 2*time.Hour, time.Hour, 5)
	called, waits, booked := h.book(t, now, people[0]), h.book(t, now, people[1]), h.book(t, now, people[2])
	held, untouched := h.placed(t, later, people[3], appointment.StatusPending), h.book(t, after, people[4])
	h.arrive(t, called)
	h.arrive(t, waits)
	h.call(t)
	system := seedtest.System(t)
	enter := func(patient string, status waitlistentry.Status, offered *db.Appointment) *db.WaitlistEntry {
		row := h.DB.WaitlistEntry.Create().SetPatientID(patient).SetSlotID(later.ID).SetStartsAt(later.StartsAt).SetStatus(status)
		if offered != nil {
			row.SetAppointmentID(offered.ID)
		}
		return row.SaveX(system)
	}
	offered, hopes := enter(people[3], waitlistentry.StatusOffered, held), enter(people[5], waitlistentry.StatusWaiting, nil)
	h.stop(t, h.Day, -time.Hour, 2*time.Hour)
	for name, tt := range map[string]struct {
		a    *db.Appointment
		want appointment.Status
	}{
		"who was called": {called, appointment.StatusCheckedIn}, "who waited": {waits, appointment.StatusCancelled},
		"who had booked": {booked, appointment.StatusCancelled}, "who held a place": {held, appointment.StatusCancelled},
		"who comes after": {untouched, appointment.StatusBooked},
	} {
		if got := h.look(t, tt.a); got.Status != tt.want || tt.want == appointment.StatusCancelled && *got.CancelReason != appointment.CancelReasonClinicStopped {
			t.Errorf("%s: %s", name, got.Status)
		}
	}
	for _, tt := range []struct {
		s         *db.Slot
		remaining int
		status    slot.Status
	}{{now, 4, slot.StatusBusyUnavailable}, {later, 5, slot.StatusBusyUnavailable}, {after, 4, slot.StatusFree}} {
		if got := h.DB.Slot.GetX(system, tt.s.ID); got.Remaining != tt.remaining || got.Status != tt.status {
			t.Errorf("%d left of a slot that is %s", got.Remaining, got.Status)
		}
	}
	for _, w := range []*db.WaitlistEntry{offered, hopes} {
		if got := h.DB.WaitlistEntry.GetX(system, w.ID); got.Status != waitlistentry.StatusLeft {
			t.Errorf("the waiting is %s", got.Status)
		}
	}
	for i, want := range []string{"called", "turn_near stopped_next", "stopped_next", "stopped_next", "", "waiting_stopped_next"} {
		if got := h.told(t, people[i]); got != want {
			t.Errorf("%d was told %q, not %q", i, got, want)
		}
	}
	if len(h.rest) != 0 || h.numbers(t) != "" {
		t.Errorf("%v is left to do, and %s wait", h.rest, h.numbers(t))
	}
}

func TestAStopIsRefusedForATimeThatIsNone(t *testing.T) {
	h := open(t)
	before, now := h.rows(t), h.clock.Now()
	for name, tt := range map[string]struct{ from, to time.Time }{
		"backward": {now.Add(time.Hour), now.Add(time.Minute)}, "over": {now.Add(-time.Hour), now}, "empty": {now.Add(time.Hour), now.Add(time.Hour)},
		"too long": {now, now.Add(60*24*time.Hour + 1)},
	} {
		_, err := h.Stop(h.staff, day.Stop{Key: uuid.New(), ScheduleID: h.diary.ID, From: tt.from, To: tt.to})
		faulttest.Refused(t, name, err, fault.BadUserInput)
	}
	if after := h.rows(t); after != before {
		t.Errorf("refusals left rows: %v, %v", before, after)
	}
}

// A hundred and fifty are cancelled: a hundred at once, and the rest by the job, which dies, and begins again on the other
// replica. Everybody is told once.
func TestALargeStopGoesOnAfterACrash(t *testing.T) {
	h := open(t)
	s := h.slot(t, time.Hour, time.Hour, 150)
	for _, patient := range h.people[:150] {
		h.book(t, s, patient)
	}
	h.stop(t, h.Day, 0, 3*time.Hour)
	live := h.DB.Appointment.Query().Where(appointment.ScheduleID(h.diary.ID), appointment.StatusEQ(appointment.StatusBooked))
	if n := live.CountX(seedtest.System(t)); n != 50 || len(h.rest) != 1 {
		t.Fatalf("%d are left, %d jobs", n, len(h.rest))
	}
	died := errors.New("the process died")
	err := h.Store.InTx(t.Context(), func(ctx context.Context) error {
		return errors.Join(h.GoOn(ctx, h.rest[0]), died)
	})
	if !errors.Is(err, died) || live.CountX(seedtest.System(t)) != 50 {
		t.Errorf("it did not die: %v", err)
	}
	for _, d := range h.replicas {
		if err := d.GoOn(t.Context(), h.rest[0]); err != nil {
			t.Fatal(err)
		}
	}
	if n := live.CountX(seedtest.System(t)); n != 0 || h.DB.Slot.GetX(seedtest.System(t), s.ID).Remaining != 150 {
		t.Errorf("%d are left", n)
	}
	for _, patient := range h.people[:150] {
		if told := h.told(t, patient); told != "stopped_next" {
			t.Fatalf("somebody was told %q", told)
		}
	}
}

// Bookings, check-ins and calls race with two stops of the same time: nothing is booked there after them, every place is given back
// or its patient was called, and who lost a place was told once.
func TestAStopRacesWithBookings(t *testing.T) {
	h := open(t)
	slots := []*db.Slot{h.slot(t, 0, time.Hour, 30), h.slot(t, time.Hour, time.Hour, 30)}
	rows := make([]*db.Appointment, 12)
	for i := range rows {
		rows[i] = h.book(t, slots[i%2], h.people[i])
	}
	full := errors.New("the slot is closed")
	booking := func(d *day.Day, i int) error {
		s, system := slots[i%2], viewer.AsSystem(t.Context(), "book by hand")
		err := d.Store.InTx(system, func(ctx context.Context) error {
			n, err := d.DB.Slot.Update().Where(slot.ID(s.ID), slot.StatusEQ(slot.StatusFree), slot.RemainingGT(0)).AddRemaining(-1).Save(ctx)
			if err != nil || n == 0 {
				return errors.Join(err, full)
			}
			return d.DB.Appointment.Create().SetPatientID(h.people[20+i]).SetSlotID(s.ID).SetScheduleID(s.ScheduleID).SetClinicID(h.clinic).
				SetStartsAt(s.StartsAt).SetEndsAt(s.EndsAt).SetStatus(appointment.StatusBooked).SetChannel(appointment.ChannelApp).Exec(ctx)
		})
		if errors.Is(err, full) {
			return nil
		}
		return err
	}
	codes := h.atOnce(t, 60, func(d *day.Day, i int) error {
		switch {
		case i == 20 || i == 31:
			h.stop(t, d, 0, 2*time.Hour)
			return nil
		case i < 12:
			_, err := d.CheckIn(h.staff, day.CheckIn{AppointmentID: rows[i].ID})
			return err
		case i < 16:
			_, err := d.CallNext(h.staff, day.Call{Key: uuid.New(), ScheduleID: h.diary.ID})
			return err
		}
		return booking(d, i)
	})
	if codes[""]+codes[fault.InvalidTransition] != 60 {
		t.Errorf("they ended with %v", codes)
	}
	system := seedtest.System(t)
	taken := map[string]int{}
	for _, a := range h.DB.Appointment.Query().Where(appointment.ScheduleID(h.diary.ID)).AllX(system) {
		told := h.told(t, a.PatientID)
		switch {
		case a.Status == appointment.StatusCancelled:
			if strings.Count(told, "stopped") != 1 {
				t.Errorf("somebody was told %q", told)
			}
		case a.CalledAt == nil:
			t.Errorf("an appointment is %s in a slot that is closed", a.Status)
		default:
			taken[a.SlotID]++
		}
	}
	for _, s := range slots {
		if got := h.DB.Slot.GetX(system, s.ID); got.Remaining+taken[s.ID] != got.Capacity || got.Status != slot.StatusBusyUnavailable {
			t.Errorf("%d left of %d, and %d are taken; %s", got.Remaining, got.Capacity, taken[s.ID], got.Status)
		}
	}
}

func TestWhoLostAPlaceIsShownOthersOfTheDepartment(t *testing.T) {
	h := open(t)
	system := seedtest.System(t)
	for _, s := range h.DB.Schedule.Query().AllX(system) { // what is seeded stands in no other's way
		h.DB.Slot.Update().Where(slot.ScheduleID(s.ID)).SetStatus(slot.StatusBusy).ExecX(system)
	}
	s, other := h.slot(t, time.Hour, time.Hour, 5), h.colleague(t)
	a, b := h.book(t, s, h.people[0]), h.book(t, s, h.people[1])
	h.slotOf(t, other, 0, time.Hour, 1) // before it
	full := h.slotOf(t, other, time.Hour, time.Hour, 1)
	h.book(t, full, h.people[2])
	var want []string
	for i := range 4 {
		want = append(want, h.slotOf(t, other, time.Duration(2+i)*time.Hour, time.Hour, 1).ID)
	}
	read := func(q *db.SlotQuery) ([]*db.Slot, error) { return q.All(system) }
	ids := func(as context.Context, of *db.Appointment) string {
		t.Helper()
		slots, err := h.Alternatives(as, h.look(t, of), read)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, one := range slots {
			list = append(list, one.ID)
		}
		return strings.Join(list, " ")
	}
	me := h.person(t, h.people[0])
	if got := ids(me, a); got != "" {
		t.Errorf("before it is stopped: %s", got)
	}
	h.stop(t, h.Day, 0, 2*time.Hour)
	if got := ids(me, a); got != strings.Join(want[:3], " ") {
		t.Errorf("shown %s, not %s", got, want[:3])
	}
	for name, got := range map[string]string{"somebody else's": ids(me, b), "to the clinic": ids(h.staff, a), "to a visitor": ids(t.Context(), a)} {
		if got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	h.clock.Turn(3 * time.Hour)
	if got := ids(me, a); got != "" {
		t.Errorf("when it would be over: %s", got)
	}
}
