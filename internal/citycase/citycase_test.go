package citycase_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/casecategory"
	"citygraph/ent/db/caseevent"
	"citygraph/internal/cache"
	"citygraph/internal/citycase"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/household"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
	"citygraph/internal/live"
	"citygraph/internal/place"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
	"citygraph/internal/workday"
)

// office is the room with everything it needs, and the events it emits.
type office struct {
	*citycase.Cases
	city  *seedtest.City
	clock *seedtest.Clock

	into     string    // the case that others are merged into
	prepared sync.Once // xumin is a second officer of Xihu District, and into is there

	mu      sync.Mutex
	emitted []citycase.Moved
	due     []citycase.Due
	refuse  error // what a handler of a step answers
}

func open(t testing.TB) *office {
	t.Helper()
	city, clock := seedtest.Open(t), seedtest.NewClock()
	o := &office{city: city, clock: clock}
	bus, kept, hub := event.New(), cache.New(nil, clock, 100), live.NewHub(nil)
	t.Cleanup(hub.Close)
	event.On(bus, func(_ context.Context, e citycase.Moved) error {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.emitted = append(o.emitted, e)
		return o.refuse
	})
	event.On(bus, func(_ context.Context, e citycase.Due) error {
		o.due = append(o.due, e)
		return nil
	})
	register := &household.Register{DB: city.DB, Store: city.Store}
	o.Cases = &citycase.Cases{
		DB: city.DB, Store: city.Store, Clock: clock, Events: bus, Cache: kept, Hub: hub,
		Admit: func(context.Context) error { return nil }, Fail: func(context.Context, error) {},
		Places: &place.Finder{DB: city.DB, Cache: kept},
		Once:   idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock},
		For:    register.For, ActsFor: register.ActsFor,
	}
	return o
}

// report is about a manhole cover by West Lake.
func (o *office) report(t testing.TB) citycase.Report {
	t.Helper()
	category := o.city.DB.CaseCategory.Query().Where(casecategory.KindEQ(casecategory.KindComponent)).FirstX(t.Context())
	return citycase.Report{
		Key: uuid.New(), CategoryID: category.ID, Description: "井盖松动",
		Location: geo.Input{Lat: 30.259, Lng: 120.13, CRS: geo.WGS84},
	}
}

// submitted is a case of chenjing's in Xihu District.
func (o *office) submitted(t testing.TB) *db.CityCase {
	t.Helper()
	c, err := o.Submit(o.city.As(t, "chenjing"), o.report(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (o *office) cases(t *testing.T) int {
	t.Helper()
	return o.city.DB.CityCase.Query().CountX(seedtest.System(t))
}

func TestSubmitOpensACaseWithItsFirstEvent(t *testing.T) {
	o := open(t)
	r := o.report(t)
	r.Address, r.Description = "  断桥边\n第三盏 ", " 路灯不亮\t "
	ctx := o.city.As(t, "chenjing")
	c, err := o.Submit(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	category := o.city.DB.CaseCategory.GetX(ctx, r.CategoryID)
	if c.Status != machine.Submitted || c.LastSeq != 1 || c.Description != "路灯不亮" || c.Address != "断桥边\n第三盏" ||
		c.Number != machine.Number(o.clock.Now(), c.ID) || !c.DueAt.Equal(workday.Add(o.clock.Now(), time.Duration(category.SLAHours)*time.Hour)) ||
		c.QueryDistrict().OnlyX(ctx).Code != "330106" || c.QueryStreet().OnlyX(ctx).DistrictID != c.DistrictID {
		t.Errorf("opened %+v", c)
	}
	first := c.QueryEvents().OnlyX(ctx)
	if first.Seq != 1 || first.FromStatus != nil || first.ToStatus != machine.Submitted || first.ActorKind != caseevent.ActorKindCitizen || !first.Public {
		t.Errorf("its first event is %+v", first)
	}
	deed := o.city.DB.AuditEvent.Query().Where(auditevent.TargetID(c.ID)).OnlyX(seedtest.System(t))
	if deed.Action != "submitCase" || deed.ActorID != c.ReporterID || deed.SubjectID != c.ReporterID {
		t.Errorf("the audit log says %+v", deed)
	}
}

// A WeChat map speaks GCJ-02; the case lies where it would with the same place in WGS-84.
func TestSubmitStoresWGS84(t *testing.T) {
	o := open(t)
	at := geo.Point{Lat: 30.259, Lng: 120.13}
	for _, crs := range []geo.Datum{geo.WGS84, geo.GCJ02} {
		r, sent := o.report(t), geo.Locate(at, crs)
		r.Location = geo.Input{Lat: sent.Lat, Lng: sent.Lng, CRS: crs}
		c, err := o.Submit(o.city.As(t, "chenjing"), r)
		if err != nil {
			t.Fatal(err)
		}
		if off := geo.Distance(at, geo.Point{Lat: c.Lat, Lng: c.Lng}); off > 1 {
			t.Errorf("sent in %s the case lies %.1f metres off", crs, off)
		}
	}
}

// Lengths are counted in characters: a full text in Chinese fits as one in English does.
func TestSubmitTakesTheLongestTexts(t *testing.T) {
	o := open(t)
	for _, letter := range []string{"漏", "a", "😀"} {
		r := o.report(t)
		r.Description, r.Address = strings.Repeat(letter, 2000), strings.Repeat(letter, 200)
		c, err := o.Submit(o.city.As(t, "chenjing"), r)
		if err != nil {
			t.Fatalf("%q: %v", letter, err)
		}
		if c.Description != r.Description || c.Address != r.Address {
			t.Errorf("%q: the text was cut", letter)
		}
		if _, err := o.Accept(o.city.As(t, "zhaoqiang"), c.ID, strings.Repeat(letter, 1000)); err != nil {
			t.Errorf("%q: %v", letter, err)
		}
	}
}

func TestSubmitRefusesAndLeavesNothing(t *testing.T) {
	o := open(t)
	before, audited := o.cases(t), o.city.DB.AuditEvent.Query().CountX(seedtest.System(t))
	for name, tt := range map[string]struct {
		change func(*citycase.Report)
		want   fault.Code
		field  string
	}{
		"nothing said":   {func(r *citycase.Report) { r.Description = " \n\t" }, fault.BadUserInput, "description"},
		"too much said":  {func(r *citycase.Report) { r.Description = strings.Repeat("长", 2001) }, fault.BadUserInput, "description"},
		"a NUL":          {func(r *citycase.Report) { r.Description = "a\x00b" }, fault.BadUserInput, "description"},
		"an escape":      {func(r *citycase.Report) { r.Address = "a\x1b[2Jb" }, fault.BadUserInput, "address"},
		"broken UTF-8":   {func(r *citycase.Report) { r.Description = "a\xff" }, fault.BadUserInput, "description"},
		"a long address": {func(r *citycase.Report) { r.Address = strings.Repeat("路", 201) }, fault.BadUserInput, "address"},
		"off the globe":  {func(r *citycase.Report) { r.Location.Lat = 91 }, fault.BadUserInput, "location"},
		"in Shanghai":    {func(r *citycase.Report) { r.Location.Lat, r.Location.Lng = 31.23, 121.47 }, fault.OutOfArea, "location"},
		"no category":    {func(r *citycase.Report) { r.CategoryID = "" }, fault.BadUserInput, "categoryId"},
		"a forged one":   {func(r *citycase.Report) { r.CategoryID = "category_' OR 1=1" }, fault.BadUserInput, "categoryId"},
		"an unknown one": {func(r *citycase.Report) { r.CategoryID = id.New(id.CaseCategory) }, fault.BadUserInput, "categoryId"},
		"another type's": {func(r *citycase.Report) { r.CategoryID = id.New(id.CityCase) }, fault.BadUserInput, "categoryId"},
	} {
		r := o.report(t)
		tt.change(&r)
		c, err := o.Submit(o.city.As(t, "chenjing"), r)
		if c != nil || fault.CodeOf(err) != tt.want || len(fault.From(err).Field) != 1 || fault.From(err).Field[0] != tt.field {
			t.Errorf("%s: %+v, %v at %v", name, c, err, fault.From(err).Field)
		}
	}
	if _, err := o.Submit(t.Context(), o.report(t)); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor: %v", err)
	}
	records := o.city.DB.IdempotencyRecord.Query().CountX(seedtest.System(t))
	deeds := o.city.DB.AuditEvent.Query().CountX(seedtest.System(t)) - audited
	if made := o.cases(t) - before; made != 0 || records != 0 || deeds != 0 {
		t.Errorf("left %d cases, %d records and %d deeds", made, records, deeds)
	}
}

func TestSubmitTakesEffectOnce(t *testing.T) {
	o := open(t)
	ctx, r, before := o.city.As(t, "chenjing"), o.report(t), o.cases(t)
	var wg sync.WaitGroup
	numbers := make(chan string, 8)
	for range cap(numbers) {
		wg.Go(func() {
			c, err := o.Submit(ctx, r)
			if err != nil {
				t.Error(err)
				return
			}
			numbers <- c.Number
		})
	}
	wg.Wait()
	close(numbers)
	first := <-numbers
	for n := range numbers {
		if n != first {
			t.Errorf("numbers %s and %s", first, n)
		}
	}
	if made := o.cases(t) - before; made != 1 {
		t.Errorf("%d cases", made)
	}
	r.Description = "另一件事"
	if _, err := o.Submit(ctx, r); fault.CodeOf(err) != fault.IdempotencyKeyReused {
		t.Errorf("another report under the key: %v", err)
	}
}

// Who may accept a case of Xihu District, over the whole cast.
func TestWhoAccepts(t *testing.T) {
	o := open(t)
	for member, want := range map[string]fault.Code{
		"": fault.Unauthenticated, "chenjing": fault.Forbidden, "qianjun": fault.Forbidden, "fanglei": fault.Forbidden,
		"zhaoqiang": "", "sunli": fault.NotFound, "zhouwei": fault.NotFound, "wangguiying": fault.NotFound, "lina": fault.NotFound,
		"xumin": fault.NotFound, "wutao": fault.NotFound, "maming": fault.NotFound,
	} {
		c := o.submitted(t)
		got, err := o.Accept(o.city.As(t, member), c.ID, "")
		if fault.CodeOf(err) != want || (got == nil) != (want != "") {
			t.Errorf("%q: %+v, %v", member, got, err)
		}
		events := o.city.DB.CaseEvent.Query().Where(caseevent.CityCaseID(c.ID)).CountX(seedtest.System(t))
		if want != "" && (events != 1 || o.city.DB.CityCase.GetX(seedtest.System(t), c.ID).Status != machine.Submitted) {
			t.Errorf("%q was refused and left %d events", member, events)
		}
	}
	if len(o.emitted) != 1 {
		t.Errorf("%d events were emitted", len(o.emitted))
	}
}

func TestAcceptMovesTheCaseAndTells(t *testing.T) {
	o := open(t)
	c := o.submitted(t)
	officer := o.city.As(t, "zhaoqiang")
	got, err := o.Accept(officer, c.ID, " 已安排 ")
	if err != nil || got.Status != machine.Accepted || got.LastSeq != 2 {
		t.Fatalf("accepted %+v, %v", got, err)
	}
	step := got.QueryEvents().Where(caseevent.Seq(2)).OnlyX(o.city.As(t, "chenjing"))
	if *step.FromStatus != machine.Submitted || step.ToStatus != machine.Accepted || step.Note != "已安排" ||
		step.ActorKind != caseevent.ActorKindOfficer || step.ActorID != viewer.From(officer).PersonID {
		t.Errorf("the step is %+v", step)
	}
	want := []citycase.Moved{{
		Subject: citycase.Subject{CaseID: c.ID, Number: c.Number, ReporterID: c.ReporterID, CategoryID: c.CategoryID, DistrictID: c.DistrictID},
		ActorID: viewer.From(officer).PersonID, By: machine.Officer, Seq: 2, Action: machine.Accept, To: machine.Accepted,
	}}
	if diff := cmp.Diff(want, o.emitted); diff != "" {
		t.Error(diff)
	}
	deed := o.city.DB.AuditEvent.Query().Where(auditevent.TargetID(c.ID), auditevent.Action("acceptCase")).OnlyX(seedtest.System(t))
	if deed.ActorID != viewer.From(officer).PersonID || deed.SubjectID != c.ReporterID {
		t.Errorf("the audit log says %+v", deed)
	}
	_, err = o.Accept(officer, c.ID, "")
	if fault.CodeOf(err) != fault.InvalidTransition || !strings.Contains(fault.From(err).Sentence(lang.EN), "ACCEPTED") ||
		!strings.Contains(fault.From(err).Sentence(lang.ZH), "ACCEPTED") {
		t.Errorf("accepted again: %v", err)
	}
}

// Of many officers at once one moves the case; its history stays dense.
func TestOneOfManyAccepts(t *testing.T) {
	o := open(t)
	c := o.submitted(t)
	officer := o.city.As(t, "zhaoqiang")
	codes := make(chan fault.Code, 10)
	var wg sync.WaitGroup
	for range cap(codes) {
		wg.Go(func() {
			_, err := o.Accept(officer, c.ID, "")
			codes <- fault.CodeOf(err)
		})
	}
	wg.Wait()
	close(codes)
	count := map[fault.Code]int{}
	for code := range codes {
		count[code]++
	}
	if diff := cmp.Diff(map[fault.Code]int{"": 1, fault.InvalidTransition: cap(codes) - 1}, count); diff != "" {
		t.Error(diff)
	}
	steps := o.city.DB.CaseEvent.Query().Where(caseevent.CityCaseID(c.ID)).Order(caseevent.BySeq()).AllX(officer)
	last := o.city.DB.CityCase.GetX(officer, c.ID)
	if len(steps) != 2 || steps[1].Seq != 2 || last.LastSeq != 2 || last.Status != steps[1].ToStatus {
		t.Errorf("case %+v with %d events", last, len(steps))
	}
}

// An effect that fails undoes its cause.
func TestAFailingEffectUndoesTheStep(t *testing.T) {
	o := open(t)
	c := o.submitted(t)
	o.refuse = errors.New("inbox is on fire")
	if _, err := o.Accept(o.city.As(t, "zhaoqiang"), c.ID, ""); !errors.Is(err, o.refuse) || fault.CodeOf(err) != fault.InternalError {
		t.Errorf("answered %v", err)
	}
	ctx := seedtest.System(t)
	if now := o.city.DB.CityCase.GetX(ctx, c.ID); now.Status != machine.Submitted || now.LastSeq != 1 ||
		now.QueryEvents().CountX(ctx) != 1 || o.city.DB.AuditEvent.Query().Where(auditevent.Action("acceptCase")).ExistX(ctx) {
		t.Errorf("the case is %+v", now)
	}
}

func TestAcceptRefusesBadInput(t *testing.T) {
	o := open(t)
	c := o.submitted(t)
	officer := o.city.As(t, "zhaoqiang")
	for _, caseID := range []string{"", "case", id.New(id.CityCase), id.New(id.Clinic), c.ID + "0", strings.ToLower(c.ID)} {
		if _, err := o.Accept(officer, caseID, ""); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("case %q: %v", caseID, err)
		}
	}
	for _, note := range []string{strings.Repeat("长", 1001), "a\x00"} {
		if _, err := o.Accept(officer, c.ID, note); fault.CodeOf(err) != fault.BadUserInput {
			t.Errorf("note %.10q: %v", note, err)
		}
	}
}

func TestListsAreTheViewersOwn(t *testing.T) {
	o := open(t)
	c := o.submitted(t)
	accepted := machine.Accepted
	for name, tt := range map[string]struct {
		member string
		list   func(context.Context, *db.CityCaseQuery) (*db.CityCaseQuery, error)
		code   fault.Code
		has    bool
	}{
		"a visitor's":           {"", o.mine(nil), fault.Unauthenticated, false},
		"the reporter's":        {"chenjing", o.mine(nil), "", true},
		"an officer's own":      {"zhaoqiang", o.mine(nil), "", false},
		"the daughter's":        {"chenjing", o.mine(new(seedtest.Person(t, "wangguiying"))), "", false},
		"the mother's of hers":  {"wangguiying", o.mine(new(seedtest.Person(t, "chenjing"))), fault.DelegationScope, false},
		"a visitor's of hers":   {"", o.mine(new(seedtest.Person(t, "chenjing"))), fault.Unauthenticated, false},
		"a visitor's queue":     {"", o.queue(nil), fault.Unauthenticated, false},
		"the reporter's queue":  {"chenjing", o.queue(nil), fault.Forbidden, false},
		"an auditor's queue":    {"qianjun", o.queue(nil), fault.Forbidden, false},
		"the officer's queue":   {"zhaoqiang", o.queue(nil), "", true},
		"another's queue":       {"sunli", o.queue(nil), "", false},
		"the queue of accepted": {"zhaoqiang", o.queue(&accepted), "", false},
	} {
		ctx := o.city.As(t, tt.member)
		q, err := tt.list(ctx, o.city.DB.CityCase.Query())
		if fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err != nil {
			continue
		}
		has := false
		for _, caseID := range q.IDsX(ctx) {
			has = has || caseID == c.ID
		}
		if has != tt.has {
			t.Errorf("%s list has the case: %v", name, has)
		}
	}
}

func (o *office) mine(personID *string) func(context.Context, *db.CityCaseQuery) (*db.CityCaseQuery, error) {
	return func(ctx context.Context, q *db.CityCaseQuery) (*db.CityCaseQuery, error) {
		return o.Mine(ctx, q, personID)
	}
}

func (o *office) queue(s *machine.Status) func(context.Context, *db.CityCaseQuery) (*db.CityCaseQuery, error) {
	return func(ctx context.Context, q *db.CityCaseQuery) (*db.CityCaseQuery, error) {
		return o.Queue(ctx, q, citycase.QueueFilter{Status: s})
	}
}

func TestCategoriesByKind(t *testing.T) {
	o := open(t)
	component := casecategory.KindComponent
	everything, err := o.Categories(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	some, err := o.Categories(t.Context(), &component)
	if err != nil || len(some) == 0 || len(some) >= len(everything) || len(everything) != o.city.DB.CaseCategory.Query().CountX(t.Context()) {
		t.Fatalf("%d of %d, %v", len(some), len(everything), err)
	}
	for i, c := range some {
		if c.Kind != component || i > 0 && some[i-1].Code > c.Code {
			t.Errorf("%s %s comes after %s", c.Kind, c.Code, some[i-1].Code)
		}
	}
}
