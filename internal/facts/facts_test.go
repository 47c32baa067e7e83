package facts

import (
	"math"
	"strings"
	"testing"

	"citygraph/internal/lang"
)

func mustLoad(t testing.TB) *City {
	t.Helper()
	city, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return city
}

func TestNumbers(t *testing.T) {
	city := mustLoad(t)
	kinds := map[CaseKind]int{}
	for _, c := range city.CaseCategories {
		kinds[c.Kind]++
	}
	for _, n := range []struct {
		what          string
		got, low, top int
	}{
		{"districts", len(city.Districts), 13, 13},
		{"streets", len(city.Streets), 191, 191},
		{"component categories", kinds[Component], 83, 83},
		{"event categories", kinds[Event], 54, 54},
		{"hospitals", len(city.Hospitals), 45, 200},
		{"schools", len(city.Schools), 65, 200},
		{"scenic spots", len(city.ScenicSpots), 45, 200},
	} {
		if n.got < n.low || n.got > n.top {
			t.Errorf("%d %s, want %d to %d", n.got, n.what, n.low, n.top)
		}
	}
}

func TestEveryDistrictHasPlaces(t *testing.T) {
	city := mustLoad(t)
	streets, hospitals, schools, spots := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for _, s := range city.Streets {
		streets[s.District]++
	}
	for _, h := range city.Hospitals {
		hospitals[h.District]++
	}
	for _, s := range city.Schools {
		schools[s.District]++
	}
	for _, s := range city.ScenicSpots {
		spots[s.District]++
	}
	for _, d := range city.Districts {
		if streets[d.Code] < 3 || hospitals[d.Code] == 0 || schools[d.Code] == 0 || spots[d.Code] == 0 {
			t.Errorf("%s: %d streets, %d hospitals, %d schools, %d spots",
				d.Name.ZH, streets[d.Code], hospitals[d.Code], schools[d.Code], spots[d.Code])
		}
	}
}

// A point far from its district's seat is a slip of the pen: a wrong digit or a wrong district.
func TestPointsAreNearTheirDistrict(t *testing.T) {
	city := mustLoad(t)
	// How far the district reaches from its seat, in kilometres, where it is more or less than the usual 30.
	reach := map[string]float64{
		"330102": 20, "330105": 15, "330106": 22, "330108": 10, // the old city
		"330111": 45, "330112": 80, "330122": 50, "330127": 65, "330182": 45, // the wide west
		"330109": 40, "330110": 45,
	}
	seats := map[string]District{}
	for _, d := range city.Districts {
		seats[d.Code] = d
	}
	near := func(what, code string, at Point) {
		t.Helper()
		limit, ok := reach[code]
		if !ok {
			limit = 30
		}
		if d := kilometres(seats[code].At, at); d > limit {
			t.Errorf("%s is %.0f km from the seat of %s, want at most %.0f", what, d, seats[code].Name.ZH, limit)
		}
	}
	for _, s := range city.Streets {
		near(s.Name.ZH, s.District, s.At)
	}
	for _, h := range city.Hospitals {
		near(h.Name.ZH, h.District, h.At)
	}
	for _, s := range city.Schools {
		near(s.Name.ZH, s.District, s.At)
	}
	for _, s := range city.ScenicSpots {
		near(s.Name.ZH, s.District, s.At)
	}
}

// kilometres is the great-circle distance.
func kilometres(a, b Point) float64 {
	const earth, degree = 6371, math.Pi / 180
	sinLat, sinLng := math.Sin((b.Lat-a.Lat)*degree/2), math.Sin((b.Lng-a.Lng)*degree/2)
	return 2 * earth * math.Asin(math.Sqrt(sinLat*sinLat+math.Cos(a.Lat*degree)*math.Cos(b.Lat*degree)*sinLng*sinLng))
}

func TestNoTwoPlacesShareANameOrPoint(t *testing.T) {
	city := mustLoad(t)
	names := map[lang.Text]bool{}
	points := map[string]map[Point]string{}
	add := func(what string, name lang.Text, at Point) {
		t.Helper()
		if names[name] {
			t.Errorf("%s comes twice", name.ZH)
		}
		names[name] = true
		if points[what] == nil {
			points[what] = map[Point]string{}
		}
		if other := points[what][at]; other != "" {
			t.Errorf("%s and %s stand at the same point", other, name.ZH)
		}
		points[what][at] = name.ZH
	}
	for _, s := range city.Streets {
		add("street", s.Name, s.At)
	}
	for _, h := range city.Hospitals {
		add("hospital", h.Name, h.At)
	}
	for _, s := range city.Schools {
		add("school", s.Name, s.At)
	}
	for _, s := range city.ScenicSpots {
		add("spot", s.Name, s.At)
	}
}

func TestDepartmentsSuitTheHospital(t *testing.T) {
	want := map[HospitalKind]string{
		General: "03.04", TCM: "50.01", Integrated: "52", Maternity: "05.02", Children: "07.04",
		Dental: "12.01", Eye: "10", Cancer: "32.10", Infectious: "16.03", Mental: "15.01", Rehabilitation: "21",
	}
	for _, h := range mustLoad(t).Hospitals {
		if code := want[h.Kind]; !strings.Contains(" "+strings.Join(h.Departments, " ")+" ", " "+code+" ") {
			t.Errorf("%s (%s) has no department %s", h.Name.ZH, h.Kind, code)
		}
		if h.Grade.Text().EN == "" {
			t.Errorf("%s: grade %s has no English", h.Name.ZH, h.Grade)
		}
	}
}

func TestUrgentCasesAreMendedFirst(t *testing.T) {
	hours := map[string]int{}
	for _, c := range mustLoad(t).CaseCategories {
		hours[c.Name.ZH] = c.SLAHours
	}
	order := []string{"燃气管道破裂", "道路积水", "上水井盖", "路灯", "绿地", "私搭乱建"}
	for i := range order[1:] {
		if hours[order[i]] >= hours[order[i+1]] {
			t.Errorf("%s (%d h) is not mended before %s (%d h)", order[i], hours[order[i]], order[i+1], hours[order[i+1]])
		}
	}
}
