package journey_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/ledger"
	"citygraph/internal/resident"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

// A handbag that is not found again: its owner has another card the same evening, with the money that was on the old
// one. What a thief photographed pays nothing, and a court's order stops the new card in its turn.
func TestALostCardIsReplaced(t *testing.T) {
	city := citytest.Start(t)
	mother, nurse, admin := city.As(t, "wangguiying"), city.As(t, "xumin"), city.As(t, "fanglei")
	clinic := employer(t, city, "xumin")
	do := func(c *citytest.Client, operation, field string, input citytest.Vars) (cardID, code string) {
		t.Helper()
		var answer cardMoved
		c.Do(operation, citytest.Vars{"input": input}).Decode(t, &answer)
		got := answer[field]
		if got.Card != nil {
			cardID = got.Card.ID
		}
		if len(got.UserErrors) > 0 {
			code = got.UserErrors[0].Code
		}
		return cardID, code
	}
	sell := func(code string) string {
		t.Helper()
		_, refused := do(nurse, "ChargeCode", "chargeCode", citytest.Vars{"idempotencyKey": uuid.NewString(), "merchantId": clinic, "code": code, "amount": 1_00})
		return refused
	}
	old := city.DB.CitizenCard.Query().Where(citizencard.HolderID(seedtest.Person(t, "wangguiying"))).WithAccount().OnlyX(system(t))
	stolen := showCode(t, mother)
	if _, code := do(mother, "ReportCardLoss", "reportCardLoss", citytest.Vars{}); code != "" {
		t.Fatal(code)
	}
	key := uuid.NewString()
	now, code := do(mother, "ReplaceCard", "replaceCard", citytest.Vars{"idempotencyKey": key, "cardId": old.ID})
	if code != "" || now == old.ID || now == "" {
		t.Fatalf("replaced: %q, %q", now, code)
	}
	// In the lift the answer was lost; the app asks again.
	if again, code := do(mother, "ReplaceCard", "replaceCard", citytest.Vars{"idempotencyKey": key, "cardId": old.ID}); again != now || code != "" {
		t.Errorf("asked again: %q, %q", again, code)
	}
	if code := sell(stolen); code != "CARD_NOT_ACTIVE" {
		t.Errorf("a code for the old card: %q", code)
	}
	if code := sell(showCode(t, mother)); code != "" {
		t.Errorf("a code for the new card: %q", code)
	}
	var home struct {
		Card struct {
			ID      string
			Balance int64
		}
	}
	mother.Do("CardTransactions", nil).Decode(t, &home)
	if home.Card.ID != now || home.Card.Balance != old.Edges.Account.Balance-1_00 {
		t.Errorf("her card shows %+v", home.Card)
	}

	ordered := citytest.Vars{"input": citytest.Vars{"cardId": now, "reason": "order 12"}}
	if code := mother.Do("FreezeCard", ordered).Code(); code != "FORBIDDEN" {
		t.Errorf("she freezes it: %q", code)
	}
	var frozen struct {
		FreezeCard, UnfreezeCard struct {
			CardStatus string
			UserErrors []problem
		}
	}
	admin.Do("FreezeCard", ordered).Decode(t, &frozen)
	if frozen.FreezeCard.CardStatus != "FROZEN" {
		t.Fatalf("frozen: %+v", frozen.FreezeCard)
	}
	if _, code := do(mother, "CancelCardLoss", "cancelCardLoss", citytest.Vars{"cardId": now}); code != "INVALID_TRANSITION" {
		t.Errorf("she puts it back: %q", code)
	}
	admin.Do("UnfreezeCard", ordered).Decode(t, &frozen)
	if frozen.UnfreezeCard.CardStatus != "ACTIVE" {
		t.Errorf("unfrozen: %+v", frozen.UnfreezeCard)
	}
	if _, code := do(mother, "CloseCard", "closeCard", citytest.Vars{"cardId": now}); code != "CARD_NOT_EMPTY" {
		t.Errorf("closed with money on it: %q", code)
	}
	rows, _ := inboxPage(t, mother, nil)
	told := []string{}
	for _, row := range rows[:min(5, len(rows))] {
		told = append(told, row.Title)
	}
	if want := []string{"市民卡已解冻", "市民卡已冻结", "市民卡支出¥1.00", "市民卡已补办", "市民卡已挂失"}; !slices.Equal(told, want) {
		t.Errorf("she was told %q, want %q", told, want)
	}
}

// Somebody signs in by WeChat and has a card at once, which holds little; with their real name it is theirs and holds
// more. The money of a second account of theirs comes to the first one's card.
func TestAnAnonymousCardFindsItsOwner(t *testing.T) {
	city := citytest.Start(t, withSandbox)
	digits := "33010619900101006"
	claim := citytest.Vars{"input": citytest.Vars{"name": "林晓", "idNumber": digits + string(resident.Check(digits)), "proof": "sandbox"}}
	issue := func(c *citytest.Client) (issued struct{ ID, Kind, Status string }) {
		t.Helper()
		var answer struct {
			IssueCard struct {
				Card *struct{ ID, Kind, Status string }
			}
		}
		c.DoFor("wechat-miniprogram", "IssueCard", citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString()}}).Decode(t, &answer)
		if answer.IssueCard.Card == nil {
			t.Fatal("no card was issued")
		}
		return *answer.IssueCard.Card
	}
	held := func(c *citytest.Client) (card struct{ Balance, Cap int64 }) {
		t.Helper()
		var answer struct {
			Card *struct{ Balance, Cap int64 }
		}
		c.Do("CardTransactions", nil).Decode(t, &answer)
		if answer.Card == nil {
			t.Fatal("there is no card")
		}
		return *answer.Card
	}
	first, second := byWechat(t, city, "dev:first"), byWechat(t, city, "dev:second")
	if card := issue(first); card.Kind != "ANONYMOUS" || card.Status != "ACTIVE" {
		t.Errorf("somebody unknown has %+v", card)
	}
	if found := problems(t, first.Do("IssueCard", citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString()}})); len(found) != 1 || found[0].Code != "INVALID_TRANSITION" {
		t.Errorf("a second card: %+v", found)
	}
	if found := problems(t, first.Do("BindIdentity", claim)); len(found) != 0 {
		t.Fatalf("bound: %+v", found)
	}
	if card := held(first); card.Cap != 5_000_00 {
		t.Errorf("with a name they have %+v", card)
	}
	account := city.DB.CitizenCard.Query().Where(citizencard.ID(issue(second).ID)).QueryAccount().OnlyX(system(t))
	bank, err := city.Book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindProviderClearing, OwnerID: "bank"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := city.Book.Post(t.Context(), ledger.Posting{
		Key: "paid in", Kind: ledgertransaction.KindTopUp, Domain: ledgertransaction.DomainCard,
		Lines: []ledger.Line{{AccountID: bank.ID, Amount: -8_00}, {AccountID: account.ID, Amount: 8_00}},
	}); err != nil {
		t.Fatal(err)
	}
	if found := problems(t, second.Do("BindIdentity", claim)); len(found) != 0 {
		t.Fatalf("the second account: %+v", found)
	}
	if card := held(first); card.Balance != 8_00 {
		t.Errorf("on the card of both is %+v", card)
	}
}
