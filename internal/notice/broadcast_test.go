package notice_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/broadcast"
	"citygraph/ent/db/district"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/person"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/jobs"
	"citygraph/internal/lang"
	"citygraph/internal/notice"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/wording"
)

func sentence(zh string) wording.Value { return wording.ASentence(lang.Text{ZH: zh}) }

// districtOf is a district of Hangzhou by its code.
func (d *desk) districtOf(t testing.TB, code string) string {
	t.Helper()
	return d.DB.District.Query().Where(district.Code(code)).OnlyIDX(t.Context())
}

// settle has so many people move into a district.
func (d *desk) settle(t testing.TB, districtID string, n int) {
	t.Helper()
	for from := 0; from < n; from += 1000 {
		rows := make([]*db.PersonCreate, min(1000, n-from))
		for i := range rows {
			rows[i] = d.DB.Person.Create().SetDistrictID(districtID)
		}
		d.DB.Person.CreateBulk(rows...).ExecX(seedtest.System(t))
	}
}

// storm is a warning for districts.
func storm(districts ...string) notice.Circular {
	return notice.Circular{EventKey: "storm", Districts: districts, Letter: notice.Letter{
		Template: "alert/issued", TargetID: id.New(id.Alert),
		Params: wording.Params{"event": wording.ALabel(lang.Text{ZH: "暴雨"}), "headline": sentence("暴雨红色预警")},
	}}
}

// broadcast orders a broadcast in a transaction of its own.
func (d *desk) broadcast(ctx context.Context, c notice.Circular) error {
	return d.city.Store.InTx(ctx, func(ctx context.Context) error { return d.Broadcast(ctx, c) })
}

// take hands over the jobs enqueued since the last time.
func (d *desk) take() []jobs.Args {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := d.jobs
	d.jobs = nil
	return taken
}

// run runs a job of the desk's.
func (d *desk) run(ctx context.Context, args jobs.Args) error {
	switch args := args.(type) {
	case notice.Spread:
		return d.Plan(ctx, jobs.Job[notice.Spread]{Args: args})
	case notice.Batch:
		return d.Spell(ctx, jobs.Job[notice.Batch]{Args: args})
	}
	return fmt.Errorf("nobody runs a %T", args)
}

// drain runs jobs until there are no more.
func (d *desk) drain(t testing.TB) {
	t.Helper()
	for todo := d.take(); len(todo) > 0; todo = d.take() {
		for _, args := range todo {
			if err := d.run(t.Context(), args); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// told is how many were told of an event.
func (d *desk) told(t testing.TB, event string) int {
	t.Helper()
	return d.DB.Notification.Query().Where(notification.EventKey(event)).CountX(seedtest.System(t))
}

func TestEverybodyOfTheDistrictsIsToldOnceInBatches(t *testing.T) {
	d := open(t)
	here, there := d.districtOf(t, "330127"), d.districtOf(t, "330122")
	d.settle(t, here, 1100)
	lived := d.DB.Person.Query().Where(person.DistrictID(here)).CountX(seedtest.System(t))
	d.settle(t, there, 10)
	if err := d.broadcast(t.Context(), storm(here)); err != nil {
		t.Fatal(err)
	}
	plan := d.take()
	for range 2 { // the planner died before it could say that it was done
		if err := d.run(t.Context(), plan[0]); err != nil {
			t.Fatal(err)
		}
	}
	batches := d.take()
	if len(plan) != 1 || len(batches) != lived/notice.BatchSize+1 {
		t.Fatalf("%d plans and %d batches for %d people", len(plan), len(batches), lived)
	}
	d.settle(t, here, notice.BatchSize) // newcomers make the last batch too long
	var all sync.WaitGroup
	for _, args := range slices.Concat(batches, batches) { // each twice, all at once
		all.Go(func() {
			if err := d.run(t.Context(), args); err != nil && !lostTo(err) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	d.drain(t)
	if n := d.told(t, "storm"); n != lived+notice.BatchSize {
		t.Errorf("%d were told, and %d live there", n, lived+notice.BatchSize)
	}
	pushed := 0
	for _, batch := range d.batches {
		pushed += len(batch)
		if len(batch) > notice.BatchSize || len(batch) == 0 {
			t.Errorf("a batch of %d was handed on", len(batch))
		}
	}
	if pushed < lived+notice.BatchSize {
		t.Errorf("%d pushes were handed on", pushed)
	}
	for _, p := range d.DB.Person.Query().Where(person.DistrictID(here)).AllX(seedtest.System(t)) {
		if p.InboxSeq != 1 || p.InboxChangeSeq < 1 {
			t.Fatalf("%s has inbox seq %d", p.ID, p.InboxSeq)
		}
	}
}

// lostTo reports whether a batch lost to its own second run: the queue runs it again, and finds nothing.
func lostTo(err error) bool { return db.IsConstraintError(err) }

// A batch that fails leaves nothing: not a row, a number or a push.
func TestABatchIsAllOrNothing(t *testing.T) {
	d := open(t)
	here := d.districtOf(t, "330127")
	d.settle(t, here, 20)
	if err := d.broadcast(t.Context(), storm(here)); err != nil {
		t.Fatal(err)
	}
	if err := d.run(t.Context(), d.take()[0]); err != nil {
		t.Fatal(err)
	}
	batch, killed, hand := d.take()[0], errors.New("killed"), d.Deliver
	d.Deliver = func(context.Context, []string) error { return killed }
	if err := d.run(t.Context(), batch); !errors.Is(err, killed) {
		t.Fatalf("the batch ended with %v", err)
	}
	counted := d.DB.Person.Query().Where(person.DistrictID(here), person.InboxSeqGT(0)).CountX(seedtest.System(t))
	if n := d.told(t, "storm"); n != 0 || counted != 0 {
		t.Errorf("it left %d rows, and counted up %d inboxes", n, counted)
	}
	d.Deliver = hand
	if err := d.run(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if n := d.told(t, "storm"); n < 20 {
		t.Errorf("%d were told in the end", n)
	}
}

func TestNobodyIsToldOfWhatIsOver(t *testing.T) {
	for name, end := range map[string]func(d *desk) error{
		"cancelled": func(d *desk) error { return d.CancelBroadcast(t.Context(), "storm") },
		"expired":   func(d *desk) error { d.clock.Turn(time.Hour); return nil },
		"retracted": func(d *desk) error {
			return d.city.Store.InTx(t.Context(), func(ctx context.Context) error { return d.Retract(ctx, "storm") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			here := d.districtOf(t, "330106")
			c := storm(here)
			c.ExpiresAt = d.clock.Now().Add(time.Hour)
			if err := d.broadcast(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if err := d.run(t.Context(), d.take()[0]); err != nil {
				t.Fatal(err)
			}
			batches := d.take()
			if err := end(d); err != nil {
				t.Fatal(err)
			}
			for _, args := range append(batches, notice.Spread{BroadcastID: d.DB.Broadcast.Query().OnlyIDX(seedtest.System(t))}) {
				if err := d.run(t.Context(), args); err != nil {
					t.Error(err)
				}
			}
			if n := d.told(t, "storm"); n != 0 || len(d.batches) != 0 || len(d.take()) != 0 {
				t.Errorf("%d were told", n)
			}
		})
	}
}

func TestRefusedBroadcastsLeaveNothing(t *testing.T) {
	d := open(t)
	here := d.districtOf(t, "330106")
	nobody, wordless, aimless := storm(), storm(here), storm(here)
	wordless.Template, aimless.TargetID = "common/digest", id.New(id.Session)
	for name, c := range map[string]notice.Circular{"for nobody": nobody, "of no topic": wordless, "opening nothing": aimless} {
		if err := d.broadcast(t.Context(), c); err == nil {
			t.Errorf("%s: ordered", name)
		}
	}
	if err := d.Broadcast(t.Context(), storm(here)); err == nil {
		t.Error("ordered outside the transaction of its cause")
	}
	if n := d.DB.Broadcast.Query().CountX(seedtest.System(t)); n != 0 || len(d.take()) != 0 {
		t.Errorf("they left %d orders", n)
	}
	if err := errors.Join(d.broadcast(t.Context(), storm(here)), d.broadcast(t.Context(), storm(here))); err == nil {
		t.Error("the same event was broadcast twice")
	}
	err := d.Plan(t.Context(), jobs.Job[notice.Spread]{Args: notice.Spread{BroadcastID: id.New(id.Broadcast)}})
	if err == nil || fault.CodeOf(err) != fault.InternalError {
		t.Errorf("a broadcast that is gone: %v", err)
	}
}

// Whoever warns a million people waits for one row.
func TestTheOrderIsOneRowWhateverTheCity(t *testing.T) {
	d := open(t)
	here := d.districtOf(t, "330106")
	if err := d.broadcast(t.Context(), storm(here)); err != nil {
		t.Fatal(err)
	}
	row := d.DB.Broadcast.Query().OnlyX(seedtest.System(t))
	if row.Topic != broadcast.TopicAlert || row.Priority != broadcast.PriorityUrgent || row.Title.ZH != "预警：暴雨" || row.PlannedAt != nil {
		t.Errorf("ordered %+v", row)
	}
	if n := d.told(t, "storm"); n != 0 {
		t.Errorf("%d were told in the transaction of the cause", n)
	}
}
