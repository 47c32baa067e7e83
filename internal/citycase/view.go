package citycase

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/citycase"
	"citygraph/internal/cache"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
)

const (
	// mostSquares bounds a view; a larger screen gets larger squares.
	mostSquares = 160
	maxZoom     = 22
	// viewFresh is how long a new case may take to appear on a map.
	viewFresh = 15 * time.Second
)

// Cluster is a square of a map view with the published cases in it.
type Cluster struct {
	Square geo.Cell
	Count  int
	At     geo.Point    // their middle
	CaseID string       // of the only one; empty when there are several
	Case   *db.CityCase // of the only one, as far as it was asked for
}

// Location is where to draw the cluster.
func (c *Cluster) Location(crs geo.Datum) geo.Located { return geo.Locate(c.At, crs) }

// View counts the published cases of a map view in squares that do not move with the map. Anyone may. It
// is one statement, and none while the same squares were asked for within the last seconds. Returns
// BAD_USER_INPUT.
func (c *Cases) View(ctx context.Context, box geo.BoxInput, zoom int) ([]*Cluster, error) {
	bounds, ok := box.WGS84()
	if !ok {
		return nil, badBox()
	}
	if zoom < 0 || zoom > maxZoom {
		return nil, fault.BadInput("zoom", fmt.Sprintf("缩放级别应为0到%d。", maxZoom), fmt.Sprintf("The zoom must be 0 to %d.", maxZoom))
	}
	m := geo.MosaicOf(bounds, zoom, mostSquares)
	return cache.Fetch(ctx, c.Cache, fmt.Sprint("cases:", m.Key()), viewFresh, func(ctx context.Context) ([]*Cluster, error) {
		return c.count(ctx, m)
	})
}

// count is the statement of a view. It reads one index and no row, and lists what is published, which
// needs nobody's rights.
func (c *Cases) count(ctx context.Context, m geo.Mosaic) ([]*Cluster, error) {
	d := sql.Dialect(c.Store.Dialect())
	cases := d.Table(citycase.Table)
	square := fmt.Sprintf("%s >> %d", cases.C(citycase.FieldCell), m.Shift())
	statement := d.Select().From(cases)
	statement.
		AppendSelectExprAs(sql.Raw(square), "square").
		AppendSelectExprAs(sql.Raw("COUNT(*)"), "cases").
		AppendSelectExprAs(sql.Raw("AVG("+cases.C(citycase.FieldLat)+")"), "lat").
		AppendSelectExprAs(sql.Raw("AVG("+cases.C(citycase.FieldLng)+")"), "lng").
		AppendSelectExprAs(sql.Raw("MIN("+cases.C(citycase.FieldID)+")"), "id").
		Where(sql.And(sql.EQ(cases.C(citycase.FieldPublished), true), inCells(statement, m.Ranges()))).
		GroupBy(square)
	query, args := statement.Query()
	var rows sql.Rows
	if err := c.Store.Driver().Query(ctx, query, args, &rows); err != nil {
		return nil, fmt.Errorf("count cases: %w", err)
	}
	defer func() { _ = rows.Close() }()
	clusters := []*Cluster{}
	for rows.Next() {
		var k Cluster
		if err := rows.Scan(&k.Square, &k.Count, &k.At.Lat, &k.At.Lng, &k.CaseID); err != nil {
			return nil, fmt.Errorf("read squares: %w", err)
		}
		if k.Count > 1 {
			k.CaseID = ""
		}
		if m.Holds(k.Square) {
			clusters = append(clusters, &k)
		}
	}
	return clusters, rows.Err()
}

// Singles are the ids of the cases that stand alone in their squares.
func Singles(clusters []*Cluster) []string {
	var ids []string
	for _, k := range clusters {
		if k.CaseID != "" {
			ids = append(ids, k.CaseID)
		}
	}
	return ids
}

// Place puts cases into the squares they stand alone in.
func Place(clusters []*Cluster, cases []*db.CityCase) {
	byID := make(map[string]*db.CityCase, len(cases))
	for _, c := range cases {
		byID[c.ID] = c
	}
	for _, k := range clusters {
		k.Case = byID[k.CaseID]
	}
}
