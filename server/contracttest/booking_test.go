package contracttest_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/bookingsuspension"
	"citygraph/ent/db/slot"
	"citygraph/internal/clock"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

const (
	openSchedule          = `mutation($input: OpenScheduleInput!) { openSchedule(input: $input) { userErrors { code } } }`
	holdSlot              = `mutation($input: HoldSlotInput!) { holdSlot(input: $input) { userErrors { code } } }`
	bookAppointment       = `mutation($input: BookAppointmentInput!) { bookAppointment(input: $input) { userErrors { code } } }`
	rescheduleAppointment = `mutation($input: RescheduleAppointmentInput!) { rescheduleAppointment(input: $input) { userErrors { code } } }`
	cancelAppointment     = `mutation($input: CancelAppointmentInput!) { cancelAppointment(input: $input) { userErrors { code } } }`
	joinWaitlist          = `mutation($input: JoinWaitlistInput!) { joinWaitlist(input: $input) { userErrors { code } } }`
	leaveWaitlist         = `mutation($input: LeaveWaitlistInput!) { leaveWaitlist(input: $input) { userErrors { code } } }`
)

// hospital is xumin's.
func (r *rig) hospital(t testing.TB) string {
	t.Helper()
	return viewer.From((&seedtest.City{Store: r.Store, DB: r.DB}).As(t, "xumin")).Organisations(viewer.ClinicStaff)[0]
}

// place is a slot of the hospital for so many people, at a time at which nobody has anything.
func (r *rig) place(t testing.TB, capacity int) *db.Slot {
	t.Helper()
	r.serial++
	system := seedtest.System(t)
	diary := r.DB.Schedule.Create().SetID(id.New(id.Schedule)).SetClinicID(r.hospital(t)).SaveX(system)
	r.DB.BookingSuspension.Update().SetStatus(bookingsuspension.StatusLifted).ExecX(system) // whatever anybody missed
	// At night, when no demo slot is, and within what is released.
	const night = 14 * 60 // minutes, and so many slots
	y, m, d := clock.System{}.Now().In(clock.Shanghai).Date()
	start := time.Date(y, m, d+1+r.serial/night, 17, r.serial%night, 0, 0, clock.Shanghai).UTC()
	return r.DB.Slot.Create().SetID(id.New(id.Slot)).SetScheduleID(diary.ID).SetStartsAt(start).SetEndsAt(start.Add(time.Minute)).
		SetCapacity(capacity).SetRemaining(capacity).SetFee(50_00).SetStatus(slot.StatusFree).SaveX(system)
}

// inSlot is the input that names a slot.
func inSlot(slotID string) citytest.Vars {
	input := keyed()
	input["slotId"] = slotID
	return input
}

// booked is an appointment that a member has booked in the slot; a visitor's is none.
func (r *rig) booked(t testing.TB, name string, s *db.Slot) string {
	t.Helper()
	if name == visitor {
		return id.New(id.Appointment)
	}
	var answer struct {
		BookAppointment struct{ Appointment struct{ ID string } }
	}
	r.member[name].Do("BookAppointment", citytest.Vars{"input": inSlot(s.ID)}).Decode(t, &answer)
	return answer.BookAppointment.Appointment.ID
}

// full is a slot whose one place somebody else has.
func (r *rig) full(t testing.TB, name string) (s *db.Slot, appointmentID, by string) {
	t.Helper()
	by = "qianjun"
	if name == by {
		by = "fanglei"
	}
	s = r.place(t, 1)
	return s, r.booked(t, by, s), by
}

// waiting is a waitlist entry of a member, and the full slot they wait for; a visitor's is none.
func (r *rig) waiting(t testing.TB, name string) (entryID, appointmentID, by string) {
	t.Helper()
	if name == visitor {
		return id.New(id.WaitlistEntry), "", ""
	}
	s, appointmentID, by := r.full(t, name)
	var answer struct {
		JoinWaitlist struct{ WaitlistEntry struct{ ID string } }
	}
	r.member[name].Do("JoinWaitlist", citytest.Vars{"input": inSlot(s.ID)}).Decode(t, &answer)
	return answer.JoinWaitlist.WaitlistEntry.ID, appointmentID, by
}

// offered has a place offered to a member.
func (r *rig) offered(t testing.TB, name string) {
	t.Helper()
	_, appointmentID, by := r.waiting(t, name)
	r.member[by].Do("CancelAppointment", citytest.Vars{"input": citytest.Vars{"appointmentId": appointmentID}})
}

// pattern is the input of openSchedule for a diary of the hospital, at a time at which nothing is open.
func (r *rig) pattern(t testing.TB) citytest.Vars {
	t.Helper()
	r.serial++
	hospital := r.hospital(t)
	first := clock.System{}.Now().In(clock.Shanghai).AddDate(0, 0, 30+r.serial)
	d := r.DB.Department.Query().FirstX(seedtest.System(t))
	for _, one := range r.DB.Department.Query().AllX(seedtest.System(t)) {
		if one.ClinicID == hospital {
			d = one
		}
	}
	return citytest.Vars{
		"idempotencyKey": uuid.NewString(), "clinicId": hospital, "departmentId": d.ID,
		"weekdays": []string{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"}, "skipHolidays": false,
		"from": first.Format(time.DateOnly), "to": first.Format(time.DateOnly), "capacity": 4, "fee": 25_00,
		"sessions": []citytest.Vars{{"start": "08:30", "minutes": 20, "slots": 3}},
	}
}

// move is the input that moves a member's appointment.
func (r *rig) move(t testing.TB, name string) citytest.Vars {
	t.Helper()
	input := inSlot(r.place(t, 5).ID)
	input["appointmentId"] = r.booked(t, name, r.place(t, 5))
	return input
}

// bookingScenes are the scenes of booking.
func bookingScenes() map[string]scene {
	return map[string]scene{
		"BookableSlots": func(t testing.TB, r *rig) asked {
			return asked{r.member["chenjing"], citytest.Vars{"clinic": r.diary(t).ClinicID, "person": castID("wangguiying"), "first": 20}}
		},
		"Appointments": by("wangguiying", citytest.Vars{"first": 20}),
		"ClinicAppointments": func(t testing.TB, r *rig) asked {
			return asked{r.member["xumin"], citytest.Vars{"clinic": r.hospital(t), "day": time.Now().In(clock.Shanghai).Format(time.DateOnly)}}
		},
		"Waitlist": by("chenjing", citytest.Vars{"first": 20}),
		"SlotOffered": func(t testing.TB, r *rig) asked {
			r.offered(t, "lina")
			return asked{r.member["lina"], nil}
		},
		"OpenSchedule":          func(t testing.TB, r *rig) asked { return input(r.member["xumin"], r.pattern(t)) },
		"HoldSlot":              func(t testing.TB, r *rig) asked { return input(r.member["maming"], inSlot(r.place(t, 5).ID)) },
		"BookAppointment":       func(t testing.TB, r *rig) asked { return input(r.member["maming"], inSlot(r.place(t, 5).ID)) },
		"RescheduleAppointment": func(t testing.TB, r *rig) asked { return input(r.member["maming"], r.move(t, "maming")) },
		"CancelAppointment": func(t testing.TB, r *rig) asked {
			return input(r.member["maming"], citytest.Vars{"appointmentId": r.booked(t, "maming", r.place(t, 5))})
		},
		"JoinWaitlist": func(t testing.TB, r *rig) asked {
			s, _, _ := r.full(t, "maming")
			return input(r.member["maming"], inSlot(s.ID))
		},
		"LeaveWaitlist": func(t testing.TB, r *rig) asked {
			entry, _, _ := r.waiting(t, "maming")
			return input(r.member["maming"], citytest.Vars{"waitlistEntryId": entry})
		},
	}
}

// bookingProbes are the probes of booking.
func bookingProbes() []probe {
	grandmothers := citytest.Vars{"person": castID("wangguiying")}
	return []probe{
		{"Query.appointments", "one's own", everybody(nil), `{ appointments { edges { node { id } } } }`},
		{"Query.appointments", "wangguiying's", everybody(grandmothers), `query($person: ID) { appointments(person: $person) { edges { node { id } } } }`},
		{"Query.clinicAppointments", "of xumin's clinic", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"clinic": r.hospital(t)}
		}), `query($clinic: ID!) { clinicAppointments(clinic: $clinic, day: "2025-01-06") { edges { node { id } } } }`},
		{"Query.waitlist", "one's own", everybody(nil), `{ waitlist { edges { node { id } } } }`},
		{"Query.waitlist", "wangguiying's", everybody(grandmothers), `query($person: ID) { waitlist(person: $person) { edges { node { id } } } }`},
		{"Mutation.openSchedule", "at xumin's clinic", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.pattern(t) }), openSchedule},
		{"Mutation.holdSlot", "for oneself", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return inSlot(r.place(t, 5).ID) }), holdSlot},
		{"Mutation.holdSlot", "for wangguiying", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			input := inSlot(r.place(t, 5).ID)
			input["onBehalfOf"] = castID("wangguiying")
			return input
		}), holdSlot},
		{"Mutation.bookAppointment", "a slot", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return inSlot(r.place(t, 5).ID) }), bookAppointment},
		{"Mutation.bookAppointment", "what wangguiying holds", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			var answer struct {
				HoldSlot struct{ Appointment struct{ ID string } }
			}
			r.member["wangguiying"].Do("HoldSlot", citytest.Vars{"input": inSlot(r.place(t, 5).ID)}).Decode(t, &answer)
			input := keyed()
			input["appointmentId"] = answer.HoldSlot.Appointment.ID
			return input
		}), bookAppointment},
		{"Mutation.rescheduleAppointment", "one's own", act(func(t testing.TB, r *rig, name string) citytest.Vars { return r.move(t, name) }), rescheduleAppointment},
		{"Mutation.rescheduleAppointment", "wangguiying's", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.move(t, "wangguiying") }), rescheduleAppointment},
		{"Mutation.cancelAppointment", "one's own", act(func(t testing.TB, r *rig, name string) citytest.Vars {
			return citytest.Vars{"appointmentId": r.booked(t, name, r.place(t, 5))}
		}), cancelAppointment},
		{"Mutation.cancelAppointment", "wangguiying's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"appointmentId": r.booked(t, "wangguiying", r.place(t, 5))}
		}), cancelAppointment},
		{"Mutation.joinWaitlist", "for oneself", act(func(t testing.TB, r *rig, name string) citytest.Vars {
			s, _, _ := r.full(t, name)
			return inSlot(s.ID)
		}), joinWaitlist},
		{"Mutation.leaveWaitlist", "one's own", act(func(t testing.TB, r *rig, name string) citytest.Vars {
			entry, _, _ := r.waiting(t, name)
			return citytest.Vars{"waitlistEntryId": entry}
		}), leaveWaitlist},
		{"Mutation.leaveWaitlist", "wangguiying's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			entry, _, _ := r.waiting(t, "wangguiying")
			return citytest.Vars{"waitlistEntryId": entry}
		}), leaveWaitlist},
		{"Subscription.slotOffered", "to oneself", with(func(t testing.TB, r *rig, name string) citytest.Vars {
			if name != visitor {
				r.offered(t, name)
			}
			return nil
		}), `subscription { slotOffered { id } }`},
	}
}

// strangersBook fails unless what is another's is to the member as what never was.
func (r *rowsRig) strangersBook(t *testing.T, name string) {
	t.Helper()
	client := r.member[name]
	taken, free := r.booked(t, "chenjing", r.place(t, 5)), r.place(t, 5).ID
	entry, _, _ := r.waiting(t, "chenjing")
	key := keyed()["idempotencyKey"]
	for operation, input := range map[string]func(id string) citytest.Vars{
		"BookAppointment": func(id string) citytest.Vars { return citytest.Vars{"idempotencyKey": key, "appointmentId": id} },
		"RescheduleAppointment": func(id string) citytest.Vars {
			return citytest.Vars{"idempotencyKey": key, "appointmentId": id, "slotId": free}
		},
		"CancelAppointment": func(id string) citytest.Vars { return citytest.Vars{"appointmentId": id} },
	} {
		same(t, name+": "+operation, taken, id.Appointment, func(id string) citytest.Answer {
			return client.Do(operation, citytest.Vars{"input": input(id)})
		})
	}
	same(t, name+": leaveWaitlist", entry, id.WaitlistEntry, func(id string) citytest.Answer {
		return client.Do("LeaveWaitlist", citytest.Vars{"input": citytest.Vars{"waitlistEntryId": id}})
	})
	for _, operation := range []string{"HoldSlot", "BookAppointment", "JoinWaitlist"} {
		same(t, name+": "+operation+" for another", castID("chenjing"), id.Person, func(id string) citytest.Answer {
			return client.Do(operation, citytest.Vars{"input": citytest.Vars{"idempotencyKey": key, "slotId": free, "onBehalfOf": id}})
		})
	}
	for _, list := range []string{"Appointments", "Waitlist"} {
		same(t, name+": "+list, castID("chenjing"), id.Person, func(id string) citytest.Answer {
			return client.Do(list, citytest.Vars{"person": id})
		})
	}
}
