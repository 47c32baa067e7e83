package crashtest_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/idempotencyrecord"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/topup"
	"citygraph/internal/clock"
	bookkeeping "citygraph/internal/ledger"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// moneyBook compares what the market was told with what is written.
type moneyBook struct {
	t   testing.TB
	db  *db.Client
	ctx context.Context //nolint:containedctx // the checks' right to see every row

	book *bookkeeping.Book
}

func openMoneyBook(t testing.TB, s *store.Store, client *db.Client) *moneyBook {
	return &moneyBook{
		t: t, db: client, ctx: viewer.AsSystem(t.Context(), "compare the book with what people were told"),
		book: &bookkeeping.Book{DB: client, Store: s, Clock: clock.System{}},
	}
}

// card is a member's, with its account.
func (b *moneyBook) card(member string) *db.CitizenCard {
	b.t.Helper()
	return must(b.db.CitizenCard.Query().Where(citizencard.PersonID(personID(b.t, member))).WithAccount().Only(b.ctx))(b.t)
}

// balances are what is on the holders' cards, in fen.
func (b *moneyBook) balances() map[string]int64 {
	all := map[string]int64{}
	for _, member := range holders {
		all[member] = b.card(member).Edges.Account.Balance
	}
	return all
}

// awaitTopUps waits until no payment is on its way any more: the jobs of a killed server are rescued.
func (b *moneyBook) awaitTopUps() {
	b.t.Helper()
	for began := time.Now(); ; pass(b.t, 100*time.Millisecond) {
		n := must(b.db.TopUp.Query().Where(topup.StatusIn(topup.StatusPending, topup.StatusFailed)).Count(b.ctx))(b.t)
		if n == 0 {
			return
		}
		if time.Since(began) > 2*patience {
			b.t.Fatalf("%d top-ups are not settled", n)
		}
	}
}

// check compares everything.
func (b *moneyBook) check(m *market, opening map[string]int64) {
	b.t.Helper()
	proof, err := b.book.Verify(b.ctx, func(v bookkeeping.Violation) { b.t.Errorf("%s %s: %s", v.Rule, v.ID, v.Detail) })
	if err != nil {
		b.t.Fatal(err)
	}
	if proof.Positive+proof.Negative != 0 {
		b.t.Errorf("all accounts sum to %d fen", proof.Positive+proof.Negative)
	}
	b.whole("chargeCode", ledgertransaction.KindCharge, "card/charged")
	b.whole("reverseTransaction", ledgertransaction.KindReversal, "card/refunded")
	b.wholeTopUps()
	b.losses(m)
	b.told(m, opening)
	for code, times := range m.codes {
		if times != 1 {
			b.t.Errorf("code %s was charged %d times", code, times)
		}
	}
}

// whole wants a receipt, an answer that is remembered, a line of audit and a notice for each transaction, each once.
func (b *moneyBook) whole(operation string, kind ledgertransaction.Kind, template string) {
	b.t.Helper()
	made := b.ids(b.db.LedgerTransaction.Query().Where(ledgertransaction.KindEQ(kind)).IDs(b.ctx))
	if len(made) == 0 {
		b.t.Errorf("no %s was made: nothing was tried", operation)
	}
	for what, got := range map[string][]string{
		"answers": b.ids(b.db.IdempotencyRecord.Query().Where(idempotencyrecord.Operation(operation)).
			Select(idempotencyrecord.FieldResultID).Strings(b.ctx)),
		"deeds":   b.ids(b.db.AuditEvent.Query().Where(auditevent.Action(operation)).Select(auditevent.FieldTargetID).Strings(b.ctx)),
		"notices": b.ids(b.db.Notification.Query().Where(notification.Template(template)).Select(notification.FieldEventKey).Strings(b.ctx)),
	} {
		if diff := cmp.Diff(made, got); diff != "" {
			b.t.Errorf("transactions of %s and their %s (-transactions +%s):\n%s", operation, what, what, diff)
		}
	}
}

// wholeTopUps wants an answer for each order, and for each that is paid a transaction and a notice.
func (b *moneyBook) wholeTopUps() {
	b.t.Helper()
	orders := b.ids(b.db.TopUp.Query().IDs(b.ctx))
	answers := b.ids(b.db.IdempotencyRecord.Query().Where(idempotencyrecord.Operation("topUp")).Select(idempotencyrecord.FieldResultID).Strings(b.ctx))
	if diff := cmp.Diff(orders, answers); diff != "" {
		b.t.Errorf("top-ups (-ordered +answered):\n%s", diff)
	}
	paid := b.ids(b.db.TopUp.Query().Where(topup.StatusEQ(topup.StatusPaid)).IDs(b.ctx))
	for what, got := range map[string][]string{
		"transactions": b.ids(b.db.LedgerTransaction.Query().Where(ledgertransaction.KindEQ(ledgertransaction.KindTopUp)).
			Select(ledgertransaction.FieldEventKey).Strings(b.ctx)),
		"notices": b.ids(b.db.Notification.Query().Where(notification.Template("card/topped_up")).Select(notification.FieldEventKey).Strings(b.ctx)),
	} {
		for i, key := range got {
			got[i] = strings.TrimSuffix(strings.TrimPrefix(key, "top-up/"), "/card/topped_up")
		}
		if diff := cmp.Diff(paid, got); diff != "" {
			b.t.Errorf("paid top-ups and their %s (-paid +%s):\n%s", what, what, diff)
		}
	}
}

// losses wants each loss and each return that was acknowledged once, with its notice.
func (b *moneyBook) losses(m *market) {
	b.t.Helper()
	for what, got := range map[string]int{
		"losses":            must(b.db.AuditEvent.Query().Where(auditevent.Action("reportCardLoss")).Count(b.ctx))(b.t),
		"returns":           must(b.db.AuditEvent.Query().Where(auditevent.Action("cancelCardLoss")).Count(b.ctx))(b.t),
		"notices of losses": must(b.db.Notification.Query().Where(notification.Template("card/lost")).Count(b.ctx))(b.t),
		"of returns":        must(b.db.Notification.Query().Where(notification.Template("card/found")).Count(b.ctx))(b.t),
	} {
		if got != m.losses || got == 0 {
			b.t.Errorf("%d %s, and %d cards were lost and found", got, what, m.losses)
		}
	}
}

// told wants what was acknowledged as it was acknowledged, and nothing of what was refused. A try that was not heard
// may have taken effect after another of its kind was refused.
func (b *moneyBook) told(m *market, opening map[string]int64) {
	b.t.Helper()
	moved := b.moved()
	remembered := map[string]bool{}
	for _, r := range must(b.db.IdempotencyRecord.Query().Where(idempotencyrecord.OperationIn("chargeCode", "reverseTransaction", "topUp")).All(b.ctx))(b.t) {
		remembered[r.Key] = true
		d, known := m.done[r.ResultID]
		switch {
		case known && (r.Key != d.key || r.ActorID != personID(b.t, d.actor)):
			b.t.Errorf("%s is remembered for %s of %s, and was told to %+v", r.ResultID, r.Key, r.ActorID, d)
		case !known && !m.unheard[r.Key]:
			b.t.Errorf("nobody was told of %s %s", r.Operation, r.ResultID)
		}
	}
	for made, d := range m.done {
		if !remembered[d.key] {
			b.t.Errorf("%s %s was acknowledged and is lost", d.operation, made)
		}
		if got, there := moved[made]; there && (got.amount != d.amount || got.holder != d.holder || got.reverses != d.reverses) {
			b.t.Errorf("%s %s is %+v, and %+v was told", d.operation, made, got, d)
		}
	}
	for _, d := range m.refused {
		if remembered[d.key] {
			b.t.Errorf("%s was refused and took effect: %+v", d.operation, d)
		}
	}
	for _, d := range moved {
		opening[d.holder] += d.amount
	}
	if diff := cmp.Diff(opening, b.balances()); diff != "" {
		b.t.Errorf("what is on the cards (-told +kept):\n%s", diff)
	}
}

// moved is what came onto the holders' cards and went from them, by the ids that clients were told.
func (b *moneyBook) moved() map[string]done {
	b.t.Helper()
	all := map[string]done{}
	for _, member := range holders {
		for _, e := range must(b.card(member).Edges.Account.QueryEntries().WithTransaction().All(b.ctx))(b.t) {
			by := e.Edges.Transaction
			if by.Kind == ledgertransaction.KindOpening {
				continue
			}
			d := done{holder: member, amount: e.Amount}
			if by.ReversesID != nil {
				d.reverses = *by.ReversesID
			}
			made := by.ID
			if order, ok := strings.CutPrefix(by.EventKey, "top-up/"); ok {
				made = order
			}
			all[made] = d
		}
	}
	return all
}

// ids are the strings in their order.
func (b *moneyBook) ids(all []string, err error) []string {
	b.t.Helper()
	return slices.Sorted(slices.Values(must(all, err)(b.t)))
}
