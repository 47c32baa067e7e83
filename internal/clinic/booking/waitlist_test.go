package booking_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/bookingsuspension"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// offered is the place that is offered to who waits.
func (d *desk) offered(t *testing.T, e *db.WaitlistEntry) *db.Appointment {
	t.Helper()
	a, err := d.DB.WaitlistEntry.Query().QueryAppointment().All(seedtest.System(t))
	if err != nil {
		t.Fatal(err)
	}
	now := d.DB.WaitlistEntry.GetX(seedtest.System(t), e.ID)
	for _, one := range a {
		if now.AppointmentID != nil && one.ID == *now.AppointmentID {
			return one
		}
	}
	t.Fatalf("nothing is offered to %s, who is %s", e.ID, now.Status)
	return nil
}

// A place goes from one who waits to the next, until somebody takes it.
func TestAFreedPlaceIsOfferedInOrder(t *testing.T) {
	d := open(t)
	s, people := d.slot(t, 26*time.Hour, 1), d.people(t, 6)
	taken := d.booked(t, people[0], s)
	var waiting []*db.WaitlistEntry
	for _, p := range people[1:5] {
		waiting = append(waiting, d.joined(t, p, s))
	}
	_, err := d.Join(people[1], booking.Request{Key: uuid.New(), SlotID: s.ID})
	faulttest.Refused(t, "waiting twice", err, fault.InvalidTransition)

	if _, err := d.Cancel(people[0], taken.ID); err != nil {
		t.Fatal(err)
	}
	first := d.offered(t, waiting[0])
	if !first.HeldUntil.Equal(d.clock.Now().Add(15*time.Minute)) || first.Channel != appointment.ChannelWaitlist {
		t.Errorf("offered is %v", first)
	}
	_, err = book(people[5], d.Office, s)
	faulttest.Refused(t, "the public meanwhile", err, fault.SlotFull)

	d.clock.Turn(booking.DefaultTerms.OfferLife)
	d.tend(t)
	_, err = d.confirm(people[1], first)
	faulttest.Refused(t, "taking it too late", err, fault.HoldExpired)
	second := d.offered(t, waiting[1])
	if _, err := d.Cancel(people[2], second.ID); err != nil {
		t.Fatal(err)
	}
	d.offered(t, waiting[2])
	if _, err := d.Leave(people[3], waiting[2].ID); err != nil { // who waits no longer has no offer either
		t.Fatal(err)
	}
	if _, err := d.confirm(people[4], d.offered(t, waiting[3])); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"EXPIRED", "LEFT", "LEFT", "ACCEPTED"} {
		if got := d.waits(t, waiting[i]); got != want {
			t.Errorf("the %dth is %s, not %s", i+1, got, want)
		}
	}
	_, err = d.Leave(people[4], waiting[3].ID)
	faulttest.Refused(t, "leaving what was accepted", err, fault.InvalidTransition)
	d.left(t, s, 0)
	d.sound(t)
}

// Who cannot have the place now keeps their turn, and what nobody can have is everybody's.
func TestWhoCannotHaveAPlaceIsPassedOver(t *testing.T) {
	d := open(t)
	s, people := d.slot(t, 26*time.Hour, 2), d.people(t, 5)
	taken := []*db.Appointment{d.booked(t, people[0], s), d.booked(t, people[1], s)}
	busy, suspended, able := d.joined(t, people[2], s), d.joined(t, people[3], s), d.joined(t, people[4], s)
	d.booked(t, people[2], d.beside(t, d.diaries(t, 1)[0], 26*time.Hour, 1))
	suspension := d.DB.BookingSuspension.Create().SetID(id.New(id.BookingSuspension)).SetPatientID(viewer.From(people[3]).PersonID).SetMissed(3).
		SetEndsAt(d.clock.Now().Add(48 * time.Hour)).SaveX(seedtest.System(t))

	if _, err := d.Cancel(people[0], taken[0].ID); err != nil {
		t.Fatal(err)
	}
	if d.waits(t, busy) != "WAITING" || d.waits(t, suspended) != "WAITING" || d.waits(t, able) != "OFFERED" {
		t.Errorf("they are %s, %s and %s", d.waits(t, busy), d.waits(t, suspended), d.waits(t, able))
	}
	d.left(t, s, 0)
	if _, err := d.Cancel(people[1], taken[1].ID); err != nil {
		t.Fatal(err)
	}
	d.left(t, s, 1)

	suspension.Update().SetStatus(bookingsuspension.StatusLifted).ExecX(seedtest.System(t))
	again := d.booked(t, people[0], s)
	if _, err := d.Cancel(people[0], again.ID); err != nil {
		t.Fatal(err)
	}
	if d.waits(t, suspended) != "OFFERED" {
		t.Errorf("who may book again is %s", d.waits(t, suspended))
	}
}

// A process that dies between giving a place back and offering it loses nothing: the next round offers it.
func TestTheRoundOffersWhatWasNotOffered(t *testing.T) {
	d := open(t)
	s, people := d.slot(t, 26*time.Hour, 1), d.people(t, 2)
	taken := d.booked(t, people[0], s)
	e := d.joined(t, people[1], s)
	d.DB.Appointment.UpdateOneID(taken.ID).SetStatus(appointment.StatusCancelled).SetCancelReason(appointment.CancelReasonPatient).ExecX(seedtest.System(t))
	d.tend(t)
	d.offered(t, e)
}

// When the last who waits leaves before it was offered, the place is everybody's.
func TestAPlaceNobodyWaitsForIsEverybodys(t *testing.T) {
	d := open(t)
	s, people := d.slot(t, 26*time.Hour, 1), d.people(t, 2)
	taken := d.booked(t, people[0], s)
	e := d.joined(t, people[1], s)
	d.DB.Appointment.UpdateOneID(taken.ID).SetStatus(appointment.StatusCancelled).SetCancelReason(appointment.CancelReasonPatient).ExecX(seedtest.System(t))
	if _, err := d.Leave(people[1], e.ID); err != nil {
		t.Fatal(err)
	}
	d.left(t, s, 1)
}

func TestWaitingEndsAtTheCutOff(t *testing.T) {
	d := open(t)
	s, people := d.slot(t, 2*time.Hour, 1), d.people(t, 2)
	d.booked(t, people[0], s)
	e := d.joined(t, people[1], s)
	d.clock.Turn(91 * time.Minute)
	d.tend(t)
	if d.waits(t, e) != "EXPIRED" {
		t.Errorf("it is %s", d.waits(t, e))
	}
}

// The daughter is told of her mother's offer as it comes; who subscribes later is told of what still stands, and a stranger of nothing.
func TestOffersAreStreamed(t *testing.T) {
	d := open(t)
	grandmother := d.city.As(t, "wangguiying")
	s, other := d.slot(t, 26*time.Hour, 1), d.people(t, 1)[0]
	taken := d.booked(t, other, s)
	e := d.joined(t, grandmother, s)
	subscribe := func(member string) <-chan *db.WaitlistEntry {
		ctx, end := context.WithCancel(d.city.As(t, member))
		t.Cleanup(end)
		offers, err := d.Offers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return offers
	}
	daughters, strangers := subscribe("chenjing"), subscribe("maming")
	if _, err := d.Cancel(other, taken.ID); err != nil {
		t.Fatal(err)
	}
	for who, offers := range map[string]<-chan *db.WaitlistEntry{"the daughter": daughters, "herself, later": subscribe("wangguiying")} {
		select {
		case got := <-offers:
			if got.ID != e.ID {
				t.Errorf("%s is told of %s", who, got.ID)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s is told of nothing", who)
		}
	}
	select {
	case got := <-strangers:
		t.Errorf("a stranger is told of %v", got)
	default:
	}
	_, err := d.Offers(t.Context())
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
	if told := d.told(t, "chenjing"); told != "clinic/offered" {
		t.Errorf("the daughter's inbox has %s", told)
	}
}
