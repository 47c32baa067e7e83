package journey_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/ledger"
	"citygraph/internal/paycode"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/transit"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// fetchCodes asks for codes to keep, and is them or why there are none.
func fetchCodes(t *testing.T, c *citytest.Client, client string) (codes []string, code string) {
	t.Helper()
	var answer struct {
		IssueTransitCodes struct {
			TransitCodes *struct{ Codes []string }
			UserErrors   []problem
		}
	}
	c.DoFor(client, "IssueTransitCodes", citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString()}}).Decode(t, &answer)
	if len(answer.IssueTransitCodes.UserErrors) > 0 {
		return nil, answer.IssueTransitCodes.UserErrors[0].Code
	}
	return answer.IssueTransitCodes.TransitCodes.Codes, ""
}

func unrefused(t *testing.T, a citytest.Answer) {
	t.Helper()
	if found := problems(t, a); len(found) > 0 {
		t.Fatalf("refused: %+v", found)
	}
}

// empty takes all that is on a member's card, in fen.
func empty(t *testing.T, city *citytest.City, name string, fen int64) {
	t.Helper()
	card := city.DB.CitizenCard.Query().Where(citizencard.PersonID(seedtest.Person(t, name))).OnlyX(system(t))
	shop, err := city.Book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindMerchant, OwnerID: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = city.Book.Post(t.Context(), ledger.Posting{
		Key: "shopping", Kind: ledgertransaction.KindCharge, Domain: ledgertransaction.DomainCard,
		Lines: []ledger.Line{{AccountID: card.AccountID, Amount: -fen}, {AccountID: shop.ID, Amount: fen}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// uploadRides is how an operator's upload is answered: the outcome of each scan.
func uploadRides(t *testing.T, city *citytest.City, scans ...transit.Scan) []string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"scans": scans})
	if err != nil {
		t.Error(err)
		return nil
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, city.URL+transit.Path, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return nil
	}
	r.Header.Set("Authorization", "Bearer "+citytest.OperatorKey)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	var answer struct{ Rides []struct{ Outcome string } }
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("the upload is answered %s: %s, %v", response.Status, text, err)
	}
	outcomes := make([]string, len(answer.Rides))
	for i, r := range answer.Rides {
		outcomes[i] = r.Outcome
	}
	return outcomes
}

func scanOf(id, code string, fen int64) transit.Scan {
	return transit.Scan{ID: id, Code: code, Gate: "line 1", Fare: fen, ScannedAt: time.Now()}
}

// A grandmother fetches codes at home and rides the metro, where neither her phone nor the gate has a network. The gate
// takes a code with the published keys; the ride is on her card when the gates' operator uploads it, once. She loses
// her phone: what was ridden before is owed, what the finder rides is refused. Found again, the card pays it.
func TestAGrandmotherRidesWithoutANetwork(t *testing.T) {
	var ring *paycode.Ring
	city := citytest.Start(t, func(o *wiring.Options) { ring = o.PayCodes })
	holder := city.As(t, "wangguiying")
	before := transactions(t, holder, citytest.Vars{"first": 20})
	codes, refused := fetchCodes(t, holder, "wechat-miniprogram")
	if refused != "" || len(codes) != 10 {
		t.Fatalf("%d codes, %q", len(codes), refused)
	}
	if _, err := ring.Verify(codes[0], paycode.TransitOffline, time.Now().Add(23*time.Hour)); err != nil {
		t.Errorf("the gate refuses: %v", err)
	}
	if _, err := ring.Verify(codes[0], paycode.Transit, time.Now()); err == nil {
		t.Error("a gate for codes of a minute takes it")
	}

	ride := scanOf("a", codes[0], 4_00)
	if got := fmt.Sprint(uploadRides(t, city, ride, scanOf("b", codes[0], 4_00)), uploadRides(t, city, ride)); got != "[ACCEPTED DUPLICATE] [ACCEPTED]" {
		t.Errorf("the operator is answered %s", got)
	}
	after := transactions(t, holder, citytest.Vars{"first": 20})
	if after.Card.Balance != before.Card.Balance-4_00 || len(after.CardTransactions.Edges) != len(before.CardTransactions.Edges)+1 {
		t.Fatalf("she sees %+v after %+v", after, before)
	}
	if paid := after.CardTransactions.Edges[0].Node; paid.Amount != -4_00 || paid.Transaction.Domain != "TRANSIT" || paid.Transaction.Merchant != "杭州公交" {
		t.Errorf("the ride is %+v", paid)
	}
	if rows, _ := inboxPage(t, holder, nil); rows[0].Title != "乘车支出¥4.00" {
		t.Errorf("she is told %q", rows[0].Title)
	}

	owed := scanOf("c", codes[1], 5_00)
	unrefused(t, holder.Do("ReportCardLoss", citytest.Vars{"input": citytest.Vars{}}))
	if got := fmt.Sprint(uploadRides(t, city, owed, scanOf("d", codes[2], 5_00))); got != "[ACCEPTED CARD_STOPPED]" {
		t.Errorf("of a lost card %s", got)
	}
	if now := transactions(t, holder, nil).Card.Balance; now != after.Card.Balance {
		t.Errorf("the lost card has paid: %d of %d", now, after.Card.Balance)
	}
	if _, refused := fetchCodes(t, holder, "citizen-app"); refused != "CARD_NOT_ACTIVE" {
		t.Errorf("codes for a lost card: %q", refused)
	}
	var hers struct {
		Me struct{ Card struct{ ID string } }
	}
	holder.Do("HomeScreen", nil).Decode(t, &hers)
	unrefused(t, holder.Do("CancelCardLoss", citytest.Vars{"input": citytest.Vars{"cardId": hers.Me.Card.ID}}))
	citytest.Eventually(t, "what is owed is taken", func() bool {
		return transactions(t, holder, nil).Card.Balance == after.Card.Balance-5_00
	})
	if rows, _ := inboxPage(t, holder, nil); rows[0].Title != "乘车补扣¥5.00" {
		t.Errorf("she is told %q", rows[0].Title)
	}
}

// A citizen without money rides all the same, and owes it: no more codes until she tops up, from which it is taken.
func TestATopUpPaysWhatIsOwed(t *testing.T) {
	city := citytest.Start(t)
	holder := city.As(t, "chenjing")
	codes, _ := fetchCodes(t, holder, "citizen-app")
	left := transactions(t, holder, nil).Card.Balance
	empty(t, city, "chenjing", left)
	if got := fmt.Sprint(uploadRides(t, city, scanOf("a", codes[0], 6_00), scanOf("b", codes[1], 6_00))); got != "[ACCEPTED ACCEPTED]" {
		t.Fatal(got)
	}
	if _, refused := fetchCodes(t, holder, "citizen-app"); refused != "INSUFFICIENT_FUNDS" {
		t.Errorf("more codes: %q", refused)
	}
	unrefused(t, holder.Do("TopUp", citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "amount": 20_00}}))
	citytest.Eventually(t, "what is owed is taken from it", func() bool { return transactions(t, holder, nil).Card.Balance == 8_00 })
	newest := transactions(t, holder, citytest.Vars{"first": 1}).CardTransactions.Edges[0].Node
	if newest.Amount != -12_00 || newest.Transaction.Kind != "TRANSFER" || newest.Transaction.Domain != "TRANSIT" || newest.Transaction.Merchant != "乘车补扣" {
		t.Errorf("the newest entry is %+v", newest)
	}
	if _, refused := fetchCodes(t, holder, "citizen-app"); refused != "" {
		t.Errorf("codes afterwards: %q", refused)
	}
}

// One code from fifty gates at once, through two replicas, is one ride.
func TestACodeFromFiftyGates(t *testing.T) {
	city := citytest.Start(t)
	replica, holder := city.Replica(t), city.As(t, "chenjing")
	before := transactions(t, holder, nil).Card.Balance
	codes, _ := fetchCodes(t, holder, "citizen-app")
	var all sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	for i := range 50 {
		all.Go(func() {
			at := city
			if i%2 == 1 {
				at = replica
			}
			outcome := uploadRides(t, at, scanOf(fmt.Sprint("gate ", i), codes[0], 2_00))
			mu.Lock()
			defer mu.Unlock()
			got[fmt.Sprint(outcome)]++
		})
	}
	all.Wait()
	if now := transactions(t, holder, nil).Card.Balance; got["[ACCEPTED]"] != 1 || got["[DUPLICATE]"] != 49 || now != before-2_00 {
		t.Errorf("fifty gates are answered %v, and %d fen are left of %d", got, now, before)
	}
}
