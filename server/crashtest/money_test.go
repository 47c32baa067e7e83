package crashtest_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// moneyTime is how long the servers die under the payments.
var moneyTime = flag.Duration("money", 12*time.Second, "how long TestMoneySurvivesKills goes on: 2m is the full size")

const (
	moneyClients = 64
	// killEvery is from one kill to the next; a start that takes longer is waited for.
	killEvery = time.Second
	// moneyFinish is how long what was asked for before the end may take afterwards.
	moneyFinish = 2 * patience
)

// holders pay with their cards, those in stopped lose theirs and find them again; cashiers take the money, each at the
// place where they work.
var (
	holders  = []string{"chenjing", "zhouwei", "wangguiying", "lina", "qianjun", "maming"}
	stopped  = []string{"wangguiying", "qianjun", "maming"}
	cashiers = []struct{ member, purpose string }{{"xumin", "CLINIC"}, {"wutao", "SCENIC_SPOT"}}
)

// fleet is the replicas, as clients find them: one that was killed has no address until its successor serves.
type fleet struct {
	t     testing.TB
	place *place
	urls  []*atomic.Pointer[string]
	up    []*process
	kills int
}

// startFleet has the replicas serve; a file of SQLite has one.
func startFleet(t testing.TB, p *place) *fleet {
	f := &fleet{t: t, place: p, urls: make([]*atomic.Pointer[string], 2)}
	if p.sqlite() {
		f.urls = f.urls[:1]
	}
	f.up = make([]*process, len(f.urls))
	for i := range f.urls {
		f.urls[i] = new(atomic.Pointer[string])
		f.serve(i)
	}
	return f
}

func (f *fleet) serve(i int) {
	var url string
	f.up[i], url = serve(f.t, f.place.env)
	f.urls[i].Store(&url)
}

// harass kills one replica after the other until the time is over.
func (f *fleet) harass(d time.Duration) {
	end := time.Now().Add(d)
	for next := time.Now(); time.Now().Before(end); f.kills++ {
		next = next.Add(killEvery)
		pass(f.t, time.Until(next))
		i := f.kills % len(f.up)
		f.up[i].kill()
		f.serve(i)
		if now := time.Now(); next.Before(now) {
			next = now.Add(-killEvery / 2) // the survivors have half of the time at least
		}
	}
}

func (f *fleet) stop() {
	for _, p := range f.up {
		p.stop()
	}
}

// Invariants 8 to 12: 64 clients pay, top up, give back, and stop cards, with repetitions and nonsense among it, while
// one server after the other dies. Every fen is where somebody was told that it is.
func TestMoneySurvivesKills(t *testing.T) {
	p := newPlace(t)
	if o := command(t, p.env, "seed", "--citizens", "5"); o.code != 0 {
		t.Fatal(o.problems)
	}
	s, client := p.open(t)
	b := openMoneyBook(t, s, client)
	opening := b.balances()
	f := startFleet(t, p)
	m := newMarket(f, b)

	work, leave := context.WithCancel(t.Context())
	defer leave()
	finish, cancel := context.WithCancel(context.WithoutCancel(work))
	defer cancel()
	var busy sync.WaitGroup
	for i := range moneyClients {
		random := rand.New(rand.NewPCG(11, uint64(i)))
		if i < len(stopped) {
			card := b.card(stopped[i])
			busy.Go(func() { m.loseAndFind(work, finish, stopped[i], card, random) })
			continue
		}
		busy.Go(func() { m.trade(work, finish, random) })
	}
	f.harass(*moneyTime)
	leave()
	timer := time.AfterFunc(moneyFinish, cancel)
	busy.Wait()
	timer.Stop()
	if t.Failed() {
		return
	}
	b.awaitTopUps()
	f.stop()
	b.check(m, opening)
	if o := command(t, p.env, "ledger", "verify"); o.code != 0 {
		t.Errorf("ledger verify: exit %d, %s %s", o.code, o.out, o.problems)
	}
	t.Logf("%s, %d clients, %d kills of %d replicas: %s", *moneyTime, moneyClients, f.kills, len(f.urls), m)
}
