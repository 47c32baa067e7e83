// Package seed fills an empty database with the demo city: Hangzhou by its facts, a named cast, and as
// many invented citizens as asked. Equal sizes, seeds and clocks make equal rows, on either database.
package seed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"entgo.io/ent/dialect"

	"citygraph/ent/db"
	"citygraph/ent/db/district"
	"citygraph/internal/clock"
	"citygraph/internal/facts"
	"citygraph/internal/ledger"
	"citygraph/internal/personal"
	"citygraph/internal/resident"
	"citygraph/internal/store"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

// Options say which city to make.
type Options struct {
	Citizens int    // invented, besides the cast
	Seed     uint64 // which ones
	Clock    clock.Clock
	Vault    *vault.Vault // what seals their personal data
	// Progress is told how many of total rows are written; may be nil.
	Progress func(done, total int)
}

// ErrNotEmpty says that there is a city already, which a seed would only spoil.
var ErrNotEmpty = errors.New("the database has a city already; seed an empty one")

// Empty reports whether the database has no city yet.
func Empty(ctx context.Context, c *db.Client) (bool, error) {
	n, err := c.District.Query().Count(ctx)
	return n == 0, err
}

// City writes the demo city in one transaction: a seed that is interrupted leaves nothing. Of several
// at once one writes, and the others wait for it and get ErrNotEmpty.
func City(ctx context.Context, s *store.Store, c *db.Client, o Options) error {
	city, err := facts.Load()
	if err != nil {
		return err
	}
	ctx = viewer.AsSystem(ctx, "seed the demo city")
	return s.InTx(ctx, func(ctx context.Context) error {
		if err := alone(ctx, s); err != nil {
			return err
		}
		empty, err := Empty(ctx, c)
		if err != nil {
			return err
		}
		if !empty {
			return ErrNotEmpty
		}
		w := newWriter(s, c, city, o)
		for _, write := range []struct {
			what string
			rows func(context.Context) error
		}{
			{"districts", w.districts}, {"streets", w.streets}, {"clinics", w.clinics}, {"departments", w.departments},
			{"schedules", w.supply},
			{"schools", w.schools}, {"scenic spots", w.scenicSpots}, {"case categories", w.caseCategories},
			{"facilities", w.facilities},
			{"cast", w.cast}, {"citizens", w.citizens}, {"entitlements", w.entitlements},
			{"visits", w.visits},
			{"classes", w.roster},
		} {
			if err := write.rows(ctx); err != nil {
				return fmt.Errorf("seed %s: %w", write.what, err)
			}
		}
		return nil
	})
}

// alone waits until no other seed is under way. SQLite has one writer anyway.
func alone(ctx context.Context, s *store.Store) error {
	tx, ok := store.TxFrom(ctx)
	if !ok || s.Dialect() != dialect.Postgres {
		return nil
	}
	_, err := tx.ExecContext(ctx, "LOCK TABLE "+district.Table+" IN SHARE ROW EXCLUSIVE MODE")
	return err
}

// writer carries what the parts of a seed share.
type writer struct {
	db    *db.Client
	data  *personal.Records
	book  *ledger.Book
	city  *facts.City
	now   time.Time
	rand  *rand.Rand
	seed  uint64
	count int // citizens to invent
	streetsOf
	numbers map[string]bool // id numbers given
	adults  []string        // some of the invented citizens, who may be guardians

	progress    func(done, total int)
	done, total int
}

func newWriter(s *store.Store, c *db.Client, city *facts.City, o Options) *writer {
	w := &writer{
		db: c, city: city, now: o.Clock.Now(), seed: o.Seed, count: o.Citizens, streetsOf: groupStreets(city),
		data: &personal.Records{DB: c, Store: s, Vault: o.Vault}, numbers: map[string]bool{},
		rand:     rand.New(rand.NewPCG(o.Seed, 0x6369747967726170)),
		progress: o.Progress,
	}
	w.book = newBook(s, c, o, instant(w.now))
	if w.progress == nil {
		w.progress = func(int, int) {}
	}
	w.total = len(city.Districts) + len(city.Streets) + len(city.Hospitals) + len(city.Schools) +
		len(city.ScenicSpots) + len(city.CaseCategories) + len(city.Facilities) + len(Cast) + len(Children) + o.Citizens + mates()
	w.total += len(w.diaries()) * len(w.sessions())
	for _, h := range city.Hospitals {
		w.total += len(h.Departments)
	}
	return w
}

func (w *writer) wrote(rows int) {
	w.done += rows
	w.progress(w.done, w.total)
}

// batch is how many rows go into one statement, within every database's limit of bound values.
const batch = 500

// inBatches makes the creates of n rows and sends them in batches.
func inBatches[C any](n int, create func(i int) C, send func(...C) error) error {
	for from := 0; from < n; from += batch {
		rows := make([]C, 0, batch)
		for i := from; i < min(from+batch, n); i++ {
			rows = append(rows, create(i))
		}
		if err := send(rows...); err != nil {
			return err
		}
	}
	return nil
}

// idNumber is a resident number nobody else has.
func (w *writer) idNumber(district, born string, order int) string {
	for ; ; order++ {
		digits := fmt.Sprintf("%s%s%03d", district, strings.ReplaceAll(born, "-", ""), order%1000)
		if number := digits + string(resident.Check(digits)); !w.numbers[number] {
			w.numbers[number] = true
			return number
		}
	}
}

// identified is what a person's resident number and phone tell.
func (w *writer) identified(name, idNumber, phone string) (personal.Data, error) {
	number, err := resident.Parse(idNumber, w.now)
	return personal.Data{Name: name, IDNumber: number.Text, BirthDate: number.Birth, Sex: number.Sex, Phone: phone}, err
}
