package journey_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"citygraph/ent/db/staffrole"
	"citygraph/internal/clock"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

// monthly is the statement of a month as the app is told of it.
type monthly struct {
	CardStatement *struct {
		Month                                             string
		OpeningBalance, ClosingBalance, MoneyIn, MoneyOut int64
		Categories                                        []sums
	}
}

type sums struct {
	Domain, Kind string
	Total        int64
	Count        int
}

// movement is what the app shows of one entry: where it was, and what the transaction did to the viewer's own accounts.
type movement struct {
	ID          string
	Amount      int64
	Transaction struct {
		Place   *struct{ Kind, ID, AppLink string }
		Entries []struct {
			ID, AccountKind string
			Amount          int64
		}
	}
}

// A grandmother pays at the hospital and is given a part back. Each shows where that was, which she can open, and her own
// entry of it alone; her month sums up, the one before is empty, and nobody else sees any of it.
func TestAMonthOfACard(t *testing.T) {
	city := citytest.Start(t)
	holder, cashier := city.As(t, "wangguiying"), city.As(t, "xumin")
	hospital := city.DB.StaffRole.Query().Where(staffrole.PersonID(seedtest.Person(t, "xumin"))).OnlyX(system(t)).OrganisationID
	month := time.Now().In(clock.Shanghai)
	before := statementOf(t, holder, month).CardStatement
	var shown struct {
		IssuePayCode struct{ PayCode struct{ Code string } }
	}
	holder.Do("IssuePayCode", citytest.Vars{"input": citytest.Vars{"purpose": "CLINIC"}}).Decode(t, &shown)
	var paid struct {
		ChargeCode struct {
			Receipt struct{ TransactionID string }
		}
	}
	cashier.Do("ChargeCode", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "merchantId": hospital, "code": shown.IssuePayCode.PayCode.Code, "amount": 30_00,
	}}).Decode(t, &paid)
	if found := problems(t, cashier.Do("ReverseTransaction", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "transactionId": paid.ChargeCode.Receipt.TransactionID, "amount": 10_00,
	}})); len(found) != 0 {
		t.Fatalf("not given back: %+v", found)
	}

	for _, node := range spent(t, holder)[:2] {
		tx := node.Transaction
		if tx.Place == nil || tx.Place.Kind != "CLINIC" || tx.Place.ID != hospital || tx.Place.AppLink != "citygraph://clinic/"+hospital {
			t.Errorf("it was at %+v, want %s", tx.Place, hospital)
		}
		if len(tx.Entries) != 1 || tx.Entries[0].ID != node.ID || tx.Entries[0].Amount != node.Amount || tx.Entries[0].AccountKind != "CARD_BALANCE" {
			t.Errorf("of it she sees the entries %+v", tx.Entries)
		}
	}
	if answer := holder.Query(`query($id: ID!) { node(id: $id) { ... on Clinic { district { name } } } }`, citytest.Vars{"id": hospital}); len(answer.Errors) > 0 {
		t.Errorf("where she was does not open: %s", answer.Body)
	}

	now := statementOf(t, holder, month).CardStatement
	want := append(slices.Clone(before.Categories), sums{"CLINIC", "CHARGE", -30_00, 1}, sums{"CLINIC", "REVERSAL", 10_00, 1})
	if diff := cmp.Diff(want, now.Categories); diff != "" || now.Month != month.Format("2006-01") {
		t.Errorf("%s: %s", now.Month, diff)
	}
	if now.OpeningBalance+now.MoneyIn-now.MoneyOut != now.ClosingBalance || now.ClosingBalance != transactions(t, holder, nil).Card.Balance ||
		now.MoneyOut != before.MoneyOut+30_00 || now.MoneyIn != before.MoneyIn+10_00 {
		t.Errorf("%+v after %+v", now, before)
	}
	if empty := statementOf(t, holder, month.AddDate(-20, 0, 0)).CardStatement; empty.ClosingBalance != 0 || empty.MoneyIn != 0 || len(empty.Categories) != 0 {
		t.Errorf("before there was a card: %+v", empty)
	}

	for _, other := range []string{"chenjing", "maming", "xumin", "fanglei"} {
		for _, node := range spent(t, city.As(t, other)) {
			if node.Transaction.Place != nil {
				t.Errorf("%s sees %+v", other, node)
			}
		}
		if of := statementOf(t, city.As(t, other), month).CardStatement; of != nil && slices.ContainsFunc(of.Categories, func(s sums) bool { return s.Domain == "CLINIC" }) {
			t.Errorf("%s has a statement of %+v", other, of)
		}
	}
	if answer := holder.Do("CardStatement", citytest.Vars{"month": month.AddDate(0, 2, 0).Format("2006-01")}); answer.Code() != "BAD_USER_INPUT" {
		t.Errorf("a month to come: %s", answer.Body)
	}
	if answer := city.Visitor(t).Do("CardStatement", citytest.Vars{"month": "2025-01"}); answer.Code() != "UNAUTHENTICATED" {
		t.Errorf("a visitor is told %s", answer.Body)
	}
}

func statementOf(t *testing.T, c *citytest.Client, month time.Time) (m monthly) {
	t.Helper()
	c.Do("CardStatement", citytest.Vars{"month": month.Format("2006-01")}).Decode(t, &m)
	return m
}

// spent is what moved in the viewer's account, newest first.
func spent(t *testing.T, c *citytest.Client) []movement {
	t.Helper()
	var seen struct {
		CardTransactions struct{ Edges []struct{ Node movement } }
	}
	c.Do("CardTransactions", citytest.Vars{"first": 20}).Decode(t, &seen)
	moved := make([]movement, len(seen.CardTransactions.Edges))
	for i, edge := range seen.CardTransactions.Edges {
		moved[i] = edge.Node
	}
	return moved
}
