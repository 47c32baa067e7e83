package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// studentColumn names the pupil a row is about.
const studentColumn = "student_id"

// LeaveRequest is seen by who acts for the pupil within SCHOOL, and by the teachers of the class while the pupil is in it.
var LeaveRequest = Policy{Read: orTeachers(ofStudent, ofTaughtClass)}

// AttendanceEvent is seen like a leave request.
var AttendanceEvent = Policy{Read: orTeachers(ofStudent, ofTaughtClass)}

func ofStudent(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	return actsFor(s, studentColumn, v, scope.Of(scope.School))
}

// ofTaughtClass holds for rows of a class that the viewer teaches, at a school where they still do, about a pupil who is in it now: who has left it
// is no longer the old teacher's to look at.
func ofTaughtClass(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	d := sql.Dialect(s.Dialect())
	part := func(alias, role string) *sql.Selector {
		t := d.Table(enrollmentTable).As(alias)
		in := d.Select(t.C(enrollmentClass)).From(t)
		return in.Where(sql.And(sql.EQ(t.C("role"), role), sql.EQ(t.C("status"), "ACTIVE")))
	}
	taught, attended := part("taught", "TEACHER"), part("attended", "STUDENT")
	taught.Where(sql.EQ(taught.C(enrollmentPerson), v.PersonID))
	attended.Where(sql.And(
		sql.ColumnsEQ(attended.C(enrollmentPerson), s.C(studentColumn)), sql.ColumnsEQ(attended.C(enrollmentClass), s.C(enrollmentClass)),
	))
	return sql.And(atOrganisation(s, schoolColumn, v, viewer.Teacher), sql.In(s.C(enrollmentClass), taught), sql.Exists(attended))
}
