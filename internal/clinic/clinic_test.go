package clinic_test

import (
	"slices"
	"testing"
	"time"

	entclinic "citygraph/ent/db/clinic"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/slot"
	"citygraph/internal/clinic"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/geo"
	"citygraph/internal/seed/seedtest"
)

func TestClinicsAreFoundByAllThatIsAsked(t *testing.T) {
	c := seedtest.Open(t)
	all := c.DB.Clinic.Query().WithDistrict().WithDepartments().AllX(t.Context())
	one := all[0]
	at := geo.Input{Lat: one.Lat, Lng: one.Lng, CRS: geo.WGS84}
	district, department := one.Edges.District.Code, one.Edges.Departments[0].Code
	for name, tt := range map[string]struct {
		filter clinic.Filter
		want   func(found []string) bool
	}{
		"nothing asked":  {clinic.Filter{}, func(f []string) bool { return len(f) == len(all) }},
		"a district":     {clinic.Filter{DistrictCode: &district}, func(f []string) bool { return slices.Contains(f, one.ID) && len(f) < len(all) }},
		"a department":   {clinic.Filter{DepartmentCode: &department}, func(f []string) bool { return slices.Contains(f, one.ID) }},
		"no department":  {clinic.Filter{DepartmentCode: new("99.99")}, func(f []string) bool { return len(f) == 0 }},
		"its name":       {clinic.Filter{Text: &one.Name.ZH}, func(f []string) bool { return slices.Contains(f, one.ID) }},
		"where it is":    {clinic.Filter{Near: &geo.Circle{Point: at, RadiusMetres: 1}}, func(f []string) bool { return slices.Contains(f, one.ID) && len(f) < len(all) }},
		"all but a part": {clinic.Filter{Near: &geo.Circle{Point: at, RadiusMetres: 1}, DepartmentCode: new("99.99")}, func(f []string) bool { return len(f) == 0 }},
	} {
		q, err := clinic.Find(c.DB.Clinic.Query(), tt.filter)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if found := q.Order(entclinic.ByID()).IDsX(t.Context()); !tt.want(found) {
			t.Errorf("%s: %q", name, found)
		}
	}
}

// The nearest within a circle are those that the sphere has there, to within a metre at its edge.
func TestACircleHoldsWhatIsInIt(t *testing.T) {
	c := seedtest.Open(t)
	all := c.DB.Clinic.Query().AllX(t.Context())
	middle := geo.Point{Lat: 30.25, Lng: 120.16}
	for _, metres := range []int{1_000, 3_000, 5_000} {
		q, err := clinic.Find(c.DB.Clinic.Query(), clinic.Filter{Near: &geo.Circle{Point: geo.Input{Lat: middle.Lat, Lng: middle.Lng, CRS: geo.WGS84}, RadiusMetres: metres}})
		if err != nil {
			t.Fatal(err)
		}
		found := q.IDsX(t.Context())
		for _, one := range all {
			far := geo.Distance(middle, geo.Point{Lat: one.Lat, Lng: one.Lng})
			in := slices.Contains(found, one.ID)
			if far < float64(metres)-1 && !in || far > float64(metres)+1 && in {
				t.Errorf("%s is %.0f metres away, and within %d: %v", one.Name.ZH, far, metres, in)
			}
		}
	}
}

func TestCirclesThatAreNone(t *testing.T) {
	c := seedtest.Open(t)
	here := geo.Input{Lat: 30.25, Lng: 120.16, CRS: geo.WGS84}
	for name, circle := range map[string]geo.Circle{
		"no radius":     {Point: here},
		"a wide one":    {Point: here, RadiusMetres: 50_001},
		"nowhere":       {Point: geo.Input{Lat: 91, Lng: 120, CRS: geo.WGS84}, RadiusMetres: 10},
		"a minus":       {Point: here, RadiusMetres: -1},
		"off the globe": {Point: geo.Input{Lat: 30, Lng: 181, CRS: geo.WGS84}, RadiusMetres: 10},
	} {
		_, err := clinic.Find(c.DB.Clinic.Query(), clinic.Filter{Near: &circle})
		faulttest.Refused(t, name, err, fault.BadUserInput)
	}
}

// Free slots are listed from now on, full ones included, and those that are stopped or over are not.
func TestSlotsThatAreOpen(t *testing.T) {
	c, ctx := seedtest.Open(t), seedtest.System(t)
	diary := c.DB.Schedule.Query().Order(schedule.ByID()).FirstX(ctx)
	slots := c.DB.Slot.Query().Where(slot.ScheduleID(diary.ID)).Order(slot.ByStartsAt()).AllX(ctx)
	slots[0].Update().SetStatus(slot.StatusBusyUnavailable).ExecX(ctx)
	slots[1].Update().SetRemaining(0).ExecX(ctx)
	now := slots[2].EndsAt
	listed := func(f clinic.Slots, now time.Time) []string {
		t.Helper()
		q, err := clinic.Open(c.DB.Slot.Query(), f, now)
		if err != nil {
			t.Fatal(err)
		}
		return q.IDsX(t.Context())
	}
	early := slots[0].StartsAt.Add(-time.Hour)
	for name, f := range map[string]clinic.Slots{
		"the clinic's": {ClinicID: &diary.ClinicID}, "the department's": {DepartmentID: diary.DepartmentID}, "the practitioner's": {PractitionerID: diary.PractitionerID},
	} {
		found := listed(f, early)
		if slices.Contains(found, slots[0].ID) || !slices.Contains(found, slots[1].ID) || !slices.Contains(found, slots[2].ID) {
			t.Errorf("%s: %q", name, found)
		}
		if found = listed(f, now); slices.Contains(found, slots[2].ID) || !slices.Contains(found, slots[3].ID) {
			t.Errorf("%s that are not over: %q", name, found)
		}
	}
	if found := listed(clinic.Slots{PractitionerID: diary.PractitionerID, From: &early, To: &slots[1].StartsAt}, early); len(found) != 0 {
		t.Errorf("before the second begins there are %q", found)
	}
	for name, f := range map[string]clinic.Slots{
		"nobody's":     {},
		"two's":        {ClinicID: &diary.ClinicID, PractitionerID: diary.PractitionerID},
		"backwards":    {ClinicID: &diary.ClinicID, To: &early},
		"a whole year": {ClinicID: &diary.ClinicID, To: new(now.AddDate(1, 0, 0))},
	} {
		_, err := clinic.Open(c.DB.Slot.Query(), f, now)
		faulttest.Refused(t, name, err, fault.BadUserInput)
	}
}
