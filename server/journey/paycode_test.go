package journey_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"citygraph/internal/paycode"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// A daughter shows her mother's code at the hospital. The gate has the published keys and no network, and takes the
// code for its purpose and its minute; the mother's word taken back, the daughter gets no more of them.
func TestADaughterShowsHerMothersCode(t *testing.T) {
	var ring *paycode.Ring
	city := citytest.Start(t, func(o *wiring.Options) { ring = o.PayCodes })
	mother, daughter := city.As(t, "wangguiying"), city.As(t, "chenjing")
	var hers struct {
		Me struct{ Card struct{ ID string } }
	}
	mother.Do("HomeScreen", nil).Decode(t, &hers)
	input := citytest.Vars{"input": citytest.Vars{"purpose": "CLINIC", "onBehalfOf": me(t, mother)}}
	var answer struct {
		IssuePayCode struct {
			PayCode    *struct{ Code string }
			UserErrors []problem
		}
	}
	daughter.DoFor("wechat-miniprogram", "IssuePayCode", input).Decode(t, &answer)
	if answer.IssuePayCode.PayCode == nil {
		t.Fatalf("refused: %+v", answer.IssuePayCode.UserErrors)
	}
	code := answer.IssuePayCode.PayCode.Code

	response, err := http.Get(city.URL + paycode.WellKnown)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	published, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "application/jwk-set+json" ||
		response.Header.Get("Access-Control-Allow-Origin") != "*" || response.Header.Get("ETag") == "" {
		t.Fatalf("the keys: %s, %v", response.Status, err)
	}
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	if err := json.Unmarshal(published, &set); err != nil || len(set.Keys) != 2 {
		t.Fatalf("published are %s, %v", published, err)
	}
	for _, key := range set.Keys {
		if key["d"] != "" || key["kid"] == "" || key["x"] == "" {
			t.Errorf("published is %v", key)
		}
	}
	claims, err := ring.Verify(code, paycode.Clinic, time.Now())
	if err != nil || claims.CardID != hers.Me.Card.ID {
		t.Errorf("the gate reads %+v, %v; her card is %s", claims, err, hers.Me.Card.ID)
	}

	var given struct {
		Delegations struct {
			Edges []struct {
				Node struct{ ID, Status string }
			}
		}
	}
	mother.Do("Delegations", nil).Decode(t, &given)
	for _, e := range given.Delegations.Edges {
		if _, wrong := delegated(t, mother, "RevokeDelegation", citytest.Vars{"delegationId": e.Node.ID}); len(wrong) > 0 {
			t.Fatalf("revoked: %+v", wrong)
		}
	}
	if found := problems(t, daughter.Do("IssuePayCode", input)); len(found) != 1 || found[0].Code != "DELEGATION_SCOPE" {
		t.Errorf("afterwards: %+v", found)
	}
}
