package journey_test

import (
	"fmt"
	"testing"
	"time"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/hold"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/lang"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

// statement is what the app shows of a card.
type statement struct {
	Card             *struct{ Balance, Available, Cap int64 }
	CardTransactions struct {
		Edges []struct {
			Cursor string
			Node   struct {
				Amount, BalanceAfter, Seq int64
				At                        time.Time
				Transaction               struct {
					ID, Kind, Domain, Merchant string
					ReversesID                 *string
				}
			}
		}
		PageInfo struct{ HasNextPage bool }
	}
}

func transactions(t *testing.T, c *citytest.Client, vars citytest.Vars) statement {
	t.Helper()
	var s statement
	c.Do("CardTransactions", vars).Decode(t, &s)
	return s
}

// A grandmother pays at a clinic, which gives a part back and keeps a deposit. She sees all of it, and nobody
// else sees any, her daughter included, who may spend for her.
func TestWhatWentThroughACard(t *testing.T) {
	city := citytest.Start(t)
	holder := city.As(t, "wangguiying")
	book := city.Book
	shop, err := book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindMerchant, OwnerID: "clinic"})
	if err != nil {
		t.Fatal(err)
	}
	card := city.DB.CitizenCard.Query().Where(citizencard.PersonID(seedtest.Person(t, "wangguiying"))).OnlyX(system(t))
	clinic := lang.Text{ZH: "浙大一院", EN: "First Affiliated Hospital"}
	paid, err := book.Post(t.Context(), ledger.Posting{
		Key: "bill/1", Kind: ledgertransaction.KindCharge, Domain: ledgertransaction.DomainClinic, Merchant: clinic,
		Lines: []ledger.Line{{AccountID: card.AccountID, Amount: -30_00}, {AccountID: shop.ID, Amount: 30_00}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := book.Reverse(t.Context(), ledger.Reversal{Key: "refund/1", TransactionID: paid.ID, Amount: 10_00}); err != nil {
		t.Fatal(err)
	}
	_, err = book.Hold(t.Context(), ledger.Reservation{
		Key: "deposit/1", AccountID: card.AccountID, PayeeID: shop.ID, Amount: 5_00, ExpiresAt: time.Now().Add(time.Hour),
		Domain: hold.DomainClinic, Merchant: clinic,
	})
	if err != nil {
		t.Fatal(err)
	}

	seen := transactions(t, holder.Speaking("en"), nil)
	if seen.Card == nil || seen.Card.Balance != 492_00 || seen.Card.Available != 487_00 || seen.Card.Cap != 5_000_00 {
		t.Errorf("the card shows %+v", seen.Card)
	}
	var kinds []string
	for i, edge := range seen.CardTransactions.Edges {
		n := edge.Node
		kinds = append(kinds, fmt.Sprint(n.Transaction.Kind, " ", n.Amount, " ", n.BalanceAfter, " ", n.Transaction.Domain, " ", n.Transaction.Merchant))
		if reverses := n.Transaction.ReversesID; (reverses != nil) != (i == 0) || (i == 0 && *reverses != paid.ID) || n.At.IsZero() {
			t.Errorf("%s reverses %v, at %s", n.Transaction.Kind, reverses, n.At)
		}
	}
	want := []string{
		"REVERSAL 1000 49200 CLINIC First Affiliated Hospital", "CHARGE -3000 48200 CLINIC First Affiliated Hospital", "OPENING 51200 51200 CARD ",
	}
	if len(kinds) != len(want) {
		t.Fatalf("she sees %q", kinds)
	}
	for i := range want {
		if kinds[i] != want[i] {
			t.Errorf("she sees %q, want %q", kinds[i], want[i])
		}
	}

	first := transactions(t, holder, citytest.Vars{"first": 2})
	if len(first.CardTransactions.Edges) != 2 || !first.CardTransactions.PageInfo.HasNextPage {
		t.Fatalf("the first page is %+v", first.CardTransactions)
	}
	rest := transactions(t, holder, citytest.Vars{"first": 2, "after": first.CardTransactions.Edges[1].Cursor})
	if len(rest.CardTransactions.Edges) != 1 || rest.CardTransactions.Edges[0].Node.Seq != 1 || rest.CardTransactions.PageInfo.HasNextPage {
		t.Errorf("the second page is %+v", rest.CardTransactions)
	}

	for _, member := range []string{"chenjing", "maming", "qianjun", "fanglei"} {
		for _, edge := range transactions(t, city.As(t, member), nil).CardTransactions.Edges {
			if edge.Node.Transaction.ID == paid.ID || edge.Node.Transaction.Kind != "OPENING" {
				t.Errorf("%s sees %+v", member, edge.Node)
			}
		}
	}
	if answer := city.Visitor(t).Do("CardTransactions", nil); answer.Code() != "UNAUTHENTICATED" {
		t.Errorf("a visitor is told %s", answer.Body)
	}
}
