// Package georeport answers Open311 for city cases: a request is a case like any other, under the same
// rules. A service is a category of case, its code the category's kind and code, such as component-0101; a
// request's id is the case's number.
package georeport

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/casecategory"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/casephoto"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/predicate"
	"citygraph/internal/citycase/form"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/lang"
	"citygraph/internal/open311"

	cases "citygraph/internal/citycase"
)

// Office answers for the cases of the city.
type Office struct {
	Cases    *cases.Cases
	PhotoURL func(*db.CasePhoto) string // a link to a photo for whoever sees it
}

// Services implements open311.Office.
func (o Office) Services(ctx context.Context) ([]open311.Service, error) {
	categories, err := o.Cases.Categories(ctx, nil)
	if err != nil {
		return nil, err
	}
	tag := lang.From(ctx)
	services := make([]open311.Service, len(categories))
	for i, c := range categories {
		services[i] = open311.Service{
			Code: codeOf(c), Name: c.Name.In(tag), Metadata: len(c.Form) > 0, Type: open311.Realtime,
			Keywords: c.Name.ZH + ", " + c.Name.EN, Group: c.GroupName.In(tag),
		}
	}
	return services, nil
}

// datatypes are the protocol's words for the kinds of answers.
var datatypes = map[form.Type]string{
	form.String: "string", form.Text: "text", form.Number: "number", form.DateTime: "datetime",
	form.OneOf: "singlevaluelist", form.SeveralOf: "multivaluelist",
}

// Definition implements open311.Office.
func (o Office) Definition(ctx context.Context, serviceCode string) (open311.Definition, error) {
	category, err := o.category(ctx, serviceCode)
	if err != nil {
		return open311.Definition{}, err
	}
	tag, d := lang.From(ctx), open311.Definition{Code: serviceCode, Attributes: []open311.Attribute{}}
	for i, f := range category.Form {
		a := open311.Attribute{
			Variable: true, Code: f.Key, Datatype: datatypes[f.Type], Required: f.Required, Order: i + 1, Description: f.Label.In(tag),
		}
		for _, choice := range f.Options {
			a.Values = append(a.Values, open311.Value{Key: choice.Key, Name: choice.Label.In(tag)})
		}
		d.Attributes = append(d.Attributes, a)
	}
	return d, nil
}

func codeOf(c *db.CaseCategory) string { return strings.ToLower(string(c.Kind)) + "-" + c.Code }

// coded holds for the category of a service code, and for none when the code is none of ours.
func coded(serviceCode string) predicate.CaseCategory {
	kind, code, _ := strings.Cut(serviceCode, "-")
	return casecategory.And(casecategory.KindEQ(casecategory.Kind(strings.ToUpper(kind))), casecategory.Code(code))
}

func (o Office) category(ctx context.Context, serviceCode string) (*db.CaseCategory, error) {
	found, err := o.Cases.DB.CaseCategory.Query().Where(coded(serviceCode)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).At("service_code")
	}
	if err != nil {
		return nil, fmt.Errorf("load category: %w", err)
	}
	return found, nil
}

// Open implements open311.Office: it reports a case as Submit does, open to the public.
func (o Office) Open(ctx context.Context, r open311.Report) (open311.Receipt, error) {
	category, err := o.category(ctx, r.ServiceCode)
	if fault.CodeOf(err) == fault.NotFound {
		err = fault.BadInput("service_code", "没有这个服务。", "There is no such service.")
	}
	if err != nil {
		return open311.Receipt{}, err
	}
	made, err := o.Cases.Submit(ctx, cases.Report{
		Key: r.Key, CategoryID: category.ID, Description: r.Description, Address: r.Address,
		Location: geo.Input{Lat: r.Lat, Lng: r.Long, CRS: geo.WGS84}, Attributes: answers(r.Attributes),
	})
	if err != nil {
		return open311.Receipt{}, err
	}
	return open311.Receipt{RequestID: made.Number, Notice: promise(made).In(lang.From(ctx))}, nil
}

// answers are attributes in an order of their own, so that a request sent twice is the same.
func answers(attributes map[string][]string) []form.Answer {
	var given []form.Answer
	for key, values := range attributes {
		given = append(given, form.Answer{Key: key, Values: values})
	}
	slices.SortFunc(given, func(a, b form.Answer) int { return strings.Compare(a.Key, b.Key) })
	return given
}

func promise(c *db.CityCase) lang.Text {
	due := c.DueAt.In(clock.Shanghai)
	return lang.Text{
		ZH: fmt.Sprintf("将于%d月%d日前办结。", due.Month(), due.Day()),
		EN: fmt.Sprintf("It is to be closed by %s.", due.Format("2 January")),
	}
}

// Request implements open311.Office.
func (o Office) Request(ctx context.Context, requestID string) (open311.Request, error) {
	found, err := o.list(ctx, o.Cases.DB.CityCase.Query().Where(citycase.Number(requestID)))
	if err != nil {
		return open311.Request{}, err
	}
	if len(found) == 0 {
		return open311.Request{}, fault.New(fault.NotFound)
	}
	return found[0], nil
}

// Requests implements open311.Office.
func (o Office) Requests(ctx context.Context, f open311.Filter) ([]open311.Request, error) {
	q := o.Cases.DB.CityCase.Query().Offset(f.Offset).Limit(f.Limit)
	if len(f.IDs) > 0 {
		q.Where(citycase.NumberIn(f.IDs...))
	}
	if len(f.ServiceCodes) > 0 {
		var named []predicate.CaseCategory
		for _, code := range f.ServiceCodes {
			named = append(named, coded(code))
		}
		q.Where(citycase.HasCategoryWith(casecategory.Or(named...)))
	}
	if !f.To.IsZero() {
		q.Where(citycase.CreatedAtGTE(f.From), citycase.CreatedAtLTE(f.To))
	}
	if len(f.Status) > 0 {
		q.Where(citycase.StatusIn(within(f.Status)...))
	}
	return o.list(ctx, q)
}

// within are the statuses that the public calls by one of these names.
func within(names []open311.Status) []machine.Status {
	return slices.DeleteFunc(slices.Clone(machine.Statuses()), func(s machine.Status) bool { return !slices.Contains(names, public(s)) })
}

func public(s machine.Status) open311.Status {
	if s.Open() {
		return open311.StatusOpen
	}
	return open311.StatusClosed
}

// list reads cases, newest first, with what is told of them; five statements however many they are.
func (o Office) list(ctx context.Context, q *db.CityCaseQuery) ([]open311.Request, error) {
	rows, err := q.Order(citycase.ByID(sql.OrderDesc())).WithCategory().WithDistrict().
		WithEvents(func(q *db.CaseEventQuery) { q.Where(caseevent.Public(true)).Order(caseevent.BySeq()) }).
		WithPhotos(func(q *db.CasePhotoQuery) { q.Order(casephoto.ByID()) }).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	requests := make([]open311.Request, len(rows))
	for i, c := range rows {
		requests[i] = request(c, lang.From(ctx))
		if len(c.Edges.Photos) > 0 {
			requests[i].MediaURL = o.PhotoURL(c.Edges.Photos[0])
		}
	}
	return requests, nil
}

func request(c *db.CityCase, tag lang.Tag) open311.Request {
	r := open311.Request{
		ID: c.Number, Status: public(c.Status), ServiceCode: codeOf(c.Edges.Category), ServiceName: c.Edges.Category.Name.In(tag),
		Description: c.Description, Agency: c.Edges.District.Name.In(tag), Notice: promise(c).In(tag),
		Requested: open311.Time(c.CreatedAt), Updated: open311.Time(c.UpdatedAt), Expected: new(open311.Time(c.DueAt)),
		Address: c.Address, Lat: c.Lat, Long: c.Lng, StatusNotes: c.Status.Name().In(tag),
	}
	if n := len(c.Edges.Events); n > 0 && c.Edges.Events[n-1].Note != "" {
		r.StatusNotes += ": " + c.Edges.Events[n-1].Note
	}
	return r
}
