package citycase_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"citygraph/ent/db/citycase"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/geo"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
)

// cityOfCases is how many cases lie in the city that views are measured over.
const cityOfCases = 500_000

// The view of a phone over a city of half a million cases, against the statement a hand would write for it, on
// the same rows in the same run. It prints what ours costs as a multiple of theirs.
func BenchmarkViewOfHalfAMillionCases(b *testing.B) {
	o := open(b)
	o.multiply(b, cityOfCases)
	for _, view := range []struct {
		name string
		zoom int
	}{{"street", 17}, {"district", 13}, {"city", 10}} {
		b.Run(view.name, func(b *testing.B) {
			box := screen(view.zoom)
			bounds, _ := box.WGS84()
			var ours, theirs time.Duration
			for b.Loop() {
				began := time.Now()
				clusters, err := o.View(b.Context(), box, view.zoom)
				if err != nil {
					b.Fatal(err)
				}
				ours += time.Since(began)
				began = time.Now()
				if n := o.viewByHand(b, bounds, geo.MosaicOf(bounds, view.zoom, 160).Shift()); n < len(clusters)/2 {
					b.Fatalf("%d squares by hand, %d of ours", n, len(clusters))
				}
				theirs += time.Since(began)
				o.clock.Turn(time.Minute) // nothing is fresh
			}
			b.ReportMetric(float64(ours)/float64(theirs), "ratio")
			b.ReportMetric(float64(ours.Microseconds())/float64(b.N), "µs/view")
		})
	}
}

// multiply makes so many published cases of one, spread over the city.
func (o *office) multiply(b *testing.B, n int) {
	b.Helper()
	like := o.at(b, machine.Accepted)
	const each = 500
	for from := 0; from < n; from += each {
		err := o.Store.InTx(b.Context(), func(ctx context.Context) error { return o.insert(ctx, like.ID, from, each) })
		if err != nil {
			b.Fatal(err)
		}
	}
	if _, err := o.Store.Writer().ExecContext(b.Context(), "ANALYZE"); err != nil {
		b.Fatal(err)
	}
	if o.Store.Dialect() == dialect.Postgres {
		if _, err := o.Store.Writer().ExecContext(b.Context(), "VACUUM city_cases"); err != nil {
			b.Fatal(err)
		}
	}
	if got := o.city.DB.CityCase.Query().Where(citycase.Published(true)).CountX(seedtest.System(b)); got < n {
		b.Fatalf("%d cases", got)
	}
}

// insert copies a case n times, each with an id, a number and a place of its own.
func (o *office) insert(ctx context.Context, like string, from, n int) error {
	tx, _ := store.TxFrom(ctx)
	columns := "created_at, updated_at, description, address, status, last_seq, due_at, kind, visibility, published, supporters, " +
		"rework_count, reopen_count, escalation, category_id, district_id, street_id, reporter_id"
	var text strings.Builder
	fmt.Fprintf(&text, "INSERT INTO city_cases (id, number, lat, lng, cell, %s) SELECT v.column1, v.column1, v.column2, v.column3, v.column4, %s FROM city_cases c, (VALUES ", columns, "c."+strings.ReplaceAll(columns, ", ", ", c."))
	for i := from; i < from+n; i++ {
		if i > from {
			text.WriteString(", ")
		}
		// A golden spiral: dense in the middle, thin at the edge, and the same every time.
		angle, far := 2.399963*float64(i), 0.0004*math.Sqrt(float64(i))
		p := geo.Point{Lat: 30.30 + far*math.Sin(angle), Lng: 120.20 + far*math.Cos(angle)}
		fmt.Fprintf(&text, "('bench_%d', %f, %f, %d)", i, p.Lat, p.Lng, geo.CellOf(p))
	}
	fmt.Fprintf(&text, ") v WHERE c.id = '%s'", like)
	_, err := tx.ExecContext(ctx, text.String())
	return err
}

// viewByHand runs the statement a hand would write for the same runs of cells, and returns how many rows it has.
func (o *office) viewByHand(b *testing.B, at geo.Bounds, shift int) int {
	b.Helper()
	r := at.CellRanges()
	text := fmt.Sprintf(`SELECT cell >> %d, count(*), avg(lat), avg(lng), min(id) FROM city_cases WHERE published AND
		(cell BETWEEN %d AND %d OR cell BETWEEN %d AND %d OR cell BETWEEN %d AND %d OR cell BETWEEN %d AND %d) GROUP BY 1`,
		shift, r[0].First, r[0].Last, r[1].First, r[1].Last, r[2].First, r[2].Last, r[3].First, r[3].Last)
	rows, err := o.Store.Writer().QueryContext(b.Context(), text)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var square, count int64
		var lat, lng float64
		var caseID sql.NullString
		if err := rows.Scan(&square, &count, &lat, &lng, &caseID); err != nil {
			b.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return n
}
