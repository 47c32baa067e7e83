package rule_test

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/schoolclass"
	"citygraph/internal/viewer"
)

// life lays out what is recorded of chenjing's daughter: in a class of lina's, in one that another teacher of the school has, and in one of
// lina's that she has left.
func (s *stage) life(ctx context.Context, lina *viewer.Viewer, daughter string) {
	hers := s.DB.SchoolClass.Query().Where(schoolclass.HasEnrollmentsWith(enrollment.PersonID(daughter)), schoolclass.HasEnrollmentsWith(
		enrollment.PersonID(lina.PersonID), enrollment.RoleEQ(enrollment.RoleTeacher))).OnlyIDX(ctx)
	left := s.newClass().SaveX(ctx).ID
	s.DB.Enrollment.Create().SetSchoolClassID(left).SetPersonID(lina.PersonID).SetRole(enrollment.RoleTeacher).ExecX(ctx)
	s.DB.Enrollment.Create().SetSchoolClassID(left).SetPersonID(daughter).SetRole(enrollment.RoleStudent).SetStatus(enrollment.StatusEnded).ExecX(ctx)
	for _, class := range []string{hers, s.class.ID, left} {
		s.newAttendance(daughter, class).ExecX(ctx)
		s.newLeave(daughter, class).ExecX(ctx)
	}
}

func (s *stage) newAttendance(studentID, classID string) *db.AttendanceEventCreate {
	return s.DB.AttendanceEvent.Create().SetStudentID(studentID).SetSchoolClassID(classID).SetSchoolID(s.teaches).
		SetDay("2026-11-27").SetStatus("ABSENT").SetRecorderID(s.chenjing)
}

func (s *stage) newLeave(studentID, classID string) *db.LeaveRequestCreate {
	return s.DB.LeaveRequest.Create().SetStudentID(studentID).SetSchoolClassID(classID).SetSchoolID(s.teaches).SetRequesterID(s.chenjing).
		SetKind("PERSONAL").SetStartsAt(time.Now()).SetEndsAt(time.Now().Add(time.Hour))
}

// lifeCounts count what of school life a viewer sees.
func (s *stage) lifeCounts() map[string]func(context.Context) int {
	c := s.DB
	return map[string]func(context.Context) int{
		"AttendanceEvent": func(ctx context.Context) int { return c.AttendanceEvent.Query().CountX(ctx) },
		"LeaveRequest":    func(ctx context.Context) int { return c.LeaveRequest.Query().CountX(ctx) },
	}
}

// lifeSeen is what the cast sees of it: a teacher what is of a class of theirs, about who is in it now.
func lifeSeen() map[string]map[string]int {
	return map[string]map[string]int{"AttendanceEvent": {"chenjing": 3, "lina": 1}, "LeaveRequest": {"chenjing": 3, "lina": 1}}
}

// lifeWrites try to write it, which is the verbs' alone.
func (s *stage) lifeWrites() map[string]writes {
	c := s.DB
	return map[string]writes{
		"AttendanceEvent": {
			create: func(ctx context.Context, me string) error { return s.newAttendance(me, s.class.ID).Exec(ctx) },
			update: func(ctx context.Context) (int, error) {
				return c.AttendanceEvent.Update().SetStatus("PRESENT").Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.AttendanceEvent.Delete().Exec(ctx) },
		},
		"LeaveRequest": {
			create: func(ctx context.Context, me string) error { return s.newLeave(me, s.class.ID).Exec(ctx) },
			update: func(ctx context.Context) (int, error) {
				return c.LeaveRequest.Update().SetStatus("WITHDRAWN").Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.LeaveRequest.Delete().Exec(ctx) },
		},
	}
}
