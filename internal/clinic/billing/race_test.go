package billing_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/bill"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/clinic/billing"
	"citygraph/internal/fault"
	"citygraph/internal/live"
	"citygraph/internal/seed/seedtest"
)

// replicas are two desks over one database and one bureau.
func replicas(t *testing.T, insured, own int64) [2]*ward {
	t.Helper()
	first := open(t, insured, own)
	hub := live.NewHub(nil)
	t.Cleanup(hub.Close)
	second := wardOf(t, first.city, hub, first.bureau)
	second.visit = first.visit
	return [2]*ward{first, second}
}

// A daughter and her mother pay at once, each at both replicas: one of them pays.
func TestPayersRace(t *testing.T) {
	both := replicas(t, 300, 1000)
	w := both[0]
	w.lend(t)
	w.put(t, "chenjing", 1000)
	for range 5 {
		w.bureau.mu.Lock()
		had := w.bureau.has[w.patient]
		w.bureau.mu.Unlock()
		mother, daughter := w.account(t, "wangguiying").Balance, w.account(t, "chenjing").Balance
		b := w.issue(t, 100)
		codes := atOnce(t, 12, func(i int) error {
			return both[i%2].pay([]context.Context{w.mother, w.daughter}[i/2%2], b.ID)
		})
		if codes[""] != 1 || codes[fault.BillNotPayable] != 11 {
			t.Errorf("payments ended with %v", codes)
		}
		for _, r := range both {
			r.worked(t)
		}
		paid := w.bill(t, b.ID)
		spent := mother - w.account(t, "wangguiying").Balance + daughter - w.account(t, "chenjing").Balance
		if paid.Status != bill.StatusPaid || spent != paid.SelfShare || paid.InsuranceShare != had-w.bureau.left() {
			t.Errorf("%s; %d spent, %d of insurance, of which the bureau knows %d", paid.Status, spent, paid.InsuranceShare, had-w.bureau.left())
		}
	}
	w.sound(t)
}

// Payments, and the clinic's taking the bill back, race: one of them wins.
func TestPaymentsRaceWithVoid(t *testing.T) {
	both := replicas(t, 300, 1000)
	w := both[0]
	for range 5 {
		had, left := w.account(t, "wangguiying").Balance, w.bureau.left()
		b := w.issue(t, 100)
		codes := atOnce(t, 8, func(i int) error {
			if i%4 == 3 {
				_, err := both[i%2].Void(w.staff, b.ID)
				return err
			}
			return both[i%2].pay(w.mother, b.ID)
		})
		if codes[""] != 1 || codes[fault.BillNotPayable]+codes[fault.InvalidTransition] != 7 {
			t.Errorf("callers ended with %v", codes)
		}
		for _, r := range both {
			r.worked(t)
		}
		if now := w.bill(t, b.ID); now.Status == bill.StatusVoid && (w.account(t, "wangguiying").Balance != had || w.bureau.left() != left) {
			t.Errorf("a void bill has cost %d, and %d of insurance", had-w.account(t, "wangguiying").Balance, left-w.bureau.left())
		}
	}
	w.sound(t)
}

// Invariant 11: refunds that race sum to the bill at most.
func TestRefundsRace(t *testing.T) {
	both := replicas(t, 300, 200)
	w := both[0]
	w.lend(t)
	b := w.issue(t, 700)
	if err := w.pay(w.mother, b.ID); err != nil {
		t.Fatal(err)
	}
	codes := atOnce(t, 24, func(i int) error { return both[i%2].refund(b.ID, 100) })
	if codes[""] != 7 || codes[fault.RefundExceeds] != 17 {
		t.Errorf("refunds ended with %v", codes)
	}
	for _, r := range both {
		r.worked(t)
	}
	if now := w.bill(t, b.ID); now.Status != bill.StatusRefunded || now.Refunded != 700 || w.bureau.left() != 300 || w.account(t, "wangguiying").Balance != 200 {
		t.Errorf("%s, %d refunded, the bureau has %d, the card %d", now.Status, now.Refunded, w.bureau.left(), w.account(t, "wangguiying").Balance)
	}
	w.sound(t)
}

// The fee of the slot is on one bill, however many are issued at once.
func TestIssuesRace(t *testing.T) {
	both := replicas(t, 0, 0)
	w := both[0]
	w.visit.QuerySlot().OnlyX(seedtest.System(t)).Update().SetFee(18).ExecX(seedtest.System(t))
	codes := atOnce(t, 8, func(i int) error {
		_, err := both[i%2].Issue(w.staff, billing.Issue{Key: uuid.New(), AppointmentID: w.visit.ID, Lines: []billing.Line{line(1, 1)}})
		return err
	})
	var sum int64
	for _, b := range w.DB.Bill.Query().AllX(seedtest.System(t)) {
		sum += b.Total
	}
	if codes[""] != 8 || sum != 18+8 {
		t.Errorf("issues ended with %v, and come to %d fen", codes, sum)
	}
}

// Whatever is issued, paid, given back and taken back in whatever order: shares sum to totals, the book verifies, and what
// the bureau pays is what the book says that it owes.
func TestAnyOrderAddsUp(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := open(t, 1500, 1200)
			w.lend(t)
			random := rand.New(rand.NewPCG(seed, 1))
			var bills []string
			for range 60 {
				if len(bills) == 0 || random.IntN(4) == 0 {
					bills = append(bills, w.issue(t, 1+random.Int64N(400)).ID)
					continue
				}
				b := bills[random.IntN(len(bills))]
				var err error
				switch random.IntN(6) {
				case 0, 1:
					err = w.pay(w.mother, b)
				case 2:
					err = w.pay(w.daughter, b)
				case 3, 4:
					err = w.refund(b, 1+random.Int64N(250))
				default:
					_, err = w.Void(w.staff, b)
				}
				if fault.CodeOf(err) == fault.InternalError {
					t.Fatal(err)
				}
				if random.IntN(5) == 0 {
					w.bureau.mu.Lock()
					w.bureau.down = !w.bureau.down
					w.bureau.mu.Unlock()
				}
				if err := w.work(t.Context()); err != nil && !w.bureau.down {
					t.Fatal(err)
				}
			}
			w.bureau.down = false
			w.worked(t)
			w.worked(t)
			var claimed int64
			for _, id := range bills {
				b := w.bill(t, id)
				sum := b.InsuranceShare + b.CreditShare + b.SelfShare
				switch b.Status {
				case bill.StatusPaid, bill.StatusRefunded:
					if sum != b.Total || b.Refunded > b.Total || (b.Refunded == b.Total) != (b.Status == bill.StatusRefunded) {
						t.Errorf("%s of %d: shares of %d, %d refunded", b.Status, b.Total, sum, b.Refunded)
					}
					claimed += b.InsuranceShare - max(b.Refunded-b.CreditShare-b.SelfShare, 0)
				case bill.StatusIssued, bill.StatusVoid:
					if sum != 0 || b.Refunded != 0 {
						t.Errorf("%s: shares of %d, %d refunded", b.Status, sum, b.Refunded)
					}
				}
			}
			owed := int64(0)
			for _, a := range w.DB.LedgerAccount.Query().Where(ledgeraccount.KindEQ(ledgeraccount.KindInsurance)).AllX(seedtest.System(t)) {
				owed -= a.Balance
			}
			if paid := 1500 - w.bureau.left(); paid != claimed || owed != claimed {
				t.Errorf("the bureau has paid %d, the book says %d, and the bills %d", paid, owed, claimed)
			}
			w.sound(t)
		})
	}
}
