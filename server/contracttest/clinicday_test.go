package contracttest_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/bookingsuspension"
	"citygraph/ent/db/clinic"
	"citygraph/ent/db/department"
	"citygraph/ent/db/slot"
	"citygraph/internal/clock"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

// xuminsClinic is the clinic of whose staff she is.
func (r *rig) xuminsClinic(t testing.TB) string {
	t.Helper()
	return viewer.From((&seedtest.City{Store: r.Store, DB: r.DB}).As(t, "xumin")).Organisations(viewer.ClinicStaff)[0]
}

// ward is a new schedule of a clinic, of no department: no catalogue shows it.
func (r *rig) ward(t testing.TB, clinicID string) *db.Schedule {
	t.Helper()
	return r.DB.Schedule.Create().SetClinicID(clinicID).SaveX(seedtest.System(t))
}

// manned is a new schedule of xumin's clinic in a department, which has others.
func (r *rig) manned(t testing.TB) *db.Schedule {
	t.Helper()
	system, clinicID := seedtest.System(t), r.xuminsClinic(t)
	there := r.DB.Department.Query().Where(department.ClinicID(clinicID)).Order(department.ByID()).FirstX(system)
	return r.DB.Schedule.Create().SetClinicID(clinicID).SetDepartmentID(there.ID).SaveX(system)
}

// visit gives a member a place in a new schedule of xumin's clinic, from now on and so long after, as the verbs would leave it in the
// status; a visitor's is none.
func (r *rig) visitAt(t testing.TB, name string, status appointment.Status, after time.Duration) *db.Appointment {
	t.Helper()
	if name == visitor {
		return &db.Appointment{ID: id.New(id.Appointment)}
	}
	return r.visitIn(t, r.ward(t, r.xuminsClinic(t)), name, status, after)
}

func (r *rig) visitIn(t testing.TB, ward *db.Schedule, name string, status appointment.Status, after time.Duration) *db.Appointment {
	t.Helper()
	system, start := seedtest.System(t), clock.System{}.Now().Add(after+time.Duration(r.next())*time.Microsecond)
	s := r.DB.Slot.Create().SetScheduleID(ward.ID).SetStartsAt(start).SetEndsAt(start.Add(time.Hour)).
		SetCapacity(1).SetRemaining(0).SetFee(0).SetStatus(slot.StatusBusy).SaveX(system) // which no catalogue lists
	row := r.DB.Appointment.Create().SetPatientID(castID(name)).SetPatientName("陈静").SetBookedByID(castID(name)).SetSlotID(s.ID).SetScheduleID(ward.ID).
		SetClinicID(ward.ClinicID).SetStartsAt(s.StartsAt).SetEndsAt(s.EndsAt).SetStatus(status).SetChannel(appointment.ChannelApp)
	switch status {
	case appointment.StatusCheckedIn:
		n := r.DB.Appointment.Query().Where(appointment.ScheduleID(ward.ID)).CountX(system)
		row.SetQueueDay(start.In(clock.Shanghai).Format(time.DateOnly)).SetQueueNumber(n + 1).SetQueueRank(1).
			SetQueuePriority(appointment.QueuePriorityRegular).SetCheckedInAt(start)
	case appointment.StatusCancelled:
		row.SetCancelReason(appointment.CancelReasonClinicStopped)
	case appointment.StatusPending, appointment.StatusBooked, appointment.StatusFulfilled, appointment.StatusNoShow:
	}
	return row.SaveX(system)
}

// waiting is a visit whose patient is checked in.
func (r *rig) queued(t testing.TB, name string) *db.Appointment {
	t.Helper()
	return r.visitAt(t, name, appointment.StatusCheckedIn, 0)
}

// arrival is the input of the check-in of a member, with the code at the desk.
func (r *rig) arrival(t testing.TB, name string) citytest.Vars {
	t.Helper()
	a := r.visitAt(t, name, appointment.StatusBooked, 0)
	shown, err := r.Day.CheckInCode((&seedtest.City{Store: r.Store, DB: r.DB}).As(t, "xumin"), r.xuminsClinic(t))
	if err != nil {
		t.Fatal(err)
	}
	return citytest.Vars{"appointmentId": a.ID, "code": shown.Code}
}

// missedBy is the input about a visit that a member has missed, which is their first.
func (r *rig) missedBy(t testing.TB, name string) citytest.Vars {
	t.Helper()
	r.DB.Appointment.Update().Where(appointment.StatusEQ(appointment.StatusNoShow)).
		SetStatus(appointment.StatusCancelled).SetCancelReason(appointment.CancelReasonPatient).ExecX(seedtest.System(t))
	return citytest.Vars{"appointmentId": r.visitAt(t, name, appointment.StatusBooked, -20*time.Minute).ID}
}

// calls is the input of a call in a schedule in which a member waits.
func (r *rig) calls(t testing.TB, name string) citytest.Vars {
	t.Helper()
	return citytest.Vars{"idempotencyKey": uuid.NewString(), "scheduleId": r.queued(t, name).ScheduleID}
}

// stops is the input of a stop of a schedule in which a member has booked.
func (r *rig) stops(t testing.TB, name string) citytest.Vars {
	t.Helper()
	a := r.visitIn(t, r.manned(t), name, appointment.StatusBooked, time.Hour)
	return citytest.Vars{
		"idempotencyKey": uuid.NewString(), "scheduleId": a.ScheduleID, "from": a.StartsAt.Truncate(time.Second), "to": a.EndsAt.Truncate(time.Second),
	}
}

// suspended has a member be suspended, with an appeal that waits or without; a visitor is none.
func (r *rig) suspended(t testing.TB, name string, appealed bool) string {
	t.Helper()
	if name == visitor {
		return id.New(id.BookingSuspension)
	}
	system := seedtest.System(t)
	r.DB.BookingSuspension.Delete().Where(bookingsuspension.PatientID(castID(name))).ExecX(system)
	return r.suspendedAgain(t, name, appealed)
}

func (r *rig) suspendedAgain(t testing.TB, name string, appealed bool) string {
	t.Helper()
	row := r.DB.BookingSuspension.Create().SetPatientID(castID(name)).SetMissed(3).SetEndsAt(now().Add(30 * 24 * time.Hour))
	if appealed {
		row.SetAppealReason(bookingsuspension.AppealReasonIllness).SetAppealedAt(now())
	}
	return row.SaveX(seedtest.System(t)).ID
}

// elsewhere is a visit of chenjing's at a clinic of whose staff xumin is not.
func (r *rig) elsewhere(t testing.TB) string {
	t.Helper()
	other := r.DB.Clinic.Query().Where(clinic.IDNEQ(r.xuminsClinic(t)), clinic.HasDepartments()).Order(clinic.ByID()).FirstX(seedtest.System(t))
	return r.visitIn(t, r.ward(t, other.ID), "chenjing", appointment.StatusBooked, 0).ID
}

// now is an instant as clients send it.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

func plea(suspensionID string) citytest.Vars {
	return citytest.Vars{"suspensionId": suspensionID, "reason": "ILLNESS"}
}

// dayScenes are the scenes of the day at a clinic.
func dayScenes() map[string]scene {
	return map[string]scene{
		"CheckIn": func(t testing.TB, r *rig) asked { return input(r.member["chenjing"], r.arrival(t, "chenjing")) },
		"CheckInCode": func(t testing.TB, r *rig) asked {
			return asked{r.member["xumin"], citytest.Vars{"clinic": r.xuminsClinic(t)}}
		},
		"ClinicQueue": func(t testing.TB, r *rig) asked {
			return asked{r.member["xumin"], citytest.Vars{"schedule": r.queued(t, "chenjing").ScheduleID, "day": now()}}
		},
		"QueuePosition": func(t testing.TB, r *rig) asked {
			return asked{r.member["chenjing"], citytest.Vars{"appointment": r.queued(t, "chenjing").ID}}
		},
		"QueueMoved": func(t testing.TB, r *rig) asked {
			return asked{r.member["chenjing"], citytest.Vars{"appointment": r.queued(t, "chenjing").ID}}
		},
		"CallNext": func(t testing.TB, r *rig) asked { return input(r.member["xumin"], r.calls(t, "lina")) },
		"FulfilAppointment": func(t testing.TB, r *rig) asked {
			return input(r.member["xumin"], citytest.Vars{"appointmentId": r.queued(t, "lina").ID})
		},
		"MarkNoShow":   func(t testing.TB, r *rig) asked { return input(r.member["xumin"], r.missedBy(t, "lina")) },
		"StopSchedule": func(t testing.TB, r *rig) asked { return input(r.member["xumin"], r.stops(t, "lina")) },
		"StoppedAppointment": func(t testing.TB, r *rig) asked {
			r.DB.Appointment.Update().Where(appointment.CancelReasonEQ(appointment.CancelReasonClinicStopped)).
				SetCancelReason(appointment.CancelReasonPatient).ExecX(seedtest.System(t))
			return asked{r.member["chenjing"], citytest.Vars{"id": r.visitIn(t, r.manned(t), "chenjing", appointment.StatusCancelled, 0).ID}}
		},
		"BookingSuspensions": func(t testing.TB, r *rig) asked {
			r.suspended(t, "chenjing", false)
			return asked{r.member["chenjing"], citytest.Vars{"first": 20}}
		},
		"BookingAppeals": func(t testing.TB, r *rig) asked {
			r.suspended(t, "lina", true)
			return asked{r.member["fanglei"], citytest.Vars{"first": 20}}
		},
		"AppealSuspension": func(t testing.TB, r *rig) asked { return input(r.member["lina"], plea(r.suspended(t, "lina", false))) },
		"DecideAppeal": func(t testing.TB, r *rig) asked {
			return input(r.member["fanglei"], citytest.Vars{"suspensionId": r.suspended(t, "lina", true), "outcome": "ACCEPTED"})
		},
	}
}

// dayProbes are the probes of the day at a clinic.
func dayProbes() []probe {
	visited := func(name string) ask {
		return with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"appointment": r.queued(t, name).ID}
		})
	}
	return []probe{
		{"Mutation.checkIn", "of chenjing, with the code", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.arrival(t, "chenjing") }),
			`mutation($input: CheckInInput!) { checkIn(input: $input) { userErrors { code } } }`},
		{"Mutation.checkIn", "of wangguiying, with the code", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.arrival(t, "wangguiying") }),
			`mutation($input: CheckInInput!) { checkIn(input: $input) { userErrors { code } } }`},
		{"Mutation.callNext", "at zju-1", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.calls(t, "chenjing") }),
			`mutation($input: CallNextInput!) { callNext(input: $input) { userErrors { code } } }`},
		{"Mutation.fulfilAppointment", "of chenjing at zju-1", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"appointmentId": r.queued(t, "chenjing").ID}
		}), `mutation($input: FulfilAppointmentInput!) { fulfilAppointment(input: $input) { userErrors { code } } }`},
		{"Mutation.markNoShow", "of chenjing at zju-1", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.missedBy(t, "chenjing") }),
			`mutation($input: MarkNoShowInput!) { markNoShow(input: $input) { userErrors { code } } }`},
		{"Mutation.stopSchedule", "at zju-1", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.stops(t, "chenjing") }),
			`mutation($input: StopScheduleInput!) { stopSchedule(input: $input) { userErrors { code } } }`},
		{"Mutation.appealSuspension", "one's own", act(func(t testing.TB, r *rig, name string) citytest.Vars { return plea(r.suspended(t, name, false)) }),
			`mutation($input: AppealSuspensionInput!) { appealSuspension(input: $input) { userErrors { code } } }`},
		{"Mutation.appealSuspension", "wangguiying's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			input := plea(r.suspended(t, "wangguiying", false))
			input["onBehalfOf"] = castID("wangguiying")
			return input
		}), `mutation($input: AppealSuspensionInput!) { appealSuspension(input: $input) { userErrors { code } } }`},
		{"Mutation.decideAppeal", "chenjing's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"suspensionId": r.suspended(t, "chenjing", true), "outcome": "REJECTED"}
		}), `mutation($input: DecideAppealInput!) { decideAppeal(input: $input) { userErrors { code } } }`},
		{"Query.checkInCode", "of zju-1", with(func(t testing.TB, r *rig, _ string) citytest.Vars { return citytest.Vars{"clinic": r.xuminsClinic(t)} }),
			`query($clinic: ID!) { checkInCode(clinic: $clinic) { expiresAt } }`},
		{"Query.queue", "at zju-1", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"schedule": r.queued(t, "chenjing").ScheduleID, "day": now()}
		}), `query($schedule: ID!, $day: DateTime) { queue(schedule: $schedule, day: $day) { id } }`},
		{"Query.queuePosition", "of chenjing", visited("chenjing"), `query($appointment: ID!) { queuePosition(appointment: $appointment) { ahead } }`},
		{"Query.queuePosition", "of wangguiying", visited("wangguiying"), `query($appointment: ID!) { queuePosition(appointment: $appointment) { ahead } }`},
		{"Query.bookingSuspensions", "one's own", with(func(t testing.TB, r *rig, name string) citytest.Vars {
			r.suspended(t, name, false)
			return nil
		}), `{ bookingSuspensions { edges { node { id } } } }`},
		{"Query.bookingSuspensions", "wangguiying's", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			r.suspended(t, "wangguiying", false)
			return citytest.Vars{"person": castID("wangguiying")}
		}), `query($person: ID) { bookingSuspensions(person: $person) { edges { node { id } } } }`},
		{"Query.bookingAppeals", "all", with(func(t testing.TB, r *rig, _ string) citytest.Vars {
			r.suspended(t, "chenjing", true)
			return nil
		}), `{ bookingAppeals { edges { node { id } } } }`},
		{"Subscription.queueMoved", "of chenjing", visited("chenjing"), `subscription($appointment: ID!) { queueMoved(appointment: $appointment) { ahead } }`},
	}
}

// foreignDays asks about chenjing's visits and suspensions as somebody who must not know of them.
func foreignDays(t *testing.T, r *rig, name, suspension string) {
	t.Helper()
	client, visit := r.member[name], r.elsewhere(t)
	for operation, ask := range map[string]func(id string) citytest.Vars{
		"QueuePosition": func(id string) citytest.Vars { return citytest.Vars{"appointment": id} },
		"CheckIn": func(id string) citytest.Vars {
			return citytest.Vars{"input": citytest.Vars{"appointmentId": id, "code": "00000000"}}
		},
		"FulfilAppointment": func(id string) citytest.Vars { return citytest.Vars{"input": citytest.Vars{"appointmentId": id}} },
		"MarkNoShow":        func(id string) citytest.Vars { return citytest.Vars{"input": citytest.Vars{"appointmentId": id}} },
		"StoppedAppointment": func(id string) citytest.Vars {
			return citytest.Vars{"id": id}
		},
	} {
		same(t, name+": "+operation, visit, id.Appointment, func(id string) citytest.Answer { return client.Do(operation, ask(id)) })
	}
	same(t, name+": AppealSuspension", suspension, id.BookingSuspension, func(id string) citytest.Answer {
		return client.Do("AppealSuspension", citytest.Vars{"input": plea(id)})
	})
	same(t, name+": DecideAppeal", suspension, id.BookingSuspension, func(id string) citytest.Answer {
		return client.Do("DecideAppeal", citytest.Vars{"input": citytest.Vars{"suspensionId": id, "outcome": "ACCEPTED"}})
	})
	same(t, name+": BookingSuspensions", castID("chenjing"), id.Person, func(id string) citytest.Answer {
		return client.Do("BookingSuspensions", citytest.Vars{"person": id})
	})
}

// dayLists are the lists of the day at a clinic, each asked for a few rows and for many; queue and stopped have as many as there are.
func dayLists(t testing.TB, r *rig, queue, stopped *db.Appointment) map[string]func(size int) citytest.Answer {
	t.Helper()
	return map[string]func(size int) citytest.Answer{
		"BookingSuspensions": func(size int) citytest.Answer { return r.member["maming"].Do("BookingSuspensions", first(size)) },
		"BookingAppeals":     func(size int) citytest.Answer { return r.member["fanglei"].Do("BookingAppeals", first(size)) },
		"ClinicQueue": func(int) citytest.Answer {
			return r.member["xumin"].Do("ClinicQueue", citytest.Vars{"schedule": queue.ScheduleID, "day": now()})
		},
		"QueuePosition": func(int) citytest.Answer {
			return r.member["maming"].Do("QueuePosition", citytest.Vars{"appointment": queue.ID})
		},
		"StoppedAppointment": func(int) citytest.Answer {
			return r.member["maming"].Do("StoppedAppointment", citytest.Vars{"id": stopped.ID})
		},
	}
}

// busyDay gives maming so many suspensions with appeals and stopped visits, and his queue so many who wait.
func (r *rig) busyDay(t testing.TB, n int, queue *db.Appointment) {
	t.Helper()
	ward, manned := r.DB.Schedule.GetX(seedtest.System(t), queue.ScheduleID), r.manned(t)
	for range n {
		r.suspendedAgain(t, "maming", true)
		r.visitIn(t, ward, "lina", appointment.StatusCheckedIn, 0)
		r.visitIn(t, manned, "maming", appointment.StatusCancelled, time.Hour)
	}
}
