package journey_test

import (
	"slices"
	"testing"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/fault"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

// cardMoved is the answer to what moves a card, by whatever name it has.
type cardMoved map[string]struct {
	Card *struct {
		ID, Status     string
		AllowedActions []string
	}
	UserErrors []problem
}

// A grandmother's handbag is gone. Her daughter, who may show her card, stops it from a lift: nothing is paid with it
// any more, refunds still arrive, and the grandmother is told. Only she puts it back into use.
func TestALostCardPaysNothing(t *testing.T) {
	city := citytest.Start(t)
	mother, daughter := city.As(t, "wangguiying"), city.As(t, "chenjing")
	hers := city.DB.CitizenCard.Query().Where(citizencard.PersonID(seedtest.Person(t, "wangguiying"))).OnlyX(system(t))
	shop, err := city.Book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindMerchant, OwnerID: "clinic"})
	if err != nil {
		t.Fatal(err)
	}
	pay := func(key string) (string, error) {
		made, err := city.Book.Post(t.Context(), ledger.Posting{
			Key: key, Kind: ledgertransaction.KindCharge, Domain: ledgertransaction.DomainClinic,
			Lines: []ledger.Line{{AccountID: hers.AccountID, Amount: -30_00}, {AccountID: shop.ID, Amount: 30_00}},
		})
		if err != nil {
			return "", err
		}
		return made.ID, nil
	}
	paid, err := pay("before")
	if err != nil {
		t.Fatal(err)
	}
	do := func(c *citytest.Client, operation, field string, input citytest.Vars) (status, code string) {
		t.Helper()
		var answer cardMoved
		c.DoFor("wechat-miniprogram", operation, citytest.Vars{"input": input}).Decode(t, &answer)
		got := answer[field]
		if got.Card != nil {
			status = got.Card.Status
		}
		if len(got.UserErrors) > 0 {
			code = got.UserErrors[0].Code
		}
		return status, code
	}
	refusedCode := func(c *citytest.Client) string {
		t.Helper()
		var answer struct {
			IssuePayCode struct{ UserErrors []problem }
		}
		c.Do("IssuePayCode", citytest.Vars{"input": citytest.Vars{"purpose": "CLINIC", "onBehalfOf": me(t, mother)}}).Decode(t, &answer)
		if len(answer.IssuePayCode.UserErrors) > 0 {
			return answer.IssuePayCode.UserErrors[0].Code
		}
		return ""
	}

	before, badge := inboxPage(t, mother, nil)
	if status, code := do(daughter, "ReportCardLoss", "reportCardLoss", citytest.Vars{"onBehalfOf": me(t, mother)}); status != "" || code != "" {
		t.Fatalf("the daughter is answered a card %q, %q", status, code)
	}
	after, told := inboxPage(t, mother, nil)
	if len(after) != len(before)+1 || told != badge+1 {
		t.Errorf("the grandmother has %d notices and a badge of %d, of %d and %d before", len(after), told, len(before), badge)
	}
	if got := [2]string{refusedCode(mother), refusedCode(daughter)}; got != [2]string{"CARD_NOT_ACTIVE", "CARD_NOT_ACTIVE"} {
		t.Errorf("codes for it are answered %v", got)
	}
	if _, err := pay("after"); fault.CodeOf(err) != fault.CardNotActive {
		t.Errorf("it pays: %v", err)
	}
	if _, err := city.Book.Reverse(t.Context(), ledger.Reversal{Key: "refund", TransactionID: paid, Amount: 10_00}); err != nil {
		t.Errorf("a refund: %v", err)
	}
	var home struct {
		Card struct {
			Status         string
			AllowedActions []string
			Balance        int64
		}
	}
	mother.Do("CardTransactions", nil).Decode(t, &home)
	if home.Card.Status != "LOST" || !slices.Equal(home.Card.AllowedActions, []string{"CANCEL_LOSS", "REPLACE"}) || home.Card.Balance != 492_00 {
		t.Errorf("her card shows %+v", home.Card)
	}

	if _, code := do(mother, "ReportCardLoss", "reportCardLoss", citytest.Vars{}); code != "INVALID_TRANSITION" {
		t.Errorf("reported again: %q", code)
	}
	if status, code := do(daughter, "CancelCardLoss", "cancelCardLoss", citytest.Vars{"cardId": hers.ID}); status != "" || code != "NOT_FOUND" {
		t.Errorf("the daughter cancels: %q, %q", status, code)
	}
	if _, code := do(daughter, "ReportCardLoss", "reportCardLoss", citytest.Vars{"onBehalfOf": seedtest.Person(t, "maming")}); code != "DELEGATION_SCOPE" {
		t.Errorf("for a stranger: %q", code)
	}
	if status, code := do(mother, "CancelCardLoss", "cancelCardLoss", citytest.Vars{"cardId": hers.ID}); status != "ACTIVE" || code != "" {
		t.Fatalf("found again: %q, %q", status, code)
	}
	if code := refusedCode(daughter); code != "" {
		t.Errorf("a code for it then: %q", code)
	}
	if _, err := pay("found"); err != nil {
		t.Errorf("it pays nothing: %v", err)
	}
}
