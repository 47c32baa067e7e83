package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Tables and columns the rules of schools speak of.
const (
	schoolColumn          = "school_id"
	schoolClassTable      = "school_classes"
	enrollmentTable       = "enrollments"
	enrollmentClass       = "school_class_id"
	enrollmentPerson      = "person_id"
	announcementTable     = "announcements"
	deliveryTable         = "deliveries"
	deliveryAnnouncement  = "announcement_id"
	deliveryGuardian      = "guardian_id"
	deliveryStudentsTable = "delivery_students"
	deliveryStudentsOf    = "delivery_id"
	deliveryStudentsIs    = "person_id"
)

// SchoolClass is seen by the teachers of its school, and by who is in it or acts for a pupil of it within SCHOOL.
var SchoolClass = Policy{Read: orTeachers(func(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	part := sql.Dialect(s.Dialect()).Select(enrollmentClass).From(sql.Table(enrollmentTable).As("part"))
	part.Where(sql.And(sql.EQ(part.C("status"), "ACTIVE"), actsFor(part, enrollmentPerson, v, scope.Of(scope.School))))
	return sql.In(s.C("id"), part)
}, func(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	return atOrganisation(s, schoolColumn, v, viewer.Teacher)
})}

// Enrollment is seen by who it is of, by who acts for them within SCHOOL, and by the teachers of the school.
var Enrollment = Policy{Read: orTeachers(func(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	return actsFor(s, enrollmentPerson, v, scope.Of(scope.School))
}, func(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	classes := sql.Dialect(s.Dialect()).Select("id").From(sql.Table(schoolClassTable).As("taught"))
	return sql.In(s.C(enrollmentClass), classes.Where(atOrganisation(classes, schoolColumn, v, viewer.Teacher)))
})}

// Announcement is seen by the teachers of its school, and, once it is published, by the guardians it was delivered to.
var Announcement = Policy{Read: orTeachers(func(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	delivered := sql.Dialect(s.Dialect()).Select(deliveryAnnouncement).From(sql.Table(deliveryTable).As("delivered"))
	return sql.In(s.C("id"), delivered.Where(deliveredTo(delivered, v)))
}, func(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	return atOrganisation(s, schoolColumn, v, viewer.Teacher)
})}

// Delivery is seen by its guardian while they may act within SCHOOL for one of the children it is about, and by the teachers of
// the school.
var Delivery = Policy{Read: orTeachers(deliveredTo, func(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	told := sql.Dialect(s.Dialect()).Select("id").From(sql.Table(announcementTable).As("told"))
	return sql.In(s.C(deliveryAnnouncement), told.Where(atOrganisation(told, schoolColumn, v, viewer.Teacher)))
})}

// DeliveredTo are the deliveries at the viewer as a guardian, whatever they see as a teacher.
func DeliveredTo(v *viewer.Viewer) Rows {
	return func(s *sql.Selector) { s.Where(deliveredTo(s, v)) }
}

func deliveredTo(s *sql.Selector, v *viewer.Viewer) *sql.Predicate {
	about := sql.Dialect(s.Dialect()).Select(deliveryStudentsOf).From(sql.Table(deliveryStudentsTable).As("about"))
	about.Where(actsFor(about, deliveryStudentsIs, v, scope.Of(scope.School)))
	return sql.And(sql.EQ(s.C(deliveryGuardian), v.PersonID), sql.In(s.C("id"), about))
}

// orTeachers gives families their rows, and teachers those of their school.
func orTeachers(families, teachers func(*sql.Selector, *viewer.Viewer) *sql.Predicate) Reader {
	return func(v *viewer.Viewer) Rows {
		if !v.SignedIn() {
			return nil
		}
		return func(s *sql.Selector) {
			rows := families(s, v)
			if v.Has(viewer.Teacher) {
				rows = sql.Or(rows, teachers(s, v))
			}
			s.Where(rows)
		}
	}
}
