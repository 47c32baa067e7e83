package contracttest_test

import (
	"testing"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db/enrollment"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

const classRoster = `query($class: ID!) { classRoster(class: $class) { schoolClass { id } } }`

// classWith is the class a member of the cast, or one of the children, is in.
func (r *rig) classWith(t testing.TB, name string) string {
	t.Helper()
	return r.DB.Enrollment.Query().Where(enrollment.PersonID(castID(name))).Order(enrollment.ByID()).FirstX(seedtest.System(t)).SchoolClassID
}

// classOf asks with the class somebody is in.
func classOf(name string) ask {
	return with(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"class": r.classWith(t, name)}
	})
}

// enrolled has a roster know chenjing, of whom it has let go of all but that.
func (r *rig) enrolled(t testing.TB) {
	t.Helper()
	r.DB.RosterUser.Create().SetPersonID(castID("chenjing")).SetDataKey([]byte{}).SetSealed([]byte{}).
		SetSourceSystem("sis.example").SetSourceValue("mum").ExecX(seedtest.System(t))
}

// schoolSamples are classes and parts of the cast's children and their teacher.
func (r *rowsRig) schoolSamples(t testing.TB, table string) []sampling {
	t.Helper()
	switch table {
	case "SchoolClass":
		return []sampling{
			{"of zhouzihan at xuejun-primary", sql.FieldEQ("id", r.classWith(t, "zhouzihan"))},
			{"of zhouzixuan at another school", sql.FieldEQ("id", r.classWith(t, "zhouzixuan"))},
		}
	case "Enrollment":
		return of("person_id", "zhouzihan", "zhouzixuan", "lina")
	}
	return of("person_id", "chenjing")
}

// taught reports whether somebody is in a class of a teacher's school, who names them by their id, for an audience.
func (r *registry) taught(t *testing.T, teacher, personID string) bool {
	t.Helper()
	is, err := r.DB.Enrollment.Query().Where(enrollment.PersonID(personID)).Exist(viewer.With(t.Context(), r.viewers[teacher]))
	if err != nil {
		t.Fatal(err)
	}
	return is
}

// A class of another school answers to a teacher exactly as one that never was.
func TestAClassOfAnotherSchoolAnswersAsNone(t *testing.T) {
	r := rowRig(t)
	same(t, "lina: classRoster", r.classWith(t, "zhouzixuan"), id.SchoolClass, func(id string) citytest.Answer {
		return r.member["lina"].Do("ClassRoster", citytest.Vars{"class": id})
	})
}
