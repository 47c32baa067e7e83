package place_test

import (
	"testing"
	"time"

	"citygraph/ent/db/district"
	"citygraph/ent/db/street"
	"citygraph/internal/cache"
	"citygraph/internal/clock"
	"citygraph/internal/place"
	"citygraph/internal/seed"
	"citygraph/internal/seed/seedtest"
)

func finder(city *seedtest.City, clock clock.Clock) *place.Finder {
	return &place.Finder{DB: city.DB, Cache: cache.New(nil, clock, 10)}
}

func TestEveryReferencePointIsNearestToItself(t *testing.T) {
	city := seedtest.Open(t)
	f := finder(city, clock.System{})
	for _, s := range city.DB.Street.Query().AllX(t.Context()) {
		streetID, districtID, err := f.Nearest(t.Context(), s.Lat, s.Lng)
		if err != nil {
			t.Fatal(err)
		}
		if streetID != s.ID || districtID != s.DistrictID {
			twin := city.DB.Street.GetX(t.Context(), streetID)
			if twin.Lat != s.Lat || twin.Lng != s.Lng {
				t.Errorf("at %s the nearest is %s", s.Name.ZH, twin.Name.ZH)
			}
		}
	}
}

func TestNearestNamesItsOwnDistrict(t *testing.T) {
	city := seedtest.Open(t)
	f := finder(city, clock.System{})
	for name, tt := range map[string]struct {
		lat, lng float64
		code     string
	}{
		"the north of West Lake": {30.2590, 120.1300, "330106"},
		"the city hall":          {30.2462, 120.2103, "330102"},
		"Thousand Island Lake":   {29.6088, 119.0420, "330127"},
	} {
		streetID, districtID, err := f.Nearest(t.Context(), tt.lat, tt.lng)
		if err != nil {
			t.Fatal(err)
		}
		if got := city.DB.District.GetX(t.Context(), districtID).Code; got != tt.code {
			t.Errorf("%s lies in %s, want %s", name, got, tt.code)
		}
		if !city.DB.Street.Query().Where(street.ID(streetID), street.HasDistrictWith(district.ID(districtID))).ExistX(t.Context()) {
			t.Errorf("%s: the street is of another district", name)
		}
	}
}

// A city that is seeded after the first question must not go on answering that it has no streets.
func TestNoStreetsIsAnErrorThatPasses(t *testing.T) {
	city := seedtest.Bare(t)
	f := finder(city, clock.System{})
	if streetID, districtID, err := f.Nearest(t.Context(), 30, 120); err == nil || streetID != "" || districtID != "" {
		t.Errorf("an empty city answers %q, %q, %v", streetID, districtID, err)
	}
	if err := seed.City(t.Context(), city.Store, city.DB, seed.Options{Clock: clock.System{}, Vault: seedtest.Vault(t)}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Nearest(t.Context(), 30, 120); err != nil {
		t.Errorf("a seeded city answers %v", err)
	}
}

func TestStreetsAreReadOnceAnHour(t *testing.T) {
	city, clock := seedtest.Open(t), seedtest.NewClock()
	f := finder(city, clock)
	before := city.DB.Street.Query().CountX(t.Context())
	ask := func() string {
		t.Helper()
		streetID, _, err := f.Nearest(t.Context(), 30.25, 120.13)
		if err != nil {
			t.Fatal(err)
		}
		return city.DB.Street.GetX(t.Context(), streetID).Code
	}
	first := ask()
	city.DB.Street.Create().SetCode("new").SetName(city.DB.Street.Query().FirstX(t.Context()).Name).SetKind(street.KindTown).
		SetDistrictID(city.DB.District.Query().FirstIDX(t.Context())).SetLat(30.25).SetLng(120.13).ExecX(seedtest.System(t))
	if after := city.DB.Street.Query().CountX(t.Context()); after != before+1 {
		t.Fatalf("%d streets became %d", before, after)
	}
	if again := ask(); again != first {
		t.Errorf("within the hour %s became %s", first, again)
	}
	clock.Turn(time.Hour + time.Second)
	if late := ask(); late != "new" {
		t.Errorf("after the hour it is still %s", late)
	}
}
