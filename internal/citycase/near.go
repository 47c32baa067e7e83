package citycase

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/citycase"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/geo/near"
	"citygraph/internal/id"
)

const (
	maxRadius     = 5_000 // metres
	similarWithin = 100.0 // metres
	mostSimilar   = 10
)

// inCells holds for the cases in runs of cells.
func inCells(s *sql.Selector, runs [4]geo.CellRange) *sql.Predicate {
	cell := s.C(citycase.FieldCell)
	var either []*sql.Predicate
	for _, run := range runs {
		either = append(either, sql.And(sql.GTE(cell, int64(run.First)), sql.LTE(cell, int64(run.Last))))
	}
	return sql.Or(either...)
}

// inCircle holds for the cases within so many metres of a point: on a plane, which errs by less than a
// metre within the greatest radius.
func inCircle(at geo.Point, metres float64) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(inCells(s, geo.Box(at, metres).CellRanges()))
		near.Within(at, metres)(s)
	}
}

// squaredMetres writes the square of the distance from a point.
func squaredMetres(b *sql.Builder, s *sql.Selector, at geo.Point) {
	near.SquaredMetres(b, s.C(citycase.FieldLat), s.C(citycase.FieldLng), at)
}

// Near narrows a query to the cases within a radius that the viewer may see. Anyone may. Returns
// BAD_USER_INPUT.
func Near(q *db.CityCaseQuery, at geo.Input, radiusMetres int) (*db.CityCaseQuery, error) {
	point, err := near.Middle(geo.Circle{Point: at, RadiusMetres: radiusMetres}, maxRadius)
	if err != nil {
		return nil, err
	}
	return q.Where(inCircle(point, float64(radiusMetres))), nil
}

// Similar narrows a query to what may be the same as a report that is about to be made: the open cases
// of the category within a hundred metres that the viewer may see, nearest first, at most ten. Anyone may.
// Returns BAD_USER_INPUT.
func Similar(q *db.CityCaseQuery, categoryID string, at geo.Input) (*db.CityCaseQuery, error) {
	point := at.WGS84()
	switch {
	case !point.Valid():
		return nil, fault.BadInput("location", "坐标无效。", "The coordinates are not valid.")
	case !id.Is(categoryID, id.CaseCategory):
		return nil, unknownCategory()
	}
	nearest := func(s *sql.Selector) {
		s.OrderExpr(sql.ExprFunc(func(b *sql.Builder) { squaredMetres(b, s, point) }))
	}
	return q.Where(
		citycase.CategoryID(categoryID), citycase.StatusIn(machine.Unfinished()...), inCircle(point, similarWithin),
	).Order(nearest, citycase.ByID()).Limit(mostSimilar), nil
}

func badBox() error {
	return fault.BadInput("boundingBox", "地图范围无效。", "The bounding box is not valid.")
}
