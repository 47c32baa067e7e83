package billing_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"citygraph/ent/db/bill"
	"citygraph/internal/clinic/billing"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/seed/seedtest"
)

// A bureau that is down, slow, or does not say what it has kept pays nothing, and holds nobody up; what it may have kept it
// lets go of when it is told.
func TestABureauThatFailsHoldsNothingUp(t *testing.T) {
	for what, ill := range map[string]func(*bureau){
		"down": func(b *bureau) { b.down = true },
		"slow": func(b *bureau) { b.slow = true },
		"deaf": func(b *bureau) { b.deaf = true },
	} {
		t.Run(what, func(t *testing.T) {
			w := open(t, 500, 1000)
			b := w.issue(t, 700)
			ill(w.bureau)
			if err := w.pay(w.mother, b.ID); err != nil {
				t.Fatal(err)
			}
			w.shares(t, b.ID, 0, 0, 700)
			if now := w.bill(t, b.ID); now.Claim != bill.ClaimCancelled || w.kinds() != "Cancel Print" {
				t.Errorf("the claim is %s, and the jobs are %s", now.Claim, w.kinds())
			}
			if err := w.work(t.Context()); (err != nil) != w.bureau.down {
				t.Errorf("the jobs ended with %v", err)
			}
			w.bureau.down, w.bureau.deaf, w.bureau.slow = false, false, false
			w.worked(t)
			if w.bureau.left() != 500 {
				t.Errorf("the bureau has %d of 500", w.bureau.left())
			}
			w.sound(t)
		})
	}
}

func TestWhoIsNotInsuredPaysAlone(t *testing.T) {
	w := open(t, 0, 1000)
	delete(w.bureau.has, w.patient)
	b := w.issue(t, 700)
	if err := w.pay(w.mother, b.ID); err != nil {
		t.Fatal(err)
	}
	w.shares(t, b.ID, 0, 0, 700)
	if now := w.bill(t, b.ID); now.Claim != bill.ClaimNone || w.kinds() != "Print" {
		t.Errorf("the claim is %s, and the jobs are %s", now.Claim, w.kinds())
	}
}

// A bureau that was down when its share was to be settled is told until it hears.
func TestAShareIsSettledWhenTheBureauIsBack(t *testing.T) {
	w := open(t, 500, 1000)
	b := w.issue(t, 700)
	if err := w.pay(w.mother, b.ID); err != nil {
		t.Fatal(err)
	}
	w.bureau.down = true
	if err := w.work(t.Context()); !errors.Is(err, errBureau) {
		t.Errorf("%v", err)
	}
	if w.bill(t, b.ID).Claim != bill.ClaimReserved {
		t.Errorf("the claim is %s", w.bill(t, b.ID).Claim)
	}
	w.jobs = nil // the job has given up
	w.clock.Turn(13 * time.Hour)
	for range 2 { // the second finds nothing to enqueue
		if err := w.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if w.kinds() != "Claim" {
		t.Errorf("the jobs are %s", w.kinds())
	}
	w.bureau.down = false
	w.jobs = append(w.jobs, w.jobs...) // at least once is twice
	w.worked(t)
	if w.bill(t, b.ID).Claim != bill.ClaimSettled || w.bureau.left() != 0 {
		t.Errorf("the claim is %s, and %d fen are left", w.bill(t, b.ID).Claim, w.bureau.left())
	}
}

// A process that dies between the reservation and the transaction leaves something that the round lets go of.
func TestAPaymentThatDiesIsLetGoOf(t *testing.T) {
	w := open(t, 500, 1000)
	b := w.issue(t, 700)
	died := func() (died bool) {
		defer func() { died = recover() != nil }()
		w.bureau.between = func(string) { panic("the process dies") }
		_ = w.pay(w.mother, b.ID)
		return false
	}
	if !died() {
		t.Fatal("it lives")
	}
	w.bureau.between = nil
	if now := w.bill(t, b.ID); now.Claim != bill.ClaimReserved || w.bureau.left() != 0 {
		t.Errorf("the claim is %s, and %d fen are left", now.Claim, w.bureau.left())
	}
	w.clock.Turn(time.Minute)
	if err := w.Collect(t.Context()); err != nil || w.kinds() != "" {
		t.Errorf("too soon the jobs are %s (%v)", w.kinds(), err)
	}
	w.clock.Turn(2 * time.Minute)
	if err := w.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.worked(t)
	if now := w.bill(t, b.ID); now.Claim != bill.ClaimCancelled || w.bureau.left() != 500 {
		t.Errorf("the claim is %s, and %d fen are left", now.Claim, w.bureau.left())
	}
	if err := w.pay(w.mother, b.ID); err != nil {
		t.Fatal(err)
	}
	w.shares(t, b.ID, 500, 0, 200)
}

// A payment whose reservation the round has let go of meanwhile makes another one.
func TestAPaymentThatIsOvertakenByTheRoundReservesAgain(t *testing.T) {
	w := open(t, 500, 1000)
	b := w.issue(t, 700)
	times := 0
	w.bureau.between = func(key string) {
		if times++; times > 1 {
			return
		}
		w.DB.Bill.Update().Where(bill.Reservation(key)).SetClaim(bill.ClaimCancelled).ExecX(seedtest.System(t))
		if err := w.CancelClaim(t.Context(), billing.Cancel{Reservation: key}); err != nil {
			t.Error(err)
		}
	}
	if err := w.pay(w.mother, b.ID); err != nil {
		t.Fatal(err)
	}
	w.worked(t)
	w.shares(t, b.ID, 500, 0, 200)
	if times != 2 || w.bureau.left() != 0 {
		t.Errorf("reserved %d times, and the bureau has %d", times, w.bureau.left())
	}
}

func TestAVoidBillLetsGoOfItsReservation(t *testing.T) {
	w := open(t, 500, 1000)
	b := w.issue(t, 700)
	w.bureau.between = func(string) {
		if _, err := w.Void(w.staff, b.ID); err != nil {
			t.Error(err)
		}
	}
	if err := w.pay(w.mother, b.ID); fault.CodeOf(err) != fault.BillNotPayable {
		t.Errorf("a bill that is void by then: %v", err)
	}
	w.worked(t)
	if w.bureau.left() != 500 || w.account(t, "wangguiying").Balance != 1000 {
		t.Errorf("the bureau has %d", w.bureau.left())
	}
}

// Invariant 10: the bill, the book, the inbox and the jobs commit together or not at all, wherever the transaction fails.
func TestAPaymentCommitsWholeOrNotAtAll(t *testing.T) {
	errLate := errors.New("the transaction fails")
	for what, broken := range map[string]func(*ward){
		"claim job":  func(w *ward) { w.fail["billing.Claim"] = true },
		"print job":  func(w *ward) { w.fail["billing.Print"] = true },
		"at its end": func(w *ward) { event.On(w.bus, func(context.Context, billing.Paid) error { return errLate }) },
	} {
		t.Run(what, func(t *testing.T) {
			w := open(t, 500, 100)
			w.lend(t)
			b := w.issue(t, 700)
			before := w.rows(t)
			broken(w)
			if err := w.pay(w.mother, b.ID); fault.CodeOf(err) != fault.InternalError {
				t.Fatalf("it ended with %v", err)
			}
			w.worked(t)
			if after := w.rows(t); after != before || w.bureau.left() != 500 || w.account(t, "wangguiying").Balance != 100 {
				t.Errorf("it left %v, want %v; the bureau has %d", after, before, w.bureau.left())
			}
			if now := w.bill(t, b.ID); now.Status != bill.StatusIssued || now.InsuranceShare != 0 || now.PayerID != "" {
				t.Errorf("the bill is %+v", now)
			}
			w.sound(t)
		})
	}
	for what, broken := range map[string]func(*ward){
		"claim job":  func(w *ward) { w.fail["billing.Claim"] = true },
		"at its end": func(w *ward) { event.On(w.bus, func(context.Context, billing.Refunded) error { return errLate }) },
	} {
		t.Run("refund, "+what, func(t *testing.T) {
			w := open(t, 500, 200)
			b := w.issue(t, 700)
			if err := w.pay(w.mother, b.ID); err != nil {
				t.Fatal(err)
			}
			w.worked(t)
			before := w.rows(t)
			broken(w)
			if err := w.refund(b.ID, 700); fault.CodeOf(err) != fault.InternalError {
				t.Fatalf("it ended with %v", err)
			}
			if after := w.rows(t); after != before || w.bill(t, b.ID).Refunded != 0 {
				t.Errorf("it left %v, want %v, and %d refunded", after, before, w.bill(t, b.ID).Refunded)
			}
			w.sound(t)
		})
	}
	w := open(t, 0, 0)
	event.On(w.bus, func(context.Context, billing.Issued) error { return errLate })
	before := w.rows(t)
	_, err := w.Issue(w.staff, billing.Issue{AppointmentID: w.visit.ID, Lines: []billing.Line{line(1, 1)}})
	if fault.CodeOf(err) != fault.InternalError || w.rows(t) != before {
		t.Errorf("an issue that fails left %v, want %v (%v)", w.rows(t), before, err)
	}
}
