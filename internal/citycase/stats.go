package citycase

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/citycase"
	"citygraph/internal/cache"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/id"
)

// Grouping is by what open statistics are told apart.
type Grouping string

// The groupings.
const (
	ByDistrict            Grouping = "DISTRICT"
	ByCategory            Grouping = "CATEGORY"
	ByDistrictAndCategory Grouping = "DISTRICT_AND_CATEGORY"
)

// columns are what the grouping groups by.
func (g Grouping) columns() []string {
	return map[Grouping][]string{
		ByDistrict:            {citycase.FieldDistrictID},
		ByCategory:            {citycase.FieldCategoryID},
		ByDistrictAndCategory: {citycase.FieldDistrictID, citycase.FieldCategoryID},
	}[g]
}

// StatsQuery is what open statistics are asked for.
type StatsQuery struct {
	Grouping   Grouping
	DistrictID string // only of this district, if any
	CategoryID string // only of this category, if any
	Days       int    // of cases reported within so many days
}

// Stat is a line of open statistics. It counts cases whether or not the public sees each of them.
type Stat struct {
	DistrictID    string // empty when it is of all
	CategoryID    string // empty when it is of all
	Reported      int
	Open          int
	Overdue       int // of the open ones
	Closed        int
	MedianSeconds *int64   // from report to closure; nil when none was closed
	MeanRating    *float64 // to a hundredth of a star; nil when none was rated

	District *db.District     // as far as it was asked for
	Category *db.CaseCategory // as far as it was asked for
}

// MedianHours is the median time from report to closure, to a tenth of an hour.
func (s *Stat) MedianHours() *float64 {
	if s.MedianSeconds == nil {
		return nil
	}
	hours := math.Round(float64(*s.MedianSeconds)/360) / 10
	return &hours
}

const (
	statsFresh = 10 * time.Minute
	mostDays   = 3 * 366
)

// Stats are the open statistics of city cases: how many, and how long they take. Anyone may; it is the same
// for everyone and some minutes old. Returns BAD_USER_INPUT.
func (c *Cases) Stats(ctx context.Context, q StatsQuery) ([]*Stat, error) {
	switch {
	case q.Days < 1 || q.Days > mostDays:
		return nil, fault.BadInput("days", fmt.Sprintf("应为1到%d天。", mostDays), fmt.Sprintf("It must be 1 to %d days.", mostDays))
	case q.DistrictID != "" && !id.Is(q.DistrictID, id.District):
		return nil, fault.BadInput("districtId", "没有这个区县。", "There is no such district.")
	case q.CategoryID != "" && !id.Is(q.CategoryID, id.CaseCategory):
		return nil, unknownCategory()
	}
	key := fmt.Sprintf("case stats:%s:%s:%s:%d", q.Grouping, q.DistrictID, q.CategoryID, q.Days)
	return cache.Fetch(ctx, c.Cache, key, statsFresh, func(ctx context.Context) ([]*Stat, error) { return c.tally(ctx, q) })
}

// tally is the one statement of the statistics. Each group's closed cases are numbered by the time they
// took, and the middle one or two of them make its median, which both databases can say.
func (c *Cases) tally(ctx context.Context, q StatsQuery) ([]*Stat, error) {
	d := sql.Dialect(c.Store.Dialect())
	now := c.Clock.Now()
	cases := d.Table(citycase.Table)
	group := make([]string, len(q.Grouping.columns()))
	for i, column := range q.Grouping.columns() {
		group[i] = cases.C(column)
	}
	seconds := cases.C(citycase.FieldOpenSeconds)
	closed := seconds + " IS NOT NULL"
	partition := strings.Join(group, ", ") + ", " + closed
	numbered := d.Select(group...).From(cases)
	numbered.
		AppendSelectExprAs(sql.Raw(seconds), "took").
		AppendSelectExprAs(sql.Raw(cases.C(citycase.FieldRating)), "stars").
		AppendSelectExprAs(flag(sql.In(cases.C(citycase.FieldStatus), values(machine.Unfinished())...)), "is_open").
		AppendSelectExprAs(flag(sql.And(
			sql.In(cases.C(citycase.FieldStatus), values(machine.WithClock(machine.Running))...), sql.LT(cases.C(citycase.FieldDueAt), now),
		)), "is_overdue").
		AppendSelectExprAs(sql.Raw("ROW_NUMBER() OVER (PARTITION BY "+partition+" ORDER BY "+seconds+")"), "place").
		AppendSelectExprAs(sql.Raw("COUNT(*) OVER (PARTITION BY "+partition+")"), "places").
		Where(sql.GTE(cases.C(citycase.FieldCreatedAt), now.AddDate(0, 0, -q.Days)))
	if q.DistrictID != "" {
		numbered.Where(sql.EQ(cases.C(citycase.FieldDistrictID), q.DistrictID))
	}
	if q.CategoryID != "" {
		numbered.Where(sql.EQ(cases.C(citycase.FieldCategoryID), q.CategoryID))
	}
	numbered.As("numbered")
	statement := d.Select(q.Grouping.columns()...).From(numbered)
	statement.
		AppendSelectExprAs(sql.Raw("COUNT(*)"), "reported").
		AppendSelectExprAs(sql.Raw("SUM(is_open)"), "open").
		AppendSelectExprAs(sql.Raw("SUM(is_overdue)"), "overdue").
		AppendSelectExprAs(sql.Raw("COUNT(took)"), "closed").
		AppendSelectExprAs(sql.Raw("AVG(CASE WHEN 2 * place BETWEEN places AND places + 2 THEN took END)"), "median").
		AppendSelectExprAs(sql.Raw("AVG(1.0 * stars)"), "stars").
		GroupBy(q.Grouping.columns()...).
		OrderBy(q.Grouping.columns()...)
	query, args := statement.Query()
	var rows sql.Rows
	if err := c.Store.Driver().Query(ctx, query, args, &rows); err != nil {
		return nil, fmt.Errorf("count cases: %w", err)
	}
	defer func() { _ = rows.Close() }()
	stats := []*Stat{}
	for rows.Next() {
		s, err := scanStat(rows, q.Grouping)
		if err != nil {
			return nil, err
		}
		stats = append(stats, s)
	}
	return stats, rows.Err()
}

func scanStat(rows sql.Rows, g Grouping) (*Stat, error) {
	var s Stat
	var median *float64
	var into []any
	for _, column := range g.columns() {
		into = append(into, map[string]*string{
			citycase.FieldDistrictID: &s.DistrictID, citycase.FieldCategoryID: &s.CategoryID,
		}[column])
	}
	into = append(into, &s.Reported, &s.Open, &s.Overdue, &s.Closed, &median, &s.MeanRating)
	if err := rows.Scan(into...); err != nil {
		return nil, fmt.Errorf("read statistics: %w", err)
	}
	if median != nil {
		whole := int64(math.Round(*median))
		s.MedianSeconds = &whole
	}
	if s.MeanRating != nil {
		*s.MeanRating = math.Round(*s.MeanRating*100) / 100
	}
	return &s, nil
}

// flag is 1 where a predicate holds, else 0.
func flag(p *sql.Predicate) sql.Querier {
	return sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("CASE WHEN ").Join(p).WriteString(" THEN 1 ELSE 0 END")
	})
}

func values[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return slices.Clip(out)
}

// StatIDs are the districts and categories that statistics are of, each once.
func StatIDs(stats []*Stat) (districts, categories []string) {
	for _, s := range stats {
		districts, categories = append(districts, s.DistrictID), append(categories, s.CategoryID)
	}
	return distinct(districts), distinct(categories)
}

func distinct(ids []string) []string {
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
}

// NameStats puts districts and categories into the lines that are of them.
func NameStats(stats []*Stat, districts []*db.District, categories []*db.CaseCategory) {
	districtOf, categoryOf := map[string]*db.District{}, map[string]*db.CaseCategory{}
	for _, d := range districts {
		districtOf[d.ID] = d
	}
	for _, c := range categories {
		categoryOf[c.ID] = c
	}
	for _, s := range stats {
		s.District, s.Category = districtOf[s.DistrictID], categoryOf[s.CategoryID]
	}
}
