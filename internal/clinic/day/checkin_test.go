package day_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"citygraph/ent/db/appointment"
	"citygraph/ent/db/clinic"
	"citygraph/internal/clinic/day"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/geo"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
)

func (h *hospital) code(t *testing.T) *string {
	t.Helper()
	shown, err := h.CheckInCode(h.staff, h.clinic)
	if err != nil {
		t.Fatal(err)
	}
	return &shown.Code
}

func TestPatientsCheckInByCodeOrPlaceAndStaffWithout(t *testing.T) {
	h := open(t)
	s := h.slot(t, time.Hour, 30*time.Minute, 10)
	here := h.DB.Clinic.GetX(seedtest.System(t), h.clinic)
	typed := strings.ToLower((*h.code(t))[:4]) + " " + (*h.code(t))[4:]
	near := geo.Input{Lat: here.Lat + 0.003, Lng: here.Lng, CRS: geo.WGS84}
	for i, in := range []day.CheckIn{{Code: h.code(t)}, {Code: &typed}, {Location: &near}} {
		a := h.book(t, s, h.people[i])
		in.AppointmentID = a.ID
		there, err := h.CheckIn(h.person(t, h.people[i]), in)
		if err != nil {
			t.Fatal(err)
		}
		if there.Status != appointment.StatusCheckedIn || *there.QueueNumber != i+1 || *there.QueuePriority != appointment.QueuePriorityRegular {
			t.Errorf("the %dth is %s with %d, %s", i, there.Status, *there.QueueNumber, *there.QueuePriority)
		}
	}
	h.clock.Turn(12 * time.Minute)
	h.ages[h.people[3]] = 70
	if old := h.arrive(t, h.book(t, s, h.people[3])); *old.QueuePriority != appointment.QueuePrioritySenior || *old.QueueNumber != 4 {
		t.Errorf("a patient of seventy is %s with %d", *old.QueuePriority, *old.QueueNumber)
	}
	called := h.arrive(t, h.book(t, s, h.people[4]))
	if _, err := h.Fulfil(h.staff, called.ID); err != nil {
		t.Fatal(err)
	}
	later := h.slot(t, 90*time.Minute, 30*time.Minute, 10)
	if back := h.arrive(t, h.book(t, later, h.people[4])); *back.QueuePriority != appointment.QueuePriorityRevisit {
		t.Errorf("who comes back is %s", *back.QueuePriority)
	}
}

func TestCheckInIsRefusedElsewhereAndAtOtherTimes(t *testing.T) {
	h := open(t)
	s := h.slot(t, time.Hour, 30*time.Minute, 10)
	me := h.people[0]
	a := h.book(t, s, me)
	ctx := h.person(t, me)
	other := h.DB.Clinic.Query().Where(clinic.IDNEQ(h.clinic)).Order(clinic.ByID()).FirstX(seedtest.System(t))
	far := geo.Input{Lat: other.Lat, Lng: other.Lng, CRS: geo.WGS84}
	nowhere := geo.Input{Lat: 91, Lng: 0, CRS: geo.WGS84}
	old, wrong := h.code(t), "00000000"
	good := h.code(t)
	elsewhere := *h.Day
	elsewhere.Key = []byte("another")
	tomorrow := h.book(t, h.slot(t, 24*time.Hour, 30*time.Minute, 1), me)
	soon := h.book(t, h.slot(t, 2*time.Hour+time.Minute, 30*time.Minute, 1), me)
	past := h.book(t, h.slot(t, -time.Hour, 30*time.Minute, 1), me)
	pending := h.placed(t, h.slot(t, 31*time.Minute, 20*time.Minute, 1), me, appointment.StatusPending)
	foreign, err := elsewhere.CheckInCode(h.staff, h.clinic)
	if err != nil {
		t.Fatal(err)
	}
	before := h.rows(t)
	for name, tt := range map[string]struct {
		ctx   context.Context
		in    day.CheckIn
		want  fault.Code
		field string
	}{
		"a visitor":                 {t.Context(), day.CheckIn{AppointmentID: a.ID, Code: good}, fault.Unauthenticated, ""},
		"a stranger":                {h.person(t, h.people[1]), day.CheckIn{AppointmentID: a.ID, Code: good}, fault.NotFound, "appointmentId"},
		"nothing":                   {ctx, day.CheckIn{AppointmentID: id.New(id.Appointment), Code: good}, fault.NotFound, "appointmentId"},
		"no id":                     {ctx, day.CheckIn{AppointmentID: "x", Code: good}, fault.NotFound, "appointmentId"},
		"without anything":          {ctx, day.CheckIn{AppointmentID: a.ID}, fault.BadUserInput, "code"},
		"another clinic's code":     {ctx, day.CheckIn{AppointmentID: a.ID, Code: &foreign.Code}, fault.BadUserInput, "code"},
		"a wrong code, but near":    {ctx, day.CheckIn{AppointmentID: a.ID, Code: &wrong, Location: &far}, fault.BadUserInput, "code"},
		"at another clinic":         {ctx, day.CheckIn{AppointmentID: a.ID, Location: &far}, fault.BadUserInput, "location"},
		"nowhere":                   {ctx, day.CheckIn{AppointmentID: a.ID, Location: &nowhere}, fault.BadUserInput, "location"},
		"a day early":               {h.staff, day.CheckIn{AppointmentID: tomorrow.ID}, fault.BadUserInput, "appointmentId"},
		"a minute early":            {ctx, day.CheckIn{AppointmentID: soon.ID, Code: good}, fault.BadUserInput, "appointmentId"},
		"after the end":             {h.staff, day.CheckIn{AppointmentID: past.ID}, fault.CutoffPassed, ""},
		"one that is not booked":    {h.staff, day.CheckIn{AppointmentID: pending.ID}, fault.InvalidTransition, ""},
		"staff of no clinic at all": {h.city.As(t, "zhaoqiang"), day.CheckIn{AppointmentID: a.ID}, fault.NotFound, "appointmentId"},
	} {
		_, err := h.CheckIn(tt.ctx, tt.in)
		faulttest.Refused(t, name, err, tt.want)
		if got := strings.Join(fault.From(err).Field, "."); got != tt.field {
			t.Errorf("%s: at %q", name, got)
		}
	}
	h.clock.Turn(25 * time.Minute)
	_, err = h.CheckIn(ctx, day.CheckIn{AppointmentID: a.ID, Code: old})
	faulttest.Refused(t, "a code of before", err, fault.BadUserInput)
	if after := h.rows(t); after != before {
		t.Errorf("refusals left rows: %v, %v", before, after)
	}
	h.arrive(t, a)
	_, err = h.CheckIn(h.staff, day.CheckIn{AppointmentID: a.ID})
	faulttest.Refused(t, "again", err, fault.InvalidTransition)
}

func TestOnlyTheClinicsStaffSeeItsCode(t *testing.T) {
	h := open(t)
	for name, tt := range map[string]struct {
		ctx    context.Context
		clinic string
		want   fault.Code
	}{
		"a visitor":      {t.Context(), h.clinic, fault.Unauthenticated},
		"a patient":      {h.city.As(t, "chenjing"), h.clinic, fault.Forbidden},
		"another clinic": {h.staff, id.New(id.Clinic), fault.Forbidden},
		"its own":        {h.staff, h.clinic, ""},
	} {
		_, err := h.CheckInCode(tt.ctx, tt.clinic)
		faulttest.Refused(t, name, err, tt.want)
	}
	shown, err := h.CheckInCode(h.staff, h.clinic)
	if err != nil || len(shown.Code) != 8 || !shown.ExpiresAt.After(h.clock.Now()) || shown.ExpiresAt.Sub(h.clock.Now()) > 10*time.Minute {
		t.Errorf("the screen shows %+v (%v)", shown, err)
	}
}

// Fifty check in at once on two replicas, each of them twice: everybody has a number once, from one on without a gap.
func TestQueueNumbersAreDenseAndUnique(t *testing.T) {
	h := open(t)
	s := h.slot(t, time.Hour, 30*time.Minute, 60)
	ids := make([]string, 50)
	for i := range ids {
		ids[i] = h.book(t, s, h.people[i]).ID
	}
	codes := h.atOnce(t, 100, func(d *day.Day, i int) error {
		_, err := d.CheckIn(h.staff, day.CheckIn{AppointmentID: ids[i%50]})
		return err
	})
	if codes[""] != 50 || codes[fault.InvalidTransition] != 50 {
		t.Errorf("they ended with %v", codes)
	}
	numbers := h.DB.Appointment.Query().Where(appointment.QueueNumberNotNil()).Order(appointment.ByQueueNumber()).Select(appointment.FieldQueueNumber).IntsX(seedtest.System(t))
	want := make([]int, 50)
	for i := range want {
		want[i] = i + 1
	}
	if !slices.Equal(numbers, want) {
		t.Errorf("the numbers are %v", numbers)
	}
}
