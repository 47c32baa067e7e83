package booking_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/waitlistentry"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/fault"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// Invariant 1: 500 callers at two replicas for the 50 places of a slot, half of them to hold and half to book.
func TestFiveHundredCallForFiftyPlaces(t *testing.T) {
	d := open(t)
	s, people := d.slot(t, 3*time.Hour, 50), d.people(t, 500)
	codes := d.atOnce(t, len(people), func(o *booking.Office, i int) error {
		ctx, done := context.WithTimeout(people[i], 30*time.Second)
		defer done()
		if i%4 < 2 {
			_, err := o.Hold(ctx, booking.Request{Key: uuid.New(), SlotID: s.ID})
			return err
		}
		_, err := book(ctx, o, s)
		return err
	})
	if codes[""] != 50 || codes[fault.SlotFull] != 450 {
		t.Errorf("callers ended with %v", codes)
	}
	d.left(t, s, 0)
	d.sound(t)
}

// Invariant 2: one patient and who acts for them ask for overlapping slots of many diaries at once.
func TestAPatientNeverHasTwoPlacesAtATime(t *testing.T) {
	d := open(t)
	grandmother := seedtest.Person(t, "wangguiying")
	as := []context.Context{d.city.As(t, "wangguiying"), d.city.As(t, "chenjing")}
	var slots []*db.Slot
	for i, diary := range d.diaries(t, 8) {
		slots = append(slots, d.beside(t, diary, 3*time.Hour+time.Duration(i)*2*time.Minute, 5))
	}
	codes := d.atOnce(t, 48, func(o *booking.Office, i int) error {
		_, err := o.Book(as[i/2%2], booking.Booking{Key: uuid.New(), SlotID: &slots[i%8].ID, OnBehalfOf: &grandmother})
		return err
	})
	if codes[""] != 1 || codes[fault.AppointmentOverlap] != 47 {
		t.Errorf("callers ended with %v", codes)
	}
	d.sound(t)
}

// Invariant 4: what is held is booked while the round lets go of it; each hold has one winner.
func TestBookingRacesWithExpiry(t *testing.T) {
	d := open(t)
	s, people := d.slot(t, 3*time.Hour, 20), d.people(t, 20)
	held := make([]*db.Appointment, len(people))
	for i, p := range people {
		var err error
		if held[i], err = d.hold(p, s); err != nil {
			t.Fatal(err)
		}
	}
	// One replica's clock is ahead: what has expired there can still be booked here.
	ahead := seedtest.NewClock()
	ahead.Turn(d.clock.Now().Add(booking.DefaultTerms.HoldLife).Sub(ahead.Now()))
	d.replicas[1].Clock = ahead
	d.clock.Turn(booking.DefaultTerms.HoldLife - time.Second)
	codes := d.atOnce(t, 2*len(people), func(o *booking.Office, i int) error {
		if i%2 == 1 {
			return o.Tend(t.Context())
		}
		_, err := o.Book(people[i/2], booking.Booking{Key: uuid.New(), AppointmentID: &held[i/2].ID})
		return err
	})
	won := d.DB.Appointment.Query().Where(appointment.SlotID(s.ID), appointment.StatusEQ(appointment.StatusBooked)).CountX(seedtest.System(t))
	if codes[""] != len(people)+won || codes[fault.HoldExpired] != len(people)-won {
		t.Errorf("%d are booked, and callers ended with %v", won, codes)
	}
	d.left(t, s, len(people)-won)
}

// Patients change places among four slots, with one place more than they need: at no commit is one of them without a place.
func TestReschedulingNeverLeavesAPatientWithoutAPlace(t *testing.T) {
	d := open(t)
	var slots []*db.Slot
	for i := range 4 {
		slots = append(slots, d.slot(t, time.Duration(2+i)*time.Hour, 5))
	}
	people := d.people(t, 16)
	for i, p := range people {
		d.booked(t, p, slots[i%4])
	}
	stop := make(chan struct{})
	watched := make(chan int, 1)
	go func() {
		fewest := len(people)
		for {
			select {
			case <-stop:
				watched <- fewest
				return
			default:
				n, err := d.DB.Appointment.Query().Where(appointment.PatientIDIn(ids(people)...), appointment.StatusEQ(appointment.StatusBooked)).Count(seedtest.System(t))
				if err == nil {
					fewest = min(fewest, n)
				}
			}
		}
	}()
	codes := d.atOnce(t, 64, func(o *booking.Office, i int) error {
		p := people[i%16]
		has, err := o.DB.Appointment.Query().Where(appointment.PatientID(viewer.From(p).PersonID), appointment.StatusEQ(appointment.StatusBooked)).All(p)
		if err != nil {
			return err
		}
		if len(has) != 1 {
			t.Errorf("a patient has %d places", len(has))
			return nil
		}
		_, err = o.Reschedule(p, booking.Move{Key: uuid.New(), AppointmentID: has[0].ID, SlotID: slots[(i+i/16+1)%4].ID})
		return err
	})
	close(stop)
	if fewest := <-watched; fewest != len(people) {
		t.Errorf("at a time only %d of %d had a place", fewest, len(people))
	}
	for code := range codes {
		switch code {
		case "", fault.SlotFull, fault.BadUserInput, fault.InvalidTransition, fault.AppointmentOverlap: // of the last two: somebody moved them meanwhile
		default:
			t.Errorf("callers ended with %v", codes)
		}
	}
	if codes[""] == 0 {
		t.Errorf("nobody moved: %v", codes)
	}
	d.sound(t)
	for _, s := range slots {
		taken := d.DB.Appointment.Query().Where(appointment.SlotID(s.ID), appointment.StatusNEQ(appointment.StatusCancelled)).CountX(seedtest.System(t))
		d.left(t, s, 5-taken)
	}
}

func ids(people []context.Context) []string {
	all := make([]string, len(people))
	for i, p := range people {
		all[i] = viewer.From(p).PersonID
	}
	return all
}

// Invariant 3: ten give their places back at once while twenty wait and the public asks: each place is offered once, to the first ten in
// order, and the public gets none.
func TestFreedPlacesAreOfferedOnceAndInOrder(t *testing.T) {
	d := open(t)
	s, people := d.slot(t, 3*time.Hour, 10), d.people(t, 60)
	var held []*db.Appointment
	for _, p := range people[:10] {
		held = append(held, d.booked(t, p, s))
	}
	var waiting []*db.WaitlistEntry
	for _, p := range people[10:30] {
		waiting = append(waiting, d.joined(t, p, s))
	}
	codes := d.atOnce(t, 40, func(o *booking.Office, i int) error {
		switch {
		case i < 10:
			_, err := o.Cancel(people[i], held[i].ID)
			return err
		case i < 12:
			return o.Tend(t.Context())
		}
		_, err := book(people[20+i], o, s)
		return err
	})
	if codes[""] != 12 || codes[fault.SlotFull] != 28 {
		t.Errorf("callers ended with %v", codes)
	}
	for i, e := range waiting {
		want := string(waitlistentry.StatusOffered)
		if i >= 10 {
			want = string(waitlistentry.StatusWaiting)
		}
		if got := d.waits(t, e); got != want {
			t.Errorf("the %dth who waits is %s, not %s", i+1, got, want)
		}
	}
	d.left(t, s, 0)
	d.sound(t)
}

// One key sent many times, through two replicas, is one place.
func TestOneKeyIsOnePlace(t *testing.T) {
	d := open(t)
	s, p, key := d.slot(t, 3*time.Hour, 5), d.people(t, 1)[0], uuid.New()
	made := make([]string, 20)
	codes := d.atOnce(t, len(made), func(o *booking.Office, i int) error {
		a, err := o.Book(p, booking.Booking{Key: key, SlotID: &s.ID})
		if err == nil {
			made[i] = a.ID
		}
		return err
	})
	for _, id := range made {
		if id != made[0] {
			t.Errorf("answers are %v, and ended with %v", made, codes)
			break
		}
	}
	d.left(t, s, 4)
}
