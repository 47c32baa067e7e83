package credit_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/creditline"
	"citygraph/internal/charge"
	"citygraph/internal/clock"
	"citygraph/internal/credit"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/identity"
	"citygraph/internal/paycode"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

func TestWhoOpensALine(t *testing.T) {
	h := open(t, 100)
	before := h.rows(t)
	refused := func(what string, ctx context.Context, want fault.Code) {
		t.Helper()
		_, err := h.Open(ctx, uuid.New())
		faulttest.Refused(t, what, err, want)
	}
	refused("a visitor", t.Context(), fault.Unauthenticated)
	refused("a child", h.city.As(t, "zhouzihan"), fault.BadUserInput)
	refused("nobody the city knows", viewer.With(t.Context(), &viewer.Viewer{PersonID: "person_none"}), fault.BadUserInput)
	h.disagree.Store(true)
	refused("without consent", h.me, fault.ConsentRequired)
	h.disagree.Store(false)
	system := seedtest.System(t)
	h.DB.Person.UpdateOneID(h.holder).SetDeletionDueAt(h.clock.Now()).ExecX(system)
	refused("who leaves", h.me, fault.BadUserInput)
	h.DB.Person.UpdateOneID(h.holder).ClearDeletionDueAt().ExecX(system)
	h.DB.CitizenCard.UpdateOne(h.card).SetStatus("LOST").ExecX(system)
	refused("with a lost card", h.me, fault.CardNotActive)
	h.DB.CitizenCard.UpdateOne(h.card).SetStatus("ACTIVE").ExecX(system)
	if got := h.rows(t); got != before || h.DB.CreditLine.Query().CountX(system) != 0 {
		t.Errorf("refusals left %v of %v", got, before)
	}
	key := uuid.New()
	codes := atOnce(t, 8, func(int) error { _, err := h.Open(h.me, key); return err })
	if codes[""] != 8 {
		t.Errorf("one request sent eight times ended with %v", codes)
	}
	refused("once more", h.me, fault.InvalidTransition)
	h.has(t, 100, 0, creditline.StatusActive)
}

func TestALineIsClosedAndOpenedAgain(t *testing.T) {
	h := lends(t, 0)
	line := h.line(t)
	acts := func(want credit.Action) {
		t.Helper()
		if got, err := credit.AllowedActions(h.me, h.line(t)); err != nil || !slices.Equal(got, []credit.Action{want}) {
			t.Errorf("she may %v (%v), want %s", got, err, want)
		}
	}
	acts(credit.Close)
	h.treated(t, 10)
	acts(credit.Repay)
	before := h.rows(t)
	_, err := h.Close(h.me, line.ID)
	faulttest.Refused(t, "while something is owed", err, fault.CreditOwed)
	_, err = h.Close(h.city.As(t, "maming"), line.ID)
	faulttest.Refused(t, "another's", err, fault.NotFound)
	_, err = h.Close(t.Context(), line.ID)
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
	if got := h.rows(t); got != before {
		t.Errorf("refusals left %v of %v", got, before)
	}
	h.give(t, 10)
	faulttest.Refused(t, "repay", h.repay(10), "")
	_, err = h.Close(h.me, line.ID)
	faulttest.Refused(t, "close", err, "")
	acts(credit.Open)
	_, err = h.Close(h.me, line.ID)
	faulttest.Refused(t, "close again", err, fault.InvalidTransition)
	faulttest.Refused(t, "repay on a closed line", h.repay(1), fault.InvalidTransition)
	_, err = h.treat(t, 1)
	faulttest.Refused(t, "draw on a closed line", err, fault.InsufficientFunds)
	h.Cap = 500
	again, err := h.Open(h.me, uuid.New())
	faulttest.Refused(t, "open again", err, "")
	if limit, err := credit.Cap(h.me, again); again.ID != line.ID || err != nil || limit != 500 {
		t.Errorf("%s is open again with %d fen (%v)", again.ID, limit, err)
	}
	h.treated(t, 500)
	h.has(t, 0, 500, creditline.StatusActive)
}

func TestAClinicDrawsWhatTheCardLacks(t *testing.T) {
	h := lends(t, 30)
	h.treated(t, 30)
	h.has(t, 0, 0, creditline.StatusActive)
	h.give(t, 30)
	h.treated(t, 100)
	h.has(t, 0, 70, creditline.StatusActive)
	y, m, d := h.clock.Now().In(clock.Shanghai).Date()
	due := time.Date(y, m, d+31, 0, 0, 0, 0, clock.Shanghai)
	h.clock.Turn(48 * time.Hour)
	h.treated(t, 20) // with nothing on the card
	if got := h.line(t).DueAt; !got.Equal(due) {
		t.Errorf("it is due at %s, want %s", got, due)
	}
	if got := h.told(t); got != "card/charged card/charged_on_credit card/charged_on_credit" {
		t.Errorf("she was told %s", got)
	}
	before := h.rows(t)
	_, err := h.treat(t, limit-90+1)
	faulttest.Refused(t, "above the cap", err, fault.InsufficientFunds)
	wutao := h.city.As(t, "wutao")
	_, err = h.sell(t, wutao, viewer.From(wutao).Organisations(viewer.ScenicOperator)[0], paycode.ScenicSpot, 1)
	faulttest.Refused(t, "at a scenic spot", err, fault.InsufficientFunds)
	h.disagree.Store(true)
	_, err = h.treat(t, 1)
	faulttest.Refused(t, "after the consent was withdrawn", err, fault.InsufficientFunds)
	h.disagree.Store(false)
	if err := h.Book.Block(t.Context(), h.card.AccountID); err != nil {
		t.Fatal(err)
	}
	_, err = h.treat(t, 1)
	faulttest.Refused(t, "with a blocked card", err, fault.CardNotActive)
	if got := h.rows(t); got != before {
		t.Errorf("refusals left %v of %v", got, before)
	}
	h.has(t, 0, 90, creditline.StatusActive)
}

func TestRepayment(t *testing.T) {
	h := open(t, 0)
	faulttest.Refused(t, "without a line", h.repay(1), fault.NotFound)
	if _, err := h.Open(h.me, uuid.New()); err != nil {
		t.Fatal(err)
	}
	faulttest.Refused(t, "with nothing owed", h.repay(1), fault.BadAmount)
	h.treated(t, 100)
	h.give(t, 60)
	before := h.rows(t)
	for fen, want := range map[int64]fault.Code{0: fault.BadAmount, -1: fault.BadAmount, 101: fault.BadAmount, 61: fault.InsufficientFunds} {
		faulttest.Refused(t, "", h.repay(fen), want)
	}
	_, err := h.Repay(t.Context(), credit.Repayment{Key: uuid.New(), Amount: 1})
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
	h.DB.CitizenCard.UpdateOne(h.card).SetStatus("LOST").ExecX(seedtest.System(t))
	faulttest.Refused(t, "with a lost card", h.repay(1), fault.CardNotActive)
	h.DB.CitizenCard.UpdateOne(h.card).SetStatus("ACTIVE").ExecX(seedtest.System(t))
	if got := h.rows(t); got != before {
		t.Errorf("refusals left %v of %v", got, before)
	}
	part := credit.Repayment{Key: uuid.New(), Amount: 40}
	for range 2 {
		_, err = h.Repay(h.me, part)
		faulttest.Refused(t, "a part", err, "")
		h.has(t, 20, 60, creditline.StatusActive)
	}
	part.Amount = 41
	_, err = h.Repay(h.me, part)
	faulttest.Refused(t, "another amount under the key", err, fault.IdempotencyKeyReused)
	h.give(t, 40)
	faulttest.Refused(t, "the rest", h.repay(60), "")
	h.has(t, 0, 0, creditline.StatusActive)
	if got := h.told(t); got != "card/charged_on_credit card/credit_repaid card/credit_repaid" {
		t.Errorf("she was told %s", got)
	}
}

// What a merchant gives back pays the line first, and the card with what was repaid from it or paid by it.
func TestRefunds(t *testing.T) {
	h := lends(t, 30)
	paid := h.treated(t, 100) // 30 and 70
	h.refund(t, paid, 50)
	h.has(t, 0, 20, creditline.StatusActive)
	h.refund(t, paid, 30)
	h.has(t, 10, 0, creditline.StatusActive)
	lent := h.treated(t, 110) // 10 and 100
	h.give(t, 100)
	faulttest.Refused(t, "repay", h.repay(60), "")
	h.has(t, 40, 40, creditline.StatusActive)
	h.refund(t, lent, 90) // 40 are owed: the other 50 she has repaid
	h.has(t, 90, 0, creditline.StatusActive)
	if _, err := h.Close(h.me, h.line(t).ID); err != nil {
		t.Fatal(err)
	}
	h.refund(t, lent, 20) // 10 that she has repaid, and 10 of the card
	h.has(t, 110, 0, creditline.StatusClosed)
	_, err := h.till.Refund(h.cashier, charge.Refund{Key: uuid.New(), TransactionID: lent, Amount: 1})
	faulttest.Refused(t, "above what was paid", err, fault.RefundExceeds)
}

func TestWhatIsDue(t *testing.T) {
	h := lends(t, 0)
	h.treated(t, 100)
	due := *h.line(t).DueAt
	collect := func(at time.Time, told string, status creditline.Status) {
		t.Helper()
		h.clock.Turn(at.Sub(h.clock.Now()))
		for range 2 {
			if err := h.Collect(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := h.told(t); got != told {
			t.Errorf("she was told %s, want %s", got, told)
		}
		h.has(t, h.left(t), 100, status)
	}
	collect(due.AddDate(0, 0, -3).Add(-time.Second), "card/charged_on_credit", creditline.StatusActive)
	collect(due.AddDate(0, 0, -3), "card/charged_on_credit card/credit_due", creditline.StatusActive)
	collect(due.Add(-time.Second), "card/charged_on_credit card/credit_due", creditline.StatusActive)
	collect(due, "card/charged_on_credit card/credit_due card/credit_overdue", creditline.StatusOverdue)
	_, err := h.treat(t, 1)
	faulttest.Refused(t, "draw on an overdue line", err, fault.InsufficientFunds)
	if available, err := credit.Available(h.me, h.line(t)); err != nil || available != 0 {
		t.Errorf("%d fen can be drawn (%v)", available, err)
	}
	h.give(t, 100)
	faulttest.Refused(t, "a part", h.repay(99), "")
	h.has(t, 1, 1, creditline.StatusOverdue)
	faulttest.Refused(t, "the rest", h.repay(1), "")
	h.has(t, 0, 0, creditline.StatusActive)
	h.treated(t, 10)
	if next := h.line(t); !next.DueAt.After(due) || next.RemindedAt != nil {
		t.Errorf("the next period is due at %s, and was told of at %v", next.DueAt, next.RemindedAt)
	}
}

// Who owes cannot end their account, and the line of who does not is closed with it.
func TestLeaving(t *testing.T) {
	h := lends(t, 0)
	leave := func() error {
		return h.Store.InTx(h.me, func(ctx context.Context) error {
			return h.bus.Emit(ctx, identity.DeletionAsked{PersonID: h.holder, DueAt: h.clock.Now()})
		})
	}
	h.treated(t, 10)
	faulttest.Refused(t, "owing", leave(), fault.CreditOwed)
	h.has(t, 0, 10, creditline.StatusActive)
	h.give(t, 10)
	faulttest.Refused(t, "repay", h.repay(10), "")
	for range 2 {
		faulttest.Refused(t, "owing nothing", leave(), "")
		h.has(t, 0, 0, creditline.StatusClosed)
	}
}
