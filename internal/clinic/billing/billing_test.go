package billing_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/bill"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/personaldata"
	"citygraph/internal/charge"
	"citygraph/internal/clinic/billing"
	"citygraph/internal/clock"
	"citygraph/internal/credit"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

func line(amount int64, quantity int) billing.Line {
	return billing.Line{Code: "CBC", Name: secret, Amount: amount, Quantity: quantity}
}

func TestABillSumsItsLinesAndTheFeeOfTheSlotOnce(t *testing.T) {
	w := open(t, 0, 0)
	w.visit.QuerySlot().OnlyX(seedtest.System(t)).Update().SetFee(18_00).ExecX(seedtest.System(t))
	issue := func() int64 {
		t.Helper()
		made, err := w.Issue(w.staff, billing.Issue{Key: uuid.New(), AppointmentID: w.visit.ID, Lines: []billing.Line{line(100, 3), line(1, 1)}})
		if err != nil {
			t.Fatal(err)
		}
		if want := clock.DayEnd(w.clock.Now(), 7); !made.DueAt.Equal(want) {
			t.Errorf("due at %v, want %v", made.DueAt, want)
		}
		opened, err := w.Lines(w.mother, []*db.Bill{made})
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		for _, l := range opened[0] {
			sum += l.Total()
		}
		if sum != made.Total {
			t.Errorf("lines sum to %d of %d", sum, made.Total)
		}
		return made.Total
	}
	if first, second := issue(), issue(); first != 18_00+301 || second != 301 {
		t.Errorf("bills of %d and %d fen", first, second)
	}
	for _, b := range w.DB.Bill.Query().AllX(seedtest.System(t)) {
		if _, err := w.Void(w.staff, b.ID); err != nil {
			t.Fatal(err)
		}
	}
	if again := issue(); again != 18_00+301 {
		t.Errorf("after all are void, a bill of %d fen", again)
	}
	if told := w.told(t, "wangguiying"); told != "clinic/bill_issued clinic/bill_issued clinic/bill_voided clinic/bill_voided clinic/bill_issued" {
		t.Errorf("she was told %s", told)
	}
	if told := w.told(t, "chenjing"); !strings.HasPrefix(told, "clinic/bill_issued_for_another") {
		t.Errorf("her daughter was told %s", told)
	}
}

func TestWhatCannotBeIssued(t *testing.T) {
	w := open(t, 0, 0)
	before := w.rows(t)
	many := make([]billing.Line, 101)
	for i := range many {
		many[i] = line(1, 1)
	}
	for what, c := range map[string]struct {
		lines []billing.Line
		code  fault.Code
		at    string
	}{
		"no line":           {nil, fault.BadUserInput, "lines"},
		"too many":          {many, fault.BadUserInput, "lines"},
		"less than nothing": {[]billing.Line{line(1, 1), line(-1, 1)}, fault.BadAmount, "lines.1.amount"},
		"nothing":           {[]billing.Line{line(0, 1)}, fault.BadAmount, "lines.0.amount"},
		"too much":          {[]billing.Line{line(1_000_000_01, 1)}, fault.BadAmount, "lines.0.amount"},
		"too much in all":   {[]billing.Line{line(600_000_00, 1), line(600_000_00, 1)}, fault.BadAmount, "lines.1.amount"},
		"an overflow":       {[]billing.Line{line(1<<62, 4)}, fault.BadAmount, "lines.0.amount"},
		"none of it":        {[]billing.Line{line(1, 0)}, fault.BadUserInput, "lines.0.quantity"},
		"too many of it":    {[]billing.Line{line(1, 10_001)}, fault.BadUserInput, "lines.0.quantity"},
		"no code":           {[]billing.Line{{Name: "x", Amount: 1, Quantity: 1}}, fault.BadUserInput, "lines.0.code"},
		"the fee":           {[]billing.Line{{Code: "REGISTRATION", Name: "x", Amount: 1, Quantity: 1}}, fault.BadUserInput, "lines.0.code"},
		"a bell":            {[]billing.Line{{Code: "A", Name: "x\a", Amount: 1, Quantity: 1}}, fault.BadUserInput, "lines.0.name"},
		"a long name":       {[]billing.Line{{Code: "A", Name: strings.Repeat("长", 101), Amount: 1, Quantity: 1}}, fault.BadUserInput, "lines.0.name"},
		"broken letters":    {[]billing.Line{{Code: "A", Name: "\xff", Amount: 1, Quantity: 1}}, fault.BadUserInput, "lines.0.name"},
	} {
		_, err := w.Issue(w.staff, billing.Issue{Key: uuid.New(), AppointmentID: w.visit.ID, Lines: c.lines})
		faulttest.Refused(t, what, err, c.code)
		if at := strings.Join(fault.From(err).Field, "."); at != c.at {
			t.Errorf("%s: at %s, want %s", what, at, c.at)
		}
	}
	issue := func(ctx context.Context, visit string) error {
		_, err := w.Issue(ctx, billing.Issue{Key: uuid.New(), AppointmentID: visit, Lines: []billing.Line{line(1, 1)}})
		return err
	}
	faulttest.Refused(t, "a visitor", issue(w.none, w.visit.ID), fault.Unauthenticated)
	faulttest.Refused(t, "the patient", issue(w.mother, w.visit.ID), fault.NotFound)
	faulttest.Refused(t, "no visit", issue(w.staff, id.New(id.Appointment)), fault.NotFound)
	elsewhere := viewer.With(t.Context(), &viewer.Viewer{PersonID: seedtest.Person(t, "xumin"), Roles: []viewer.Role{{Kind: viewer.ClinicStaff, OrganisationID: id.New(id.Clinic)}}})
	faulttest.Refused(t, "another clinic", issue(elsewhere, w.visit.ID), fault.NotFound)
	for _, status := range []appointment.Status{appointment.StatusPending, appointment.StatusBooked, appointment.StatusCancelled, appointment.StatusNoShow} {
		visit := seedtest.PutAppointment(t, w.city, "lina", status)
		faulttest.Refused(t, string(status), issue(w.staff, visit.ID), fault.InvalidTransition)
	}
	if after := w.rows(t); after != before {
		t.Errorf("refusals left %v, want %v", after, before)
	}
	if err := issue(w.staff, seedtest.PutAppointment(t, w.city, "lina", appointment.StatusFulfilled).ID); err != nil {
		t.Errorf("a visit that is over cannot be billed: %v", err)
	}
}

// The insurance account pays first, then the card, then the credit line what the card lacks.
func TestABillIsSplit(t *testing.T) {
	for what, c := range map[string]struct {
		insured, own, total       int64
		byInsurance, lent, byCard int64
	}{
		"all three":         {300, 200, 700, 300, 200, 200},
		"insurance alone":   {800, 200, 700, 700, 0, 0},
		"card alone":        {0, 800, 700, 0, 0, 700},
		"credit alone":      {0, 0, 700, 0, 700, 0},
		"insurance, card":   {100, 600, 700, 100, 0, 600},
		"insurance, credit": {100, 0, 700, 100, 600, 0},
	} {
		t.Run(what, func(t *testing.T) {
			w := open(t, c.insured, c.own)
			w.lend(t)
			b := w.issue(t, c.total)
			if err := w.pay(w.mother, b.ID); err != nil {
				t.Fatal(err)
			}
			w.shares(t, b.ID, c.byInsurance, c.lent, c.byCard)
			w.worked(t)
			paid := w.bill(t, b.ID)
			if paid.Status != bill.StatusPaid || paid.PayerID != w.patient || paid.PaidAt == nil || paid.ReceiptKey == "" {
				t.Errorf("the bill is %+v", paid)
			}
			if settled := paid.Claim == bill.ClaimSettled; settled != (c.byInsurance > 0) || w.bureau.left() != c.insured-c.byInsurance {
				t.Errorf("the claim is %s, and the bureau has %d", paid.Claim, w.bureau.left())
			}
			if left := w.account(t, "wangguiying").Balance; left != c.own-c.byCard {
				t.Errorf("%d fen are left on the card", left)
			}
			if line := w.DB.CreditLine.Query().OnlyX(seedtest.System(t)); (line.DueAt != nil) != (c.lent > 0) {
				t.Errorf("with %d lent, the line is due at %v", c.lent, line.DueAt)
			}
			w.sound(t)
		})
	}
}

func TestADaughterPaysWithHerOwnMoneyAlone(t *testing.T) {
	w := open(t, 100, 50)
	w.lend(t)
	w.put(t, "chenjing", 500)
	b := w.issue(t, 700)
	before := w.rows(t)
	faulttest.Refused(t, "too little", w.pay(w.daughter, b.ID), fault.InsufficientFunds)
	if w.bill(t, b.ID).Claim != bill.ClaimCancelled || w.kinds() != "Cancel" {
		t.Errorf("a payment that was refused left the claim %s and the jobs %s", w.bill(t, b.ID).Claim, w.kinds())
	}
	w.worked(t)
	if after := w.rows(t); after != before || w.bureau.left() != 100 {
		t.Errorf("a refusal left %v, want %v; the bureau has %d", after, before, w.bureau.left())
	}
	w.put(t, "chenjing", 600)
	if err := w.pay(w.daughter, b.ID); err != nil {
		t.Fatal(err)
	}
	w.shares(t, b.ID, 100, 0, 600)
	if paid := w.bill(t, b.ID); paid.PayerID != seedtest.Person(t, "chenjing") || w.account(t, "wangguiying").Balance != 50 {
		t.Errorf("the bill is %+v", paid)
	}
	if told := w.told(t, "chenjing"); told != "clinic/bill_issued_for_another clinic/bill_paid_with_yours" {
		t.Errorf("she was told %s", told)
	}
	if told := w.told(t, "wangguiying"); told != "clinic/bill_issued clinic/bill_paid" {
		t.Errorf("her mother was told %s", told)
	}
	w.sound(t)
}

func TestWhoMayNotPay(t *testing.T) {
	w := open(t, 0, 1000)
	b := w.issue(t, 700)
	before := w.rows(t)
	faulttest.Refused(t, "a visitor", w.pay(w.none, b.ID), fault.Unauthenticated)
	faulttest.Refused(t, "a neighbour", w.pay(w.city.As(t, "maming"), b.ID), fault.NotFound)
	faulttest.Refused(t, "no bill", w.pay(w.mother, id.New(id.Bill)), fault.NotFound)
	faulttest.Refused(t, "the clinic", w.pay(w.staff, b.ID), fault.DelegationScope)
	seedtest.PutCard(t, w.DB, w.DB.CitizenCard.Query().Where(citizencard.PersonID(w.patient)).OnlyX(seedtest.System(t)).ID, citizencard.StatusLost)
	faulttest.Refused(t, "a lost card", w.pay(w.mother, b.ID), fault.CardNotActive)
	w.worked(t)
	if after := w.rows(t); after != before {
		t.Errorf("refusals left %v, want %v", after, before)
	}
	if _, err := w.Void(w.staff, b.ID); err != nil {
		t.Fatal(err)
	}
	w.put(t, "chenjing", 1000)
	faulttest.Refused(t, "a void bill", w.pay(w.daughter, b.ID), fault.BillNotPayable)
}

func TestTheSamePaymentTwiceTakesEffectOnce(t *testing.T) {
	w := open(t, 100, 1000)
	b, p := w.issue(t, 700), billing.Payment{Key: uuid.New()}
	p.BillID = b.ID
	for range 3 {
		paid, err := w.Pay(w.mother, p)
		if err != nil || paid.Status != bill.StatusPaid {
			t.Fatalf("%+v, %v", paid, err)
		}
	}
	faulttest.Refused(t, "once more", w.pay(w.mother, b.ID), fault.BillNotPayable)
	_, err := w.Pay(w.mother, billing.Payment{Key: p.Key, BillID: w.issue(t, 1).ID})
	faulttest.Refused(t, "the key for another", err, fault.IdempotencyKeyReused)
	if left := w.account(t, "wangguiying").Balance; left != 400 {
		t.Errorf("%d fen are left", left)
	}
}

// The credit line gets its part back first, the card next, the insurance account last.
func TestRefundsGoBackInOrder(t *testing.T) {
	w := open(t, 300, 200)
	w.lend(t)
	b := w.issue(t, 700)
	if err := w.pay(w.mother, b.ID); err != nil {
		t.Fatal(err)
	}
	w.worked(t)
	is := func(what string, refunded, owed, own, insured int64, status bill.Status) {
		t.Helper()
		w.worked(t)
		line := w.DB.CreditLine.Query().WithAccount().OnlyX(seedtest.System(t))
		now := w.bill(t, b.ID)
		if now.Refunded != refunded || now.Status != status || -line.Edges.Account.Balance != owed || w.account(t, "wangguiying").Balance != own || w.bureau.left() != insured {
			t.Errorf("%s: %d refunded, %s, %d owed, %d on the card, %d insured", what, now.Refunded, now.Status,
				-line.Edges.Account.Balance, w.account(t, "wangguiying").Balance, w.bureau.left())
		}
		w.sound(t)
	}
	is("paid", 0, 200, 0, 0, bill.StatusPaid)
	for _, fen := range []int64{0, -1} {
		faulttest.Refused(t, "nothing", w.refund(b.ID, fen), fault.BadAmount)
	}
	faulttest.Refused(t, "too much", w.refund(b.ID, 701), fault.RefundExceeds)
	step := func(fen int64) {
		t.Helper()
		if err := w.refund(b.ID, fen); err != nil {
			t.Fatal(err)
		}
	}
	step(150)
	is("a part", 150, 50, 0, 0, bill.StatusPaid)
	step(150)
	is("the rest of the line, and a part of the card", 300, 0, 100, 0, bill.StatusPaid)
	step(200)
	is("the rest of the card, and a part of the insurance", 500, 0, 200, 100, bill.StatusPaid)
	faulttest.Refused(t, "more than is left", w.refund(b.ID, 201), fault.RefundExceeds)
	step(200)
	is("all", 700, 0, 200, 300, bill.StatusRefunded)
	faulttest.Refused(t, "after all", w.refund(b.ID, 1), fault.RefundExceeds)
	faulttest.Refused(t, "paying again", w.pay(w.mother, b.ID), fault.BillNotPayable)
	_, err := w.Void(w.staff, b.ID)
	faulttest.Refused(t, "voiding", err, fault.InvalidTransition)
	faulttest.Refused(t, "refunding what is not paid", w.refund(w.issue(t, 1).ID, 1), fault.InvalidTransition)
}

func TestWhoMayNotVoidOrRefund(t *testing.T) {
	w := open(t, 0, 1000)
	b := w.issue(t, 700)
	elsewhere := viewer.With(t.Context(), &viewer.Viewer{PersonID: seedtest.Person(t, "xumin"), Roles: []viewer.Role{{Kind: viewer.ClinicStaff, OrganisationID: id.New(id.Clinic)}}})
	for what, ctx := range map[string]context.Context{"the patient": w.mother, "another clinic": elsewhere, "a neighbour": w.city.As(t, "maming")} {
		_, err := w.Void(ctx, b.ID)
		faulttest.Refused(t, what, err, fault.NotFound)
		_, err = w.Refund(ctx, billing.Return{Key: uuid.New(), BillID: b.ID, Amount: 1})
		faulttest.Refused(t, what, err, fault.NotFound)
	}
	_, err := w.Void(w.none, b.ID)
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
}

// What was lent and is repaid since goes on to the card.
func TestARefundOfWhatIsRepaidGoesOnToTheCard(t *testing.T) {
	w := open(t, 0, 0)
	w.lend(t)
	b := w.issue(t, 700)
	if err := w.pay(w.mother, b.ID); err != nil {
		t.Fatal(err)
	}
	w.put(t, "wangguiying", 700)
	if _, err := w.lines.Repay(w.mother, credit.Repayment{Key: uuid.New(), Amount: 700}); err != nil {
		t.Fatal(err)
	}
	if err := w.refund(b.ID, 300); err != nil {
		t.Fatal(err)
	}
	if left := w.account(t, "wangguiying").Balance; left != 300 {
		t.Errorf("%d fen are on the card", left)
	}
	w.sound(t)
}

// The till gives back no bill: the bill would not know of it.
func TestTheTillDoesNotReverseABill(t *testing.T) {
	w := open(t, 100, 1000)
	b := w.issue(t, 700)
	if err := w.pay(w.mother, b.ID); err != nil {
		t.Fatal(err)
	}
	_, err := w.till.Refund(w.staff, charge.Refund{Key: uuid.New(), TransactionID: *w.bill(t, b.ID).LedgerTransactionID, Amount: 1})
	faulttest.Refused(t, "the till", err, fault.NotFound)
	if err := w.refund(b.ID, 700); err != nil {
		t.Error(err)
	}
}

func TestWhatMayBeDone(t *testing.T) {
	w := open(t, 0, 1000)
	b := w.issue(t, 700)
	may := func(what string, patient, daughter, staff []billing.Action) {
		t.Helper()
		for who, c := range map[string]struct {
			ctx  context.Context
			want []billing.Action
		}{"the patient": {w.mother, patient}, "her daughter": {w.daughter, daughter}, "the clinic": {w.staff, staff}} {
			got, err := w.AllowedActions(c.ctx, w.bill(t, b.ID))
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: %s may %v, want %v (%v)", what, who, got, c.want, err)
			}
		}
	}
	none := []billing.Action{}
	may("issued", []billing.Action{billing.Pay}, []billing.Action{billing.Pay}, []billing.Action{billing.Void})
	if err := w.pay(w.mother, b.ID); err != nil {
		t.Fatal(err)
	}
	may("paid", none, none, []billing.Action{billing.Refund})
	w.worked(t)
	may("printed", []billing.Action{billing.Receipt}, none, []billing.Action{billing.Refund})
	if err := w.refund(b.ID, 700); err != nil {
		t.Fatal(err)
	}
	may("refunded", []billing.Action{billing.Receipt}, none, none)
}

func TestPatientsAreRemindedOfABillOnce(t *testing.T) {
	w := open(t, 0, 1000)
	paid := w.issue(t, 1)
	if err := w.pay(w.mother, paid.ID); err != nil {
		t.Fatal(err)
	}
	b := w.issue(t, 700)
	collect := func() string {
		t.Helper()
		if err := w.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		return w.told(t, "wangguiying")
	}
	if told := collect(); strings.Contains(told, "due") {
		t.Errorf("at once she was told %s", told)
	}
	w.clock.Turn(b.DueAt.Sub(w.clock.Now()) - 23*time.Hour)
	for range 2 {
		if told := collect(); strings.Count(told, "clinic/bill_due") != 1 {
			t.Errorf("she was told %s", told)
		}
	}
}

// What was done to a patient stands in no notice and in no job.
func TestLinesAreToldToNobody(t *testing.T) {
	w := open(t, 100, 1000)
	b := w.issue(t, 700)
	if err := w.pay(w.daughter, b.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.refund(b.ID, 700); err != nil {
		t.Fatal(err)
	}
	jobs, err := json.Marshal(w.jobs)
	if err != nil {
		t.Fatal(err)
	}
	notices, err := json.Marshal(w.DB.Notification.Query().Where(notification.TopicEQ(notification.TopicClinic)).AllX(seedtest.System(t)))
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"jobs": string(jobs), "notices": string(notices), "the row": string(w.bill(t, b.ID).Sealed)} {
		if strings.Contains(text, secret) || strings.Contains(text, "CBC") {
			t.Errorf("%s tell what was done: %s", what, text)
		}
	}
}

// Once a patient's data are gone the bill stays, and nobody reads what it was for.
func TestABillOutlivesItsPatientsData(t *testing.T) {
	w := open(t, 100, 1000)
	b := w.issue(t, 700)
	if err := w.pay(w.mother, b.ID); err != nil {
		t.Fatal(err)
	}
	w.worked(t)
	link := w.ReceiptURL(w.mother, w.bill(t, b.ID))
	if link == nil {
		t.Fatal("there is no receipt")
	}
	if w.ReceiptURL(w.staff, w.bill(t, b.ID)) != nil || w.ReceiptURL(w.daughter, w.bill(t, b.ID)) != nil {
		t.Error("there is a receipt for others")
	}
	if _, err := w.Download(t.Context(), b.ID+".patient"); err != nil {
		t.Errorf("it cannot be downloaded: %v", err)
	}
	sealed, err := w.Files.ReadAll(t.Context(), "receipts/"+b.ID)
	if err != nil || strings.HasPrefix(string(sealed), "%PDF") {
		t.Errorf("the file lies open: %v", err)
	}
	system := seedtest.System(t)
	w.DB.PersonalData.Delete().Where(personaldata.PersonID(w.patient)).ExecX(system)
	if err := w.Forget(system, w.patient); err != nil {
		t.Fatal(err)
	}
	w.worked(t)
	if _, err := w.Files.ReadAll(t.Context(), "receipts/"+b.ID); err == nil {
		t.Error("the receipt is still there")
	}
	_, err = w.Download(t.Context(), b.ID+".patient")
	faulttest.Refused(t, "its link", err, fault.NotFound)
	lines, err := w.Lines(w.staff, []*db.Bill{w.bill(t, b.ID)})
	if err != nil || lines[0] != nil {
		t.Errorf("the lines are %v, %v", lines, err)
	}
	_, err = w.Issue(w.staff, billing.Issue{Key: uuid.New(), AppointmentID: w.visit.ID, Lines: []billing.Line{line(1, 1)}})
	faulttest.Refused(t, "another bill", err, fault.RealNameRequired)
}
