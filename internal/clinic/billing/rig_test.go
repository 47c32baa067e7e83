package billing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/notification"
	"citygraph/internal/blobstore"
	"citygraph/internal/charge"
	"citygraph/internal/clinic/billing"
	"citygraph/internal/credit"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/insurance"
	"citygraph/internal/ledger"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/personal"
	"citygraph/internal/reaction"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
)

// errBureau is a bureau that answers with a failure.
var errBureau = errors.New("the bureau is down")

// bureau is an insurance bureau of a test: it has so much for each person, and fails as the test says.
type bureau struct {
	mu      sync.Mutex
	has     map[string]int64 // by person; nobody else is insured
	kept    map[string]int64 // by key
	calls   []string
	down    bool
	deaf    bool                // keeps what it is asked for and answers with a failure
	slow    bool                // answers when the asker has left
	between func(key string)    // is called after a Reserve is kept
	settled map[string]struct{} // keys that were settled
}

func (b *bureau) Balance(_ context.Context, personID string) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.has[personID], nil
}

func (b *bureau) Reserve(ctx context.Context, personID, key string, amount int64) (int64, error) {
	kept, err := b.keep(personID, key, amount)
	if b.slow {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	if err == nil && b.between != nil {
		b.between(key)
	}
	return kept, err
}

func (b *bureau) keep(personID, key string, amount int64) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, "reserve")
	if b.down {
		return 0, errBureau
	}
	has, insured := b.has[personID]
	if !insured {
		return 0, insurance.ErrUninsured
	}
	kept, known := b.kept[key]
	if !known {
		kept = min(has, amount)
		b.kept[key] = kept
		b.has[personID] -= kept
	}
	if b.deaf {
		return 0, errBureau
	}
	return kept, nil
}

func (b *bureau) Settle(_ context.Context, key string, amount int64) error {
	return b.end("settle", key, amount)
}

func (b *bureau) Cancel(_ context.Context, key string) error { return b.end("cancel", key, 0) }

func (b *bureau) end(what, key string, amount int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, what)
	if b.down {
		return errBureau
	}
	if what == "settle" {
		b.settled[key] = struct{}{}
	}
	// The person is found by the only account of a test.
	for person := range b.has {
		if less := b.kept[key] - amount; less > 0 {
			b.has[person] += less
			b.kept[key] = amount
		} else if _, known := b.kept[key]; !known {
			b.kept[key] = 0
		}
	}
	return nil
}

// left is what the bureau has for the grandmother.
func (b *bureau) left() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.has[b.only()]
}

func (b *bureau) only() string {
	for person := range b.has {
		return person
	}
	return ""
}

// job is one that was enqueued and is not worked yet.
type job any

// ward is a clinic's desk in a city, and wangguiying, who is treated there and whose daughter chenjing may pay for her.
type ward struct {
	*billing.Desk
	city   *seedtest.City
	clock  *seedtest.Clock
	bus    *event.Bus
	bureau *bureau
	lines  *credit.Lines
	till   *charge.Till
	visit  *db.Appointment

	mu   sync.Mutex
	jobs []job
	fail map[string]bool // kinds of jobs that cannot be enqueued

	patient                       string
	mother, daughter, staff, none context.Context
}

// open is a ward in which the grandmother has so many fen in her insurance account and on her card.
func open(t *testing.T, insured, own int64) *ward {
	t.Helper()
	city, hub := seedtest.Open(t), live.NewHub(nil)
	t.Cleanup(hub.Close)
	w := wardOf(t, city, hub, &bureau{has: map[string]int64{seedtest.Person(t, "wangguiying"): insured}, kept: map[string]int64{}, settled: map[string]struct{}{}})
	w.visit = seedtest.PutAppointment(t, city, "wangguiying", appointment.StatusCheckedIn)
	w.visit.QuerySlot().OnlyX(seedtest.System(t)).Update().SetFee(0).ExecX(seedtest.System(t))
	w.put(t, "wangguiying", own)
	return w
}

// wardOf wires a desk as a replica does.
func wardOf(t *testing.T, city *seedtest.City, hub *live.Hub, b *bureau) *ward {
	t.Helper()
	clock := seedtest.NewClock()
	files, err := blobstore.Open(t.Context(), blobstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &ward{
		city: city, clock: clock, bus: event.New(), bureau: b, fail: map[string]bool{},
		patient: seedtest.Person(t, "wangguiying"), mother: city.As(t, "wangguiying"), daughter: city.As(t, "chenjing"),
		staff: city.As(t, "xumin"), none: t.Context(),
	}
	once := idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock}
	book := &ledger.Book{DB: city.DB, Store: city.Store, Clock: clock}
	records := &personal.Records{DB: city.DB, Store: city.Store, Vault: seedtest.Vault(t)}
	register := &household.Register{DB: city.DB, Store: city.Store, Clock: clock, Events: w.bus, Hub: hub, Records: records, Once: once}
	w.lines = &credit.Lines{
		DB: city.DB, Store: city.Store, Clock: clock, Events: w.bus, Once: once, Book: book, Cap: 1000, Days: 30, Notice: 3,
		Agreed: func(context.Context, string) (bool, error) { return true, nil }, Age: records.Age,
	}
	w.till = &charge.Till{DB: city.DB, Store: city.Store, Clock: clock, Events: w.bus, Once: once, Book: book, Lender: w.lines.Lender}
	w.Desk = &billing.Desk{
		DB: city.DB, Store: city.Store, Clock: clock, Events: w.bus, Once: once, Book: book, Records: records,
		Insurance: insurance.New(b, 200*time.Millisecond, zerolog.Nop()), Files: files,
		Links: blobstore.Links{Key: []byte(strings.Repeat("l", 32)), Clock: clock}, DueDays: 7,
		Lender: w.lines.Lender, For: register.For, ActsFor: register.ActsFor,
		Claim:  func(ctx context.Context, j billing.Claim) error { return w.enqueue(ctx, j) },
		Cancel: func(ctx context.Context, j billing.Cancel) error { return w.enqueue(ctx, j) },
		Print:  func(ctx context.Context, j billing.Print) error { return w.enqueue(ctx, j) },
		Shred:  func(ctx context.Context, j billing.Shred) error { return w.enqueue(ctx, j) },
	}
	desk := &notice.Desk{DB: city.DB, Store: city.Store, Clock: clock, Hub: hub, Deliver: func(context.Context, []string) error { return nil }}
	reaction.Charges(w.bus, desk)
	reaction.Credit(w.bus, desk, w.lines)
	reaction.Bills(w.bus, desk, register, w.lines, w.Desk)
	return w
}

// enqueue keeps a job once its transaction is committed.
func (w *ward) enqueue(ctx context.Context, j job) error {
	w.mu.Lock()
	failing := w.fail[fmt.Sprintf("%T", j)]
	w.mu.Unlock()
	if failing {
		return errors.New("no room for the job")
	}
	store.AfterCommit(ctx, func(context.Context) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.jobs = append(w.jobs, j)
	})
	return nil
}

// work runs the jobs that wait, and returns the first failure; those that failed wait again.
func (w *ward) work(ctx context.Context) (first error) {
	w.mu.Lock()
	waiting := w.jobs
	w.jobs = nil
	w.mu.Unlock()
	for _, j := range waiting {
		var err error
		switch j := j.(type) {
		case billing.Claim:
			err = w.Settle(ctx, j)
		case billing.Cancel:
			err = w.CancelClaim(ctx, j)
		case billing.Print:
			err = w.PrintReceipt(ctx, j)
		case billing.Shred:
			err = w.ShredReceipts(ctx, j)
		}
		if err != nil {
			first = errors.Join(first, err)
			w.mu.Lock()
			w.jobs = append(w.jobs, j)
			w.mu.Unlock()
		}
	}
	return first
}

func (w *ward) worked(t *testing.T) {
	t.Helper()
	if err := w.work(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// put has a member have so many fen on their card.
func (w *ward) put(t *testing.T, name string, fen int64) {
	t.Helper()
	account := w.account(t, name)
	fen -= account.Balance
	if fen == 0 {
		return
	}
	city, err := w.Book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindSuspense})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Book.Post(t.Context(), ledger.Posting{
		Key: uuid.NewString(), Kind: ledgertransaction.KindTransfer, Domain: ledgertransaction.DomainCard,
		Lines: []ledger.Line{{AccountID: city.ID, Amount: -fen}, {AccountID: account.ID, Amount: fen}},
	}); err != nil {
		t.Fatal(err)
	}
}

func (w *ward) account(t testing.TB, name string) *db.LedgerAccount {
	t.Helper()
	return w.DB.CitizenCard.Query().Where(citizencard.PersonID(seedtest.Person(t, name))).QueryAccount().OnlyX(seedtest.System(t))
}

func (w *ward) lend(t *testing.T) {
	t.Helper()
	if _, err := w.lines.Open(w.mother, uuid.New()); err != nil {
		t.Fatal(err)
	}
}

// issue has the ward issue a bill of so many fen.
func (w *ward) issue(t testing.TB, total int64) *db.Bill {
	t.Helper()
	made, err := w.Issue(w.staff, billing.Issue{Key: uuid.New(), AppointmentID: w.visit.ID, Lines: []billing.Line{{Code: "CBC", Name: secret, Amount: total, Quantity: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// secret is what no notice, log or job may tell.
const secret = "血常规检查"

func (w *ward) pay(ctx context.Context, billID string) error {
	_, err := w.Pay(ctx, billing.Payment{Key: uuid.New(), BillID: billID})
	return err
}

func (w *ward) refund(billID string, fen int64) error {
	_, err := w.Refund(w.staff, billing.Return{Key: uuid.New(), BillID: billID, Amount: fen})
	return err
}

func (w *ward) bill(t testing.TB, billID string) *db.Bill {
	t.Helper()
	return w.DB.Bill.GetX(seedtest.System(t), billID)
}

// shares fails unless the bill was paid so.
func (w *ward) shares(t testing.TB, billID string, insured, lent, own int64) {
	t.Helper()
	b := w.bill(t, billID)
	if b.InsuranceShare != insured || b.CreditShare != lent || b.SelfShare != own {
		t.Errorf("insurance %d, credit %d, card %d; want %d, %d, %d", b.InsuranceShare, b.CreditShare, b.SelfShare, insured, lent, own)
	}
}

// sound fails unless the book adds up.
func (w *ward) sound(t testing.TB) {
	t.Helper()
	if _, err := w.Book.Verify(seedtest.System(t), func(v ledger.Violation) { t.Errorf("%s %s: %s", v.Rule, v.ID, v.Detail) }); err != nil {
		t.Fatal(err)
	}
}

// told are the templates of a member's notices about clinics, in their order.
func (w *ward) told(t testing.TB, name string) string {
	t.Helper()
	return strings.Join(w.DB.Notification.Query().Where(notification.PersonID(seedtest.Person(t, name)), notification.TopicEQ(notification.TopicClinic)).
		Order(notification.BySeq()).Select(notification.FieldTemplate).StringsX(seedtest.System(t)), " ")
}

// rows are what refusals must not add to.
func (w *ward) rows(t testing.TB) [6]int {
	t.Helper()
	ctx := seedtest.System(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	return [6]int{
		w.DB.LedgerTransaction.Query().CountX(ctx), w.DB.Notification.Query().CountX(ctx), w.DB.AuditEvent.Query().CountX(ctx),
		w.DB.IdempotencyRecord.Query().CountX(ctx), w.DB.Bill.Query().CountX(ctx), len(w.jobs),
	}
}

// kinds are the jobs that wait, sorted.
func (w *ward) kinds() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var kinds []string
	for _, j := range w.jobs {
		kinds = append(kinds, strings.TrimPrefix(fmt.Sprintf("%T", j), "billing."))
	}
	slices.Sort(kinds)
	return strings.Join(kinds, " ")
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
