package charge_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/notification"
	"citygraph/internal/charge"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/paycode"
	"citygraph/internal/reaction"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// shop is the till with a citizen at it.
type shop struct {
	*charge.Till
	clock  *seedtest.Clock
	holder string
	card   *db.CitizenCard
	clinic string // of which xumin is staff
	spot   string // which wutao operates
}

func open(t *testing.T) *shop {
	t.Helper()
	city, hub, bus, clock := seedtest.Open(t), live.NewHub(nil), event.New(), seedtest.NewClock()
	t.Cleanup(hub.Close)
	desk := &notice.Desk{DB: city.DB, Store: city.Store, Clock: clock, Hub: hub, Deliver: func(context.Context, []string) error { return nil }}
	reaction.Charges(bus, desk)
	s := &shop{clock: clock, holder: seedtest.Person(t, "wangguiying")}
	s.Till = &charge.Till{
		DB: city.DB, Store: city.Store, Clock: clock, Events: bus,
		Once: idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock},
		Book: &ledger.Book{DB: city.DB, Store: city.Store, Clock: clock},
		Ring: paycode.NewRing([]byte(strings.Repeat("k", 32))), HoldLife: time.Hour,
	}
	s.card = city.DB.CitizenCard.Query().Where(citizencard.PersonID(s.holder)).OnlyX(seedtest.System(t))
	s.clinic = viewer.From(city.As(t, "xumin")).Organisations(viewer.ClinicStaff)[0]
	s.spot = viewer.From(city.As(t, "wutao")).Organisations(viewer.ScenicOperator)[0]
	return s
}

func (s *shop) as(t *testing.T, name string) context.Context {
	t.Helper()
	return (&seedtest.City{Store: s.Store, DB: s.DB}).As(t, name)
}

// code is a new one for the holder's card.
func (s *shop) code(t *testing.T, purpose paycode.Purpose) string {
	t.Helper()
	claims, err := paycode.New(s.card.ID, purpose, s.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	code, err := s.Ring.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (s *shop) sale(t *testing.T, fen int64) charge.Charge {
	t.Helper()
	return charge.Charge{Key: uuid.New(), MerchantID: s.clinic, Code: s.code(t, paycode.Clinic), Amount: fen}
}

// left is what is on the card, in fen.
func (s *shop) left(t *testing.T) int64 {
	t.Helper()
	return s.DB.LedgerAccount.GetX(seedtest.System(t), s.card.AccountID).Balance
}

// traces are the rows that charges leave.
type traces struct{ Transactions, Notices, Deeds, Records, Merchants int }

func (s *shop) traces(t *testing.T) traces {
	t.Helper()
	ctx := seedtest.System(t)
	return traces{
		s.DB.LedgerTransaction.Query().CountX(ctx), s.DB.Notification.Query().Where(notification.TopicEQ(notification.TopicCard)).CountX(ctx),
		s.DB.AuditEvent.Query().Where(auditevent.ActionIn("chargeCode", "reverseTransaction")).CountX(ctx), s.DB.IdempotencyRecord.Query().CountX(ctx),
		s.DB.LedgerAccount.Query().Where(ledgeraccount.KindEQ(ledgeraccount.KindMerchant)).CountX(ctx),
	}
}

// sound fails unless the book adds up.
func (s *shop) sound(t *testing.T) {
	t.Helper()
	if _, err := s.Book.Verify(seedtest.System(t), func(v ledger.Violation) { t.Errorf("%s %s: %s", v.Rule, v.ID, v.Detail) }); err != nil {
		t.Fatal(err)
	}
}

// templates are the notices that the holder was told, in their order.
func (s *shop) templates(t *testing.T) string {
	t.Helper()
	told := s.DB.Notification.Query().Where(notification.PersonID(s.holder), notification.TopicEQ(notification.TopicCard)).
		Order(notification.BySeq()).Select(notification.FieldTemplate).StringsX(seedtest.System(t))
	return strings.Join(told, " ")
}

func (s *shop) charged(t *testing.T, fen int64) *charge.Receipt {
	t.Helper()
	receipt, err := s.Charge(s.as(t, "xumin"), s.sale(t, fen))
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// Invariants 10 and 12: fifty gates have one code, each with a key of its own, and one of them is paid. The winner
// then asks twenty times more, after the code has expired as well.
func TestACodeIsChargedOnce(t *testing.T) {
	s := open(t)
	before, left, xumin := s.traces(t), s.left(t), s.as(t, "xumin")
	sale := s.sale(t, 10)
	var all sync.WaitGroup
	var mu sync.Mutex
	codes, winner := map[fault.Code]int{}, charge.Charge{}
	for range 50 {
		all.Go(func() {
			c := sale
			c.Key = uuid.New()
			_, err := s.Charge(xumin, c)
			mu.Lock()
			defer mu.Unlock()
			codes[fault.CodeOf(err)]++
			if err == nil {
				winner = c
			}
		})
	}
	all.Wait()
	if codes[""] != 1 || codes[fault.PayCodeReplayed] != 49 {
		t.Fatalf("gates ended with %v", codes)
	}
	s.clock.Turn(time.Hour)
	first, err := s.Charge(xumin, winner)
	if err != nil {
		t.Fatal(err)
	}
	for range 19 {
		all.Go(func() {
			if again, err := s.Charge(xumin, winner); err != nil || *again != *first {
				t.Errorf("again: %+v, %v; first %+v", again, err, first)
			}
		})
	}
	all.Wait()
	other := winner
	other.Amount++
	_, err = s.Charge(xumin, other)
	faulttest.Refused(t, "another amount under the key", err, fault.IdempotencyKeyReused)
	want := before
	want.Transactions++
	want.Notices++
	want.Deeds++
	want.Records++
	want.Merchants++
	if got := s.traces(t); got != want || s.left(t) != left-10 {
		t.Errorf("%+v and %d fen are left, want %+v and %d", got, s.left(t), want, left-10)
	}
	s.sound(t)
}

// One request that is sent twenty times at once is charged once.
func TestARequestIsChargedOnce(t *testing.T) {
	s := open(t)
	left, xumin, sale := s.left(t), s.as(t, "xumin"), s.sale(t, 10)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := s.Charge(xumin, sale); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if s.left(t) != left-10 || s.templates(t) != "card/charged" {
		t.Errorf("%d of %d fen are left, and the holder was told %s", s.left(t), left, s.templates(t))
	}
	s.sound(t)
}

// Invariant 20: what is refused leaves nothing.
func TestRefusals(t *testing.T) {
	s := open(t)
	before, left := s.traces(t), s.left(t)
	old := s.code(t, paycode.Clinic)
	s.clock.Turn(time.Minute)
	for name, c := range map[string]struct {
		as   string
		turn func(*charge.Charge)
		want fault.Code
	}{
		"a visitor":           {"", func(*charge.Charge) {}, fault.Unauthenticated},
		"a citizen":           {"wangguiying", func(*charge.Charge) {}, fault.Forbidden},
		"another's staff":     {"wutao", func(*charge.Charge) {}, fault.Forbidden},
		"an administrator":    {"fanglei", func(*charge.Charge) {}, fault.Forbidden},
		"nowhere":             {"xumin", func(c *charge.Charge) { c.MerchantID = "" }, fault.Forbidden},
		"nothing":             {"xumin", func(c *charge.Charge) { c.Amount = 0 }, fault.BadAmount},
		"less than nothing":   {"xumin", func(c *charge.Charge) { c.Amount = -1 }, fault.BadAmount},
		"more than there is":  {"xumin", func(c *charge.Charge) { c.Amount = left + 1 }, fault.InsufficientFunds},
		"no code":             {"xumin", func(c *charge.Charge) { c.Code = "" }, fault.PayCodeInvalid},
		"a damaged code":      {"xumin", func(c *charge.Charge) { c.Code = c.Code[:len(c.Code)-1] + "!" }, fault.PayCodeInvalid},
		"an old code":         {"xumin", func(c *charge.Charge) { c.Code = old }, fault.PayCodeExpired},
		"a code for a park":   {"xumin", func(c *charge.Charge) { c.Code = s.code(t, paycode.ScenicSpot) }, fault.PayCodeWrongPurpose},
		"a code for a clinic": {"wutao", func(c *charge.Charge) { c.MerchantID = s.spot }, fault.PayCodeWrongPurpose},
	} {
		ask := s.sale(t, 10)
		c.turn(&ask)
		receipt, err := s.Charge(s.as(t, c.as), ask)
		faulttest.Refused(t, name, err, c.want)
		if receipt != nil {
			t.Errorf("%s: %+v", name, receipt)
		}
	}
	for _, status := range []citizencard.Status{citizencard.StatusLost, citizencard.StatusFrozen, citizencard.StatusReplaced, citizencard.StatusClosed} {
		seedtest.PutCard(t, s.DB, s.card.ID, status)
		_, err := s.Charge(s.as(t, "xumin"), s.sale(t, 10))
		faulttest.Refused(t, string(status), err, fault.CardNotActive)
	}
	seedtest.PutCard(t, s.DB, s.card.ID, citizencard.StatusActive)
	if err := s.Book.Block(t.Context(), s.card.AccountID); err != nil {
		t.Fatal(err)
	}
	_, err := s.Charge(s.as(t, "xumin"), s.sale(t, 10))
	faulttest.Refused(t, "a blocked account", err, fault.CardNotActive)
	if got := s.traces(t); got != before || s.left(t) != left {
		t.Errorf("%+v and %d fen are left of %+v and %d", got, s.left(t), before, left)
	}
	s.sound(t)
}

// The holder is told of a low balance when a charge brings it about, and not again.
func TestLowBalance(t *testing.T) {
	s := open(t)
	s.Low = s.left(t) - 5
	s.charged(t, 5)
	s.charged(t, 1)
	s.charged(t, 1)
	if got := s.templates(t); got != "card/charged card/charged card/low_balance card/charged" {
		t.Errorf("the holder was told %s", got)
	}
}

// What is given back of a charge is the charge at most, and the merchant's to give.
func TestRefund(t *testing.T) {
	s := open(t)
	left, xumin := s.left(t), s.as(t, "xumin")
	paid := s.charged(t, 30)
	ask := func(fen int64) charge.Refund {
		return charge.Refund{Key: uuid.New(), TransactionID: paid.TransactionID, Amount: fen}
	}
	before := s.traces(t)
	for name, c := range map[string]struct {
		as   string
		fen  int64
		want fault.Code
	}{
		"a visitor": {"", 1, fault.Unauthenticated}, "the holder": {"wangguiying", 1, fault.NotFound}, "another's staff": {"wutao", 1, fault.NotFound},
		"nothing": {"xumin", 0, fault.BadAmount}, "less than nothing": {"xumin", -1, fault.BadAmount}, "too much": {"xumin", 31, fault.RefundExceeds},
	} {
		_, err := s.Refund(s.as(t, c.as), ask(c.fen))
		faulttest.Refused(t, name, err, c.want)
	}
	opening := s.DB.LedgerTransaction.Query().Where(ledgertransaction.KindEQ(ledgertransaction.KindOpening)).FirstIDX(seedtest.System(t))
	_, err := s.Refund(xumin, charge.Refund{Key: uuid.New(), TransactionID: opening, Amount: 1})
	faulttest.Refused(t, "what is no charge", err, fault.NotFound)
	if got := s.traces(t); got != before {
		t.Errorf("%+v are left of %+v", got, before)
	}
	// A card that was lost meanwhile is given back to as well.
	if err := s.Book.Block(t.Context(), s.card.AccountID); err != nil {
		t.Fatal(err)
	}
	part := ask(20)
	first, err := s.Refund(xumin, part)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Refund(xumin, part); err != nil || *again != *first {
		t.Errorf("again: %+v, %v; first %+v", again, err, first)
	}
	_, err = s.Refund(xumin, ask(11))
	faulttest.Refused(t, "more than is left", err, fault.RefundExceeds)
	_, err = s.Refund(xumin, charge.Refund{Key: uuid.New(), TransactionID: first.TransactionID, Amount: 1})
	faulttest.Refused(t, "a refund", err, fault.NotFound)
	if s.left(t) != left-10 || s.templates(t) != "card/charged card/refunded" {
		t.Errorf("%d of %d fen are left, and the holder was told %s", s.left(t), left, s.templates(t))
	}
	s.sound(t)
}
