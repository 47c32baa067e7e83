package booking_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/clinic"
	"citygraph/ent/db/department"
	"citygraph/ent/db/slot"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/seed/seedtest"
)

// pattern is two sessions on the weekdays of the week of New Year, from Monday, 28 December.
func (d *desk) pattern() booking.Opening {
	return booking.Opening{
		Key: uuid.New(), ClinicID: d.clinic, DepartmentID: *d.diary.DepartmentID, PractitionerID: d.diary.PractitionerID,
		Weekdays: []booking.Weekday{"MONDAY", "FRIDAY", "SATURDAY"}, From: "2026-12-28", To: "2027-01-03",
		Sessions: []booking.Session{{Start: "08:30", Minutes: 20, Slots: 3}, {Start: "13:30", Minutes: 30, Slots: 2}},
		Capacity: 4, Fee: 25_00, SkipHolidays: true,
	}
}

func TestStaffOpensSlotsOnWorkingDays(t *testing.T) {
	d := open(t)
	nurse, p := d.city.As(t, "xumin"), d.pattern()
	for range 2 { // sent twice
		opened, err := d.Open(nurse, p)
		if err != nil || opened.ID != d.diary.ID {
			t.Fatalf("%v, %v", opened, err)
		}
	}
	from := time.Date(2026, 12, 28, 0, 0, 0, 0, clock.Shanghai)
	slots := d.DB.Slot.Query().Where(slot.ScheduleID(d.diary.ID), slot.StartsAtGTE(from.UTC())).Order(slot.ByStartsAt()).AllX(seedtest.System(t))
	var starts []string
	for _, s := range slots {
		starts = append(starts, s.StartsAt.In(clock.Shanghai).Format("02 15:04"))
		if s.Capacity != 4 || s.Remaining != 4 || s.Fee != 25_00 || s.Status != slot.StatusFree {
			t.Errorf("%v", s)
		}
	}
	// 1 January 2027 is a Friday of which no notice tells yet; Saturday is none.
	if len(starts) != 10 || starts[0] != "28 08:30" || starts[2] != "28 09:10" || starts[4] != "28 14:00" || starts[5] != "01 08:30" {
		t.Errorf("%v", starts)
	}
	p.Key, p.SkipHolidays, p.Weekdays = uuid.New(), false, []booking.Weekday{"SATURDAY"}
	if _, err := d.Open(nurse, p); err != nil {
		t.Errorf("on a Saturday: %v", err)
	}
}

func TestPatternsThatAreRefused(t *testing.T) {
	d := open(t)
	nurse := d.city.As(t, "xumin")
	if _, err := d.Open(nurse, d.pattern()); err != nil {
		t.Fatal(err)
	}
	slots, before := d.DB.Slot.Query().CountX(seedtest.System(t)), d.rows(t)
	foreign := d.DB.Department.Query().Where(department.HasClinicWith(clinic.IDNEQ(d.clinic))).FirstX(seedtest.System(t)).ID
	for what, change := range map[string]func(*booking.Opening){
		"what is open already":  func(*booking.Opening) {},
		"in another's way":      func(p *booking.Opening) { p.Sessions = []booking.Session{{Start: "08:40", Minutes: 5, Slots: 1}} },
		"itself in its way":     func(p *booking.Opening) { p.Sessions = []booking.Session{{"10:00", 30, 2}, {"10:30", 30, 1}} },
		"the past":              func(p *booking.Opening) { p.From, p.To = "2026-11-23", "2026-11-27" },
		"no day":                func(p *booking.Opening) { p.From = "28.12.2026" },
		"backwards":             func(p *booking.Opening) { p.To = "2026-12-27" },
		"a year":                func(p *booking.Opening) { p.To = "2027-12-28" },
		"no weekday":            func(p *booking.Opening) { p.Weekdays = nil },
		"a day off":             func(p *booking.Opening) { p.Weekdays = []booking.Weekday{"SATURDAY"} },
		"no session":            func(p *booking.Opening) { p.Sessions = nil },
		"no time":               func(p *booking.Opening) { p.Sessions = []booking.Session{{"8:30", 20, 1}} },
		"no length":             func(p *booking.Opening) { p.Sessions = []booking.Session{{"08:30", 0, 1}} },
		"more than a day holds": func(p *booking.Opening) { p.Sessions = []booking.Session{{"08:30", 480, 4}} },
		"too many":              func(p *booking.Opening) { p.To, p.Sessions = "2027-03-20", []booking.Session{{"16:00", 1, 400}} },
		"nobody":                func(p *booking.Opening) { p.Capacity = 0 },
		"less than nothing":     func(p *booking.Opening) { p.Fee = -1 },
	} {
		p := d.pattern()
		change(&p)
		_, err := d.Open(nurse, p)
		faulttest.Refused(t, what, err, fault.BadUserInput)
	}
	p := d.pattern()
	for member, want := range map[string]fault.Code{"": fault.Unauthenticated, "maming": fault.Forbidden, "zhaoqiang": fault.Forbidden} {
		_, err := d.Open(d.city.As(t, member), p)
		faulttest.Refused(t, "opening as "+member, err, want)
	}
	p.DepartmentID = foreign
	_, err := d.Open(nurse, p)
	faulttest.Refused(t, "a department of another clinic", err, fault.NotFound)
	p = d.pattern()
	p.PractitionerID = new("practitioner_of_nowhere")
	_, err = d.Open(nurse, p)
	faulttest.Refused(t, "a practitioner of another clinic", err, fault.NotFound)
	if after := d.rows(t); after != before || d.DB.Slot.Query().CountX(seedtest.System(t)) != slots {
		t.Errorf("rows were %v and are %v", before, after)
	}
}

// Anybody on duty has a diary of their own, beside the practitioner's; and two who open the same at once open it once.
func TestOpeningRaces(t *testing.T) {
	d := open(t)
	nurse, p := d.city.As(t, "xumin"), d.pattern()
	p.PractitionerID = nil
	codes := d.atOnce(t, 8, func(o *booking.Office, _ int) error {
		mine := p
		mine.Key = uuid.New()
		_, err := o.Open(nurse, mine)
		return err
	})
	if codes[""] != 1 || codes[fault.BadUserInput] != 7 {
		t.Errorf("callers ended with %v", codes)
	}
}
