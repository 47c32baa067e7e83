package attendance_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db"
	row "citygraph/ent/db/attendanceevent"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/leaverequest"
	"citygraph/ent/db/notification"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/id"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/reaction"
	"citygraph/internal/school/attendance"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
	"citygraph/internal/workday"
)

// school is lina's, with a class that she teaches and in which chenjing's two children are, and another that she does not teach.
type school struct {
	*attendance.Book
	city         *seedtest.City
	class, other string
	lina         context.Context
	day          string // the last school day
}

func open(t *testing.T) *school {
	t.Helper()
	city, at := seedtest.Open(t), seedtest.NewClock()
	hub, bus := live.NewHub(nil), event.New()
	t.Cleanup(hub.Close)
	register := &household.Register{DB: city.DB, Store: city.Store, Clock: at, Events: bus, Hub: hub}
	desk := &notice.Desk{DB: city.DB, Store: city.Store, Clock: at, Hub: hub, Deliver: func(context.Context, []string) error { return nil }}
	s := &school{city: city, lina: city.As(t, "lina")}
	s.Book = &attendance.Book{DB: city.DB, Store: city.Store, Clock: at, Events: bus, For: register.For}
	reaction.Attendances(bus, city.DB, desk, s.Book)
	s.class = seedtest.PutClass(t, city, "二年级3班", "2", enrollment.DutySubjectTeacher)
	s.other = seedtest.PutClass(t, city, "三年级1班", "3", "")
	for _, child := range []string{"zhouzihan", "zhouzixuan"} {
		seedtest.Enrol(t, city, s.class, seedtest.Person(t, child), enrollment.RoleStudent, enrollment.DutyNone)
	}
	day := at.Now()
	for !workday.Is(day) {
		day = day.AddDate(0, 0, -1)
	}
	s.day = day.In(clock.Shanghai).Format(time.DateOnly)
	return s
}

func (s *school) record(ctx context.Context, classID string, status row.Status, pupils ...string) error {
	entries := make([]*attendance.Entry, len(pupils))
	for i, p := range pupils {
		entries[i] = &attendance.Entry{StudentID: p, Status: status}
	}
	_, err := s.Record(ctx, classID, &s.day, entries)
	return err
}

func (s *school) must(t *testing.T, status row.Status, pupils ...string) {
	t.Helper()
	if err := s.record(s.lina, s.class, status, pupils...); err != nil {
		t.Fatal(err)
	}
}

// told are the notices of absence that stand and were taken back, at a person.
func (s *school) told(t *testing.T, who string) (standing, retracted int) {
	t.Helper()
	for _, n := range s.DB.Notification.Query().Where(notification.PersonID(seedtest.Person(t, who)), notification.EventKeyHasPrefix("absent/")).AllX(seedtest.System(t)) {
		if n.RetractedAt == nil {
			standing++
		} else {
			retracted++
		}
	}
	return standing, retracted
}

func want(t *testing.T, err error, code fault.Code, what string) {
	t.Helper()
	if got := fault.CodeOf(err); got != code {
		t.Errorf("%s: %q, want %q (%v)", what, got, code, err)
	}
}

func TestWhoMayRecordAttendance(t *testing.T) {
	s := open(t)
	child := seedtest.Person(t, "zhouzihan")
	elsewhere := seedtest.PutPupil(t, s.city, s.other)
	for who, code := range map[string]fault.Code{
		"": fault.Unauthenticated, "chenjing": fault.Forbidden, "zhouwei": fault.Forbidden, "maming": fault.Forbidden, "xumin": fault.Forbidden,
		"qianjun": fault.Forbidden,
	} {
		want(t, s.record(s.city.As(t, who), s.class, row.StatusAbsent, child), code, who)
	}
	stranger := viewer.With(t.Context(), &viewer.Viewer{PersonID: seedtest.Person(t, "maming"), Roles: []viewer.Role{{Kind: viewer.Teacher, OrganisationID: id.New(id.School)}}})
	want(t, s.record(stranger, s.class, row.StatusAbsent, child), fault.NotFound, "a teacher of another school")
	want(t, s.record(s.lina, id.New(id.SchoolClass), row.StatusAbsent, child), fault.NotFound, "no class")
	want(t, s.record(s.lina, s.other, row.StatusAbsent, elsewhere), fault.NotClassTeacher, "another's class")
	want(t, s.record(s.lina, s.class, row.StatusAbsent, elsewhere), fault.NotFound, "a pupil of another class")
	want(t, s.record(s.lina, s.class, row.StatusAbsent, child, child), fault.BadUserInput, "a pupil twice")
	want(t, s.record(s.lina, s.class, row.StatusAbsent), fault.BadUserInput, "nobody")
	now, entry := s.Clock.Now().In(clock.Shanghai), []*attendance.Entry{{StudentID: child, Status: row.StatusAbsent}}
	weekend := now
	for workday.Is(weekend) {
		weekend = weekend.AddDate(0, 0, -1)
	}
	for _, day := range []string{
		now.AddDate(0, 0, 1).Format(time.DateOnly), now.AddDate(0, 0, -8).Format(time.DateOnly), weekend.Format(time.DateOnly), "today", "2026-13-01",
	} {
		_, err := s.Record(s.lina, s.class, &day, entry)
		want(t, err, fault.BadUserInput, day)
	}
	if n := s.DB.AttendanceEvent.Query().CountX(seedtest.System(t)); n != 0 {
		t.Errorf("refusals left %d rows", n)
	}
}

// A mother of two is told of each absent child once, however often it is recorded, and no more when they were there after all; the barred
// father learns nothing.
func TestAnAbsenceIsToldOnceAndTakenBack(t *testing.T) {
	s := open(t)
	a, b := seedtest.Person(t, "zhouzihan"), seedtest.Person(t, "zhouzixuan")
	check := func(what string, standing, retracted int) {
		t.Helper()
		if is, was := s.told(t, "chenjing"); is != standing || was != retracted {
			t.Errorf("%s: she has %d and %d taken back, want %d and %d", what, is, was, standing, retracted)
		}
		if is, was := s.told(t, "zhouwei"); is+was != 0 {
			t.Errorf("%s: the barred father was told %d times", what, is+was)
		}
	}
	s.must(t, row.StatusAbsent, a, b)
	check("absent", 2, 0)
	s.must(t, row.StatusAbsent, a, b)
	check("again", 2, 0)
	s.must(t, row.StatusPresent, a)
	check("one was there", 1, 1)
	s.must(t, row.StatusAbsent, a)
	check("and was not", 2, 1)
	s.must(t, row.StatusLate, a, b)
	check("both came late", 0, 3)
	n := s.DB.Notification.Query().Where(notification.PersonID(seedtest.Person(t, "chenjing"))).Order(notification.BySeq()).FirstX(seedtest.System(t))
	if n.Priority != notification.PriorityUrgent {
		t.Errorf("it is %s", n.Priority)
	}
	if rows := s.DB.AttendanceEvent.Query().Where(row.SchoolClassID(s.class)).CountX(seedtest.System(t)); rows != 2 {
		t.Errorf("%d rows for two pupils", rows)
	}
}

// Whose leave was granted is excused, and nobody is told; what still waits for an answer excuses nobody.
func TestLeaveExcuses(t *testing.T) {
	s := open(t)
	a, b := seedtest.Person(t, "zhouzihan"), seedtest.Person(t, "zhouzixuan")
	day, err := time.ParseInLocation(time.DateOnly, s.day, clock.Shanghai)
	if err != nil {
		t.Fatal(err)
	}
	schoolID := s.DB.SchoolClass.GetX(seedtest.System(t), s.class).SchoolID
	leave := func(pupil string) *db.LeaveRequestCreate {
		return s.DB.LeaveRequest.Create().SetStudentID(pupil).SetSchoolClassID(s.class).SetSchoolID(schoolID).SetRequesterID(seedtest.Person(t, "chenjing")).
			SetKind(leaverequest.KindIllness).SetStartsAt(day.Add(9 * time.Hour).UTC()).SetEndsAt(day.Add(11 * time.Hour).UTC())
	}
	leave(a).SetStatus(leaverequest.StatusApproved).SetDeciderID(seedtest.Person(t, "lina")).SetDecidedAt(s.Clock.Now()).SaveX(seedtest.System(t))
	leave(b).SaveX(seedtest.System(t))
	s.must(t, row.StatusAbsent, a, b)
	if is, _ := s.told(t, "chenjing"); is != 1 {
		t.Errorf("she was told %d times", is)
	}
	shown, err := s.Class(s.lina, s.class, &s.day)
	if err != nil || len(shown.Pupils) != 2 || !shown.SchoolDay {
		t.Fatalf("%+v, %v", shown, err)
	}
	for _, p := range shown.Pupils {
		status, state := row.StatusExcused, leaverequest.StatusApproved
		if p.PersonID == b {
			status, state = row.StatusAbsent, leaverequest.StatusSubmitted
		}
		if p.Status == nil || *p.Status != status || p.Leave == nil || p.Leave.Status != state {
			t.Errorf("%s is %v with %v", p.PersonID, p.Status, p.Leave)
		}
	}
}

func TestWhoReadsAttendance(t *testing.T) {
	s := open(t)
	child := seedtest.Person(t, "zhouzihan")
	s.must(t, row.StatusPresent, child, seedtest.Person(t, "zhouzixuan"))
	for who, n := range map[string]int{"chenjing": 2, "zhouwei": 0, "maming": 0, "lina": 0} {
		found, err := s.Of(s.city.As(t, who), nil, s.day, s.day)
		if err != nil || len(found) != n {
			t.Errorf("%s reads %d, %v", who, len(found), err)
		}
		_, err = s.Of(s.city.As(t, who), &child, s.day, s.day)
		code := fault.DelegationScope
		if who == "chenjing" {
			code = ""
		}
		if got := fault.CodeOf(err); err != nil && got != code || err == nil && code != "" {
			t.Errorf("%s reads a child's: %v", who, err)
		}
	}
	_, err := s.Of(t.Context(), nil, s.day, s.day)
	want(t, err, fault.Unauthenticated, "a visitor")
	_, err = s.Of(s.city.As(t, "chenjing"), nil, "2026-01-01", "2026-12-01")
	want(t, err, fault.BadUserInput, "a year")
}

// A pupil who has left is not recorded in the old class any more, the old teacher does not see them there, and the mother keeps what was.
func TestAfterATransfer(t *testing.T) {
	s := open(t)
	child := seedtest.Person(t, "zhouzihan")
	s.must(t, row.StatusPresent, child)
	s.DB.Enrollment.Update().Where(enrollment.PersonID(child), enrollment.SchoolClassID(s.class)).SetStatus(enrollment.StatusEnded).ExecX(seedtest.System(t))
	want(t, s.record(s.lina, s.class, row.StatusAbsent, child), fault.NotFound, "who has left")
	shown, err := s.Class(s.lina, s.class, &s.day)
	if err != nil || len(shown.Pupils) != 1 {
		t.Errorf("the old class shows %+v, %v", shown, err)
	}
	if kept, err := s.Of(s.city.As(t, "chenjing"), &child, s.day, s.day); err != nil || len(kept) != 1 {
		t.Errorf("she keeps %v, %v", kept, err)
	}
	s.DB.Guardianship.Update().Where(guardianship.GuardianID(seedtest.Person(t, "chenjing"))).SetStatus(guardianship.StatusBarred).ExecX(seedtest.System(t))
	if kept, err := s.Of(s.city.As(t, "chenjing"), nil, s.day, s.day); err != nil || len(kept) != 0 {
		t.Errorf("barred she reads %v, %v", kept, err)
	}
}

// Twenty who record one class at once leave one row for each pupil, and one notice for each guardian and child.
func TestTwentyRecordOneClass(t *testing.T) {
	s := open(t)
	a, b := seedtest.Person(t, "zhouzihan"), seedtest.Person(t, "zhouzixuan")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := s.record(s.lina, s.class, row.StatusAbsent, a, b); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if is, was := s.told(t, "chenjing"); is != 2 || was != 0 {
		t.Errorf("she was told %d times, %d taken back", is, was)
	}
	if n := s.DB.AttendanceEvent.Query().CountX(seedtest.System(t)); n != 2 {
		t.Errorf("%d rows", n)
	}
}

func TestForgottenPupilsLeaveNoAttendance(t *testing.T) {
	s := open(t)
	a, b := seedtest.Person(t, "zhouzihan"), seedtest.Person(t, "zhouzixuan")
	s.must(t, row.StatusPresent, a, b)
	if err := s.Forget(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if left := s.DB.AttendanceEvent.Query().OnlyX(seedtest.System(t)); left.StudentID != b {
		t.Errorf("left is %s's", left.StudentID)
	}
}
