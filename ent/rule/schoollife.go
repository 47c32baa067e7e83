package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Columns the rules of school life speak of.
const (
	studentColumn  = "student_id"
	recorderColumn = "recorder_id"
)

// LeaveRequest is seen by who acts for the pupil within SCHOOL, and by the teachers of the class.
var LeaveRequest = Policy{Read: orTeachers(ofStudent, ofTaughtClass)}

// AttendanceEvent is seen like a leave request.
var AttendanceEvent = Policy{Read: orTeachers(ofStudent, ofTaughtClass)}

// Grade is seen by who acts for the pupil within SCHOOL, and by the teacher who recorded it while they teach at the school.
var Grade = Policy{Read: orTeachers(ofStudent, func(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	return sql.And(sql.EQ(s.C(recorderColumn), v.PersonID), atOrganisation(s, schoolColumn, v, viewer.Teacher))
})}

// CourseResource is seen by the teachers of the school, and while it is published by who acts within SCHOOL for a pupil it is for: of the
// class, of the grade, or of the school.
var CourseResource = Policy{Read: orTeachers(func(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	d := sql.Dialect(s.Dialect())
	class, part := d.Table(schoolClassTable).As("attended"), d.Table(enrollmentTable).As("part")
	attended := d.Select(class.C("id")).From(class).Join(part).On(part.C(enrollmentClass), class.C("id"))
	attended.Where(sql.And(
		sql.EQ(part.C("role"), "STUDENT"), sql.EQ(part.C("status"), "ACTIVE"), actsForColumn(part.C(enrollmentPerson), v, scope.Of(scope.School)),
		sql.ColumnsEQ(class.C(schoolColumn), s.C(schoolColumn)),
		sql.Or(
			sql.ColumnsEQ(class.C("id"), s.C(enrollmentClass)),
			sql.And(sql.IsNull(s.C(enrollmentClass)), sql.Or(sql.EQ(s.C("grade"), ""), sql.ColumnsEQ(class.C("grade"), s.C("grade")))),
		),
	))
	return sql.And(sql.EQ(s.C("status"), "PUBLISHED"), sql.Exists(attended))
}, func(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	return atOrganisation(s, schoolColumn, v, viewer.Teacher)
})}

func ofStudent(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	return actsFor(s, studentColumn, v, scope.Of(scope.School))
}

// ofTaughtClass holds for rows of a class that the viewer teaches, at a school where they still do.
func ofTaughtClass(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	part := sql.Dialect(s.Dialect()).Select(enrollmentClass).From(sql.Table(enrollmentTable).As("taught"))
	part.Where(sql.And(sql.EQ(part.C(enrollmentPerson), v.PersonID), sql.EQ(part.C("role"), "TEACHER"), sql.EQ(part.C("status"), "ACTIVE")))
	return sql.And(atOrganisation(s, schoolColumn, v, viewer.Teacher), sql.In(s.C(enrollmentClass), part))
}
