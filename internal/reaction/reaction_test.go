package reaction_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/casesupporter"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/notification"
	cases "citygraph/internal/citycase"
	"citygraph/internal/event"
	"citygraph/internal/household"
	"citygraph/internal/identity"
	"citygraph/internal/jobs"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/reaction"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
)

// emit hands an event to the reactions in a transaction, as a verb does.
func emit(t *testing.T, city *seedtest.City, e any) {
	t.Helper()
	bus, hub := event.New(), live.NewHub(nil)
	t.Cleanup(hub.Close)
	desk := &notice.Desk{DB: city.DB, Store: city.Store, Hub: hub, Deliver: func(context.Context, []string) error { return nil }}
	register := &household.Register{DB: city.DB, Store: city.Store}
	reaction.CityCases(bus, city.DB, desk, register, func(context.Context, reaction.Follow) error { return nil })
	reaction.People(bus, city.DB)
	if err := city.Store.InTx(seedtest.System(t), func(ctx context.Context) error { return bus.Emit(ctx, e) }); err != nil {
		t.Fatal(err)
	}
}

// seeded are the cases that the seed gave chenjing.
func seeded(t *testing.T, city *seedtest.City) []*db.CityCase {
	t.Helper()
	return city.DB.CityCase.Query().Where(citycase.ReporterID(seedtest.Person(t, "chenjing"))).Order(citycase.ByID()).AllX(seedtest.System(t))
}

// Whose account turns out to be somebody the city knows follows what either did, each case once, and none of
// their own.
func TestSupportJoinsWithItsPerson(t *testing.T) {
	city := seedtest.Open(t)
	ctx := seedtest.System(t)
	mother, neighbour, account := seedtest.Person(t, "chenjing"), seedtest.Person(t, "maming"), city.DB.Person.Create().SaveX(ctx).ID
	own := seeded(t, city)
	follow := func(c *db.CityCase, people ...string) {
		for _, p := range people {
			city.DB.CaseSupporter.Create().SetCityCaseID(c.ID).SetPersonID(p).ExecX(ctx)
		}
		c.Update().SetSupporters(len(people)).ExecX(ctx)
	}
	follow(own[0], account, neighbour)
	follow(own[1], account)
	count := func(c *db.CityCase) (supporters, rows int) {
		return city.DB.CityCase.GetX(ctx, c.ID).Supporters, city.DB.CaseSupporter.Query().Where(casesupporter.CityCaseID(c.ID)).CountX(ctx)
	}
	emit(t, city, identity.Joined{From: account, To: neighbour})
	for i, want := range []int{1, 1} {
		if supporters, rows := count(own[i]); supporters != want || rows != want {
			t.Errorf("case %d counts %d supporters and has %d", i, supporters, rows)
		}
	}
	emit(t, city, identity.Joined{From: neighbour, To: mother}) // who reported both
	for i := range 2 {
		if supporters, rows := count(own[i]); supporters != 0 || rows != 0 {
			t.Errorf("case %d of her own counts %d supporters and has %d", i, supporters, rows)
		}
	}
}

// Before it is due a case is its officer's affair, or its district's while it is nobody's; afterwards its
// reporter is told too.
func TestWhoIsToldOfDueTimes(t *testing.T) {
	city := seedtest.Open(t)
	c := seeded(t, city)[0]
	subject := cases.Subject{CaseID: c.ID, Number: c.Number, ReporterID: c.ReporterID, CategoryID: c.CategoryID, DistrictID: c.DistrictID}
	given := subject
	given.AssigneeID = seedtest.Person(t, "xumin")
	for i, tt := range []struct {
		due  cases.Due
		want []string
	}{
		{cases.Due{Subject: subject}, []string{"zhaoqiang"}},
		{cases.Due{Subject: given}, []string{"xumin"}},
		{cases.Due{Subject: subject, Overdue: true}, []string{"chenjing", "zhaoqiang"}},
	} {
		tt.due.At = time.Unix(int64(i), 0)
		before := city.DB.Notification.Query().IDsX(seedtest.System(t))
		emit(t, city, tt.due)
		told := city.DB.Notification.Query().Where(notification.IDNotIn(before...)).Select(notification.FieldPersonID).StringsX(seedtest.System(t))
		want := make([]string, len(tt.want))
		for j, name := range tt.want {
			want[j] = seedtest.Person(t, name)
		}
		slices.Sort(told)
		slices.Sort(want)
		if !slices.Equal(told, want) {
			t.Errorf("%d: %v were told, want %v", i, told, want)
		}
	}
}

// Followers are told of a step once however often the job runs, but not who took it, nor who was told with the
// reporter; however many they are, the statements are the same.
func TestFollowersAreToldOnce(t *testing.T) {
	city := seedtest.Open(t)
	ctx := seedtest.System(t)
	hub := live.NewHub(nil)
	t.Cleanup(hub.Close)
	var pushes [][]string
	desk := &notice.Desk{DB: city.DB, Store: city.Store, Hub: hub, Deliver: func(_ context.Context, ids []string) error {
		pushes = append(pushes, ids)
		return nil
	}}
	worker := &reaction.Followers{DB: city.DB, Store: city.Store, Desk: desk}
	work := func(c *db.CityCase, actor string) int {
		t.Helper()
		step := city.DB.CaseEvent.Query().Where(caseevent.CityCaseID(c.ID), caseevent.ActionNotNil()).Order(caseevent.BySeq()).FirstX(ctx)
		ctx, counter := store.RecordStatements(t.Context())
		job := jobs.Job[reaction.Follow]{Args: reaction.Follow{CaseID: c.ID, Seq: step.Seq, ActorID: actor}}
		if err := worker.Work(ctx, job); err != nil {
			t.Fatal(err)
		}
		return len(counter.Texts())
	}
	follow := func(c *db.CityCase, members ...string) {
		for _, m := range members {
			city.DB.CaseSupporter.Create().SetCityCaseID(c.ID).SetPersonID(seedtest.Person(t, m)).ExecX(ctx)
		}
	}
	told := func(c *db.CityCase) (people []string) {
		return city.DB.Notification.Query().Where(notification.EventKeyHasPrefix(c.ID+"/"), notification.Template("city_case/followed")).
			Order(notification.ByPersonID()).Select(notification.FieldPersonID).StringsX(ctx)
	}
	sorted := func(members ...string) []string {
		people := make([]string, len(members))
		for i, m := range members {
			people[i] = seedtest.Person(t, m)
		}
		slices.Sort(people)
		return people
	}
	cases := seeded(t, city)
	follow(cases[0], "maming")
	one := work(cases[0], "")
	follow(cases[1], "maming", "zhouwei", "lina", "zhaoqiang")
	if several := work(cases[1], seedtest.Person(t, "zhaoqiang")); several != one {
		t.Errorf("%d statements for three followers, %d for one", several, one)
	}
	follow(cases[1], "sunli")
	work(cases[1], seedtest.Person(t, "zhaoqiang"))
	if got, want := told(cases[1]), sorted("maming", "zhouwei", "lina", "sunli"); !slices.Equal(got, want) {
		t.Errorf("told were %v, want %v", got, want)
	}
	if len(pushes) != 3 || len(pushes[1]) != 3 || len(pushes[2]) != 1 {
		t.Errorf("the pushes are %v", pushes)
	}
}
