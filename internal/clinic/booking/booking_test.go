package booking_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/bookingsuspension"
	"citygraph/ent/db/session"
	"citygraph/ent/db/slot"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

func TestAHoldIsBookedMovedAndGivenBack(t *testing.T) {
	d := open(t)
	me := d.city.As(t, "maming")
	first, second := d.slot(t, 26*time.Hour, 2), d.slot(t, 50*time.Hour, 2)
	held, err := d.hold(me, first)
	if err != nil || held.Status != appointment.StatusPending || !held.HeldUntil.Equal(d.clock.Now().Add(5*time.Minute)) {
		t.Fatalf("%v, %v", held, err)
	}
	d.left(t, first, 1)
	booked, err := d.confirm(me, held)
	if err != nil || booked.Status != appointment.StatusBooked || booked.HeldUntil != nil {
		t.Fatalf("%v, %v", booked, err)
	}
	_, err = d.confirm(me, held)
	faulttest.Refused(t, "booking what is booked", err, fault.InvalidTransition)
	moved, err := d.Reschedule(me, booking.Move{Key: uuid.New(), AppointmentID: booked.ID, SlotID: second.ID})
	if err != nil || moved.Status != appointment.StatusBooked || moved.SlotID != second.ID {
		t.Fatalf("%v, %v", moved, err)
	}
	old := d.DB.Appointment.GetX(seedtest.System(t), booked.ID)
	if old.Status != appointment.StatusCancelled || *old.CancelReason != appointment.CancelReasonRescheduled {
		t.Errorf("the old one is %v", old)
	}
	d.left(t, first, 2)
	d.left(t, second, 1)
	gone, err := d.Cancel(me, moved.ID)
	if err != nil || gone.Status != appointment.StatusCancelled || *gone.CancelReason != appointment.CancelReasonPatient {
		t.Fatalf("%v, %v", gone, err)
	}
	d.left(t, second, 2)
	_, err = d.Cancel(me, moved.ID)
	faulttest.Refused(t, "giving back again", err, fault.InvalidTransition)
	if told := d.told(t, "maming"); told != "clinic/booked clinic/rescheduled clinic/cancelled" {
		t.Errorf("told %s", told)
	}
}

func TestAnExpiredHoldIsNobodys(t *testing.T) {
	d := open(t)
	me := d.city.As(t, "maming")
	s := d.slot(t, 3*time.Hour, 1)
	held, err := d.hold(me, s)
	if err != nil {
		t.Fatal(err)
	}
	d.clock.Turn(booking.DefaultTerms.HoldLife)
	_, err = d.confirm(me, held)
	faulttest.Refused(t, "booking too late", err, fault.HoldExpired)
	d.left(t, s, 0)
	d.tend(t)
	d.left(t, s, 1)
	_, err = d.confirm(me, held)
	faulttest.Refused(t, "booking what was let go", err, fault.HoldExpired)
	if a := d.DB.Appointment.GetX(seedtest.System(t), held.ID); *a.CancelReason != appointment.CancelReasonHoldExpired {
		t.Errorf("it is %v", a)
	}
	if told := d.told(t, "maming"); told != "" {
		t.Errorf("told %s", told)
	}
}

// Who let a hold lapse holds the slot again before the round has been.
func TestALapsedHoldIsNotInTheWay(t *testing.T) {
	d := open(t)
	me := d.city.As(t, "maming")
	s := d.slot(t, 3*time.Hour, 2)
	first, err := d.hold(me, s)
	if err != nil {
		t.Fatal(err)
	}
	d.clock.Turn(booking.DefaultTerms.HoldLife)
	if _, err := d.hold(me, s); err != nil {
		t.Fatal(err)
	}
	if d.status(t, first) != appointment.StatusCancelled {
		t.Error("the first stands")
	}
	d.left(t, s, 1)
}

// What is refused leaves no row and tells nobody.
func TestRefusals(t *testing.T) {
	d := open(t)
	mother, stranger := d.city.As(t, "chenjing"), d.city.As(t, "maming")
	soon, far, free, full := d.slot(t, 20*time.Minute, 5), d.slot(t, 10*24*time.Hour, 5), d.slot(t, 26*time.Hour, 5), d.slot(t, 28*time.Hour, 1)
	d.booked(t, stranger, full)
	stopped := d.slot(t, 30*time.Hour, 5)
	stopped.Update().SetStatus(slot.StatusBusyUnavailable).ExecX(seedtest.System(t))
	taken := d.booked(t, mother, d.slot(t, 50*time.Hour, 5))
	overlapping := d.beside(t, d.diaries(t, 1)[0], 50*time.Hour+10*time.Minute, 5)
	late := d.booked(t, mother, d.slot(t, 40*time.Minute, 5))
	unbound := viewer.With(t.Context(), &viewer.Viewer{PersonID: d.DB.Person.Create().SetID(id.New(id.Person)).SaveX(seedtest.System(t)).ID})
	suspended := d.people(t, 1)[0]
	suspension := d.DB.BookingSuspension.Create().SetID(id.New(id.BookingSuspension)).SetPatientID(viewer.From(suspended).PersonID).SetMissed(3).
		SetEndsAt(d.clock.Now().Add(time.Hour)).SaveX(seedtest.System(t))
	grandmother := seedtest.Person(t, "wangguiying")
	before := d.rows(t)
	d.clock.Turn(15 * time.Minute)
	for _, tt := range []struct {
		what string
		do   func() error
		want fault.Code
	}{
		{"a visitor's hold", func() error { _, err := d.hold(t.Context(), free); return err }, fault.Unauthenticated},
		{"a visitor's booking", func() error { _, err := book(t.Context(), d.Office, free); return err }, fault.Unauthenticated},
		{"a visitor's waiting", func() error {
			_, err := d.Join(t.Context(), booking.Request{Key: uuid.New(), SlotID: full.ID})
			return err
		}, fault.Unauthenticated},
		{"a slot that was never", func() error { _, err := d.hold(mother, &db.Slot{ID: id.New(id.Slot)}); return err }, fault.NotFound},
		{"what begins soon", func() error { _, err := d.hold(mother, soon); return err }, fault.CutoffPassed},
		{"what is not released", func() error { _, err := d.hold(mother, far); return err }, fault.SlotNotReleased},
		{"what is stopped", func() error { _, err := d.hold(mother, stopped); return err }, fault.SlotFull},
		{"what is full", func() error { _, err := d.hold(mother, full); return err }, fault.SlotFull},
		{"what overlaps", func() error { _, err := d.hold(mother, overlapping); return err }, fault.AppointmentOverlap},
		{"without a real name", func() error { _, err := d.hold(unbound, free); return err }, fault.RealNameRequired},
		{"while suspended", func() error { _, err := d.hold(suspended, free); return err }, fault.BookingSuspended},
		{"for a stranger", func() error {
			_, err := d.Hold(stranger, booking.Request{Key: uuid.New(), SlotID: free.ID, OnBehalfOf: &grandmother})
			return err
		}, fault.DelegationScope},
		{"both ids", func() error {
			_, err := d.Book(mother, booking.Booking{Key: uuid.New(), SlotID: &free.ID, AppointmentID: &taken.ID})
			return err
		}, fault.BadUserInput},
		{"neither id", func() error { _, err := d.Book(mother, booking.Booking{Key: uuid.New()}); return err }, fault.BadUserInput},
		{"another's appointment", func() error { _, err := d.confirm(stranger, taken); return err }, fault.NotFound},
		{"cancelling another's", func() error { _, err := d.Cancel(stranger, taken.ID); return err }, fault.NotFound},
		{"cancelling as staff", func() error { _, err := d.Cancel(d.city.As(t, "xumin"), taken.ID); return err }, fault.NotFound},
		{"moving another's", func() error {
			_, err := d.Reschedule(stranger, booking.Move{Key: uuid.New(), AppointmentID: taken.ID, SlotID: free.ID})
			return err
		}, fault.NotFound},
		{"cancelling too late", func() error { _, err := d.Cancel(mother, late.ID); return err }, fault.CutoffPassed},
		{"moving too late", func() error {
			_, err := d.Reschedule(mother, booking.Move{Key: uuid.New(), AppointmentID: late.ID, SlotID: free.ID})
			return err
		}, fault.CutoffPassed},
		{"moving to where it is", func() error {
			_, err := d.Reschedule(mother, booking.Move{Key: uuid.New(), AppointmentID: taken.ID, SlotID: taken.SlotID})
			return err
		}, fault.BadUserInput},
		{"moving to what is full", func() error {
			_, err := d.Reschedule(mother, booking.Move{Key: uuid.New(), AppointmentID: taken.ID, SlotID: full.ID})
			return err
		}, fault.SlotFull},
		{"waiting for what is not full", func() error { _, err := d.Join(mother, booking.Request{Key: uuid.New(), SlotID: free.ID}); return err }, fault.BadUserInput},
		{"waiting for what is stopped", func() error {
			_, err := d.Join(mother, booking.Request{Key: uuid.New(), SlotID: stopped.ID})
			return err
		}, fault.BadUserInput},
		{"waiting for what one has", func() error {
			_, err := d.Join(stranger, booking.Request{Key: uuid.New(), SlotID: full.ID})
			return err
		}, fault.AppointmentOverlap},
		{"waiting for what is not released", func() error { _, err := d.Join(mother, booking.Request{Key: uuid.New(), SlotID: far.ID}); return err }, fault.SlotNotReleased},
		{"leaving what was never", func() error { _, err := d.Leave(mother, id.New(id.WaitlistEntry)); return err }, fault.NotFound},
	} {
		faulttest.Refused(t, tt.what, tt.do(), tt.want)
	}
	if after := d.rows(t); after != before {
		t.Errorf("rows were %v and are %v", before, after)
	}
	if status := d.status(t, taken); status != appointment.StatusBooked {
		t.Errorf("what could not be moved is %s", status)
	}
	d.sound(t)
	suspension.Update().SetStatus(bookingsuspension.StatusLifted).ExecX(seedtest.System(t))
	if _, err := d.hold(suspended, free); err != nil {
		t.Errorf("when lifted: %v", err)
	}
}

// A daughter books for her mother, who is told as well, until the mother ends it.
func TestWhoMayBookForAPatientDoes(t *testing.T) {
	d := open(t)
	daughter, grandmother := d.city.As(t, "chenjing"), seedtest.Person(t, "wangguiying")
	s := d.slot(t, 26*time.Hour, 3)
	a, err := d.Book(daughter, booking.Booking{Key: uuid.New(), SlotID: &s.ID, OnBehalfOf: &grandmother})
	if err != nil || a.PatientID != grandmother || a.BookedByID != seedtest.Person(t, "chenjing") {
		t.Fatalf("%v, %v", a, err)
	}
	if d.told(t, "wangguiying") != "clinic/booked" || d.told(t, "chenjing") != "clinic/booked" {
		t.Errorf("told %q and %q", d.told(t, "wangguiying"), d.told(t, "chenjing"))
	}
	d.DB.Delegation.Delete().ExecX(seedtest.System(t))
	_, err = d.Cancel(daughter, a.ID)
	faulttest.Refused(t, "without the right", err, fault.NotFound)
	if _, err := d.Cancel(d.city.As(t, "wangguiying"), a.ID); err != nil {
		t.Error(err)
	}
}

// Each reminder comes once, and none of what was booked later than it is for.
func TestReminders(t *testing.T) {
	d := open(t)
	far, near, next := d.slot(t, 49*time.Hour, 2), d.slot(t, 5*time.Hour, 2), d.slot(t, 45*time.Minute, 2)
	d.booked(t, d.city.As(t, "maming"), far)
	d.booked(t, d.city.As(t, "lina"), near)
	d.booked(t, d.city.As(t, "wutao"), next)
	for range 50 {
		d.tend(t)
		d.clock.Turn(time.Hour)
	}
	for member, want := range map[string]string{
		"maming": "clinic/booked clinic/in_a_day clinic/in_an_hour", "lina": "clinic/booked clinic/in_an_hour", "wutao": "clinic/booked",
	} {
		if told := d.told(t, member); told != want {
			t.Errorf("%s was told %s", member, told)
		}
	}
}

// Mini-programs get their share of a slot and no more; the app gets the rest.
func TestAChannelHasItsShare(t *testing.T) {
	d := open(t)
	d.Terms.MiniProgram = 50
	s, people := d.slot(t, 26*time.Hour, 4), d.people(t, 6)
	mini := func(as context.Context) context.Context {
		v := *viewer.From(as)
		v.SessionID = d.DB.Session.Create().SetID(id.New(id.Session)).SetPersonID(v.PersonID).SetClient(session.ClientMiniProgram).
			SetExpiresAt(d.clock.Now().Add(time.Hour)).SaveX(seedtest.System(t)).ID
		return viewer.With(as, &v)
	}
	for i, want := range []fault.Code{"", "", fault.SlotFull} {
		_, err := book(mini(people[i]), d.Office, s)
		faulttest.Refused(t, "from a mini-program", err, want)
	}
	for i, want := range []fault.Code{"", "", fault.SlotFull} {
		_, err := book(people[3+i], d.Office, s)
		faulttest.Refused(t, "from the app", err, want)
	}
	d.left(t, s, 0)
}

// Who is gone comes to no appointment, waits for nothing, and their name is nowhere.
func TestWhoEndsTheirAccountLeavesTheirPlaces(t *testing.T) {
	d := open(t)
	people := d.people(t, 2)
	gone, next := people[0], people[1]
	s, full := d.slot(t, 3*time.Hour, 1), d.slot(t, 5*time.Hour, 1)
	a := d.booked(t, gone, s)
	d.booked(t, next, full)
	e := d.joined(t, gone, full)
	waiting := d.joined(t, next, s)
	err := d.Store.InTx(t.Context(), func(ctx context.Context) error { return d.Forget(ctx, viewer.From(gone).PersonID) })
	if err != nil {
		t.Fatal(err)
	}
	left := d.DB.Appointment.GetX(seedtest.System(t), a.ID)
	if left.Status != appointment.StatusCancelled || *left.CancelReason != appointment.CancelReasonAccountEnded || left.PatientName != "" {
		t.Errorf("left is %v", left)
	}
	if d.waits(t, e) != "LEFT" || d.waits(t, waiting) != "OFFERED" {
		t.Errorf("they wait: %s, and who waited for their place: %s", d.waits(t, e), d.waits(t, waiting))
	}
	d.left(t, s, 0)
}
