package seedtest

import (
	"testing"

	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/schoolclass"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// PutClass lays out a class of lina's school in a grade, and returns its id. Lina has the duty in it, none for "".
func PutClass(t testing.TB, c *City, title, grade string, duty enrollment.Duty) string {
	t.Helper()
	school := viewer.From(c.As(t, "lina")).Organisations(viewer.Teacher)[0]
	made, err := c.DB.SchoolClass.Create().SetTitle(title).SetGrade(grade).SetKind(schoolclass.KindHomeroom).SetSchoolID(school).Save(System(t))
	if err != nil {
		t.Fatal(err)
	}
	if duty != "" {
		Enrol(t, c, made.ID, Person(t, "lina"), enrollment.RoleTeacher, duty)
	}
	return made.ID
}

// Enrol gives a person a part in a class.
func Enrol(t testing.TB, c *City, classID, personID string, role enrollment.Role, duty enrollment.Duty) {
	t.Helper()
	err := c.DB.Enrollment.Create().SetSchoolClassID(classID).SetPersonID(personID).SetRole(role).SetDuty(duty).Exec(System(t))
	if err != nil {
		t.Fatal(err)
	}
}

// PutPupil makes a pupil of the class, whom the persons guard.
func PutPupil(t testing.TB, c *City, classID string, guardians ...string) string {
	t.Helper()
	pupil, err := c.DB.Person.Create().SetName("学生").Save(System(t))
	if err != nil {
		t.Fatal(err)
	}
	Enrol(t, c, classID, pupil.ID, enrollment.RoleStudent, enrollment.DutyNone)
	for _, g := range guardians {
		err := c.DB.Guardianship.Create().SetGuardianID(g).SetChildID(pupil.ID).SetBasis(guardianship.BasisSchoolRecord).
			SetScopeSet(scope.All).Exec(System(t))
		if err != nil {
			t.Fatal(err)
		}
	}
	return pupil.ID
}
