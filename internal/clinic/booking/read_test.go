package booking_test

import (
	"slices"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
)

func TestASlotIsReleasedDaysBeforeAtAnHour(t *testing.T) {
	start := time.Date(2026, 12, 10, 0, 30, 0, 0, clock.Shanghai)
	if at := booking.DefaultTerms.ReleasedAt(start.UTC()); !at.Equal(time.Date(2026, 12, 3, 8, 0, 0, 0, clock.Shanghai)) {
		t.Errorf("at %s", at)
	}
}

func TestBookabilitySaysWhyNot(t *testing.T) {
	d := open(t)
	people := d.people(t, 2)
	full := d.slot(t, 28*time.Hour, 1)
	d.booked(t, people[0], full)
	d.booked(t, people[1], d.slot(t, 50*time.Hour, 5))
	for _, tt := range []struct {
		slot *db.Slot
		want booking.Refusal
	}{
		{d.slot(t, 26*time.Hour, 5), ""},
		{d.slot(t, 10*time.Minute, 5), booking.CutoffPassed},
		{d.slot(t, 9*24*time.Hour, 5), booking.NotReleased},
		{d.beside(t, d.diaries(t, 1)[0], 50*time.Hour, 5), booking.Overlap},
		{full, booking.Full},
	} {
		b, err := d.Bookability(people[1], d.DB.Slot.GetX(seedtest.System(t), tt.slot.ID), nil)
		if err != nil {
			t.Fatal(err)
		}
		if b.Bookable != (tt.want == "") || tt.want != "" && *b.Reason != tt.want {
			t.Errorf("%v, want %q", b, tt.want)
		}
	}
	grandmother := seedtest.Person(t, "wangguiying")
	if _, err := d.Bookability(d.city.As(t, "chenjing"), full, &grandmother); err != nil {
		t.Errorf("for her mother: %v", err)
	}
	_, err := d.Bookability(people[0], full, &grandmother)
	faulttest.Refused(t, "for a stranger", err, fault.DelegationScope)
	if b, err := d.Bookability(t.Context(), full, nil); b != nil || err != nil {
		t.Errorf("of a visitor: %v, %v", b, err)
	}
}

func TestAllowedActions(t *testing.T) {
	d := open(t)
	for _, tt := range []struct {
		member string
		status appointment.Status
		want   []booking.Action
	}{
		{"maming", appointment.StatusPending, []booking.Action{booking.Book, booking.Cancel}},
		{"maming", appointment.StatusBooked, []booking.Action{booking.Reschedule, booking.Cancel, booking.CheckIn, booking.ShareRecord}},
		{"maming", appointment.StatusCheckedIn, []booking.Action{booking.ShareRecord}},
		{"maming", appointment.StatusFulfilled, nil},
		{"xumin", appointment.StatusPending, nil},
		{"xumin", appointment.StatusBooked, []booking.Action{booking.CheckIn, booking.MarkNoShow}},
		{"xumin", appointment.StatusCheckedIn, []booking.Action{booking.Call, booking.Fulfil, booking.MarkNoShow, booking.IssueBill, booking.AddRecord}},
		{"xumin", appointment.StatusFulfilled, []booking.Action{booking.IssueBill, booking.AddRecord}},
		{"xumin", appointment.StatusNoShow, nil},
		{"lina", appointment.StatusBooked, nil},
		{"", appointment.StatusBooked, nil},
	} {
		a := seedtest.PutAppointment(t, d.city, "maming", tt.status)
		allowed, err := d.AllowedActions(d.city.As(t, tt.member), a)
		if err != nil || !slices.Equal(allowed, tt.want) {
			t.Errorf("%q may %v of what is %s: %v", tt.member, allowed, tt.status, err)
		}
		d.DB.Appointment.DeleteOneID(a.ID).ExecX(seedtest.System(t))
	}
}

func TestListsAreTheirs(t *testing.T) {
	d := open(t)
	s := d.slot(t, 3*time.Hour, 5)
	d.booked(t, d.city.As(t, "wangguiying"), s)
	d.booked(t, d.city.As(t, "maming"), s)
	grandmother := seedtest.Person(t, "wangguiying")
	q, err := d.Appointments(d.city.As(t, "chenjing"), d.DB.Appointment.Query(), booking.Filter{PersonID: &grandmother})
	if err != nil {
		t.Fatal(err)
	}
	if n := q.Where(appointment.SlotID(s.ID)).CountX(d.city.As(t, "chenjing")); n != 1 {
		t.Errorf("%d of her mother's", n)
	}
	_, err = d.Appointments(d.city.As(t, "maming"), d.DB.Appointment.Query(), booking.Filter{PersonID: &grandmother})
	faulttest.Refused(t, "a stranger's list", err, fault.DelegationScope)
	nurse := d.city.As(t, "xumin")
	if q, err = d.AtClinic(nurse, d.DB.Appointment.Query(), d.clinic, "2026-11-30"); err != nil {
		t.Fatal(err)
	}
	if n := q.CountX(nurse); n != 2 {
		t.Errorf("%d come to the clinic", n)
	}
	_, err = d.AtClinic(nurse, d.DB.Appointment.Query(), d.clinic, "today")
	faulttest.Refused(t, "no day", err, fault.BadUserInput)
	_, err = d.AtClinic(d.city.As(t, "maming"), d.DB.Appointment.Query(), d.clinic, "2026-11-30")
	faulttest.Refused(t, "not of the staff", err, fault.Forbidden)
}

// Who comes too late costs two statements and no transaction.
func TestLosersAreCheap(t *testing.T) {
	d := open(t)
	s, people := d.slot(t, 3*time.Hour, 1), d.people(t, 2)
	d.booked(t, people[0], s)
	ctx, sent := store.CountStatements(people[1])
	_, err := book(ctx, d.Office, s)
	faulttest.Refused(t, "too late", err, fault.SlotFull)
	if n := sent.Statements(); n != 2 {
		t.Errorf("a loser costs %d statements", n)
	}
}
