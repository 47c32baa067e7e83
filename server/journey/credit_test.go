package journey_test

import (
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

// owing is what the app shows of a credit line.
type owing struct {
	Status         string
	Owed           int64
	Available      int64
	Cap            int64
	DueAt          *string
	AllowedActions []string
}

// A grandmother agrees to pay later, is treated for more than is on her card, sees what she owes, cannot leave owing it,
// repays it, and closes the line. The hospital's receipt tells nothing of it.
func TestAGrandmotherIsTreatedFirstAndPaysLater(t *testing.T) {
	city := citytest.Start(t)
	holder, cashier := city.As(t, "wangguiying"), city.As(t, "xumin")
	clinic := city.DB.StaffRole.Query().Where(staffrole.PersonID(seedtest.Person(t, "xumin"))).OnlyX(system(t)).OrganisationID
	keyed := func(more citytest.Vars) citytest.Vars {
		input := citytest.Vars{"idempotencyKey": uuid.NewString()}
		for name, value := range more {
			input[name] = value
		}
		return citytest.Vars{"input": input}
	}
	refused := func(what string, answer citytest.Answer, code string) {
		t.Helper()
		if found := problems(t, answer); len(found) != 1 || found[0].Code != code {
			t.Errorf("%s: %+v, want %s", what, found, code)
		}
	}
	refused("before she agrees", holder.Do("OpenCreditLine", keyed(nil)), "CONSENT_REQUIRED")
	if found := problems(t, holder.Do("GiveConsent", keyed(citytest.Vars{"purpose": "CREDIT_RECORD", "version": "1.0", "language": "ZH_CN"}))); len(found) != 0 {
		t.Fatalf("she cannot agree: %+v", found)
	}
	if found := problems(t, holder.DoFor("wechat-miniprogram", "OpenCreditLine", keyed(nil))); len(found) != 0 {
		t.Fatalf("she cannot open a line: %+v", found)
	}
	var mine struct {
		Card struct {
			Balance          int64
			InsuranceBalance *int64
			CreditLine       *owing
		}
	}
	holder.Do("MyCard", nil).Decode(t, &mine)
	had := mine.Card.Balance
	if line := mine.Card.CreditLine; line == nil || line.Status != "ACTIVE" || line.Owed != 0 || line.Available != line.Cap || line.DueAt != nil {
		t.Fatalf("her line is %+v", line)
	}
	var shown struct {
		IssuePayCode struct{ PayCode struct{ Code string } }
	}
	holder.Do("IssuePayCode", citytest.Vars{"input": citytest.Vars{"purpose": "CLINIC"}}).Decode(t, &shown)
	paid := cashier.Do("ChargeCode", keyed(citytest.Vars{"merchantId": clinic, "code": shown.IssuePayCode.PayCode.Code, "amount": had + 70_00}))
	if found := problems(t, paid); len(found) != 0 {
		t.Fatalf("she is not treated: %+v", found)
	}
	holder.Do("MyCard", nil).Decode(t, &mine)
	line := mine.Card.CreditLine
	if mine.Card.Balance != 0 || line.Owed != 70_00 || line.Available != line.Cap-70_00 || line.DueAt == nil || len(line.AllowedActions) != 1 {
		t.Errorf("she sees %+v", mine.Card)
	}
	var page struct {
		CreditLine             owing
		CreditLineTransactions struct {
			Edges []struct {
				Node struct {
					Amount      int64
					Transaction struct{ Kind, Domain string }
				}
			}
		}
	}
	holder.Do("CreditLine", citytest.Vars{"first": 20}).Decode(t, &page)
	if edges := page.CreditLineTransactions.Edges; len(edges) != 1 || edges[0].Node.Amount != -70_00 || edges[0].Node.Transaction.Domain != "CLINIC" {
		t.Errorf("the page shows %+v", page)
	}
	refused("leaving", holder.Do("DeleteMyAccount", keyed(nil)), "CREDIT_OWED")
	refused("from an empty card", holder.Do("RepayCreditLine", keyed(citytest.Vars{"amount": 70_00})), "INSUFFICIENT_FUNDS")
	give(t, city, "wangguiying", 100_00)
	refused("more than she owes", holder.Do("RepayCreditLine", keyed(citytest.Vars{"amount": 70_01})), "BAD_AMOUNT")
	if found := problems(t, holder.Do("RepayCreditLine", keyed(citytest.Vars{"amount": 70_00}))); len(found) != 0 {
		t.Errorf("she cannot repay: %+v", found)
	}
	var closing struct{ CreditLine struct{ ID string } }
	holder.Do("CreditLine", nil).Decode(t, &closing)
	gone := citytest.Vars{"input": citytest.Vars{"creditLineId": closing.CreditLine.ID}}
	refused("a neighbour", city.As(t, "maming").Do("CloseCreditLine", gone), "NOT_FOUND")
	if found := problems(t, holder.Do("CloseCreditLine", gone)); len(found) != 0 {
		t.Errorf("she cannot close it: %+v", found)
	}
	holder.Do("MyCard", nil).Decode(t, &mine)
	if mine.Card.Balance != 30_00 || mine.Card.CreditLine.Status != "CLOSED" || mine.Card.CreditLine.Available != 0 {
		t.Errorf("in the end she sees %+v", mine.Card)
	}
	if rows, _ := inboxPage(t, holder, nil); rows[0].Title != "先诊疗后付费还款¥70.00" {
		t.Errorf("she was told %+v", rows[0])
	}
}

// give puts so many fen on a member's card.
func give(t *testing.T, city *citytest.City, name string, fen int64) {
	t.Helper()
	card := city.DB.CitizenCard.Query().Where(citizencard.PersonID(seedtest.Person(t, name))).OnlyX(system(t))
	from, err := city.Book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindSuspense})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := city.Book.Post(t.Context(), ledger.Posting{
		Key: uuid.NewString(), Kind: ledgertransaction.KindTransfer, Domain: ledgertransaction.DomainCard,
		Lines: []ledger.Line{{AccountID: from.ID, Amount: -fen}, {AccountID: card.AccountID, Amount: fen}},
	}); err != nil {
		t.Fatal(err)
	}
}

// The insurance account is shown to its holder as the bureau has it, and a member of the cast who is insured sees
// the same twice.
func TestTheCardShowsTheInsuranceAccount(t *testing.T) {
	city := citytest.Start(t)
	insured := 0
	for _, name := range []string{"chenjing", "zhouwei", "wangguiying", "lina", "maming"} {
		var first, again struct {
			Card struct{ InsuranceBalance *int64 }
		}
		city.As(t, name).Do("MyCard", nil).Decode(t, &first)
		city.As(t, name).DoFor("wechat-miniprogram", "MyCard", nil).Decode(t, &again)
		one, two := first.Card.InsuranceBalance, again.Card.InsuranceBalance
		if (one == nil) != (two == nil) || one != nil && *one != *two {
			t.Errorf("%s sees %v and then %v", name, one, two)
		}
		if one != nil {
			insured++
		}
	}
	if insured == 0 {
		t.Error("nobody is insured")
	}
}
