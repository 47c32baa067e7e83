package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// studentColumn names the pupil a row is about.
const studentColumn = "student_id"

// LeaveRequest is seen by who acts for the pupil within SCHOOL, and by the teachers of the class.
var LeaveRequest = Policy{Read: orTeachers(ofStudent, ofTaughtClass)}

// AttendanceEvent is seen like a leave request.
var AttendanceEvent = Policy{Read: orTeachers(ofStudent, ofTaughtClass)}

func ofStudent(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	return actsFor(s, studentColumn, v, scope.Of(scope.School))
}

// ofTaughtClass holds for rows of a class that the viewer teaches, at a school where they still do.
func ofTaughtClass(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	part := sql.Dialect(s.Dialect()).Select(enrollmentClass).From(sql.Table(enrollmentTable).As("taught"))
	part.Where(sql.And(sql.EQ(part.C(enrollmentPerson), v.PersonID), sql.EQ(part.C("role"), "TEACHER"), sql.EQ(part.C("status"), "ACTIVE")))
	return sql.And(atOrganisation(s, schoolColumn, v, viewer.Teacher), sql.In(s.C(enrollmentClass), part))
}
