package contracttest_test

import (
	"testing"

	"citygraph/ent/db"
	"citygraph/ent/db/schedule"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

// diary is the first schedule of the demo city.
func (r *rig) diary(t testing.TB) *db.Schedule {
	t.Helper()
	return r.DB.Schedule.Query().Order(db.Asc(schedule.FieldID)).FirstX(viewer.AsSystem(t.Context(), "look for what a test asks for"))
}

// slotsOf asks for the free slots of whom a diary names.
func slotsOf(argument string, id func(*db.Schedule) string) ask {
	return with(func(t testing.TB, r *rig, _ string) citytest.Vars { return citytest.Vars{argument: id(r.diary(t))} })
}

func clinicOf(d *db.Schedule) string { return d.ClinicID }

func departmentOf(d *db.Schedule) string { return *d.DepartmentID }

func practitionerOf(d *db.Schedule) string { return *d.PractitionerID }
