package seed_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	_ "citygraph/ent/db/runtime" // the row rules
	"citygraph/ent/migrations"
	"citygraph/internal/ledger"
	"citygraph/internal/seed"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
	"citygraph/internal/viewer"
)

// noon is the clock of a city in a test.
type noon struct{}

func (noon) Now() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 123_456_000, time.UTC) }

// city is a seeded database.
type city struct {
	store *store.Store
	db    *db.Client
}

func newCity(t *testing.T, url string) city {
	t.Helper()
	s := storetest.OpenURL(t, url)
	if err := store.Migrate(t.Context(), s, migrations.Files); err != nil {
		t.Fatal(err)
	}
	return city{s, db.NewClient(db.Driver(s.Driver()))}
}

func (c city) seed(t *testing.T, o seed.Options) {
	t.Helper()
	o.Clock, o.Vault = noon{}, seedtest.Vault(t)
	if err := seed.City(t.Context(), c.store, c.db, o); err != nil {
		t.Fatal(err)
	}
}

// rows are all rows a seed writes, by table, in order of their ids.
func (c city) rows(t *testing.T) map[string][]string {
	t.Helper()
	ctx := viewer.AsSystem(t.Context(), "compare two cities")
	return map[string][]string{
		"districts":       encode(ctx, t, c.db.District.Query().Order(db.Asc("id")).All),
		"streets":         encode(ctx, t, c.db.Street.Query().Order(db.Asc("id")).All),
		"clinics":         encode(ctx, t, c.db.Clinic.Query().Order(db.Asc("id")).All),
		"departments":     encode(ctx, t, c.db.Department.Query().Order(db.Asc("id")).All),
		"practitioners":   encode(ctx, t, c.db.Practitioner.Query().Order(db.Asc("id")).All),
		"schedules":       encode(ctx, t, c.db.Schedule.Query().Order(db.Asc("id")).All),
		"slots":           encode(ctx, t, c.db.Slot.Query().Order(db.Asc("id")).All),
		"schools":         encode(ctx, t, c.db.School.Query().Order(db.Asc("id")).All),
		"scenic spots":    encode(ctx, t, c.db.ScenicSpot.Query().Order(db.Asc("id")).All),
		"case categories": encode(ctx, t, c.db.CaseCategory.Query().Order(db.Asc("id")).All),
		"facilities":      encode(ctx, t, c.db.CityFacility.Query().Order(db.Asc("id")).All),
		"people":          encode(ctx, t, c.db.Person.Query().Order(db.Asc("id")).All),
		"identities":      encode(ctx, t, c.db.Identity.Query().Order(db.Asc("id")).All),
		"cards":           encode(ctx, t, c.db.CitizenCard.Query().Order(db.Asc("id")).All),
		"accounts":        encode(ctx, t, c.db.LedgerAccount.Query().Order(db.Asc("id")).All),
		"transactions":    encode(ctx, t, c.db.LedgerTransaction.Query().Order(db.Asc("id")).All),
		"entries":         encode(ctx, t, c.db.LedgerEntry.Query().Order(db.Asc("id")).All),
		"roles":           encode(ctx, t, c.db.StaffRole.Query().Order(db.Asc("id")).All),
		"cases":           encode(ctx, t, c.db.CityCase.Query().Order(db.Asc("id")).All),
		"entitlements":    encode(ctx, t, c.db.EntitlementGrant.Query().Order(db.Asc("id")).All),
		"events":          encode(ctx, t, c.db.CaseEvent.Query().Order(db.Asc("id")).All),
	}
}

// book is the digest of the money, which adds up.
func (c city) book(t *testing.T) string {
	t.Helper()
	book := &ledger.Book{DB: c.db, Store: c.store, Clock: noon{}}
	proof, err := book.Verify(t.Context(), func(v ledger.Violation) { t.Errorf("the book is wrong: %+v", v) })
	if err != nil {
		t.Fatal(err)
	}
	return proof.Digest
}

func encode[T any](ctx context.Context, t *testing.T, all func(context.Context) ([]T, error)) []string {
	t.Helper()
	found, err := all(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]string, len(found))
	for i, row := range found {
		text, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		rows[i] = string(text)
	}
	return rows
}

// Where the tests run on PostgreSQL, this compares a city there with one on SQLite.
func TestEqualSeedsMakeEqualRows(t *testing.T) {
	const more = 1200 // than two batches
	lite := newCity(t, "sqlite://"+filepath.Join(t.TempDir(), "city.db"))
	lite.seed(t, seed.Options{Citizens: more, Seed: 7})
	other := newCity(t, storetest.URL(t))
	other.seed(t, seed.Options{Citizens: more, Seed: 7})

	want := lite.rows(t)
	for table, rows := range want {
		if len(rows) == 0 {
			t.Errorf("no %s", table)
		}
	}
	if diff := cmp.Diff(want, other.rows(t)); diff != "" {
		t.Errorf("the cities differ (-SQLite +other):\n%s", diff)
	}
	if one, two := lite.book(t), other.book(t); one != two {
		t.Errorf("the digests of one book are %s and %s", one, two)
	}
}

func TestOtherSeedsMakeOtherPeople(t *testing.T) {
	first, second := newCity(t, storetest.URL(t)), newCity(t, storetest.URL(t))
	first.seed(t, seed.Options{Citizens: 50, Seed: 1})
	second.seed(t, seed.Options{Citizens: 50, Seed: 2})
	one, two := first.rows(t), second.rows(t)
	if cmp.Equal(one["people"], two["people"]) || cmp.Equal(one["cases"], two["cases"]) {
		t.Error("two seeds made the same people")
	}
	if !cmp.Equal(one["streets"], two["streets"]) || !cmp.Equal(one["roles"], two["roles"]) {
		t.Error("the facts and the cast depend on the seed")
	}
}

// Progress goes forward, never over the total, and ends exactly there.
func TestProgressEndsAtItsTotal(t *testing.T) {
	c := newCity(t, storetest.URL(t))
	last, calls := 0, 0
	c.seed(t, seed.Options{Citizens: 1001, Seed: 1, Progress: func(done, total int) {
		calls++
		if done <= last || done > total {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last = done
	}})
	if calls < 10 {
		t.Errorf("told %d times", calls)
	}
	rows := c.rows(t)
	want := 0
	for _, table := range []string{"districts", "streets", "clinics", "departments", "slots", "schools", "scenic spots", "case categories", "facilities", "people"} {
		want += len(rows[table])
	}
	if last != want {
		t.Errorf("the progress ends at %d, and %d rows are there", last, want)
	}
}

func TestSeedRefusesACity(t *testing.T) {
	c := newCity(t, storetest.URL(t))
	c.seed(t, seed.Options{Citizens: 5, Seed: 1})
	before := c.rows(t)
	err := seed.City(t.Context(), c.store, c.db, seed.Options{Citizens: 5, Seed: 2, Clock: noon{}, Vault: seedtest.Vault(t)})
	if !errors.Is(err, seed.ErrNotEmpty) {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(before, c.rows(t)); diff != "" {
		t.Errorf("the city was changed:\n%s", diff)
	}
}

func TestInterruptedSeedLeavesNothing(t *testing.T) {
	c := newCity(t, storetest.URL(t))
	ctx, stop := context.WithCancel(t.Context())
	err := seed.City(ctx, c.store, c.db, seed.Options{Citizens: 5000, Seed: 1, Clock: noon{}, Vault: seedtest.Vault(t), Progress: func(done, total int) {
		if done > total/2 {
			stop()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	for table, rows := range c.rows(t) {
		if len(rows) > 0 {
			t.Errorf("%d %s are left", len(rows), table)
		}
	}
}
