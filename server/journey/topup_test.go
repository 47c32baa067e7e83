package journey_test

import (
	"testing"

	"github.com/google/uuid"

	"citygraph/server/citytest"
)

// ordered is what the app is told of a top-up.
type ordered struct {
	TopUp struct {
		TopUp      *struct{ ID, Status, Provider string }
		UserErrors []problem
	}
}

// A citizen puts money on her card, from the order until the balance shows it; the request sent twice is one, and
// nobody else reads her order.
func TestACitizenTopsHerCardUp(t *testing.T) {
	city := citytest.Start(t)
	holder := city.As(t, "chenjing")
	before := transactions(t, holder, nil).Card.Balance
	rows, _ := inboxPage(t, holder, nil)
	told := len(rows)
	input := citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "amount": 12_34}}
	var first, again ordered
	holder.Do("TopUp", input).Decode(t, &first)
	if first.TopUp.TopUp == nil || first.TopUp.TopUp.Provider != "SANDBOX" {
		t.Fatalf("refused: %+v", first.TopUp.UserErrors)
	}
	holder.DoFor("wechat-miniprogram", "TopUp", input).Decode(t, &again)
	if again.TopUp.TopUp == nil || again.TopUp.TopUp.ID != first.TopUp.TopUp.ID {
		t.Errorf("sent again: %+v", again.TopUp)
	}
	id := citytest.Vars{"id": first.TopUp.TopUp.ID}
	var seen struct {
		TopUp struct {
			Status string
			Amount int64
		}
		Card struct{ Balance int64 }
	}
	citytest.Eventually(t, "it is paid", func() bool {
		holder.Do("TopUpStatus", id).Decode(t, &seen)
		return seen.TopUp.Status == "PAID"
	})
	if seen.TopUp.Amount != 12_34 || seen.Card.Balance != before+12_34 {
		t.Errorf("%+v after %d fen", seen, before)
	}
	newest := transactions(t, holder, citytest.Vars{"first": 1}).CardTransactions.Edges[0].Node
	if newest.Amount != 12_34 || newest.Transaction.Kind != "TOP_UP" {
		t.Errorf("the newest entry is %+v", newest)
	}
	if rows, _ := inboxPage(t, holder, nil); len(rows) != told+1 || rows[0].Title != "市民卡充值¥12.34" {
		t.Errorf("she is told %+v", rows)
	}
	if answer := city.As(t, "zhouwei").Do("TopUpStatus", id); answer.Code() != "NOT_FOUND" {
		t.Errorf("her husband: %s", answer.Body)
	}
	if answer := city.Visitor(t).Do("TopUp", input); answer.Code() != "UNAUTHENTICATED" {
		t.Errorf("a visitor: %s", answer.Body)
	}
}
