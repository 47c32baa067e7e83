package seed

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"citygraph/ent/db"
	"citygraph/ent/db/casecategory"
	"citygraph/ent/db/clinic"
	"citygraph/ent/db/district"
	"citygraph/ent/db/scenicspot"
	"citygraph/ent/db/school"
	"citygraph/ent/db/street"
	"citygraph/internal/facts"
	"citygraph/internal/geo"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/search"
)

// Catalogue rows have ids derived from their natural keys, with their place in the list as rank: the
// same in every database, and in order when listed by id.

func districtID(code string) string { return id.Derive(id.District, numeric(code), code) }

func streetID(code string) string { return id.Derive(id.Street, numeric(code), code) }

func categoryID(k facts.CaseKind, code string) string {
	rank := numeric(code)
	if k == facts.Event {
		rank += 1_000_000 // events after components
	}
	return id.Derive(id.CaseCategory, rank, string(k)+code)
}

// spotID ranks the highest grade first.
func spotID(i int, s facts.ScenicSpot) string {
	return id.Derive(id.ScenicSpot, i+1000*(5-strings.Count(string(s.Grade), "A")), s.Key)
}

// numeric reads the digits of an official code.
func numeric(code string) int {
	n := 0
	for _, r := range code {
		if r >= '0' && r <= '9' {
			n = n*10 + int(r-'0')
		}
	}
	return n
}

func (w *writer) districts(ctx context.Context) error {
	rows := w.city.Districts
	return inBatches(len(rows), func(i int) *db.DistrictCreate {
		d := rows[i]
		return w.db.District.Create().SetID(districtID(d.Code)).SetCreatedAt(w.now).SetCode(d.Code).SetName(d.Name).
			SetKind(district.Kind(d.Kind)).SetLat(d.At.Lat).SetLng(d.At.Lng)
	}, func(c ...*db.DistrictCreate) error {
		defer w.wrote(len(c))
		return w.db.District.CreateBulk(c...).Exec(ctx)
	})
}

func (w *writer) streets(ctx context.Context) error {
	rows := w.city.Streets
	return inBatches(len(rows), func(i int) *db.StreetCreate {
		s := rows[i]
		return w.db.Street.Create().SetID(streetID(s.Code)).SetCreatedAt(w.now).SetCode(s.Code).SetName(s.Name).
			SetKind(street.Kind(s.Kind)).SetDistrictID(districtID(s.District)).SetLat(s.At.Lat).SetLng(s.At.Lng)
	}, func(c ...*db.StreetCreate) error {
		defer w.wrote(len(c))
		return w.db.Street.CreateBulk(c...).Exec(ctx)
	})
}

func (w *writer) clinics(ctx context.Context) error {
	rows := w.city.Hospitals
	return inBatches(len(rows), func(i int) *db.ClinicCreate {
		h := rows[i]
		return w.db.Clinic.Create().SetID(id.Derive(id.Clinic, i, h.Key)).SetCreatedAt(w.now).SetName(h.Name).SetGrade(h.Grade.Text()).
			SetKind(clinic.Kind(h.Kind)).SetAddress(h.Address).SetDistrictID(districtID(h.District)).
			SetLat(h.At.Lat).SetLng(h.At.Lng).SetSearchKeys(search.Keys(h.Names()...))
	}, func(c ...*db.ClinicCreate) error {
		defer w.wrote(len(c))
		return w.db.Clinic.CreateBulk(c...).Exec(ctx)
	})
}

func (w *writer) departments(ctx context.Context) error {
	names := map[string]lang.Text{}
	for _, d := range w.city.Departments {
		names[d.Code] = d.Name
	}
	type row struct {
		clinic, hospital, code string
		rank                   int
	}
	var rows []row
	for i, h := range w.city.Hospitals {
		for rank, code := range h.Departments {
			rows = append(rows, row{id.Derive(id.Clinic, i, h.Key), h.Key, code, rank})
		}
	}
	return inBatches(len(rows), func(i int) *db.DepartmentCreate {
		r := rows[i]
		return w.db.Department.Create().SetID(id.Derive(id.Department, r.rank, r.hospital+"/"+r.code)).SetCreatedAt(w.now).
			SetClinicID(r.clinic).SetCode(r.code).SetName(names[r.code])
	}, func(c ...*db.DepartmentCreate) error {
		defer w.wrote(len(c))
		return w.db.Department.CreateBulk(c...).Exec(ctx)
	})
}

func (w *writer) schools(ctx context.Context) error {
	rows := w.city.Schools
	return inBatches(len(rows), func(i int) *db.SchoolCreate {
		s := rows[i]
		return w.db.School.Create().SetID(id.Derive(id.School, i, s.Key)).SetCreatedAt(w.now).SetName(s.Name).
			SetStage(school.Stage(s.Stage)).SetDistrictID(districtID(s.District)).
			SetLat(s.At.Lat).SetLng(s.At.Lng).SetSearchKeys(search.Keys(s.Names()...))
	}, func(c ...*db.SchoolCreate) error {
		defer w.wrote(len(c))
		return w.db.School.CreateBulk(c...).Exec(ctx)
	})
}

func (w *writer) scenicSpots(ctx context.Context) error {
	rows := w.city.ScenicSpots
	return inBatches(len(rows), func(i int) *db.ScenicSpotCreate {
		s := rows[i]
		grade := scenicspot.Grade(s.Grade)
		if s.Grade == facts.Unrated {
			grade = scenicspot.GradeUnrated
		}
		return w.db.ScenicSpot.Create().SetID(spotID(i, s)).SetCreatedAt(w.now).SetName(s.Name).
			SetDescription(s.About).SetGrade(grade).SetDistrictID(districtID(s.District)).
			SetDailyCapacity(s.DailyCapacity).SetInstantCapacity(s.InstantCapacity).
			SetLat(s.At.Lat).SetLng(s.At.Lng).SetSearchKeys(search.Keys(s.Names()...))
	}, func(c ...*db.ScenicSpotCreate) error {
		defer w.wrote(len(c))
		return w.db.ScenicSpot.CreateBulk(c...).Exec(ctx)
	})
}

func (w *writer) caseCategories(ctx context.Context) error {
	rows := w.city.CaseCategories
	return inBatches(len(rows), func(i int) *db.CaseCategoryCreate {
		r := rows[i]
		return w.db.CaseCategory.Create().SetID(categoryID(r.Kind, r.Code)).SetCreatedAt(w.now).SetCode(r.Code).SetName(r.Name).
			SetGroupName(r.Major).SetKind(casecategory.Kind(r.Kind)).SetSLAHours(r.SLAHours).SetForm(r.Fields)
	}, func(c ...*db.CaseCategoryCreate) error {
		defer w.wrote(len(c))
		return w.db.CaseCategory.CreateBulk(c...).Exec(ctx)
	})
}

func (w *writer) facilities(ctx context.Context) error {
	rows := w.city.Facilities
	return inBatches(len(rows), func(i int) *db.CityFacilityCreate {
		f := rows[i]
		return w.db.CityFacility.Create().SetID(id.Derive(id.CityFacility, i, f.Code)).SetCreatedAt(w.now).SetUpdatedAt(w.now).
			SetCode(f.Code).SetAddress(f.Address).SetCategoryID(categoryID(facts.Component, f.Category)).
			SetDistrictID(districtID(f.District)).SetStreetID(streetID(w.nearest(f).Code)).SetLat(f.At.Lat).SetLng(f.At.Lng)
	}, func(c ...*db.CityFacilityCreate) error {
		defer w.wrote(len(c))
		return w.db.CityFacility.CreateBulk(c...).Exec(ctx)
	})
}

// nearest is the street of a facility's district whose reference point is nearest to it.
func (w *writer) nearest(f facts.Facility) facts.Street {
	at := geo.Point{Lat: f.At.Lat, Lng: f.At.Lng}
	return slices.MinFunc(w.streetsOf[f.District], func(a, b facts.Street) int {
		return cmp.Compare(geo.Distance(at, geo.Point{Lat: a.At.Lat, Lng: a.At.Lng}), geo.Distance(at, geo.Point{Lat: b.At.Lat, Lng: b.At.Lng}))
	})
}
