package contracttest_test

import (
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/attendanceevent"
	"citygraph/ent/db/leaverequest"
	"citygraph/internal/clock"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/workday"
	"citygraph/server/citytest"
)

const (
	recordAttendance = `mutation($input: RecordAttendanceInput!) { recordAttendance(input: $input) { userErrors { code } } }`
	requestLeave     = `mutation($input: RequestLeaveInput!) { requestLeave(input: $input) { userErrors { code } } }`
	decideLeave      = `mutation($input: DecideLeaveInput!) { decideLeave(input: $input) { userErrors { code } } }`
	withdrawLeave    = `mutation($input: WithdrawLeaveInput!) { withdrawLeave(input: $input) { userErrors { code } } }`
	setTimetable     = `mutation($input: SetTimetableInput!) { setTimetable(input: $input) { userErrors { code } } }`
)

// schoolDay is the last one.
func schoolDay() string {
	day := clock.System{}.Now()
	for !workday.Is(day) {
		day = day.AddDate(0, 0, -1)
	}
	return day.In(clock.Shanghai).Format(time.DateOnly)
}

// sheet is the input that records zhouzihan as there.
func (r *rig) sheet(t testing.TB) citytest.Vars {
	t.Helper()
	return citytest.Vars{
		"classId": r.classWith(t, "zhouzihan"), "day": schoolDay(),
		"entries": []citytest.Vars{{"studentId": castID("zhouzihan"), "status": "PRESENT"}},
	}
}

// attended is zhouzihan's row of the last school day.
func (r *rig) attended(t testing.TB) *db.AttendanceEvent {
	t.Helper()
	must(t, r.member["lina"], "RecordAttendance", citytest.Vars{"input": r.sheet(t)})
	return r.DB.AttendanceEvent.Query().Where(attendanceevent.StudentID(castID("zhouzihan"))).FirstX(seedtest.System(t))
}

// leaveAsked is the input that asks for an hour for zhouzihan, which nothing else takes.
func (r *rig) leaveAsked(t testing.TB) citytest.Vars {
	t.Helper()
	r.serial++
	from := clock.System{}.Now().Add(48*time.Hour + time.Duration(r.serial)*5*time.Minute).Truncate(time.Minute)
	in := keyed()
	in["studentId"], in["kind"], in["reason"] = castID("zhouzihan"), "ILLNESS", "去医院复诊"
	in["startsAt"], in["endsAt"] = from.Format(time.RFC3339), from.Add(4*time.Minute).Format(time.RFC3339)
	return in
}

// leaveOf is a leave of zhouzihan's that waits.
func (r *rig) leaveOf(t testing.TB) string {
	t.Helper()
	must(t, r.member["chenjing"], "RequestLeave", citytest.Vars{"input": r.leaveAsked(t)})
	return r.DB.LeaveRequest.Query().Where(leaverequest.StudentID(castID("zhouzihan"))).Order(db.Desc(leaverequest.FieldID)).FirstX(seedtest.System(t)).ID
}

func (r *rig) lessons(t testing.TB) citytest.Vars {
	t.Helper()
	return citytest.Vars{"classId": r.classWith(t, "zhouzihan"), "lessons": []citytest.Vars{
		{"weekday": 1, "period": 1, "begins": "08:00", "ends": "08:40", "subject": "语文", "room": "教学楼三层301室"},
	}}
}

// lifeScenes is how the operations of daily school life are run for their figures.
func lifeScenes() map[string]scene {
	return map[string]scene{
		"RecordAttendance": func(t testing.TB, r *rig) asked { return input(r.member["lina"], r.sheet(t)) },
		"Attendance": func(t testing.TB, r *rig) asked {
			r.attended(t)
			return asked{r.member["chenjing"], citytest.Vars{"from": schoolDay(), "to": schoolDay()}}
		},
		"ClassAttendance": func(t testing.TB, r *rig) asked {
			return asked{r.member["lina"], citytest.Vars{"class": r.attended(t).SchoolClassID, "day": schoolDay()}}
		},
		"ClassDay": func(t testing.TB, r *rig) asked {
			r.leaveOf(t)
			return asked{r.member["lina"], citytest.Vars{"class": r.attended(t).SchoolClassID, "day": schoolDay()}}
		},
		"SchoolTab": func(t testing.TB, r *rig) asked {
			r.leaveOf(t)
			r.attended(t)
			return asked{r.member["chenjing"], citytest.Vars{"today": schoolDay()}}
		},
		"LeaveRequests": func(t testing.TB, r *rig) asked {
			r.leaveOf(t)
			return asked{r.member["chenjing"], citytest.Vars{"first": 20}}
		},
		"RequestLeave": func(t testing.TB, r *rig) asked { return input(r.member["chenjing"], r.leaveAsked(t)) },
		"DecideLeave": func(t testing.TB, r *rig) asked {
			return input(r.member["lina"], citytest.Vars{"leaveRequestId": r.leaveOf(t), "decision": "APPROVED"})
		},
		"WithdrawLeave": func(t testing.TB, r *rig) asked {
			return input(r.member["chenjing"], citytest.Vars{"leaveRequestId": r.leaveOf(t)})
		},
		"ClassTimetable": func(t testing.TB, r *rig) asked {
			return asked{r.member["chenjing"], citytest.Vars{"class": r.classWith(t, "zhouzihan")}}
		},
		"SetTimetable": func(t testing.TB, r *rig) asked { return input(r.member["lina"], r.lessons(t)) },
	}
}

// lifeProbes ask who may do what in daily school life.
func lifeProbes() []probe {
	return []probe{
		{"Query.attendance", "one's children's", everybody(citytest.Vars{"day": schoolDay()}), `query($day: String!) { attendance(from: $day, to: $day) { id } }`},
		{"Query.classAttendance", "of zhouzihan's class", classOf("zhouzihan"), `query($class: ID!) { classAttendance(class: $class) { day } }`},
		{"Query.leaveRequests", "one's children's", everybody(nil), `{ leaveRequests { edges { node { id } } } }`},
		{"Query.leaveRequests", "of zhouzihan's class", classOf("zhouzihan"), `query($class: ID!) { leaveRequests(class: $class) { edges { node { id } } } }`},
		{"Mutation.recordAttendance", "of zhouzihan's class", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.sheet(t) }), recordAttendance},
		{"Mutation.requestLeave", "for zhouzihan", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.leaveAsked(t) }), requestLeave},
		{"Mutation.decideLeave", "zhouzihan's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"leaveRequestId": r.leaveOf(t), "decision": "APPROVED"}
		}), decideLeave},
		{"Mutation.withdrawLeave", "zhouzihan's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"leaveRequestId": r.leaveOf(t)}
		}), withdrawLeave},
		{"Mutation.setTimetable", "of zhouzihan's class", act(func(t testing.TB, r *rig, _ string) citytest.Vars { return r.lessons(t) }), setTimetable},
	}
}
