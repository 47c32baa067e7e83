package booking_test

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
)

// The morning rush: what is released at eight, and who comes for it.
const (
	rushPeople = 5_000
	rushSlots  = 100
	rushPlaces = 10              // of each slot
	rushFor    = 5 * time.Second // in which everybody arrives
)

// arrival is what became of one who came.
type arrival struct {
	slot   int
	took   time.Duration
	code   fault.Code
	booked bool
}

// BenchmarkMorningRush has five thousand people come at eight for the thousand places of a hundred slots, in an open loop: each at their
// time, whether or not those before have been answered, at two replicas by turns; a file of SQLite is one replica's alone. It fails unless all places are booked and
// all others are refused with SLOT_FULL. `make bench-rush` runs it on both databases.
func BenchmarkMorningRush(b *testing.B) {
	for range b.N {
		b.StopTimer()
		d := open(b)
		d.clock.Turn(time.Date(2026, 12, 1, 8, 0, 0, 0, clock.Shanghai).Sub(d.clock.Now())) // a week before the slots, to the second
		people := d.people(b, rushPeople)
		slots := make([]*db.Slot, rushSlots)
		for i, diary := range d.diaries(b, rushSlots) {
			slots[i] = d.beside(b, diary, 7*24*time.Hour+time.Duration(i%8)*time.Hour, rushPlaces)
		}
		b.StartTimer()
		came := d.rush(people, slots)
		b.StopTimer()
		d.sound(b)
		report(b, came)
	}
}

// rush lets everybody come at their time.
func (d *desk) rush(people []context.Context, slots []*db.Slot) []arrival {
	replicas := d.replicas
	if d.Store.Dialect() == dialect.SQLite {
		replicas = replicas[:1]
	}
	came, began := make([]arrival, len(people)), time.Now()
	var all sync.WaitGroup
	for i, p := range people {
		due := began.Add(rushFor * time.Duration(i) / time.Duration(len(people)))
		all.Go(func() {
			time.Sleep(time.Until(due))
			_, err := replicas[i%len(replicas)].Book(p, booking.Booking{Key: uuid.New(), SlotID: &slots[i%len(slots)].ID})
			came[i] = arrival{slot: i % len(slots), took: time.Since(due), code: fault.CodeOf(err), booked: err == nil}
		})
	}
	all.Wait()
	return came
}

// report prints how it went. Fairness is how many of the places of a slot went to the first who came for it, of all.
func report(b *testing.B, came []arrival) {
	b.Helper()
	codes, took, order, early := map[fault.Code]int{}, []time.Duration{}, map[int]int{}, 0
	for _, a := range came {
		codes[a.code]++
		took = append(took, a.took)
		if a.booked && order[a.slot] < rushPlaces {
			early++
		}
		order[a.slot]++
	}
	slices.Sort(took)
	database := "SQLite"
	if os.Getenv("CITYGRAPH_TEST_DATABASE_URL") != "" {
		database = "PostgreSQL"
	}
	b.Logf("%s: %d people in %s; answers p50 %s, p99 %s, last %s; %v; %.1f %% of the places went to the first who came for them",
		database, len(came), rushFor, took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond),
		took[len(took)-1].Round(time.Millisecond), codes, 100*float64(early)/float64(rushSlots*rushPlaces))
	b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
	if codes[""] != rushSlots*rushPlaces || codes[""]+codes[fault.SlotFull] != len(came) {
		b.Errorf("answers were %v", codes)
	}
}
