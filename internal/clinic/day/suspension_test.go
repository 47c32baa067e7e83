package day_test

import (
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/bookingsuspension"
	"citygraph/internal/clinic/day"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
)

// missed gives a person so many appointments whose time has come, and after which they may be held to be missed.
func (h *hospital) missed(t *testing.T, patient string, n int) []*db.Appointment {
	t.Helper()
	h.clock.Turn(time.Duration(n) * time.Minute) // a schedule has one slot at a time
	rows := make([]*db.Appointment, n)
	for i := range rows {
		rows[i] = h.book(t, h.slot(t, time.Duration(i-n)*time.Minute-15*time.Minute, time.Minute, 1), patient)
	}
	return rows
}

func (h *hospital) suspensions(t *testing.T, patient string) []*db.BookingSuspension {
	t.Helper()
	return h.DB.BookingSuspension.Query().Where(bookingsuspension.PatientID(patient)).Order(bookingsuspension.ByCreatedAt()).AllX(seedtest.System(t))
}

func (h *hospital) mark(t *testing.T, rows ...*db.Appointment) {
	t.Helper()
	for _, a := range rows {
		if _, err := h.MarkNoShow(h.staff, a.ID); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAVisitEndsOnce(t *testing.T) {
	h := open(t)
	s := h.slot(t, 0, 30*time.Minute, 9)
	a := h.book(t, s, h.people[0])
	_, err := h.Fulfil(h.staff, a.ID)
	faulttest.Refused(t, "who is not there is seen", err, fault.InvalidTransition)
	h.arrive(t, a)
	h.clock.Turn(20 * time.Minute)
	_, err = h.MarkNoShow(h.staff, a.ID)
	faulttest.Refused(t, "who is there has missed it", err, fault.InvalidTransition)
	seen, err := h.Fulfil(h.staff, a.ID)
	if err != nil || seen.Status != appointment.StatusFulfilled || !seen.EndedAt.Equal(h.clock.Now()) {
		t.Errorf("it is %v (%v)", seen, err)
	}
	_, err = h.Fulfil(h.staff, a.ID)
	faulttest.Refused(t, "twice", err, fault.InvalidTransition)
	if again := h.call(t); again != nil {
		t.Errorf("who was seen is called")
	}
}

func TestNobodyHasMissedWhatMayStillBegin(t *testing.T) {
	h := open(t)
	a := h.book(t, h.slot(t, 0, 30*time.Minute, 1), h.people[0])
	h.clock.Turn(15*time.Minute - time.Second)
	_, err := h.MarkNoShow(h.staff, a.ID)
	faulttest.Refused(t, "too early", err, fault.InvalidTransition)
	h.clock.Turn(time.Second)
	h.mark(t, a)
	_, err = h.MarkNoShow(h.staff, a.ID)
	faulttest.Refused(t, "twice", err, fault.InvalidTransition)
	_, err = h.CheckIn(h.staff, day.CheckIn{AppointmentID: a.ID})
	faulttest.Refused(t, "who has missed it checks in", err, fault.InvalidTransition)
}

// Six are marked at once on two replicas: one suspension, for three, and it is told once.
func TestTheThirdMissedAppointmentSuspendsOnce(t *testing.T) {
	h := open(t)
	rows := h.missed(t, h.people[0], 6)
	codes := h.atOnce(t, 12, func(d *day.Day, i int) error { _, err := d.MarkNoShow(h.staff, rows[i%6].ID); return err })
	if codes[""] != 6 || codes[fault.InvalidTransition] != 6 {
		t.Errorf("they ended with %v", codes)
	}
	found := h.suspensions(t, h.people[0])
	if len(found) != 1 || found[0].Missed != 3 || !found[0].EndsAt.Equal(h.clock.Now().AddDate(0, 0, 30)) {
		t.Fatalf("suspended %+v", found)
	}
	if told := h.told(t, h.people[0]); told != "booking_suspended" {
		t.Errorf("told %q", told)
	}
}

func TestWhatIsMissedIsCountedFromTheEndOfTheLastSuspension(t *testing.T) {
	h := open(t)
	me := h.people[0]
	has := func(what string, n int) {
		t.Helper()
		if got := len(h.suspensions(t, me)); got != n {
			t.Errorf("%s: suspended %d times", what, got)
		}
	}
	h.mark(t, h.missed(t, me, 2)...)
	h.clock.Turn(91 * 24 * time.Hour)
	h.mark(t, h.missed(t, me, 2)...)
	has("two and two, in a hundred days", 0)
	h.mark(t, h.missed(t, me, 1)...)
	has("a third", 1)
	h.clock.Turn(29 * 24 * time.Hour)
	h.mark(t, h.missed(t, me, 3)...)
	has("three more meanwhile", 1)
	h.clock.Turn(2 * 24 * time.Hour)
	h.mark(t, h.missed(t, me, 2)...)
	has("two after it", 1)
	h.mark(t, h.missed(t, me, 1)...)
	has("three after it", 2)
	// Lifted on appeal: it is counted anew from then on.
	s := h.suspensions(t, me)[1]
	if _, err := h.Appeal(h.person(t, me), day.Plea{SuspensionID: s.ID, Reason: bookingsuspension.AppealReasonIllness}); err != nil {
		t.Fatal(err)
	}
	h.clock.Turn(time.Hour)
	if _, err := h.Decide(h.city.As(t, "fanglei"), s.ID, bookingsuspension.AppealOutcomeAccepted); err != nil {
		t.Fatal(err)
	}
	h.clock.Turn(time.Hour)
	h.mark(t, h.missed(t, me, 2)...)
	has("two after the appeal", 2)
	h.mark(t, h.missed(t, me, 1)...)
	has("three after the appeal", 3)
}

func TestAnAppealIsMadeOnceAndDecidedOnceByAnotherPerson(t *testing.T) {
	h := open(t)
	admin := h.city.As(t, "fanglei")
	suspended := func(patient string) *db.BookingSuspension {
		h.mark(t, h.missed(t, patient, 3)...)
		return h.suspensions(t, patient)[0]
	}
	mine, his, old := suspended(h.people[0]), suspended(seedtest.Person(t, "fanglei")), suspended(h.people[1])
	me := h.person(t, h.people[0])
	plea := func(s string) day.Plea {
		return day.Plea{SuspensionID: s, Reason: bookingsuspension.AppealReasonWasThere}
	}
	_, err := h.Decide(admin, mine.ID, bookingsuspension.AppealOutcomeAccepted)
	faulttest.Refused(t, "without an appeal", err, fault.InvalidTransition)
	_, err = h.Appeal(me, plea(old.ID))
	faulttest.Refused(t, "somebody else's", err, fault.NotFound)
	_, err = h.Appeal(me, plea(id.New(id.BookingSuspension)))
	faulttest.Refused(t, "nothing's", err, fault.NotFound)
	_, err = h.Appeal(t.Context(), plea(mine.ID))
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
	other := plea(old.ID)
	other.OnBehalfOf = &h.people[1]
	_, err = h.Appeal(me, other)
	faulttest.Refused(t, "for a stranger", err, fault.DelegationScope)
	allowed := func(what string, s *db.BookingSuspension, want int) {
		t.Helper()
		seen, err := h.AllowedActions(me, s)
		decides, err2 := h.AllowedActions(admin, s)
		if err != nil || err2 != nil || len(seen)+10*len(decides) != want {
			t.Errorf("%s: %v and %v (%v, %v)", what, seen, decides, err, err2)
		}
	}
	allowed("at first", mine, 1)
	codes := h.atOnce(t, 4, func(d *day.Day, _ int) error { _, err := d.Appeal(me, plea(mine.ID)); return err })
	if codes[""] != 1 || codes[fault.InvalidTransition] != 3 {
		t.Errorf("appeals ended with %v", codes)
	}
	mine = h.suspensions(t, h.people[0])[0]
	allowed("while it waits", mine, 10)
	waiting, err := day.Appeals(admin, h.DB.BookingSuspension.Query())
	if err != nil || waiting.CountX(admin) != 1 {
		t.Errorf("appeals wait (%v)", err)
	}
	_, err = day.Appeals(me, h.DB.BookingSuspension.Query())
	faulttest.Refused(t, "a patient lists", err, fault.Forbidden)
	_, err = h.Decide(me, mine.ID, bookingsuspension.AppealOutcomeAccepted)
	faulttest.Refused(t, "a patient decides", err, fault.Forbidden)
	_, err = h.Decide(admin, id.New(id.BookingSuspension), bookingsuspension.AppealOutcomeAccepted)
	faulttest.Refused(t, "nothing's appeal", err, fault.NotFound)
	codes = h.atOnce(t, 4, func(d *day.Day, i int) error {
		_, err := d.Decide(admin, mine.ID, []bookingsuspension.AppealOutcome{"ACCEPTED", "REJECTED"}[i%2])
		return err
	})
	if codes[""] != 1 || codes[fault.InvalidTransition] != 3 {
		t.Errorf("decisions ended with %v", codes)
	}
	mine = h.suspensions(t, h.people[0])[0]
	lifted := mine.Status == bookingsuspension.StatusLifted
	if lifted != (*mine.AppealOutcome == bookingsuspension.AppealOutcomeAccepted) {
		t.Errorf("it is %s after %s", mine.Status, *mine.AppealOutcome)
	}
	want := "booking_suspended appeal_rejected"
	if lifted {
		want = "booking_suspended appeal_accepted"
	}
	if told := h.told(t, h.people[0]); told != want {
		t.Errorf("told %q", told)
	}
	if _, err := h.Appeal(admin, plea(his.ID)); err != nil {
		t.Fatal(err)
	}
	_, err = h.Decide(admin, his.ID, bookingsuspension.AppealOutcomeAccepted)
	faulttest.Refused(t, "their own", err, fault.SameActor)
	h.clock.Turn(31 * 24 * time.Hour)
	_, err = h.Appeal(h.person(t, h.people[1]), plea(old.ID))
	faulttest.Refused(t, "one that is over", err, fault.InvalidTransition)
}
