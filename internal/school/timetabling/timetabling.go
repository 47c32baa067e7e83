// Package timetabling sets the lessons of a class (课程表).
package timetabling

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"citygraph/ent/db"
	"citygraph/internal/audit"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/freetext"
	"citygraph/internal/school/part"
	"citygraph/internal/school/timetable"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Planner is the verb of timetables.
type Planner struct {
	DB    *db.Client
	Store *store.Store
	Clock clock.Clock
}

const (
	days        = 7
	periods     = 12
	mostSubject = 32
)

// Set gives a class the lessons of its week in place of those before. A class teacher of the class may, or where it has none, any teacher of
// it. Returns UNAUTHENTICATED; FORBIDDEN for who is no teacher; NOT_FOUND for a class of another school; NOT_CLASS_TEACHER; BAD_USER_INPUT.
func (p *Planner) Set(ctx context.Context, classID string, lessons []*timetable.Entry) (*db.SchoolClass, error) {
	err := p.Store.InTx(ctx, func(ctx context.Context) error {
		class, err := part.Taught(ctx, p.DB, classID, "classId")
		if err != nil {
			return err
		}
		if err := part.Leads(ctx, p.DB, class.ID); err != nil {
			return err
		}
		week, err := tidy(lessons)
		if err != nil {
			return err
		}
		system := viewer.AsSystem(ctx, "the class teacher sets the timetable")
		if err := p.DB.SchoolClass.UpdateOneID(class.ID).SetTimetable(week).SetUpdatedAt(p.Clock.Now()).Exec(system); err != nil {
			return fmt.Errorf("set timetable: %w", err)
		}
		return audit.Record(ctx, p.DB, audit.Deed{Action: "setTimetable", Subject: viewer.From(ctx).PersonID, TargetID: class.ID})
	})
	if err != nil {
		return nil, err
	}
	return p.DB.SchoolClass.Get(ctx, classID)
}

// tidy puts lessons in their order, and holds them to the rules. BAD_USER_INPUT.
func tidy(lessons []*timetable.Entry) ([]timetable.Entry, error) {
	bad := func(zh, en string) error { return fault.BadInput("lessons", zh, en) }
	if len(lessons) > days*periods {
		return nil, bad("最多84节课。", "There are at most 84 lessons.")
	}
	week := make([]timetable.Entry, len(lessons))
	for i, l := range lessons {
		e := *l
		e.Subject, e.Room = strings.TrimSpace(e.Subject), strings.TrimSpace(e.Room)
		switch {
		case e.Weekday < 1 || e.Weekday > days || e.Period < 1 || e.Period > periods:
			return nil, bad("星期须为1至7，节次须为1至12。", "A weekday is 1 to 7, and a period 1 to 12.")
		case !hour(e.Begins) || !hour(e.Ends) || e.Begins >= e.Ends:
			return nil, bad("时间须为HH:MM，且结束须晚于开始。", "Times are HH:MM, and a lesson ends after it begins.")
		case e.Subject == "" || !line(e.Subject) || !line(e.Room):
			return nil, bad("科目和教室最多32个字，且不含控制字符。", "A subject and a room have at most 32 characters, and no control characters.")
		}
		week[i] = e
	}
	slices.SortFunc(week, func(a, b timetable.Entry) int {
		return cmp.Or(cmp.Compare(a.Weekday, b.Weekday), cmp.Compare(a.Begins, b.Begins))
	})
	for i := 1; i < len(week); i++ {
		before, e := week[i-1], week[i]
		if before.Weekday == e.Weekday && (before.Ends > e.Begins || before.Period >= e.Period) {
			return nil, bad("同一天的课不能重叠，节次须按时间先后。", "Lessons of a day do not overlap, and their periods follow one another.")
		}
	}
	return week, nil
}

func hour(s string) bool {
	at, err := time.ParseInLocation("15:04", s, clock.Shanghai)
	return err == nil && at.Format("15:04") == s
}

func line(s string) bool {
	return utf8.RuneCountInString(s) <= mostSubject && !strings.ContainsFunc(s, freetext.Unprintable)
}
