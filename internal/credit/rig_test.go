package credit_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/creditline"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/notification"
	"citygraph/internal/card"
	"citygraph/internal/charge"
	"citygraph/internal/credit"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/paycode"
	"citygraph/internal/personal"
	"citygraph/internal/reaction"
	"citygraph/internal/scope"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// limit is the cap of every line, in fen.
const limit = 300

// hospital is a clinic's till in a city that lends, and wangguiying, who is treated there.
type hospital struct {
	*credit.Lines
	city     *seedtest.City
	till     *charge.Till
	cards    *card.Cards
	bus      *event.Bus
	clock    *seedtest.Clock
	disagree atomic.Bool // her consent is withdrawn

	holder  string
	me      context.Context
	cashier context.Context
	card    *db.CitizenCard
	clinic  string
}

// open is a hospital at which she has so many fen on her card.
func open(t *testing.T, fen int64) *hospital {
	t.Helper()
	city, hub, clock := seedtest.Open(t), live.NewHub(nil), seedtest.NewClock()
	t.Cleanup(hub.Close)
	h := &hospital{city: city, bus: event.New(), clock: clock, holder: seedtest.Person(t, "wangguiying"), me: city.As(t, "wangguiying"), cashier: city.As(t, "xumin")}
	once := idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock}
	book := &ledger.Book{DB: city.DB, Store: city.Store, Clock: clock}
	h.Lines = &credit.Lines{
		DB: city.DB, Store: city.Store, Clock: clock, Events: h.bus, Once: once, Book: book, Cap: limit, Days: 30, Notice: 3,
		Agreed: func(context.Context, string) (bool, error) { return !h.disagree.Load(), nil },
		Age:    (&personal.Records{DB: city.DB, Store: city.Store, Vault: seedtest.Vault(t)}).Age,
	}
	h.till = &charge.Till{
		DB: city.DB, Store: city.Store, Clock: clock, Events: h.bus, Once: once, Book: book,
		Ring: paycode.NewRing([]byte(strings.Repeat("k", 32))), Lender: h.Lender,
	}
	h.cards = &card.Cards{
		DB: city.DB, Store: city.Store, Clock: clock, Book: book, Events: h.bus,
		For: func(ctx context.Context, _ *string, _ scope.Scope) (context.Context, error) { return ctx, nil },
	}
	desk := &notice.Desk{DB: city.DB, Store: city.Store, Clock: clock, Hub: hub, Deliver: func(context.Context, []string) error { return nil }}
	reaction.Charges(h.bus, desk)
	reaction.Credit(h.bus, desk, h.Lines)
	h.card = city.DB.CitizenCard.Query().Where(citizencard.PersonID(h.holder)).OnlyX(seedtest.System(t))
	h.clinic = viewer.From(h.cashier).Organisations(viewer.ClinicStaff)[0]
	h.give(t, fen-h.left(t))
	return h
}

// lends is open with a line that she has opened.
func lends(t *testing.T, fen int64) *hospital {
	t.Helper()
	h := open(t, fen)
	if _, err := h.Open(h.me, uuid.New()); err != nil {
		t.Fatal(err)
	}
	return h
}

// give puts so many fen on her card, or takes them off it.
func (h *hospital) give(t *testing.T, fen int64) {
	t.Helper()
	if fen == 0 {
		return
	}
	city, err := h.Book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindSuspense})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Book.Post(t.Context(), ledger.Posting{
		Key: uuid.NewString(), Kind: ledgertransaction.KindTransfer, Domain: ledgertransaction.DomainCard,
		Lines: []ledger.Line{{AccountID: city.ID, Amount: -fen}, {AccountID: h.card.AccountID, Amount: fen}},
	}); err != nil {
		t.Fatal(err)
	}
}

// treat charges a code of hers at the clinic.
func (h *hospital) treat(t *testing.T, fen int64) (string, error) {
	t.Helper()
	return h.sell(t, h.cashier, h.clinic, paycode.Clinic, fen)
}

func (h *hospital) sell(t *testing.T, as context.Context, merchant string, purpose paycode.Purpose, fen int64) (string, error) {
	t.Helper()
	claims, err := paycode.New(h.card.ID, purpose, h.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	code, err := h.till.Ring.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := h.till.Charge(as, charge.Charge{Key: uuid.New(), MerchantID: merchant, Code: code, Amount: fen})
	if err != nil {
		return "", err
	}
	if receipt.Amount != fen {
		t.Errorf("the receipt says %d fen of %d", receipt.Amount, fen)
	}
	return receipt.TransactionID, nil
}

func (h *hospital) treated(t *testing.T, fen int64) string {
	t.Helper()
	paid, err := h.treat(t, fen)
	if err != nil {
		t.Fatal(err)
	}
	return paid
}

func (h *hospital) refund(t *testing.T, transactionID string, fen int64) {
	t.Helper()
	if _, err := h.till.Refund(h.cashier, charge.Refund{Key: uuid.New(), TransactionID: transactionID, Amount: fen}); err != nil {
		t.Fatal(err)
	}
}

func (h *hospital) repay(fen int64) error {
	_, err := h.Repay(h.me, credit.Repayment{Key: uuid.New(), Amount: fen})
	return err
}

func (h *hospital) left(t *testing.T) int64 {
	t.Helper()
	return h.DB.LedgerAccount.GetX(seedtest.System(t), h.card.AccountID).Balance
}

func (h *hospital) line(t *testing.T) *db.CreditLine {
	t.Helper()
	return h.DB.CreditLine.Query().Where(creditline.PersonID(h.holder)).WithAccount().OnlyX(seedtest.System(t))
}

// has fails unless so much is on the card and so much is owed, the line stands so, and the book adds up.
func (h *hospital) has(t *testing.T, fen, owed int64, status creditline.Status) {
	t.Helper()
	line := h.line(t)
	if h.left(t) != fen || -line.Edges.Account.Balance != owed || line.Status != status {
		t.Errorf("%d fen, %d owed, %s; want %d, %d, %s", h.left(t), -line.Edges.Account.Balance, line.Status, fen, owed, status)
	}
	if (line.DueAt != nil) != (owed > 0) {
		t.Errorf("%d fen are owed, and due at %v", owed, line.DueAt)
	}
	if _, err := h.Book.Verify(seedtest.System(t), func(v ledger.Violation) { t.Errorf("%s %s: %s", v.Rule, v.ID, v.Detail) }); err != nil {
		t.Fatal(err)
	}
}

// told are the templates of the notices she got, in their order.
func (h *hospital) told(t *testing.T) string {
	t.Helper()
	told := h.DB.Notification.Query().Where(notification.PersonID(h.holder), notification.TopicEQ(notification.TopicCard)).
		Order(notification.BySeq()).Select(notification.FieldTemplate).StringsX(seedtest.System(t))
	return strings.Join(told, " ")
}

// rows are what refusals must not add to.
func (h *hospital) rows(t *testing.T) [4]int {
	t.Helper()
	ctx := seedtest.System(t)
	return [4]int{
		h.DB.LedgerTransaction.Query().CountX(ctx), h.DB.Notification.Query().CountX(ctx), h.DB.AuditEvent.Query().CountX(ctx), h.DB.IdempotencyRecord.Query().CountX(ctx),
	}
}

// atOnce has n callers do something, and counts how they ended.
func atOnce(t *testing.T, n int, do func(i int) error) map[fault.Code]int {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := map[fault.Code]int{}
	for i := range n {
		all.Go(func() {
			err := do(i)
			mu.Lock()
			defer mu.Unlock()
			codes[fault.CodeOf(err)]++
			if fault.CodeOf(err) == fault.InternalError {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return codes
}
