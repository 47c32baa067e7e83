package facts

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"citygraph/internal/citycase/form"
	"citygraph/internal/lang"
)

// Load returns the embedded facts. A malformed row is an error that names its file and line.
func Load() (*City, error) { return load(data) }

func load(fsys fs.FS) (*City, error) {
	var city City
	for _, read := range []func() error{
		func() error { return into(&city.Districts, fsys, "districts.csv", districtColumns, district) },
		func() error { return into(&city.Streets, fsys, "streets.csv", streetColumns, street) },
		func() error { return into(&city.Departments, fsys, "departments.csv", departmentColumns, department) },
		func() error { return into(&city.Hospitals, fsys, "hospitals.csv", hospitalColumns, hospital) },
		func() error { return into(&city.Schools, fsys, "schools.csv", schoolColumns, school) },
		func() error { return into(&city.ScenicSpots, fsys, "scenic_spots.csv", spotColumns, spot) },
		func() error {
			return into(&city.CaseCategories, fsys, "case_categories.csv", categoryColumns, category)
		},
		func() error { return into(&city.Facilities, fsys, "facilities.csv", facilityColumns, facility) },
		func() error { return staff(&city, fsys) },
		func() error { return questions(&city, fsys) },
		city.check,
	} {
		if err := read(); err != nil {
			return nil, fmt.Errorf("facts: %w", err)
		}
	}
	return &city, nil
}

func into[T any](rows *[]T, fsys fs.FS, file string, columns []string, parse func(*row) T) (err error) {
	*rows, err = table(fsys, file, columns, parse)
	return err
}

var (
	districtColumns   = []string{"code", "zh", "en", "kind", "lat", "lng"}
	streetColumns     = []string{"code", "zh", "en", "kind", "district", "lat", "lng"}
	departmentColumns = []string{"code", "zh", "en"}
	hospitalColumns   = []string{"key", "zh", "aliases", "en", "grade", "kind", "district", "address", "lat", "lng"}
	staffColumns      = []string{"hospital", "departments"}
	schoolColumns     = []string{"key", "zh", "aliases", "en", "stage", "district", "lat", "lng"}
	spotColumns       = []string{"key", "zh", "aliases", "en", "grade", "district", "lat", "lng",
		"dailyCapacity", "instantCapacity", "aboutZh", "aboutEn"}
	categoryColumns = []string{"kind", "code", "majorCode", "majorZh", "majorEn", "zh", "en", "slaHours"}
	fieldColumns    = []string{"kind", "code", "key", "type", "required", "zh", "en", "options"}
	facilityColumns = []string{"code", "category", "zh", "district", "lat", "lng"}
)

func name(r *row) lang.Text { return lang.Text{ZH: r.text("zh"), EN: r.text("en")} }

func district(r *row) District {
	return District{
		Code: r.digits("code", 6),
		Name: name(r),
		Kind: oneOf(r, "kind", UrbanDistrict, County, CountyLevelCity),
		At:   r.point(),
	}
}

func street(r *row) Street {
	s := Street{
		Code:     r.digits("code", 9),
		Name:     name(r),
		Kind:     oneOf(r, "kind", Subdistrict, Town, Township, EthnicTownship),
		District: r.digits("district", 6),
		At:       r.point(),
	}
	if r.err == nil && s.Code[:6] != s.District {
		r.fail("code", "does not begin with its district's code")
	}
	return s
}

func department(r *row) Department { return Department{Code: r.text("code"), Name: name(r)} }

func place(r *row) Place {
	return Place{
		Key:      r.key("key"),
		Name:     name(r),
		Aliases:  r.list("aliases", "|"),
		District: r.digits("district", 6),
		At:       r.point(),
	}
}

func hospital(r *row) Hospital {
	return Hospital{
		Place: place(r),
		Grade: oneOf(r, "grade", Tertiary3A, Tertiary3B, Secondary2A, Secondary2B),
		Kind: oneOf(r, "kind", General, TCM, Integrated, Maternity, Children, Dental, Eye, Cancer,
			Infectious, Mental, Rehabilitation),
		Address: r.optional("address"),
	}
}

func school(r *row) School {
	return School{Place: place(r), Stage: oneOf(r, "stage", Primary, Junior, Senior, NineYear)}
}

func spot(r *row) ScenicSpot {
	s := ScenicSpot{
		Place:           place(r),
		Grade:           oneOf(r, "grade", FiveA, FourA, ThreeA, Unrated),
		DailyCapacity:   r.count("dailyCapacity"),
		InstantCapacity: r.count("instantCapacity"),
		About:           lang.Text{ZH: r.text("aboutZh"), EN: r.text("aboutEn")},
	}
	if s.InstantCapacity > s.DailyCapacity {
		r.fail("instantCapacity", "is more than the daily capacity")
	}
	return s
}

func category(r *row) CaseCategory {
	c := CaseCategory{
		Kind:      oneOf(r, "kind", Component, Event),
		Code:      r.digits("code", 4),
		Name:      name(r),
		MajorCode: r.digits("majorCode", 2),
		Major:     lang.Text{ZH: r.text("majorZh"), EN: r.text("majorEn")},
		SLAHours:  r.count("slaHours"),
	}
	if r.err == nil && c.Code[:2] != c.MajorCode {
		r.fail("code", "does not begin with its major code")
	}
	return c
}

// staff gives every hospital its departments.
func staff(city *City, fsys fs.FS) error {
	index := make(map[string]*Hospital, len(city.Hospitals))
	for i := range city.Hospitals {
		index[city.Hospitals[i].Key] = &city.Hospitals[i]
	}
	_, err := table(fsys, "hospital_departments.csv", staffColumns, func(r *row) struct{} {
		codes := r.list("departments", " ")
		switch h := index[r.text("hospital")]; {
		case h == nil:
			r.fail("hospital", "is unknown")
		case h.Departments != nil:
			r.fail("hospital", "comes twice")
		case !slices.IsSorted(codes):
			r.fail("departments", "are not in ascending order")
		default:
			h.Departments = codes
		}
		return struct{}{}
	})
	return err
}

func facility(r *row) Facility {
	f := Facility{
		Code: r.digits("code", 16), Category: r.digits("category", 4), Address: r.text("zh"), District: r.digits("district", 6), At: r.point(),
	}
	if r.err == nil && !strings.HasPrefix(f.Code, f.District+f.Category) {
		r.fail("code", "does not begin with its district's and its category's")
	}
	return f
}

// questions gives the categories what they ask besides.
func questions(city *City, fsys fs.FS) error {
	index := make(map[string]*CaseCategory, len(city.CaseCategories))
	for i := range city.CaseCategories {
		c := &city.CaseCategories[i]
		index[string(c.Kind)+c.Code] = c
	}
	_, err := table(fsys, "case_fields.csv", fieldColumns, func(r *row) struct{} {
		f := question(r)
		c := index[r.text("kind")+r.text("code")]
		switch {
		case c == nil:
			r.fail("code", "is unknown")
		case slices.ContainsFunc(c.Fields, func(other form.Field) bool { return other.Key == f.Key }):
			r.fail("key", "comes twice")
		default:
			c.Fields = append(c.Fields, f)
		}
		return struct{}{}
	})
	return err
}

func question(r *row) form.Field {
	f := form.Field{
		Key: r.key("key"), Type: oneOf(r, "type", form.Types()...), Label: name(r),
		Required: oneOf(r, "required", "yes", "no") == "yes",
	}
	chosen := f.Type == form.OneOf || f.Type == form.SeveralOf
	if chosen != (r.optional("options") != "") {
		r.fail("options", "do not go with the type")
	}
	if !chosen {
		return f
	}
	for _, option := range r.list("options", "|") {
		parts := strings.Split(option, "=")
		if len(parts) != 3 || slices.Contains(parts, "") {
			r.fail("options", "are not KEY=中文=English")
			return f
		}
		f.Options = append(f.Options, form.Option{Key: parts[0], Label: lang.Text{ZH: parts[1], EN: parts[2]}})
	}
	return f
}
