package transit_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/transitride"
	"citygraph/internal/card"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/paycode"
	"citygraph/internal/reaction"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/transit"
)

// depot is the office with a rider and an operator.
type depot struct {
	*transit.Office
	city  *seedtest.City
	clock *seedtest.Clock
	cards *card.Cards
	rider string
	card  *db.CitizenCard
	bus   *transit.Operator

	mu   sync.Mutex
	soon []transit.Recovery // that were enqueued
}

func open(t *testing.T) *depot {
	t.Helper()
	city, hub, bus, clock := seedtest.Open(t), live.NewHub(nil), event.New(), seedtest.NewClock()
	t.Cleanup(hub.Close)
	desk := &notice.Desk{DB: city.DB, Store: city.Store, Clock: clock, Hub: hub, Deliver: func(context.Context, []string) error { return nil }}
	d := &depot{city: city, clock: clock, rider: seedtest.Person(t, "wangguiying")}
	book, register := &ledger.Book{DB: city.DB, Store: city.Store, Clock: clock}, &household.Register{DB: city.DB, Store: city.Store}
	d.Office = &transit.Office{
		DB: city.DB, Store: city.Store, Clock: clock, Events: bus, Book: book, For: register.For,
		Once: idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock},
		Ring: paycode.NewRing([]byte(strings.Repeat("k", 32))), Terms: transit.DefaultTerms(),
		Soon: func(_ context.Context, r transit.Recovery) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.soon = append(d.soon, r)
			return nil
		},
	}
	reaction.Rides(bus, desk, d.Office)
	d.cards = &card.Cards{DB: city.DB, Store: city.Store, Clock: clock, Events: bus, Book: book, For: register.For}
	d.card = city.DB.CitizenCard.Query().Where(citizencard.PersonID(d.rider)).OnlyX(seedtest.System(t))
	operators, err := transit.ParseOperators("bus=杭州公交,Hangzhou Bus," + key("b") + ";metro=杭州地铁,Hangzhou Metro," + key("m"))
	if err != nil {
		t.Fatal(err)
	}
	d.bus = operators.Keyed(key("b"))
	return d
}

func key(letter string) string { return strings.Repeat(letter, 32) }

// codes are those of a new batch of the rider's.
func (d *depot) codes(t *testing.T) []string {
	t.Helper()
	made, err := d.Issue(d.city.As(t, "wangguiying"), transit.Request{Key: uuid.New()})
	if err != nil {
		t.Fatal(err)
	}
	return made.Codes
}

// scan is one of a code at this moment.
func (d *depot) scan(id, code string, fen int64) transit.Scan {
	return transit.Scan{ID: id, Code: code, Gate: "bus 7", Fare: fen, ScannedAt: d.clock.Now()}
}

// settled are the outcomes of an upload, in their order.
func (d *depot) settled(t *testing.T, scans ...transit.Scan) string {
	t.Helper()
	answers, err := d.Settle(t.Context(), d.bus, scans)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes(answers)
}

func outcomes(answers []transit.Answer) string {
	all := make([]string, len(answers))
	for i, a := range answers {
		all[i] = string(a.Outcome)
	}
	return strings.Join(all, " ")
}

// has is the balance of an account, in fen; zero of one that is not there.
func (d *depot) has(t *testing.T, kind ledgeraccount.Kind, owner string) int64 {
	t.Helper()
	a, err := d.DB.LedgerAccount.Query().Where(ledgeraccount.KindEQ(kind), ledgeraccount.OwnerID(owner)).Only(seedtest.System(t))
	if db.IsNotFound(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return a.Balance
}

// money is what the rider has and owes, and what the operator was paid, in fen.
type money struct{ Card, Owed, Paid int64 }

func (d *depot) money(t *testing.T) money {
	t.Helper()
	return money{
		d.has(t, ledgeraccount.KindCardBalance, d.rider), -d.has(t, ledgeraccount.KindSuspense, d.rider),
		d.has(t, ledgeraccount.KindMerchant, "transit/bus"),
	}
}

// spend leaves so much on the card, in fen.
func (d *depot) spend(t *testing.T, left int64) {
	t.Helper()
	d.pay(t, left-d.has(t, ledgeraccount.KindCardBalance, d.rider))
}

// pay puts money on the card, or takes it out, in fen.
func (d *depot) pay(t *testing.T, fen int64) {
	t.Helper()
	elsewhere, err := d.Book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindProviderClearing, OwnerID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Book.Post(t.Context(), ledger.Posting{
		Key: uuid.NewString(), Kind: "TRANSFER", Domain: "CARD",
		Lines: []ledger.Line{{AccountID: elsewhere.ID, Amount: -fen}, {AccountID: d.card.AccountID, Amount: fen}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sound fails unless the book adds up.
func (d *depot) sound(t *testing.T) {
	t.Helper()
	if _, err := d.Book.Verify(seedtest.System(t), func(v ledger.Violation) { t.Errorf("%s %s: %s", v.Rule, v.ID, v.Detail) }); err != nil {
		t.Fatal(err)
	}
}

// told are the templates of the notices that the rider has of the card, in their order.
func (d *depot) told(t *testing.T) string {
	t.Helper()
	return strings.Join(d.DB.Notification.Query().Where(notification.PersonID(d.rider), notification.TopicEQ(notification.TopicCard)).
		Order(notification.BySeq()).Select(notification.FieldTemplate).StringsX(seedtest.System(t)), " ")
}

func (d *depot) rides(t *testing.T, outcome transitride.Outcome) int {
	t.Helper()
	return d.DB.TransitRide.Query().Where(transitride.OutcomeEQ(outcome)).CountX(seedtest.System(t))
}

// One code from fifty gates at once is one ride; the other scans are kept as repetitions, and answered the same again.
func TestACodeIsOneRide(t *testing.T) {
	d := open(t)
	before, code := d.money(t), d.codes(t)[0]
	var all sync.WaitGroup
	var mu sync.Mutex
	got := map[transitride.Outcome]int{}
	scans := make([]transit.Scan, 50)
	for i := range scans {
		scans[i] = d.scan(fmt.Sprint("gate ", i), code, 2_00)
		all.Go(func() {
			answers, err := d.Settle(t.Context(), d.bus, scans[i:i+1])
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			got[answers[0].Outcome]++
		})
	}
	all.Wait()
	if got[transitride.OutcomeAccepted] != 1 || got[transitride.OutcomeDuplicate] != 49 || d.rides(t, transitride.OutcomeDuplicate) != 49 {
		t.Errorf("fifty gates were answered %v", got)
	}
	again := d.settled(t, scans...)
	if strings.Count(again, "ACCEPTED") != 1 || strings.Count(again, "DUPLICATE") != 49 {
		t.Errorf("again: %s", again)
	}
	if want := (money{before.Card - 2_00, 0, 2_00}); d.money(t) != want || d.told(t) != "card/ride" {
		t.Errorf("%+v, want %+v; told %s", d.money(t), want, d.told(t))
	}
	d.sound(t)
}

// An upload of five hundred that is sent five times at once is settled once, and answered the same each time.
func TestAnUploadIsSettledOnce(t *testing.T) {
	d := open(t)
	d.Terms.Codes, d.Terms.Out = 40, 40
	before, codes := d.money(t), d.codes(t)
	scans := make([]transit.Scan, transit.MostScans)
	for i := range scans {
		scans[i] = d.scan(fmt.Sprint(i), codes[i%len(codes)], 10)
	}
	var all sync.WaitGroup
	answers := make([][]transit.Answer, 5)
	for i := range answers {
		all.Go(func() {
			var err error
			if answers[i], err = d.Settle(t.Context(), d.bus, scans); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i, a := range answers {
		if fmt.Sprint(a) != fmt.Sprint(answers[0]) {
			t.Errorf("upload %d was answered otherwise", i)
		}
	}
	if n := strings.Count(outcomes(answers[0]), "ACCEPTED"); n != 40 {
		t.Errorf("%d rides are paid, of 40 codes", n)
	}
	if want := (money{before.Card - 4_00, 0, 4_00}); d.money(t) != want {
		t.Errorf("%+v, want %+v", d.money(t), want)
	}
	d.sound(t)
}

// However many rides come at once, nobody owes more than a person may, nor all people more than the city lets them.
func TestTheCapsHold(t *testing.T) {
	for name, c := range map[string]struct {
		person, city int64
		paid         int
	}{"of a person": {10_00, 100_00, 5}, "of the city": {100_00, 6_00, 3}, "nothing": {0, 0, 0}} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			d.Terms.PersonOwes, d.Terms.CityOwes = c.person, c.city
			codes := d.codes(t)
			d.spend(t, 0)
			var all sync.WaitGroup
			for i, code := range codes {
				all.Go(func() {
					if _, err := d.Settle(t.Context(), d.bus, []transit.Scan{d.scan(fmt.Sprint(i), code, 2_00)}); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			owed := int64(c.paid) * 2_00
			if got := d.money(t); got != (money{0, owed, owed}) || d.rides(t, transitride.OutcomeSuspenseFull) != len(codes)-c.paid {
				t.Errorf("%+v, and %d are refused", got, d.rides(t, transitride.OutcomeSuspenseFull))
			}
			d.sound(t)
		})
	}
}

// What is owed is taken as money comes, by however many at once; no codes are given out before.
func TestWhatIsOwedIsRecovered(t *testing.T) {
	d := open(t)
	codes := d.codes(t)
	d.spend(t, 0)
	if got := d.settled(t, d.scan("1", codes[0], 5_00), d.scan("2", codes[1], 5_00)); got != "ACCEPTED ACCEPTED" {
		t.Fatal(got)
	}
	_, err := d.Issue(d.city.As(t, "wangguiying"), transit.Request{Key: uuid.New()})
	if fault.CodeOf(err) != fault.InsufficientFunds {
		t.Errorf("more codes: %v", err)
	}
	if left, err := d.Recover(t.Context(), d.rider); left != 10_00 || err != nil {
		t.Errorf("without money %d are left, %v", left, err)
	}
	recovered := func(fen int64) {
		d.pay(t, fen)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := d.Recover(t.Context(), d.rider); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	recovered(4_00)
	if got, want := d.money(t), (money{0, 6_00, 10_00}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	recovered(20_00)
	if got, want := d.money(t), (money{14_00, 0, 10_00}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := d.told(t); got != "card/ride_owed card/ride_owed card/rides_recovered card/rides_recovered" {
		t.Errorf("the rider was told %s", got)
	}
	if n := len(d.codes(t)); n != 10 {
		t.Errorf("%d codes afterwards", n)
	}
	d.sound(t)
}

// Who asks for codes pays first what they owe and can.
func TestCodesArePaidForFirst(t *testing.T) {
	d := open(t)
	codes := d.codes(t)
	d.spend(t, 0)
	d.settled(t, d.scan("1", codes[0], 5_00))
	d.pay(t, 8_00)
	d.codes(t)
	if got, want := d.money(t), (money{3_00, 0, 5_00}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	d.sound(t)
}
