package bureau_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/announcement"
	row "citygraph/ent/db/bureaunotice"
	"citygraph/ent/db/delivery"
	"citygraph/ent/db/school"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/lang"
	"citygraph/internal/live"
	board "citygraph/internal/school/announcement"
	"citygraph/internal/school/bureau"
	"citygraph/internal/seed/seedtest"
)

// house is the bureau's office over announcements, with the jobs it enqueues.
type house struct {
	*bureau.Office
	city *seedtest.City

	mu   sync.Mutex
	jobs []jobs.Args
}

func open(t *testing.T) *house {
	t.Helper()
	h := &house{city: seedtest.Open(t)}
	clock, hub := seedtest.NewClock(), live.NewHub(nil)
	t.Cleanup(hub.Close)
	enqueue := func(_ context.Context, args jobs.Args, _ ...jobs.Option) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.jobs = append(h.jobs, args)
		return nil
	}
	b := &board.Board{DB: h.city.DB, Store: h.city.Store, Clock: clock, Events: event.New(), Hub: hub, Enqueue: enqueue}
	h.Office = &bureau.Office{
		DB: h.city.DB, Store: h.city.Store, Clock: clock, Once: idempotency.Ledger{DB: h.city.DB, Store: h.city.Store, Clock: clock},
		Weigh: board.WeighNotice, Issue: b.Issue, Withdraw: b.Withdraw, Enqueue: enqueue,
	}
	return h
}

func (h *house) take() []jobs.Args {
	h.mu.Lock()
	defer h.mu.Unlock()
	taken := h.jobs
	h.jobs = nil
	return taken
}

func (h *house) run(ctx context.Context, args jobs.Args) error {
	switch args := args.(type) {
	case bureau.Spread:
		return h.Plan(ctx, args)
	case bureau.School:
		return h.PassOn(ctx, args)
	case bureau.TakeBack:
		return h.GoOn(ctx, args)
	}
	return errors.New("no job of the bureau's")
}

func (h *house) drain(t *testing.T) {
	t.Helper()
	for todo := h.take(); len(todo) > 0; todo = h.take() {
		for _, args := range todo {
			if err := h.run(t.Context(), args); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// schools lays out so many schools with a class each, besides lina's, with a pupil of chenjing's at each, and counts those with classes.
func (h *house) schools(t *testing.T, n int) int {
	t.Helper()
	ctx := seedtest.System(t)
	district := h.DB.District.Query().FirstIDX(ctx)
	for range n {
		s := h.DB.School.Create().SetName(lang.Text{ZH: "新校"}).SetStage(school.StagePrimary).SetDistrictID(district).SetLat(30).SetLng(120).SaveX(ctx)
		class := h.DB.SchoolClass.Create().SetTitle("一班").SetGrade("1").SetSchoolID(s.ID).SaveX(ctx)
		seedtest.PutPupil(t, h.city, class.ID, seedtest.Person(t, "chenjing"))
	}
	ids := map[string]bool{}
	for _, c := range h.DB.SchoolClass.Query().AllX(ctx) {
		ids[c.SchoolID] = true
	}
	return len(ids)
}

func notice() bureau.Notice {
	return bureau.Notice{Key: uuid.New(), Title: "停课通知", Body: "台风，明日停课。", Urgency: row.UrgencyNormal, Acknowledgement: row.AcknowledgementRequired}
}

func (h *house) published(t *testing.T, in bureau.Notice) *db.BureauNotice {
	t.Helper()
	n, err := h.Publish(h.city.As(t, "fanglei"), in)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// once holds a notice to one announcement at each school, and to one delivery of each at a guardian.
func (h *house) once(t *testing.T, noticeID string, schools int) {
	t.Helper()
	ctx := seedtest.System(t)
	said := h.DB.Announcement.Query().Where(announcement.BureauNoticeID(noticeID)).AllX(ctx)
	at := map[string]bool{}
	for _, a := range said {
		at[a.SchoolID] = true
		if n := h.DB.Delivery.Query().Where(delivery.AnnouncementID(a.ID)).CountX(ctx); n != a.Delivered {
			t.Errorf("%d deliveries, and a figure of %d", n, a.Delivered)
		}
	}
	if len(said) != schools || len(at) != schools {
		t.Errorf("%d announcements at %d schools, want one at each of %d", len(said), len(at), schools)
	}
}

func code(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("fault %q, want %q: %v", got, want, err)
	}
}

func TestAdministratorsSpeak(t *testing.T) {
	h := open(t)
	for _, member := range []string{"lina", "chenjing", "zhouwei", "maming", "qianjun"} {
		_, err := h.Publish(h.city.As(t, member), notice())
		code(t, err, fault.Forbidden)
		_, err = h.Retract(h.city.As(t, member), id.New(id.BureauNotice))
		code(t, err, fault.Forbidden)
		_, err = h.Notices(h.city.As(t, member), h.DB.BureauNotice.Query())
		code(t, err, fault.Forbidden)
	}
	fanglei := h.city.As(t, "fanglei")
	refused := func(change func(*bureau.Notice), want fault.Code) {
		in := notice()
		change(&in)
		_, err := h.Publish(fanglei, in)
		code(t, err, want)
	}
	refused(func(n *bureau.Notice) { n.Title = "" }, fault.BadUserInput)
	refused(func(n *bureau.Notice) { n.Body = "期中成绩：张三 98分，李四 87分" }, fault.GradeBroadcastForbidden)
	refused(func(n *bureau.Notice) { n.DistrictIDs = []string{id.New(id.District)} }, fault.NotFound)
	h.DB.SchoolClass.Update().SetStatus("ENDED").ExecX(seedtest.System(t))
	refused(func(*bureau.Notice) {}, fault.EmptyAudience)
	if n := h.DB.BureauNotice.Query().CountX(seedtest.System(t)); n != 0 {
		t.Errorf("%d notices of what was refused", n)
	}
	_, err := h.Retract(fanglei, id.New(id.BureauNotice))
	code(t, err, fault.NotFound)
}

// Sent twice, planned twice, and worked by several at once: each school says it once.
func TestEachSchoolSaysItOnce(t *testing.T) {
	h := open(t)
	schools := h.schools(t, bureau.BatchSize+3) // more than a batch
	in := notice()
	n := h.published(t, in)
	if again := h.published(t, in); again.ID != n.ID {
		t.Error("sent twice, it is two")
	}
	plan := h.take()
	if len(plan) != 1 {
		t.Fatalf("enqueued: %v", plan)
	}
	for range 2 { // it died after its commit, and runs again
		if err := h.run(t.Context(), plan[0]); err != nil {
			t.Fatal(err)
		}
	}
	todo := h.take()
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := w; i < len(todo); i += 4 {
				if err := h.run(t.Context(), todo[i]); err != nil && !db.IsConstraintError(err) { // which a job runs again after
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	h.drain(t)
	h.once(t, n.ID, schools)
	stats, err := h.Stats(h.city.As(t, "fanglei"), []*db.BureauNotice{n})
	if err != nil || stats[0].Schools != schools || stats[0].Delivered < bureau.BatchSize+3 {
		t.Errorf("its figures are %+v, %v", stats[0], err)
	}
	if stats, err = h.Stats(h.city.As(t, "lina"), []*db.BureauNotice{n}); err != nil || stats[0] != nil {
		t.Errorf("a teacher is told the figures %+v, %v", stats[0], err)
	}
}

// A school that fails keeps no other from it, and is in time when it works again.
func TestOneThatFailsHoldsNoOther(t *testing.T) {
	h := open(t)
	schools := h.schools(t, 4)
	n := h.published(t, notice())
	issue, failing := h.Issue, ""
	h.Issue = func(ctx context.Context, n *db.BureauNotice, schoolID string) error {
		if failing == "" || failing == schoolID {
			failing = schoolID
			return errors.New("it fails")
		}
		return issue(ctx, n, schoolID)
	}
	var failed []jobs.Args
	for todo := h.take(); len(todo) > 0; todo = h.take() {
		for _, args := range todo {
			if err := h.run(t.Context(), args); err != nil {
				failed = append(failed, args)
			}
		}
	}
	h.once(t, n.ID, schools-1)
	h.Issue = issue
	if len(failed) != 1 {
		t.Fatalf("%d failed", len(failed))
	}
	if err := h.run(t.Context(), failed[0]); err != nil {
		t.Fatal(err)
	}
	h.once(t, n.ID, schools)
}

// Taken back while it spreads, it stands nowhere in the end.
func TestTakenBackWhileItSpreads(t *testing.T) {
	h := open(t)
	h.schools(t, 6)
	n := h.published(t, notice())
	for _, args := range h.take() {
		if err := h.run(t.Context(), args); err != nil {
			t.Fatal(err)
		}
	}
	todo := h.take()
	var all sync.WaitGroup
	for _, args := range todo {
		all.Go(func() {
			if err := h.run(t.Context(), args); err != nil {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		if _, err := h.Retract(h.city.As(t, "fanglei"), n.ID); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	h.drain(t)
	standing := h.DB.Announcement.Query().Where(announcement.BureauNoticeID(n.ID), announcement.StatusNEQ(announcement.StatusRetracted)).CountX(seedtest.System(t))
	if standing != 0 {
		t.Errorf("%d schools still say it", standing)
	}
	_, err := h.Retract(h.city.As(t, "fanglei"), n.ID)
	code(t, err, fault.InvalidTransition)
}

func TestOnlyTheDistrictsHear(t *testing.T) {
	h := open(t)
	h.schools(t, 2)
	ctx := seedtest.System(t)
	in := notice()
	in.DistrictIDs = []string{h.DB.District.Query().FirstIDX(ctx)}
	n := h.published(t, in)
	h.drain(t)
	said := h.DB.Announcement.Query().Where(announcement.BureauNoticeID(n.ID)).QuerySchool().AllX(ctx)
	if len(said) < 2 {
		t.Errorf("%d schools say it", len(said))
	}
	for _, s := range said {
		if s.DistrictID != in.DistrictIDs[0] {
			t.Errorf("a school of %s says it", s.DistrictID)
		}
	}
}
