package citycase_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/casecategory"
	"citygraph/ent/db/citycase"
	cases "citygraph/internal/citycase"
	"citygraph/internal/citycase/form"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
)

// scatter puts accepted cases around West Lake, and returns where they lie.
func (o *office) scatter(t *testing.T, n int) map[string]geo.Point {
	t.Helper()
	template := o.at(t, machine.Accepted)
	where := map[string]geo.Point{}
	var rows []*db.CityCaseCreate
	for i := range n {
		angle, far := 2.4*float64(i), 0.0004*math.Sqrt(float64(i))
		p := geo.Point{Lat: 30.30 + far*math.Sin(angle), Lng: 120.20 + far*math.Cos(angle)}
		caseID := id.New(id.CityCase)
		where[caseID] = p
		rows = append(rows, o.city.DB.CityCase.Create().SetID(caseID).SetNumber(machine.Number(o.clock.Now(), caseID)).
			SetStatus(machine.Accepted).SetPublished(true).SetDueAt(template.DueAt).SetCategoryID(template.CategoryID).SetKind(template.Kind).
			SetReporterID(template.ReporterID).SetDescription("井盖松动").SetStreetID(template.StreetID).SetDistrictID(template.DistrictID).
			SetLat(p.Lat).SetLng(p.Lng).SetCell(geo.CellOf(p)))
	}
	o.city.DB.CityCase.CreateBulk(rows...).ExecX(seedtest.System(t))
	return where
}

var lake = geo.BoxInput{South: 30.27, West: 120.17, North: 30.33, East: 120.23, CRS: geo.WGS84}

// screen is what a phone shows around the scattered cases at a zoom.
func screen(zoom int) geo.BoxInput {
	width := 1.5 * 360 / math.Pow(2, float64(zoom))
	return geo.BoxInput{
		South: math.Max(30.30-width, -30), North: math.Min(30.30+width, 80), West: math.Max(120.20-width/2, -180), East: math.Min(120.20+width/2, 180),
		CRS: geo.WGS84,
	}
}

// Every published case of a view is counted once, at every zoom, and a square tells the same however the
// map is panned.
func TestAViewCountsEveryCaseOnce(t *testing.T) {
	o := open(t)
	where := o.scatter(t, 400)
	for _, zoom := range []int{0, 11, 13, 15, 17, 20, 22} {
		view := screen(zoom)
		clusters, err := o.View(t.Context(), view, zoom)
		if err != nil {
			t.Fatal(err)
		}
		inside := 0
		for _, p := range where {
			if p.Lat >= view.South && p.Lat <= view.North && p.Lng >= view.West && p.Lng <= view.East {
				inside++
			}
		}
		total, singles := 0, 0
		bySquare := map[geo.Cell]int{}
		for _, k := range clusters {
			if _, twice := bySquare[k.Square]; twice {
				t.Errorf("zoom %d: a square comes twice", zoom)
			}
			bySquare[k.Square] = k.Count
			if k.Count > 1 && k.CaseID != "" {
				t.Errorf("zoom %d: %d cases are one", zoom, k.Count)
			}
			if at, known := where[k.CaseID]; known {
				if singles++; geo.Distance(at, k.At) > 1 {
					t.Errorf("zoom %d: a case alone is drawn %.0f m off", zoom, geo.Distance(at, k.At))
				}
			}
			total += k.Count
		}
		if total < inside || total > len(where)+o.cases(t) || len(clusters) > 160 || zoom == 20 && singles == 0 {
			t.Errorf("zoom %d: %d of %d cases in %d squares, %d alone", zoom, total, inside, len(clusters), singles)
		}
		step := (view.East - view.West) / 7
		panned := geo.BoxInput{South: view.South - step, North: view.North - step, West: view.West, East: view.East, CRS: geo.WGS84}
		again, err := o.View(t.Context(), panned, zoom)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range again {
			if before, both := bySquare[k.Square]; both && before != k.Count {
				t.Errorf("zoom %d: a square of %d has %d after panning", zoom, before, k.Count)
			}
		}
	}
}

func TestAViewShowsWhatIsPublished(t *testing.T) {
	o := open(t)
	alone := geo.BoxInput{South: 30.2588, West: 120.1298, North: 30.2592, East: 120.1302, CRS: geo.WGS84}
	count := func() (n int) {
		t.Helper()
		o.clock.Turn(time.Minute) // what was shown is no longer fresh
		clusters, err := o.View(t.Context(), alone, 20)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range clusters {
			n += k.Count
		}
		return n
	}
	c := o.submitted(t)
	if n := count(); n != 0 {
		t.Errorf("%d cases before an officer has read it", n)
	}
	private := o.report(t)
	private.Private = true
	hidden, err := o.Submit(o.city.As(t, "chenjing"), private)
	if err != nil {
		t.Fatal(err)
	}
	for _, caseID := range []string{c.ID, hidden.ID} {
		if _, err := o.Accept(o.city.As(t, "zhaoqiang"), caseID, ""); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(); n != 1 {
		t.Errorf("%d cases once it is read", n)
	}
	if _, err := o.Withdraw(o.city.As(t, "chenjing"), c.ID, ""); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 0 {
		t.Errorf("%d cases after it was taken back", n)
	}
}

func TestBadPlacesAreRefused(t *testing.T) {
	o := open(t)
	q := func() *db.CityCaseQuery { return o.city.DB.CityCase.Query() }
	west := geo.Input{Lat: 30.259, Lng: 120.13, CRS: geo.WGS84}
	view := func(b geo.BoxInput, zoom int) error { _, err := o.View(t.Context(), b, zoom); return err }
	turned, mother := lake, o.city.As(t, "chenjing")
	turned.North = 30
	wide := geo.BoxInput{South: 29, West: 118, North: 31, East: 121, CRS: geo.WGS84}
	for name, err := range map[string]error{
		"a turned view":     view(turned, 15),
		"no zoom":           view(lake, -1),
		"too much zoom":     view(lake, 23),
		"no radius":         second(cases.Near(q(), west, 0)),
		"a wide radius":     second(cases.Near(q(), west, 5001)),
		"nowhere":           second(cases.Near(q(), geo.Input{Lat: math.NaN(), Lng: 1}, 10)),
		"similar to what":   second(cases.Similar(q(), "category_x", west)),
		"similar, nowhere":  second(cases.Similar(q(), id.New(id.CaseCategory), geo.Input{Lat: 91})),
		"a turned area":     second(o.AreaChanges(mother, turned, nil)),
		"a wide area":       second(o.AreaChanges(mother, wide, nil)),
		"statistics of all": second(o.Stats(t.Context(), cases.StatsQuery{Grouping: cases.ByDistrict, Days: 0})),
		"of a forged place": second(o.Stats(t.Context(), cases.StatsQuery{Grouping: cases.ByDistrict, Days: 1, DistrictID: "district_x"})),
		"of no category":    second(o.Stats(t.Context(), cases.StatsQuery{Grouping: cases.ByDistrict, Days: 1, CategoryID: "x"})),
	} {
		if fault.CodeOf(err) != fault.BadUserInput {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestNearIsACircle(t *testing.T) {
	o := open(t)
	where := o.scatter(t, 300)
	middle := geo.Point{Lat: 30.301, Lng: 120.201}
	for _, radius := range []int{1, 60, 400, 5000} {
		q, err := cases.Near(o.city.DB.CityCase.Query(), geo.Input{Lat: middle.Lat, Lng: middle.Lng, CRS: geo.WGS84}, radius)
		if err != nil {
			t.Fatal(err)
		}
		found := q.IDsX(t.Context())
		for caseID, at := range where {
			d := geo.Distance(middle, at)
			if in := slices.Contains(found, caseID); in != (d <= float64(radius)) && math.Abs(d-float64(radius)) > 1 {
				t.Errorf("within %d m: a case %.1f m away is found: %v", radius, d, in)
			}
		}
	}
}

// Before a report is made, what may be the same is shown: of the category, open, within a hundred metres,
// nearest first, and nothing the viewer may not see.
func TestSimilarCases(t *testing.T) {
	o := open(t)
	r := o.report(t)
	place := func(metresNorth float64, status machine.Status) string {
		t.Helper()
		r := o.report(t)
		r.Location.Lat += metresNorth / 111_195
		c, err := o.Submit(o.city.As(t, "maming"), r)
		if err != nil {
			t.Fatal(err)
		}
		return c.Update().SetStatus(status).SetPublished(status.Published()).SaveX(seedtest.System(t)).ID
	}
	far, near, middle := place(90, machine.Accepted), place(-10, machine.Filed), place(50, machine.InProgress)
	place(110, machine.Accepted)        // too far
	place(5, machine.Closed)            // done
	own := place(20, machine.Submitted) // read by no officer
	similar := func(member string) []string {
		t.Helper()
		q, err := cases.Similar(o.city.DB.CityCase.Query(), r.CategoryID, r.Location)
		if err != nil {
			t.Fatal(err)
		}
		return q.IDsX(o.city.As(t, member))
	}
	if got := similar("chenjing"); !slices.Equal(got, []string{near, middle, far}) {
		t.Errorf("similar are %v", got)
	}
	if got := similar("maming"); !slices.Equal(got, []string{near, own, middle, far}) {
		t.Errorf("to its reporter similar are %v", got)
	}
	for range 12 {
		place(1, machine.Accepted)
	}
	if got := similar(""); len(got) != 10 {
		t.Errorf("%d are similar", len(got))
	}
}

// The median is of those closed, whatever is open; both databases agree with what a person would count.
func TestStatistics(t *testing.T) {
	o := open(t)
	r := o.report(t)
	c := o.at(t, machine.Accepted)
	hours := []int{1, 2, 5, 30}
	for i, h := range hours {
		closed := o.twin(t, c)
		update := closed.Update().SetStatus(machine.Closed).SetClosedAt(o.clock.Now()).SetOpenSeconds(int64(h) * 3600)
		if i < 2 {
			update.SetRating(5 - i)
		}
		update.ExecX(seedtest.System(t))
	}
	late := o.twin(t, c).Update().SetDueAt(o.clock.Now().Add(-time.Hour)).SaveX(seedtest.System(t))
	o.city.DB.CityCase.Update().Where(citycase.IDEQ(late.ID)).ExecX(seedtest.System(t))
	all := o.city.DB.CityCase.Query().Where(citycase.CategoryID(r.CategoryID), citycase.DistrictID(c.DistrictID)).CountX(seedtest.System(t))
	stats, err := o.Stats(t.Context(), cases.StatsQuery{Grouping: cases.ByDistrictAndCategory, DistrictID: c.DistrictID, CategoryID: r.CategoryID, Days: 90})
	if err != nil || len(stats) != 1 {
		t.Fatalf("%d lines, %v", len(stats), err)
	}
	s := stats[0]
	if s.DistrictID != c.DistrictID || s.CategoryID != r.CategoryID || s.Reported != all || s.Closed != 4 || s.Open != all-4 || s.Overdue != 1 ||
		s.MedianHours() == nil || *s.MedianHours() != 3.5 || s.MeanRating == nil || *s.MeanRating != 4.5 {
		t.Errorf("%+v, median %v, rating %v", s, *s.MedianHours(), *s.MeanRating)
	}
	for grouping, wide := range map[cases.Grouping]func(*cases.Stat) bool{
		cases.ByDistrict: func(s *cases.Stat) bool { return s.DistrictID != "" && s.CategoryID == "" },
		cases.ByCategory: func(s *cases.Stat) bool { return s.DistrictID == "" && s.CategoryID != "" },
	} {
		lines, err := o.Stats(t.Context(), cases.StatsQuery{Grouping: grouping, Days: 365})
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for _, line := range lines {
			total += line.Reported
			if !wide(line) || line.Closed == 0 && (line.MedianHours() != nil || line.MeanRating != nil) {
				t.Errorf("by %s: %+v", grouping, line)
			}
		}
		if n := o.city.DB.CityCase.Query().CountX(seedtest.System(t)); total != n {
			t.Errorf("by %s %d of %d cases are counted", grouping, total, n)
		}
	}
}

// A category asks, and a report answers; the answers are kept with it.
func TestAReportAnswersItsCategory(t *testing.T) {
	o := open(t)
	ctx := o.city.As(t, "chenjing")
	lamp := o.city.DB.CaseCategory.Query().Where(casecategory.KindEQ(casecategory.KindComponent), casecategory.Code("0118")).OnlyX(ctx)
	r := o.report(t)
	r.CategoryID = lamp.ID
	if _, err := o.Submit(ctx, r); fault.CodeOf(err) != fault.CaseFieldRequired || !slices.Equal(fault.From(err).Field, []string{"attributes", "fault"}) {
		t.Errorf("not answered: %v at %v", err, fault.From(err).Field)
	}
	r.Attributes = []form.Answer{{Key: "fault", Values: []string{"DARK"}}}
	c, err := o.Submit(ctx, r)
	if err != nil || len(c.Attributes) != 1 || c.Attributes[0].Values[0] != "DARK" || c.Kind != citycase.KindComponent {
		t.Errorf("answered: %+v, %v", c, err)
	}
}

// A citizen who knows better says the district; the street is the nearest one there.
func TestTheDistrictCanBeCorrected(t *testing.T) {
	o := open(t)
	ctx := o.city.As(t, "chenjing")
	shangcheng := o.elsewhere(t).DistrictID
	r := o.report(t)
	r.DistrictID = shangcheng
	c, err := o.Submit(ctx, r)
	if err != nil || c.DistrictID != shangcheng || c.QueryStreet().OnlyX(ctx).DistrictID != shangcheng {
		t.Fatalf("corrected %+v, %v", c, err)
	}
	far := o.city.DB.District.Query().AllX(ctx)
	for name, districtID := range map[string]string{
		"a forged one": "district_' OR 1=1", "an unknown one": id.New(id.District), "one far away": far[len(far)-1].ID,
	} {
		r := o.report(t)
		r.Key, r.DistrictID = uuid.New(), districtID
		if _, err := o.Submit(ctx, r); fault.CodeOf(err) != fault.BadUserInput || !slices.Equal(fault.From(err).Field, []string{"districtId"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
