package announcement_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	row "citygraph/ent/db/announcement"
	"citygraph/ent/db/delivery"
	"citygraph/ent/db/enrollment"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/reaction"
	"citygraph/internal/school/announcement"
	"citygraph/internal/school/attachment"
	"citygraph/internal/school/audience"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// school is lina's, with a class that she leads and in which chenjing's two children are, and another that she does not teach.
type school struct {
	*announcement.Board
	city  *seedtest.City
	clock *seedtest.Clock
	bus   *event.Bus

	id           string
	class, other string
	lina         context.Context
	mother       context.Context

	mu     sync.Mutex
	jobs   []jobs.Args
	pushed int
}

func open(t testing.TB) *school {
	t.Helper()
	return opened(t, seedtest.Open(t))
}

func opened(t testing.TB, city *seedtest.City) *school {
	t.Helper()
	hub := live.NewHub(nil)
	t.Cleanup(hub.Close)
	s := &school{city: city, clock: seedtest.NewClock(), bus: event.New(), lina: city.As(t, "lina"), mother: city.As(t, "chenjing")}
	s.id = viewer.From(s.lina).Organisations(viewer.Teacher)[0]
	s.Board = s.replica(hub)
	s.class = seedtest.PutClass(t, city, "二年级3班", "2", enrollment.DutyClassTeacher)
	s.other = seedtest.PutClass(t, city, "三年级1班", "3", "")
	for _, child := range []string{"zhouzihan", "zhouzixuan"} {
		seedtest.Enrol(t, city, s.class, seedtest.Person(t, child), enrollment.RoleStudent, enrollment.DutyNone)
	}
	return s
}

// replica is another board over the same rows.
func (s *school) replica(hub *live.Hub) *announcement.Board {
	bus := event.New()
	once := idempotency.Ledger{DB: s.city.DB, Store: s.city.Store, Clock: s.clock}
	register := &household.Register{DB: s.city.DB, Store: s.city.Store, Clock: s.clock, Events: bus, Hub: hub, Once: once}
	desk := &notice.Desk{DB: s.city.DB, Store: s.city.Store, Clock: s.clock, Hub: hub, Deliver: func(_ context.Context, ids []string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pushed += len(ids)
		return nil
	}}
	b := &announcement.Board{
		DB: s.city.DB, Store: s.city.Store, Clock: s.clock, Events: bus, Hub: hub, Once: once, For: register.For,
		Attach: (&attachment.Room{DB: s.city.DB, Store: s.city.Store, Clock: s.clock}).GiveAnnouncement,
		Admit:  func(context.Context) error { return nil }, Fail: func(context.Context, error) {},
		Enqueue: func(_ context.Context, args jobs.Args, _ ...jobs.Option) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.jobs = append(s.jobs, args)
			return nil
		},
	}
	reaction.Announcements(bus, s.city.DB, desk, b)
	if s.Board == nil {
		s.bus = bus
	}
	return b
}

// take hands over the jobs enqueued since the last time.
func (s *school) take() []jobs.Args {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.jobs
	s.jobs = nil
	return taken
}

func run(ctx context.Context, b *announcement.Board, args jobs.Args) error {
	switch args := args.(type) {
	case announcement.Spread:
		return b.Plan(ctx, args.AnnouncementID)
	case announcement.Batch:
		return b.Deliver(ctx, args)
	case announcement.Chasing:
		return b.GoOn(ctx, args)
	}
	return fault.New(fault.InternalError)
}

// drain runs jobs until there are no more.
func (s *school) drain(t testing.TB) {
	t.Helper()
	for todo := s.take(); len(todo) > 0; todo = s.take() {
		for _, args := range todo {
			if err := run(t.Context(), s.Board, args); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// trip asks the class for an acknowledgement.
func (s *school) trip() announcement.Announcing {
	due := s.clock.Now().Add(48 * time.Hour)
	return announcement.Announcing{Key: uuid.New(), SchoolID: s.id, Kind: row.KindNotice, Text: announcement.Text{
		Audience: audience.Audience{Classes: []string{s.class}}, Title: "春游通知", Body: "周五去植物园，请确认。",
		Urgency: row.UrgencyNormal, Acknowledgement: row.AcknowledgementRequired, DueAt: &due,
	}}
}

func (s *school) published(t testing.TB, in announcement.Announcing) *db.Announcement {
	t.Helper()
	a, err := s.Publish(s.lina, in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// at are the deliveries of an announcement with their pupils, by guardian.
func (s *school) at(t testing.TB, announcementID string) map[string]*db.Delivery {
	t.Helper()
	found := map[string]*db.Delivery{}
	for _, d := range s.DB.Delivery.Query().Where(delivery.AnnouncementID(announcementID)).WithStudents().AllX(seedtest.System(t)) {
		if found[d.GuardianID] != nil {
			t.Errorf("%s has it twice", d.GuardianID)
		}
		found[d.GuardianID] = d
	}
	return found
}

// counts are an announcement's figures, which must be those of its rows.
func (s *school) counts(t testing.TB, announcementID string) [3]int {
	t.Helper()
	ctx := seedtest.System(t)
	a := s.DB.Announcement.GetX(ctx, announcementID)
	got := [3]int{a.Delivered, a.Read, a.Acknowledged}
	of := s.DB.Delivery.Query().Where(delivery.AnnouncementID(announcementID))
	rows := [3]int{of.Clone().CountX(ctx), of.Clone().Where(delivery.ReadAtNotNil()).CountX(ctx), of.Clone().Where(delivery.AcknowledgedAtNotNil()).CountX(ctx)}
	if got != rows {
		t.Errorf("the figures are %v, and the rows %v", got, rows)
	}
	return got
}

// rows are what refusals must not add to.
func (s *school) rows(t testing.TB) [5]int {
	t.Helper()
	ctx := seedtest.System(t)
	return [5]int{
		s.DB.Announcement.Query().CountX(ctx), s.DB.Delivery.Query().CountX(ctx), s.DB.Notification.Query().CountX(ctx),
		s.DB.AuditEvent.Query().CountX(ctx), s.DB.IdempotencyRecord.Query().CountX(ctx),
	}
}

// atOnce has n callers do something, and counts how they ended.
func atOnce(t *testing.T, n int, do func(i int) error) map[fault.Code]int {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := map[fault.Code]int{}
	for i := range n {
		all.Go(func() {
			err := do(i)
			mu.Lock()
			defer mu.Unlock()
			codes[fault.CodeOf(err)]++
			if fault.CodeOf(err) == fault.InternalError {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return codes
}

// seenBy is a context in which a person without roles asks.
func seenBy(t testing.TB, personID string) context.Context {
	t.Helper()
	return viewer.With(t.Context(), &viewer.Viewer{PersonID: personID})
}
