package announcement_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/delivery"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/person"
	"citygraph/internal/fault"
	"citygraph/internal/jobs"
	"citygraph/internal/live"
	"citygraph/internal/school/announcement"
	"citygraph/internal/seed/seedtest"
)

// families gives the class so many guardians of two pupils each.
func (s *school) families(t testing.TB, n int) (guardians []string) {
	t.Helper()
	for range n {
		g := s.DB.Person.Create().SetName("家长").SaveX(seedtest.System(t)).ID
		seedtest.PutPupil(t, s.city, s.class, g)
		seedtest.PutPupil(t, s.city, s.class, g)
		guardians = append(guardians, g)
	}
	return guardians
}

// Invariant 15: on two replicas 100 announcements are published while a roster sync moves pupils, bars guardians and ends what
// made others guardians. Each guardian has one delivery of each, about pupils that stood; once a bar or an end is committed, none
// that is published after reaches them, and whoever was never touched has all of theirs.
func TestARosterSyncRacesPublishes(t *testing.T) {
	s := open(t)
	guardians := s.families(t, 18)
	steady, moved, barred, removed := guardians[:6], guardians[6:10], guardians[10:14], guardians[14:]
	hub := live.NewHub(nil)
	t.Cleanup(hub.Close)
	boards := []*announcement.Board{s.Board, s.replica(hub)}
	system := seedtest.System(t)
	pupils := func(g string) []string {
		return s.DB.Guardianship.Query().Where(guardianship.GuardianID(g)).Order(guardianship.ByChildID()).Select(guardianship.FieldChildID).StringsX(system)
	}
	var done atomic.Bool
	var cut sync.Map // guardian → when nothing more may reach them
	var sync1 sync.WaitGroup
	sync1.Go(func() {
		for i := 0; !done.Load(); i++ {
			for _, g := range moved { // one of the two leaves the class and comes back
				child := pupils(g)[rand.IntN(2)]
				status := enrollment.StatusEnded
				if i%2 == 1 {
					status = enrollment.StatusActive
				}
				q := s.DB.Enrollment.Update().Where(enrollment.SchoolClassID(s.class)).SetStatus(status)
				if status == enrollment.StatusEnded {
					q.Where(enrollment.PersonID(child))
				} else {
					q.Where(enrollment.PersonIDIn(pupils(g)...))
				}
				q.ExecX(system)
			}
			if i < len(barred) {
				s.DB.Guardianship.Update().Where(guardianship.GuardianID(barred[i])).SetStatus(guardianship.StatusBarred).ExecX(system)
				cut.Store(barred[i], time.Now())
				s.DB.Guardianship.Update().Where(guardianship.GuardianID(removed[i])).SetStatus(guardianship.StatusEnded).ExecX(system)
				cut.Store(removed[i], time.Now())
			}
		}
	})
	began := make([]time.Time, 100)
	made := make([]string, 100)
	codes := atOnce(t, len(made), func(i int) error {
		b := boards[i%2]
		began[i] = time.Now()
		a, err := b.Publish(s.lina, s.trip())
		if err == nil {
			made[i] = a.ID
		}
		return err
	})
	done.Store(true)
	sync1.Wait()
	s.drain(t)
	if codes[""] != 100 {
		t.Fatalf("publishes ended with %v", codes)
	}
	late := 0
	for i, one := range made {
		at := s.at(t, one)
		s.counts(t, one)
		for _, g := range steady {
			if at[g] == nil || len(at[g].Edges.Students) != 2 {
				t.Errorf("%d: a guardian of two whom nothing touched has %v", i, at[g])
			}
		}
		for g, d := range at {
			of := pupils(g)
			if len(d.Edges.Students) == 0 {
				t.Errorf("%d: a delivery about nobody", i)
			}
			for _, p := range d.Edges.Students {
				if !slices.Contains(of, p.ID) {
					t.Errorf("%d: about another's pupil", i)
				}
			}
			if from, gone := cut.Load(g); gone && began[i].After(from.(time.Time)) {
				t.Errorf("%d: reached who was barred or removed before", i)
			}
			if _, gone := cut.Load(g); gone {
				late++
			}
		}
		if rows := s.DB.Notification.Query().Where(notification.EventKey(one)).CountX(system); rows != len(at) {
			t.Errorf("%d: %d rows in inboxes for %d deliveries", i, rows, len(at))
		}
	}
	t.Logf("%d deliveries came before a bar or an end", late)
	father := seedtest.Person(t, "zhouwei")
	if n := s.DB.Delivery.Query().Where(delivery.GuardianID(father)).CountX(system); n != 0 {
		t.Errorf("the barred father has %d", n)
	}
}

func TestWhatIsDueIsPublishedOnceOnTwoReplicas(t *testing.T) {
	s := open(t)
	s.families(t, 4)
	hub := live.NewHub(nil)
	t.Cleanup(hub.Close)
	boards := []*announcement.Board{s.Board, s.replica(hub)}
	at := s.clock.Now().Add(time.Minute)
	var made []string
	for range 5 {
		in := s.trip()
		in.PublishAt = &at
		made = append(made, s.published(t, in).ID)
	}
	s.clock.Turn(time.Minute)
	change := announcement.Change{Key: uuid.New(), AnnouncementID: made[0], Text: s.trip().Text}
	change.Draft = true
	codes := atOnce(t, 12, func(i int) error {
		if i == 6 { // its teacher thinks better of one
			_, err := s.Revise(s.lina, change)
			return err
		}
		return boards[i%2].PublishDue(t.Context())
	})
	if codes[""]+codes[fault.InvalidTransition] != 12 {
		t.Errorf("rounds ended with %v", codes)
	}
	for i, one := range made {
		reached := len(s.at(t, one))
		if i == 0 && codes[fault.InvalidTransition] == 0 {
			if reached != 0 {
				t.Errorf("a draft reached %d", reached)
			}
			continue
		}
		if s.counts(t, one)[0] != reached || reached < 5 {
			t.Errorf("it reached %d", reached)
		}
	}
}

// large is an announcement that goes out in batches, with its jobs.
func (s *school) large(t testing.TB, n int) (string, []jobs.Args) {
	t.Helper()
	s.crowd(t, n)
	a := s.published(t, s.trip())
	todo := s.take()
	if len(todo) != 1 || len(s.at(t, a.ID)) != 0 {
		t.Fatalf("%d jobs, and %d told at once", len(todo), len(s.at(t, a.ID)))
	}
	for range 2 { // the planner died before it could say that it was done
		if err := run(t.Context(), s.Board, todo[0]); err != nil {
			t.Fatal(err)
		}
	}
	return a.ID, s.take()
}

// crowd gives the class so many more guardians of one pupil each, quickly.
func (s *school) crowd(t testing.TB, n int) {
	t.Helper()
	ctx := seedtest.System(t)
	dialect := s.city.Store.Dialect()
	stamp, pad := "datetime('now')", "substr('0000000000' || i, -8)"
	if dialect == "postgres" {
		stamp, pad = "now()", "lpad(i::text, 8, '0')"
	}
	series := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %d) ", n)
	for _, statement := range []string{
		"INSERT INTO people (id, created_at, updated_at, name) " + series + "SELECT 'person_crowdg' || " + pad + ", " + stamp + ", " + stamp + ", '王五' FROM n",
		"INSERT INTO people (id, created_at, updated_at, name) " + series + "SELECT 'person_crowdp' || " + pad + ", " + stamp + ", " + stamp + ", '王小' FROM n",
		"INSERT INTO guardianships (id, created_at, updated_at, guardian_id, child_id, basis, status, scope_set) " + series +
			"SELECT 'guardianship_crowd' || " + pad + ", " + stamp + ", " + stamp + ", 'person_crowdg' || " + pad + ", 'person_crowdp' || " + pad + ", 'SCHOOL_RECORD', 'ACTIVE', 127 FROM n",
		"INSERT INTO enrollments (id, created_at, updated_at, school_class_id, person_id, role, duty, status) " + series +
			"SELECT 'enrollment_crowd' || " + pad + ", " + stamp + ", " + stamp + ", '" + s.class + "', 'person_crowdp' || " + pad + ", 'STUDENT', 'NONE', 'ACTIVE' FROM n",
	} {
		if _, err := s.DB.ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
}

func TestALargeOneGoesOutInBatches(t *testing.T) {
	s := open(t)
	before := s.DB.Guardianship.Query().Where(guardianship.StatusEQ(guardianship.StatusActive)).CountX(seedtest.System(t))
	announcementID, batches := s.large(t, 1100)
	if len(batches) != 6 { // three of each plan
		t.Fatalf("%d batches", len(batches))
	}
	hub := live.NewHub(nil)
	t.Cleanup(hub.Close)
	boards := []*announcement.Board{s.Board, s.replica(hub)}
	var all sync.WaitGroup
	for i, args := range batches { // each twice at once, on two replicas
		all.Go(func() {
			for tries := 0; ; tries++ {
				if err := run(t.Context(), boards[i%2], args); err == nil {
					return
				} else if tries == 5 { // the queue runs what lost to its double again
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	s.drain(t)
	if got := s.counts(t, announcementID)[0]; got < 1100 || got > 1100+before || got != len(s.at(t, announcementID)) {
		t.Errorf("it reached %d", got)
	}
	reached := s.DB.Delivery.Query().Where(delivery.AnnouncementID(announcementID), delivery.HasGuardianWith(person.IDGT("person_crowdg"), person.IDLT("person_crowdh"))).CountX(seedtest.System(t))
	if reached != 1100 {
		t.Errorf("it reached %d of the crowd", reached)
	}
}

// A retraction races with the batches: whoever was told before has a tombstone, and nobody is told after.
func TestRetractionRacesBatches(t *testing.T) {
	s := open(t)
	announcementID, batches := s.large(t, 1100)
	atOnce(t, len(batches)+1, func(i int) error {
		if i == len(batches) {
			_, err := s.TakeBack(s.lina, announcementID)
			return err
		}
		if err := run(t.Context(), s.Board, batches[i]); err != nil && fault.CodeOf(run(t.Context(), s.Board, batches[i])) != "" {
			return err
		}
		return nil
	})
	s.drain(t)
	told := s.counts(t, announcementID)[0]
	n := s.DB.Notification.Query().Where(notification.EventKey(announcementID), notification.RetractedAtIsNil()).CountX(seedtest.System(t))
	if rows := s.DB.Notification.Query().Where(notification.EventKey(announcementID)).CountX(seedtest.System(t)); n != 0 || rows != told {
		t.Errorf("%d of %d still say something; %d were delivered", n, rows, told)
	}
}

func TestFiguresAreExactUnderManyAnswers(t *testing.T) {
	s := open(t)
	s.families(t, 12)
	a := s.published(t, s.trip())
	var as []string
	for g := range s.at(t, a.ID) {
		as = append(as, g)
	}
	codes := atOnce(t, 4*len(as), func(i int) error {
		ctx := seenBy(t, as[i/4])
		switch i % 4 {
		case 0, 1:
			_, err := s.Acknowledge(ctx, a.ID)
			return err
		case 2:
			_, err := s.Read(ctx, a.ID)
			return err
		}
		_, err := s.ChaseUnread(s.lina, uuid.New(), a.ID)
		return err
	})
	if got := s.counts(t, a.ID); codes[""] != 4*len(as) || got != [3]int{len(as), len(as), len(as)} {
		t.Errorf("ended with %v, figures %v of %d", codes, got, len(as))
	}
}
