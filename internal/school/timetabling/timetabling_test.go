package timetabling_test

import (
	"testing"

	"citygraph/ent/db/enrollment"
	"citygraph/internal/fault"
	"citygraph/internal/school/timetable"
	"citygraph/internal/school/timetabling"
	"citygraph/internal/seed/seedtest"
)

func TestSettingATimetable(t *testing.T) {
	city := seedtest.Open(t)
	p := &timetabling.Planner{DB: city.DB, Store: city.Store, Clock: seedtest.NewClock()}
	led := seedtest.PutClass(t, city, "二年级3班", "2", enrollment.DutyClassTeacher)
	taught := seedtest.PutClass(t, city, "二年级4班", "2", enrollment.DutySubjectTeacher)
	seedtest.Enrol(t, city, taught, seedtest.Person(t, "maming"), enrollment.RoleTeacher, enrollment.DutyClassTeacher)
	other := seedtest.PutClass(t, city, "三年级1班", "3", "")
	lesson := func(weekday, period int, begins, ends, subject string) *timetable.Entry {
		return &timetable.Entry{Weekday: weekday, Period: period, Begins: begins, Ends: ends, Subject: subject, Room: "301"}
	}
	first, second := lesson(1, 1, "08:00", "08:40", "语文"), lesson(1, 2, "08:50", "09:30", "数学")
	set := func(who, class string, lessons ...*timetable.Entry) fault.Code {
		t.Helper()
		if _, err := p.Set(city.As(t, who), class, lessons); err != nil {
			return fault.CodeOf(err)
		}
		return ""
	}
	for _, c := range []struct {
		what, who, class string
		lessons          []*timetable.Entry
		code             fault.Code
	}{
		{"a visitor", "", led, nil, fault.Unauthenticated},
		{"a mother", "chenjing", led, nil, fault.Forbidden},
		{"the barred father", "zhouwei", led, nil, fault.Forbidden},
		{"a stranger", "maming", led, nil, fault.Forbidden},
		{"a subject teacher", "lina", taught, nil, fault.NotClassTeacher},
		{"another's class", "lina", other, nil, fault.NotClassTeacher},
		{"no class", "lina", "class_0", nil, fault.NotFound},
		{"a ninth day", "lina", led, []*timetable.Entry{lesson(8, 1, "08:00", "08:40", "语文")}, fault.BadUserInput},
		{"a thirteenth period", "lina", led, []*timetable.Entry{lesson(1, 13, "08:00", "08:40", "语文")}, fault.BadUserInput},
		{"no hour", "lina", led, []*timetable.Entry{lesson(1, 1, "8:00", "08:40", "语文")}, fault.BadUserInput},
		{"backwards", "lina", led, []*timetable.Entry{lesson(1, 1, "09:00", "08:40", "语文")}, fault.BadUserInput},
		{"at once", "lina", led, []*timetable.Entry{first, lesson(1, 2, "08:30", "09:00", "数学")}, fault.BadUserInput},
		{"one period twice", "lina", led, []*timetable.Entry{first, lesson(1, 1, "08:50", "09:30", "数学")}, fault.BadUserInput},
		{"nothing taught", "lina", led, []*timetable.Entry{lesson(1, 1, "08:00", "08:40", " ")}, fault.BadUserInput},
		{"a control character", "lina", led, []*timetable.Entry{lesson(1, 1, "08:00", "08:40", "a\x07")}, fault.BadUserInput},
		{"the class teacher", "lina", led, []*timetable.Entry{second, first}, ""},
	} {
		if got := set(c.who, c.class, c.lessons...); got != c.code {
			t.Errorf("%s: %q, want %q", c.what, got, c.code)
		}
	}
	week := city.DB.SchoolClass.GetX(seedtest.System(t), led).Timetable
	if len(week) != 2 || week[0].Subject != "语文" || week[1].Begins != "08:50" {
		t.Errorf("it is %+v", week)
	}
	if code := set("lina", led); code != "" || len(city.DB.SchoolClass.GetX(seedtest.System(t), led).Timetable) != 0 {
		t.Errorf("emptied: %q", code)
	}
}
