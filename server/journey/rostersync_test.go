package journey_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	row "citygraph/ent/db/delivery"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/schoolclass"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/oneroster"
	"citygraph/internal/redisx/redistest"
	"citygraph/internal/school/roster"
	"citygraph/internal/seed"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

// The guardians of the class that is synchronised, each of two pupils: those nobody touches, those of whom one pupil comes and goes, those the
// roster drops, and those a custody order bars from both.
const (
	steady  = 4
	moved   = steady + 3
	removed = moved + 3
	barred  = removed + 2
)

// rosterSync is a school whose roster is said again and again.
type rosterSync struct {
	city      *citytest.City
	guardians []string // ids
}

// pupil is what the roster calls a pupil of a guardian.
func pupil(guardian, n int) string { return fmt.Sprintf("pupil-%d-%d", guardian, n) }

// set writes what the roster says in a round: from the second one on the removed are removed, and in each other one the moved are away.
func (s *rosterSync) set(t *testing.T, round int) string {
	t.Helper()
	identity := func(personID string) (given, family, number string) {
		d, _, err := s.city.Records.Of(seedtest.System(t), personID)
		if err != nil {
			t.Fatal(err)
		}
		name := []rune(d.Name)
		return string(name[1:]), string(name[:1]), "{IDCARD:" + d.IDNumber + "}"
	}
	given, family, number := identity(seedtest.Person(t, "lina"))
	files := map[string][][]string{
		"orgs.csv":          {{"sourcedId", "name", "type"}, {"xj", "杭州市学军小学", "school"}},
		"classes.csv":       {{"sourcedId", "orgSourcedId", "title"}, {"choir", "xj", "合唱班"}},
		"roles.csv":         {{"userSourcedId", "orgSourcedId", "role"}, {"lina", "xj", "teacher"}},
		"users.csv":         {{"sourcedId", "givenName", "familyName", "userIds"}, {"lina", given, family, number}},
		"demographics.csv":  {{"userSourcedId", "birthDate", "sex"}},
		"relationships.csv": {{"userSourcedId", "relationshipUserSourcedId", "relationshipRole"}},
		"enrollments.csv":   {{"classSourcedId", "userSourcedId", "role"}, {"choir", "lina", "teacher"}},
	}
	add := func(file string, row ...string) { files[file] = append(files[file], row) }
	for g, personID := range s.guardians {
		given, family, number := identity(personID)
		guardian := fmt.Sprintf("guardian-%d", g)
		add("users.csv", guardian, given, family, number)
		for n := range 2 {
			p := pupil(g, n)
			add("users.csv", p, fmt.Sprintf("小%d", n), family, "")
			add("roles.csv", p, "xj", "student")
			add("demographics.csv", p, "2017-03-04", "female")
			if g < moved || g >= removed || round == 0 {
				add("relationships.csv", p, guardian, "guardian")
			}
			if away := n == 1 && g >= steady && g < moved && round%2 == 1; !away {
				add("enrollments.csv", "choir", p, "student")
			}
		}
	}
	dir := t.TempDir()
	for name, rows := range files {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := csv.NewWriter(f).WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Invariant 15: while two replicas publish a hundred announcements, a third hand imports the roster again and again. Whoever nobody touches has
// one delivery and one notice of each, about both their pupils; a pupil who comes and goes is in it or not; nothing reaches the barred, nor
// who was removed before it was published.
func TestARosterIsImportedWhileASchoolPublishes(t *testing.T) {
	city := citytest.Start(t, citytest.Redis(redistest.Start(t)))
	other := city.Replica(t)
	s := &rosterSync{city: city}
	cast := map[string]bool{}
	for _, one := range append(append([]seed.Member{}, seed.Cast...), seed.Children...) {
		cast[one.PersonID()] = true
	}
	for _, p := range city.DB.PersonalData.Query().AllX(system(t)) {
		if !cast[p.PersonID] && len(s.guardians) < barred {
			s.guardians = append(s.guardians, p.PersonID)
		}
	}
	if len(s.guardians) < barred {
		t.Fatalf("there are %d citizens", len(s.guardians))
	}
	take := func(on *citytest.City, dir string) roster.Done {
		done, err := on.Rosters.Import(t.Context(), roster.Order{From: dir, Source: "sync.example", Told: func(p oneroster.Problem) {
			if !p.Warning {
				t.Error(p)
			}
		}})
		if err != nil {
			t.Error(err)
		}
		return done
	}
	if done := take(city, s.set(t, 0)); done.Refused > 0 || done.Guarded != 2*barred {
		t.Fatalf("%+v", done)
	}
	for _, g := range s.guardians[removed:] {
		city.DB.Guardianship.Update().Where(guardianship.GuardianID(g)).SetStatus(guardianship.StatusBarred).ExecX(system(t))
	}
	sets := []string{s.set(t, 1), s.set(t, 2)}
	class := city.DB.SchoolClass.Query().Where(schoolclass.Title("合唱班")).OnlyIDX(system(t))
	school := city.DB.StaffRole.Query().Where(staffrole.PersonID(seedtest.Person(t, "lina"))).FirstX(system(t)).OrganisationID
	teachers := []*citytest.Client{city.As(t, "lina"), city.As(t, "lina").On(other)}

	var published atomic.Bool
	dropped := make(chan time.Time, 1) // when the first import that removes somebody was committed
	ended := make(chan int)
	go func() {
		rounds := 0
		for ; !published.Load() || rounds < len(sets); rounds++ {
			take([]*citytest.City{city, other}[rounds%2], sets[rounds%2])
			if rounds == 0 {
				dropped <- time.Now()
			}
		}
		ended <- rounds
	}()
	const announcements = 100
	made, began := make([]string, announcements), make([]time.Time, announcements)
	crowd(4, func(at int) {
		for i := at; i < announcements; i += 4 {
			var answer struct {
				PublishAnnouncement struct{ Announcement struct{ ID string } }
			}
			began[i] = time.Now()
			teachers[i%2].Do("PublishAnnouncement", citytest.Vars{"input": citytest.Vars{
				"idempotencyKey": uuid.NewString(), "schoolId": school, "kind": "NOTICE", "title": "合唱排练", "body": "周五下午。",
				"audience": citytest.Vars{"classes": []string{class}},
			}}).Decode(t, &answer)
			made[i] = answer.PublishAnnouncement.Announcement.ID
		}
	})
	published.Store(true)
	rounds, gone := <-ended, <-dropped
	t.Logf("%d imports beside %d announcements", rounds, announcements)

	after := 0
	for i, one := range made {
		at := map[string]*db.Delivery{}
		rows := city.DB.Delivery.Query().Where(row.AnnouncementID(one)).WithStudents().AllX(system(t))
		for _, d := range rows {
			at[d.GuardianID] = d
		}
		if told := city.DB.Notification.Query().Where(notification.EventKey(one)).CountX(system(t)); len(rows) != len(at) || told != len(rows) {
			t.Errorf("%d: %d deliveries to %d guardians, who have %d notices", i, len(rows), len(at), told)
		}
		if began[i].After(gone) {
			after++
		}
		for g, personID := range s.guardians {
			pupils := 0
			if d := at[personID]; d != nil {
				pupils = len(d.Edges.Students)
			}
			switch {
			case g < steady && pupils != 2, g >= steady && g < moved && pupils != 1 && pupils != 2:
				t.Errorf("%d: guardian %d has it about %d pupils", i, g, pupils)
			case g >= removed && pupils != 0, g >= moved && pupils != 0 && began[i].After(gone):
				t.Errorf("%d: it reached guardian %d, who may not be told", i, g)
			}
		}
	}
	if after == 0 {
		t.Error("everything was published before the first import ended: nothing raced")
	}
}
