package roster_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/rosteruser"
	"citygraph/ent/db/school"
	"citygraph/ent/db/schoolclass"
	"citygraph/ent/migrations"
	"citygraph/internal/cache"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/oneroster"
	"citygraph/internal/personal"
	"citygraph/internal/place"
	"citygraph/internal/resident"
	"citygraph/internal/school/roster"
	"citygraph/internal/seed"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
	"citygraph/internal/viewer"
)

// rig is the demo city with its roster office.
type rig struct {
	*seedtest.City
	*roster.Office
	url   string
	told  []string
	ended []string // who is no teacher any more
}

func open(t testing.TB) *rig {
	t.Helper()
	url := storetest.URL(t, migrations.Files)
	r := at(t, storetest.OpenURL(t, url))
	if err := seed.City(t.Context(), r.City.Store, r.City.DB, seed.Options{Citizens: 5, Seed: 1, Clock: clock.System{}, Vault: seedtest.Vault(t)}); err != nil {
		t.Fatal(err)
	}
	r.url = url
	return r
}

// at is the office of a city that is there.
func at(t testing.TB, s *store.Store) *rig {
	t.Helper()
	r := &rig{City: &seedtest.City{Store: s, DB: db.NewClient(db.Driver(s.Driver()))}}
	hub := live.NewHub(nil)
	t.Cleanup(hub.Close)
	bus := event.New()
	event.On(bus, func(_ context.Context, e roster.RoleEnded) error { r.ended = append(r.ended, e.PersonID); return nil })
	records := &personal.Records{DB: r.City.DB, Store: r.City.Store, Vault: seedtest.Vault(t)}
	register := &household.Register{
		DB: r.City.DB, Store: r.City.Store, Clock: clock.System{}, Events: bus, Hub: hub, Records: records,
		Once: idempotency.Ledger{DB: r.City.DB, Store: r.City.Store, Clock: clock.System{}},
	}
	r.Office = &roster.Office{
		DB: r.City.DB, Store: r.City.Store, Clock: clock.System{}, Events: bus, Records: records, Register: register,
		Places: &place.Finder{DB: r.City.DB, Cache: cache.New(nil, clock.System{}, 10)},
	}
	register.Births = r.Births
	return r
}

// take imports a set and fails the test where it fails.
func (r *rig) take(t testing.TB, from string) roster.Done {
	t.Helper()
	done, err := r.try(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func (r *rig) try(ctx context.Context, from string) (roster.Done, error) {
	r.told = nil
	return r.Import(ctx, r.order(from))
}

func (r *rig) order(from string) roster.Order {
	return roster.Order{From: from, Source: "sis.example", Told: func(p oneroster.Problem) { r.told = append(r.told, p.Error()) }}
}

type ctx = context.Context

// data is what somebody is bound by.
func data(name, number, phone string) personal.Data {
	return personal.Data{Name: name, IDNumber: number, BirthDate: "1949-12-31", Sex: resident.Female, Phone: phone}
}

// expect compares what was told with the beginnings of lines.
func (r *rig) expect(t testing.TB, want ...string) {
	t.Helper()
	left := slices.Clone(r.told)
	for _, w := range want {
		at := slices.IndexFunc(left, func(line string) bool { return strings.Contains(line, w) })
		if at < 0 {
			t.Errorf("nothing says %q", w)
			continue
		}
		left = slices.Delete(left, at, at+1)
	}
	for _, line := range left {
		t.Errorf("told: %s", line)
	}
}

// member finds one of the cast or of the children.
func member(key string) (seed.Member, string) {
	for i, m := range slices.Concat(seed.Cast, seed.Children) {
		if m.Key == key {
			return m, fmt.Sprintf("1380571%04d", 8000+i)
		}
	}
	panic(key)
}

// number is the id number the demo city gave to a member.
func (r *rig) number(t testing.TB, key string) string {
	t.Helper()
	d, found, err := r.Records.Of(seedtest.System(t), seedtest.Person(t, key))
	if err != nil || !found {
		t.Fatal(key, err)
	}
	return d.IDNumber
}

const usersHead = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"

// user is a row of users.
func user(id, status, org, role, name, number, phone, agents string) string {
	runes := []rune(name)
	ids := ""
	if number != "" {
		ids = "{IDCARD:" + number + "}"
	}
	return fmt.Sprintf("%s,%s,,true,%s,%s,%s,%s,%s,%s,,,,%s,,%q,,\n", id, status, org, role, id, ids, string(runes[1:]), string(runes[:1]), phone, agents)
}

// users are those of the sample: the mother's daughter and another child, with the mother, the father whom a custody order bars, a
// teacher, and two whom nobody knows.
func (r *rig) users(t testing.TB) string {
	t.Helper()
	_, mother := member("chenjing")
	_, father := member("zhouwei")
	return usersHead +
		user("zihan", "", "primary", "student", "周子涵", r.number(t, "zhouzihan"), "", "mum,dad") +
		user("kid", "", "primary", "student", "王小明", "", "", "mum,gran,ghost") +
		user("mum", "", "primary", "parent", "陈静", "", "+86 "+mother, "") +
		user("dad", "", "primary", "parent", "周伟", "", father, "") +
		user("gran", "", "primary", "relative", "王奶奶", "", "13900001111", "") +
		user("lina", "", "primary", "teacher", "李娜", r.number(t, "lina"), "", "") +
		user("newt", "", "primary", "teacher", "何老师", freeNumber, "", "") +
		user("liar", "", "primary", "parent", "冒名者", r.number(t, "maming"), "", "")
}

// freeNumber is that of nobody in the demo city.
const freeNumber = "11010519491231002X"

// set writes the sample with these users, and what replaces other files.
func (r *rig) set(t testing.TB, users string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	found, err := filepath.Glob("testdata/bulk/*.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, filepath.Base(name), string(text))
	}
	write(t, dir, "users.csv", users)
	for name, text := range files {
		write(t, dir, name, text)
	}
	return dir
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// manifest says of some files that they are a delta, and of no others.
func manifest(files ...string) string {
	text := "propertyName,value\noneroster.version,1.1\n"
	for _, f := range files {
		text += "file." + f + ",delta\n"
	}
	return text
}

// classes are the titles of the classes a person is in.
func (r *rig) classesOf(t testing.TB, personID string) []string {
	t.Helper()
	rows, err := r.Office.DB.Enrollment.Query().Where(enrollment.PersonID(personID), enrollment.StatusEQ(enrollment.StatusActive)).
		WithSchoolClass().Order(enrollment.ByID()).All(seedtest.System(t))
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, e := range rows {
		if e.SourceSystem != nil && *e.SourceSystem == "sis.example" {
			titles = append(titles, e.Edges.SchoolClass.Title)
		}
	}
	return titles
}

// is the person of one of the roster's users; empty while nobody is known.
func (r *rig) is(t testing.TB, user string) string {
	t.Helper()
	u, err := r.Office.DB.RosterUser.Query().Where(rosteruser.SourceValue(user)).Only(seedtest.System(t))
	if err != nil {
		t.Fatal(err)
	}
	if u.PersonID == nil {
		return ""
	}
	return *u.PersonID
}

// stands is where a guardianship stands; empty where there is none.
func (r *rig) stands(t testing.TB, guardianID, childID string) guardianship.Status {
	t.Helper()
	g, err := r.Office.DB.Guardianship.Query().Where(guardianship.GuardianID(guardianID), guardianship.ChildID(childID)).All(seedtest.System(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(g) == 0 {
		return ""
	}
	return g[0].Status
}

// rows are all rows an import writes, as text, to see whether one changes anything.
func (r *rig) rows(t testing.TB) string {
	t.Helper()
	ctx := seedtest.System(t)
	var text strings.Builder
	for _, table := range []string{"roster_users", "enrollments", "school_classes", "academic_sessions", "schools", "guardianships", "staff_roles", "people", "personal_data"} {
		rows, err := r.Office.DB.QueryContext(ctx, "SELECT * FROM "+table+" ORDER BY id")
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			cells := make([]any, len(columns))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				t.Fatal(err)
			}
			for _, c := range cells {
				fmt.Fprint(&text, *c.(*any), "\x1f")
			}
			text.WriteByte('\n')
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

func (r *rig) classID(t testing.TB, source string) string {
	t.Helper()
	c, err := r.Office.DB.SchoolClass.Query().Where(schoolclass.SourceValue(source)).Only(seedtest.System(t))
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

func (r *rig) schoolID(t testing.TB, source string) string {
	t.Helper()
	s, err := r.Office.DB.School.Query().Where(school.SourceValue(source)).Only(seedtest.System(t))
	if err != nil {
		t.Fatal(err)
	}
	return s.ID
}

// teaches reports whether somebody may act as a teacher of the school.
func (r *rig) teaches(t testing.TB, personID, schoolID string) bool {
	t.Helper()
	return viewer.From(r.City.As(t, "lina")).PersonID == personID && viewer.From(r.City.As(t, "lina")).HasAt(viewer.Teacher, schoolID)
}

func itoa(n int) string { return strconv.Itoa(n) }
