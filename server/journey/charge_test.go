package journey_test

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/staffrole"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

// A grandmother pays at the hospital with the code that she shows. An amount that is no whole number of fen does not
// get as far as her card, the code is good once, and half is given back.
func TestAGrandmotherPaysAtTheHospital(t *testing.T) {
	city := citytest.Start(t)
	holder, cashier := city.As(t, "wangguiying"), city.As(t, "xumin")
	clinic, shown := employer(t, city, "xumin"), showCode(t, holder)
	sale := func(amount any) citytest.Vars {
		return citytest.Vars{"input": citytest.Vars{
			"idempotencyKey": uuid.NewString(), "merchantId": clinic, "code": shown, "amount": amount,
		}}
	}
	before := transactions(t, holder, citytest.Vars{"first": 20})
	for _, amount := range []any{1.5, json.Number("1e2"), "10", "１０", "¥10", "10 CNY", nil, true, json.Number("9223372036854775808")} {
		if answer := cashier.Do("ChargeCode", sale(amount)); len(answer.Errors) == 0 {
			t.Errorf("%v is an amount: %s", amount, answer.Data)
		}
	}
	for amount, code := range map[int64]string{0: "BAD_AMOUNT", -1: "BAD_AMOUNT", before.Card.Balance + 1: "INSUFFICIENT_FUNDS"} {
		if found := problems(t, cashier.Do("ChargeCode", sale(amount))); len(found) != 1 || found[0].Code != code {
			t.Errorf("%d fen: %+v", amount, found)
		}
	}
	if now := transactions(t, holder, citytest.Vars{"first": 20}); now.Card.Balance != before.Card.Balance ||
		len(now.CardTransactions.Edges) != len(before.CardTransactions.Edges) {
		t.Errorf("what was refused has left %+v of %+v", now, before)
	}
	var paid struct {
		ChargeCode struct {
			Receipt struct{ TransactionID string }
		}
	}
	cashier.DoFor("wechat-miniprogram", "ChargeCode", sale(2_00)).Decode(t, &paid)
	if found := problems(t, cashier.Do("ChargeCode", sale(2_00))); len(found) != 1 || found[0].Code != "PAYCODE_REPLAYED" {
		t.Errorf("once more: %+v", found)
	}
	refund := citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "transactionId": paid.ChargeCode.Receipt.TransactionID, "amount": 1_00,
	}}
	if found := problems(t, cashier.Do("ReverseTransaction", refund)); len(found) != 0 {
		t.Errorf("half of it: %+v", found)
	}
	after := transactions(t, holder, citytest.Vars{"first": 20})
	if after.Card.Balance != before.Card.Balance-1_00 || len(after.CardTransactions.Edges) != len(before.CardTransactions.Edges)+2 {
		t.Fatalf("she sees %+v after %+v", after, before)
	}
	if back := after.CardTransactions.Edges[0].Node; back.Amount != 1_00 || back.Transaction.ReversesID == nil || back.Transaction.Domain != "CLINIC" {
		t.Errorf("given back was %+v", back)
	}
}

// A hospital takes a deposit and, when the bill is known, a part of it. Meanwhile the patient sees what is kept back; the
// deposit of her next visit is let go.
func TestAHospitalTakesADeposit(t *testing.T) {
	city := citytest.Start(t)
	patient, cashier := city.As(t, "wangguiying"), city.As(t, "xumin")
	clinic := employer(t, city, "xumin")
	deposit := func(fen int64) string {
		t.Helper()
		var placed struct {
			HoldCode struct {
				Hold struct{ HoldID, Status, Merchant string }
			}
		}
		cashier.DoFor("wechat-miniprogram", "HoldCode", citytest.Vars{"input": citytest.Vars{
			"idempotencyKey": uuid.NewString(), "merchantId": clinic, "code": showCode(t, patient), "amount": fen,
		}}).Decode(t, &placed)
		if placed.HoldCode.Hold.Status != "PENDING" || placed.HoldCode.Hold.Merchant == "" {
			t.Fatalf("the deposit is %+v", placed)
		}
		return placed.HoldCode.Hold.HoldID
	}
	before := transactions(t, patient, citytest.Vars{"first": 20})
	first := deposit(200_00)
	var mine struct {
		CardHolds []struct {
			HoldID string
			Amount int64
		}
	}
	patient.Do("CardHolds", nil).Decode(t, &mine)
	if len(mine.CardHolds) != 1 || mine.CardHolds[0].HoldID != first || mine.CardHolds[0].Amount != 200_00 {
		t.Errorf("she sees %+v", mine)
	}
	capture := func(holdID string, fen int64) []problem {
		return problems(t, cashier.Do("CaptureHold", citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "holdId": holdID, "amount": fen}}))
	}
	if found := capture(first, 200_01); len(found) != 1 || found[0].Code != "BAD_AMOUNT" {
		t.Errorf("more than the deposit: %+v", found)
	}
	if found := capture(first, 120_00); len(found) != 0 {
		t.Errorf("what is due: %+v", found)
	}
	if found := capture(first, 1); len(found) != 1 || found[0].Code != "INVALID_TRANSITION" {
		t.Errorf("captured twice: %+v", found)
	}
	if found := problems(t, cashier.Do("VoidHold", citytest.Vars{"input": citytest.Vars{"holdId": deposit(50_00)}})); len(found) != 0 {
		t.Errorf("let go: %+v", found)
	}
	after := transactions(t, patient, citytest.Vars{"first": 20})
	if after.Card.Balance != before.Card.Balance-120_00 || len(after.CardTransactions.Edges) != len(before.CardTransactions.Edges)+1 {
		t.Errorf("she sees %+v after %+v", after, before)
	}
	patient.Do("CardHolds", nil).Decode(t, &mine)
	if len(mine.CardHolds) != 0 {
		t.Errorf("kept back is still %+v", mine)
	}
}

// employer is the organisation that a member of the cast is staff of.
func employer(t *testing.T, city *citytest.City, name string) string {
	t.Helper()
	return city.DB.StaffRole.Query().Where(staffrole.PersonID(seedtest.Person(t, name))).OnlyX(system(t)).OrganisationID
}

// showCode is a code for a clinic that the client's person shows.
func showCode(t *testing.T, c *citytest.Client) string {
	t.Helper()
	var shown struct {
		IssuePayCode struct{ PayCode struct{ Code string } }
	}
	c.Do("IssuePayCode", citytest.Vars{"input": citytest.Vars{"purpose": "CLINIC"}}).Decode(t, &shown)
	return shown.IssuePayCode.PayCode.Code
}
