// Package facts holds the public facts of Hangzhou that every demo database starts from: its districts
// and streets, hospitals, schools, scenic spots and case categories. It knows nothing of storage; the
// seed turns these rows into entities. How sure each fact is stands in data/README.md.
package facts

import (
	"embed"

	"citygraph/internal/citycase/form"
	"citygraph/internal/lang"
)

//go:embed data/*.csv
var data embed.FS

// City is the whole of the facts. Every code and key in it is unique within its slice and every
// reference resolves. Rows keep the order of their files.
type City struct {
	Districts      []District
	Streets        []Street
	Departments    []Department
	Hospitals      []Hospital
	Schools        []School
	ScenicSpots    []ScenicSpot
	CaseCategories []CaseCategory
	Facilities     []Facility
}

// Point is an approximate place on the earth in WGS-84 degrees.
type Point struct{ Lat, Lng float64 }

// DistrictKind says what sort of county-level division a district is.
type DistrictKind string

// The kinds of districts.
const (
	UrbanDistrict   DistrictKind = "DISTRICT"
	County          DistrictKind = "COUNTY"
	CountyLevelCity DistrictKind = "COUNTY_LEVEL_CITY"
)

// District is a county-level division of the city.
type District struct {
	Code string // six digits
	Name lang.Text
	Kind DistrictKind
	At   Point // the seat, where a map of the district opens
}

// StreetKind says what sort of township-level division a street is.
type StreetKind string

// The kinds of streets.
const (
	Subdistrict    StreetKind = "SUBDISTRICT"
	Town           StreetKind = "TOWN"
	Township       StreetKind = "TOWNSHIP"
	EthnicTownship StreetKind = "ETHNIC_TOWNSHIP"
)

// Street is a township-level division: a subdistrict, town or township.
type Street struct {
	Code     string // nine digits, the first six are its district's
	Name     lang.Text
	Kind     StreetKind
	District string // a District's code
	At       Point
}

// Department is a branch of medicine in the national list of clinical departments.
type Department struct {
	Code string // like 03 or 03.04; the part before the last dot is its parent in the national list
	Name lang.Text
}

// Place is what a hospital, a school and a scenic spot have in common.
type Place struct {
	Key      string // stable, ours, in lower case with hyphens
	Name     lang.Text
	Aliases  []string // what people call it
	District string   // a District's code
	At       Point
}

// Names returns every name the place is known by, for search.
func (p Place) Names() []string {
	return append([]string{p.Name.ZH, p.Name.EN}, p.Aliases...)
}

// HospitalKind is a hospital's speciality.
type HospitalKind string

// The kinds of hospitals.
const (
	General        HospitalKind = "GENERAL"
	TCM            HospitalKind = "TCM"        // traditional Chinese medicine
	Integrated     HospitalKind = "INTEGRATED" // Chinese and Western medicine together
	Maternity      HospitalKind = "MATERNITY"
	Children       HospitalKind = "CHILDREN"
	Dental         HospitalKind = "DENTAL"
	Eye            HospitalKind = "EYE"
	Cancer         HospitalKind = "CANCER"
	Infectious     HospitalKind = "INFECTIOUS"
	Mental         HospitalKind = "MENTAL"
	Rehabilitation HospitalKind = "REHABILITATION"
)

// HospitalGrade is a hospital's grade as it is written in Chinese.
type HospitalGrade string

// The grades of hospitals, best first.
const (
	Tertiary3A  HospitalGrade = "三级甲等"
	Tertiary3B  HospitalGrade = "三级乙等"
	Secondary2A HospitalGrade = "二级甲等"
	Secondary2B HospitalGrade = "二级乙等"
)

var gradesInEnglish = map[HospitalGrade]string{
	Tertiary3A:  "Tertiary, Grade A",
	Tertiary3B:  "Tertiary, Grade B",
	Secondary2A: "Secondary, Grade A",
	Secondary2B: "Secondary, Grade B",
}

// Text returns the grade in both languages.
func (g HospitalGrade) Text() lang.Text { return lang.Text{ZH: string(g), EN: gradesInEnglish[g]} }

// Hospital is a hospital, or one campus of it.
type Hospital struct {
	Place
	Grade       HospitalGrade
	Kind        HospitalKind
	Address     string   // in Chinese, within the district; blank when unknown
	Departments []string // Department codes, ascending
}

// SchoolStage says which grades a school teaches.
type SchoolStage string

// The stages of schools.
const (
	Primary  SchoolStage = "PRIMARY"   // grades 1 to 6
	Junior   SchoolStage = "JUNIOR"    // grades 7 to 9
	Senior   SchoolStage = "SENIOR"    // grades 10 to 12
	NineYear SchoolStage = "NINE_YEAR" // grades 1 to 9
)

// School is a school, or one campus of it.
type School struct {
	Place
	Stage SchoolStage
}

// SpotGrade is a scenic spot's national grade; blank for a spot that is not rated on its own.
type SpotGrade string

// The grades of scenic spots.
const (
	FiveA   SpotGrade = "AAAAA"
	FourA   SpotGrade = "AAAA"
	ThreeA  SpotGrade = "AAA"
	Unrated SpotGrade = ""
)

// ScenicSpot is a place worth a visit. Its capacities are approximate.
type ScenicSpot struct {
	Place
	Grade           SpotGrade
	DailyCapacity   int // people a day
	InstantCapacity int // people at one time
	About           lang.Text
}

// CaseKind parts the categories of city cases.
type CaseKind string

// The kinds of cases.
const (
	Component CaseKind = "COMPONENT" // 部件: a thing of the city is broken or missing
	Event     CaseKind = "EVENT"     // 事件: something is happening that should not
)

// CaseCategory is a category of city cases. A code is unique only within its kind.
type CaseCategory struct {
	Kind      CaseKind
	Code      string // four digits, the first two are its major code
	Name      lang.Text
	MajorCode string
	Major     lang.Text
	SLAHours  int // hours in which a case should be mended: configuration, not a published figure
	Fields    []form.Field
}

// Facility is a thing that stands in the city under a plate. Its category is a component's.
type Facility struct {
	Code     string // sixteen digits: district, category, serial number
	Category string // a CaseCategory's code
	Address  string // in Chinese
	District string // a District's code
	At       Point
}
