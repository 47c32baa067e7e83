package reconcile_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/topup"
	"citygraph/internal/id"
	"citygraph/internal/ledger"
	"citygraph/internal/payment"
	"citygraph/internal/payment/reconcile"
	"citygraph/internal/seed/seedtest"
)

// city is a book with a provider's clearing account and one card.
type city struct {
	*reconcile.Desk
	db             *db.Client
	book           *ledger.Book
	clock          *seedtest.Clock
	ctx            context.Context
	clearing, card string
	refunds        int
}

func open(t testing.TB) *city {
	t.Helper()
	bare, clock := seedtest.Bare(t), seedtest.NewClock()
	c := &city{
		Desk: &reconcile.Desk{Store: bare.Store}, db: bare.DB, book: &ledger.Book{DB: bare.DB, Store: bare.Store, Clock: clock}, clock: clock,
		ctx: seedtest.System(t),
	}
	c.clearing = c.account(t, ledgeraccount.KindProviderClearing, string(topup.ProviderSandbox))
	c.card = c.account(t, ledgeraccount.KindCardBalance, "card")
	return c
}

func (c *city) account(t testing.TB, kind ledgeraccount.Kind, owner string) string {
	t.Helper()
	a, err := c.book.Open(c.ctx, ledger.Account{Kind: kind, OwnerID: owner})
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// at turns the clock on to an instant.
func (c *city) at(when time.Time) { c.clock.Turn(when.Sub(c.clock.Now())) }

// order writes a top-up that stands so.
func (c *city) order(status topup.Status, fen int64) *db.TopUp {
	now, orderID := c.clock.Now(), id.New(id.TopUp)
	create := c.db.TopUp.Create().SetID(orderID).SetCreatedAt(now).SetUpdatedAt(now).SetPersonID("person").SetAccountID(c.card).SetAmount(fen).
		SetProvider(topup.ProviderSandbox).SetStatus(status).SetExpiresAt(now.Add(time.Hour))
	if status != topup.StatusPending && status != topup.StatusClosed {
		create.SetProviderTransactionID("at/" + orderID)
	}
	return create.SaveX(c.ctx)
}

// post puts an order's money on the card, and is the record of it.
func (c *city) post(order *db.TopUp) (payment.Record, error) {
	_, err := c.book.Post(c.ctx, ledger.Posting{
		Key: payment.PostedFor + order.ID, Kind: ledgertransaction.KindTopUp, Domain: ledgertransaction.DomainCard,
		Lines: []ledger.Line{{AccountID: c.clearing, Amount: -order.Amount}, {AccountID: c.card, Amount: order.Amount}},
	})
	return c.paid(order), err
}

// paid is the record of an order's payment, now.
func (c *city) paid(order *db.TopUp) payment.Record {
	return payment.Record{
		OrderID: order.ID, TransactionID: "at/" + order.ID, Kind: payment.RecordTopUp, Amount: order.Amount, At: c.clock.Now(), Status: payment.RecordSuccess,
	}
}

// back is the record of so much of an order going back, now.
func (c *city) back(order *db.TopUp, fen int64) payment.Record {
	c.refunds++
	r := c.paid(order)
	r.Kind, r.Amount, r.TransactionID = payment.RecordRefund, fen, fmt.Sprint("refund/", c.refunds)
	return r
}

// reverse takes so much of a posted order back, and is the record of it.
func (c *city) reverse(order *db.TopUp, fen int64) (payment.Record, error) {
	posted, err := c.db.LedgerTransaction.Query().Where(ledgertransaction.EventKey(payment.PostedFor + order.ID)).OnlyID(c.ctx)
	if err != nil {
		return payment.Record{}, err
	}
	r := c.back(order, fen)
	_, err = c.book.Reverse(c.ctx, ledger.Reversal{Key: "back/" + r.TransactionID + order.ID, TransactionID: posted, Amount: fen})
	return r, err
}

// of is the source of records, in the order given.
func of(records []payment.Record) reconcile.Source {
	return func(each func(reconcile.Entry) error) error {
		for i, r := range records {
			if err := each(reconcile.Entry{Record: r, Row: i + 1}); err != nil {
				return err
			}
		}
		return nil
	}
}

// differences are those that a comparison finds, each as its sort and order.
func (c *city) differences(q reconcile.Query) (map[string]int, reconcile.Summary, error) {
	q.Provider = topup.ProviderSandbox
	found := map[string]int{}
	s, err := c.Compare(c.ctx, q, func(d reconcile.Difference) error {
		found[told(d)]++
		return nil
	})
	return found, s, err
}

// counted is differences without a list of them.
func (c *city) counted(q reconcile.Query, each func()) (reconcile.Summary, error) {
	q.Provider = topup.ProviderSandbox
	return c.Compare(c.ctx, q, func(reconcile.Difference) error {
		each()
		return nil
	})
}

func told(d reconcile.Difference) string {
	if d.Record != nil {
		return fmt.Sprintln(d.Sort, d.Record.OrderID, d.Record.Kind)
	}
	return fmt.Sprintln(d.Sort, d.Book.OrderID, d.Book.Kind)
}
