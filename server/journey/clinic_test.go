package journey_test

import (
	"slices"
	"testing"
	"time"

	"citygraph/server/citytest"
)

// A mother looks for a hospital near her, for the doctors of one of its departments, and for what is free this week. Nobody
// has to sign in for that.
func TestLookingForADoctorNearby(t *testing.T) {
	city := citytest.Start(t)
	app := city.Visitor(t)
	here := citytest.Vars{"lat": 30.2545, "lng": 120.1777, "crs": "WGS84"}

	type clinics struct {
		Clinics struct {
			Edges []struct{ Node struct{ ID string } }
		}
	}
	var near, far clinics
	app.Do("ClinicsNear", citytest.Vars{"point": here, "radiusMetres": 2_000}).Decode(t, &near)
	app.Do("ClinicsNear", citytest.Vars{"point": here, "radiusMetres": 50_000, "first": 100}).Decode(t, &far)
	if len(near.Clinics.Edges) == 0 || len(near.Clinics.Edges) >= len(far.Clinics.Edges) {
		t.Fatalf("%d clinics are near, and %d not too far", len(near.Clinics.Edges), len(far.Clinics.Edges))
	}
	for _, c := range near.Clinics.Edges {
		if !slices.Contains(far.Clinics.Edges, c) {
			t.Errorf("%s is near and not within the greater circle", c.Node.ID)
		}
	}

	var shown struct {
		Node struct {
			Departments struct {
				Edges []struct {
					Node struct {
						ID        string
						Schedules struct {
							Edges []struct {
								Node struct {
									Practitioner struct{ ID, Name, Title string }
								}
							}
						}
					}
				}
			}
		}
	}
	app.Do("ClinicSchedules", citytest.Vars{"id": far.Clinics.Edges[0].Node.ID}).Decode(t, &shown)
	department := shown.Node.Departments.Edges[0].Node
	if len(department.Schedules.Edges) != 1 {
		t.Fatalf("the first department has %d diaries", len(department.Schedules.Edges))
	}
	doctor := department.Schedules.Edges[0].Node.Practitioner
	if doctor.Name == "" || doctor.Title == "" {
		t.Errorf("the doctor is %+v", doctor)
	}

	whole := freeSlots(t, app, citytest.Vars{"practitioner": doctor.ID, "first": 100})
	if len(whole) == 0 || !slices.IsSortedFunc(whole, func(a, b freeSlot) int { return a.Start.Compare(b.Start) }) {
		t.Fatalf("the slots are %+v", whole)
	}
	for i, s := range whole {
		left := 10
		if i == 0 {
			left = 9 // a grandmother has booked
		}
		if s.Status != "FREE" || s.Remaining != left || s.Fee <= 0 || !s.End.After(time.Now()) {
			t.Errorf("%+v is offered", s)
		}
	}
	if same := freeSlots(t, app, citytest.Vars{"department": department.ID, "first": 100}); !slices.Equal(same, whole) {
		t.Errorf("the department offers %d slots, its only doctor %d", len(same), len(whole))
	}
	if day := freeSlots(t, app, citytest.Vars{"practitioner": doctor.ID, "to": whole[1].Start}); !slices.Equal(day, whole[:1]) {
		t.Errorf("before the second there is %+v", day)
	}
	if rest := freeSlots(t, app, citytest.Vars{"practitioner": doctor.ID, "from": whole[0].End, "first": 100}); !slices.Equal(rest, whole[1:]) {
		t.Errorf("after the first there are %d of %d", len(rest), len(whole))
	}
	paged := freeSlots(t, app, citytest.Vars{"practitioner": doctor.ID, "first": 2})
	if len(paged) != 2 || !slices.Equal(paged, whole[:2]) {
		t.Errorf("the first two are %+v", paged)
	}

	for what, vars := range map[string]citytest.Vars{
		"nobody's": {}, "two owners'": {"practitioner": doctor.ID, "department": department.ID},
		"backwards": {"practitioner": doctor.ID, "from": whole[1].Start, "to": whole[0].Start},
		"too long":  {"practitioner": doctor.ID, "to": time.Now().AddDate(0, 0, 90).UTC().Truncate(time.Second)},
	} {
		if code := app.Do("ClinicSlots", vars).Code(); code != "BAD_USER_INPUT" {
			t.Errorf("%s slots: %q", what, code)
		}
	}
	for _, radius := range []int{0, 50_001} {
		if code := app.Do("ClinicsNear", citytest.Vars{"point": here, "radiusMetres": radius}).Code(); code != "BAD_USER_INPUT" {
			t.Errorf("a radius of %d: %q", radius, code)
		}
	}
}

type freeSlot struct {
	ID         string
	Start, End time.Time
	Remaining  int
	Fee        int64
	Status     string
}

// freeSlots asks for one page of slots.
func freeSlots(t *testing.T, app *citytest.Client, vars citytest.Vars) (found []freeSlot) {
	t.Helper()
	var page struct {
		Slots struct {
			Edges []struct{ Node freeSlot }
		}
	}
	app.Do("ClinicSlots", vars).Decode(t, &page)
	for _, e := range page.Slots.Edges {
		found = append(found, e.Node)
	}
	return found
}
