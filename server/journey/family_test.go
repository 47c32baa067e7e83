package journey_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"citygraph/internal/redisx/redistest"
	"citygraph/server/citytest"
)

type delegationAnswer struct {
	ID, Status     string
	DelegateName   string
	AllowedActions []string
}

// delegated does a verb of delegation and returns the delegation and what was wrong.
func delegated(t *testing.T, c *citytest.Client, operation string, input citytest.Vars) (delegationAnswer, []problem) {
	t.Helper()
	var data map[string]struct {
		Delegation *delegationAnswer
		UserErrors []problem
	}
	c.Do(operation, citytest.Vars{"input": input}).Decode(t, &data)
	for _, payload := range data {
		if payload.Delegation == nil {
			return delegationAnswer{}, payload.UserErrors
		}
		return *payload.Delegation, payload.UserErrors
	}
	t.Fatalf("%s gave no payload", operation)
	return delegationAnswer{}, nil
}

// reportFor is the input of a report in somebody's name.
func reportFor(t *testing.T, c *citytest.Client, personID string) citytest.Vars {
	t.Helper()
	input := report(t, c, "路灯不亮")
	input["onBehalfOf"], input["visibility"] = personID, "PRIVATE" // or everybody sees it once it is accepted
	return input
}

// reported makes a report and returns the case's id.
func reported(t *testing.T, c *citytest.Client, input citytest.Vars) string {
	t.Helper()
	var answer struct {
		SubmitCase struct {
			CityCase   *caseRow
			UserErrors []problem
		}
	}
	c.Do("SubmitCase", citytest.Vars{"input": input}).Decode(t, &answer)
	if answer.SubmitCase.CityCase == nil {
		t.Fatalf("reported: %+v", answer.SubmitCase.UserErrors)
	}
	return answer.SubmitCase.CityCase.ID
}

// inboxHas reports whether a notice of a case, about a person, is in the inbox.
func inboxHas(t *testing.T, c *citytest.Client, caseID, personID string) bool {
	t.Helper()
	var answer struct {
		Inbox struct {
			Edges []struct {
				Node struct {
					SubjectPerson struct{ ID string }
					Target        struct{ ID string }
				}
			}
		}
	}
	c.Do("Inbox", nil).Decode(t, &answer)
	for _, e := range answer.Inbox.Edges {
		if e.Node.Target.ID == caseID && e.Node.SubjectPerson.ID == personID {
			return true
		}
	}
	return false
}

type householdAnswer struct {
	Household struct {
		Members []struct {
			PersonID, MaskedName, Relationship string
			Scopes                             []string
		}
	}
}

// A neighbour's phone is too small for his eyes: he asks the teacher next door, by her number and name, to
// see to his reports. She does, is told with him, and when he takes his word back nothing is left of it, on
// any replica, and what was on its way to her phone is not sent.
func TestANeighbourActsForANeighbour(t *testing.T) {
	here := citytest.Start(t, citytest.Redis(redistest.Start(t)))
	there := here.Replica(t)
	old, teacher, officer := here.As(t, "maming"), here.As(t, "lina"), here.As(t, "zhaoqiang")
	register(t, teacher, "ANDROID", "phone-of-lina")

	proposal := citytest.Vars{
		"idempotencyKey": uuid.NewString(), "delegatePhone": "13805718003", "delegateName": "李娜", "scopes": []string{"CASE", "NOTIFY"},
	}
	d, wrong := delegated(t, old, "ProposeDelegation", proposal)
	if d.Status != "PROPOSED" || d.DelegateName != "李*" || len(wrong) > 0 {
		t.Fatalf("proposed: %+v, %+v", d, wrong)
	}
	neighbour := me(t, old)
	report := reportFor(t, teacher, neighbour)
	if found := problems(t, teacher.Do("SubmitCase", citytest.Vars{"input": report})); len(found) != 1 || found[0].Code != "DELEGATION_SCOPE" {
		t.Fatalf("before it is accepted: %+v", found)
	}
	if d, wrong = delegated(t, teacher, "AcceptDelegation", citytest.Vars{"delegationId": d.ID}); d.Status != "ACTIVE" || len(wrong) > 0 {
		t.Fatalf("accepted: %+v, %+v", d, wrong)
	}
	var home householdAnswer
	teacher.Do("Household", nil).Decode(t, &home)
	if m := home.Household.Members; len(m) != 2 || m[1].PersonID != neighbour || m[1].MaskedName != "马*" || m[1].Relationship != "DELEGATOR" {
		t.Errorf("the household is %+v", m)
	}

	caseID := reported(t, teacher, report)
	live := teacher.On(there).Subscribe(t, "CaseChanged", citytest.Vars{"id": caseID, "afterSeq": 0})
	live.Next(t)
	accept(t, officer, caseID)
	var step struct{ CaseChanged struct{ CityCase caseState } }
	live.Next(t).Decode(t, &step)
	var hers struct {
		MyCases struct{ Edges []struct{ Node caseState } }
	}
	teacher.Do("MyCases", citytest.Vars{"person": neighbour}).Decode(t, &hers)
	if n := len(hers.MyCases.Edges); n != 1 {
		t.Fatalf("she sees %d cases of his", n)
	}
	for where, c := range map[string]caseState{"her list": hers.MyCases.Edges[0].Node, "her stream": step.CaseChanged.CityCase} {
		if !slices.Equal(c.AllowedActions, []string{"WITHDRAW", "UPDATE"}) {
			t.Errorf("in %s the case has the actions %v", where, c.AllowedActions)
		}
	}
	for name, c := range map[string]*citytest.Client{"he": old, "she": teacher.On(there)} {
		if !inboxHas(t, c, caseID, neighbour) {
			t.Errorf("%s is not told", name)
		}
	}
	citytest.Eventually(t, "her phone rings", func() bool { return received(here, "phone-of-lina") >= 2 })

	// A case is accepted and his word is taken back before her phone has heard of it.
	second := reportFor(t, teacher, neighbour)
	other := reported(t, teacher, second)
	if err := here.Queue.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := there.Queue.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	accept(t, officer, other)
	if d, wrong = delegated(t, old, "RevokeDelegation", citytest.Vars{"delegationId": d.ID}); d.Status != "REVOKED" || len(wrong) > 0 {
		t.Fatalf("revoked: %+v, %+v", d, wrong)
	}
	if last := live.Next(t); last.Code() != "NOT_FOUND" { // long before it would look again by itself
		t.Errorf("her open subscription on the other replica is told %s", last.Body)
	}
	third := here.Replica(t) // works what was left
	citytest.Eventually(t, "every push is settled", func() bool {
		return counted(t, third, "SELECT count(*) FROM river_job WHERE finalized_at IS NULL") == 0
	})
	for _, m := range here.FCM.Messages() {
		if m.Data["targetId"] == other {
			t.Errorf("a push under a delegation that has ended: %+v", m.Data)
		}
	}

	for _, c := range []*citytest.Client{teacher, teacher.On(there)} {
		if code := c.Do("MyCases", citytest.Vars{"person": neighbour}).Code(); code != "DELEGATION_SCOPE" {
			t.Errorf("she lists his cases: %q", code)
		}
		if code := c.Do("CaseDetail", citytest.Vars{"id": caseID}).Code(); code != "NOT_FOUND" {
			t.Errorf("she reads the case: %q", code)
		}
		if inboxHas(t, c, caseID, neighbour) {
			t.Error("she still reads what she was told of him")
		}
		third := reportFor(t, c, neighbour)
		if found := problems(t, c.Do("SubmitCase", citytest.Vars{"input": third})); len(found) != 1 || found[0].Code != "DELEGATION_SCOPE" {
			t.Errorf("she reports for him: %+v", found)
		}
	}
	if !inboxHas(t, old, other, neighbour) {
		t.Error("he is not told of his own case")
	}
}

// The father under a custody bar sees nothing of his children and learns nothing from how he is refused.
func TestABarredFatherLearnsNothing(t *testing.T) {
	city := citytest.Start(t)
	mother, father := city.As(t, "chenjing"), city.As(t, "zhouwei")
	var home, his householdAnswer
	mother.Do("Household", nil).Decode(t, &home)
	father.Do("Household", nil).Decode(t, &his)
	if len(home.Household.Members) != 4 || len(his.Household.Members) != 1 {
		t.Fatalf("the households are %+v and %+v", home, his)
	}
	var child string
	for _, m := range home.Household.Members {
		if m.MaskedName == "周**" && m.Relationship == "CHILD" {
			child = m.PersonID
		}
	}
	caseID := reported(t, mother, reportFor(t, mother, child))
	accept(t, city.As(t, "zhaoqiang"), caseID)
	if !inboxHas(t, mother, caseID, child) {
		t.Error("the mother is not told of her child's case")
	}
	for _, ask := range []struct {
		operation string
		vars      citytest.Vars
	}{
		{"MyCases", citytest.Vars{"person": child}}, {"CaseDetail", citytest.Vars{"id": caseID}},
	} {
		if code := father.Do(ask.operation, ask.vars).Code(); code != "DELEGATION_SCOPE" && code != "NOT_FOUND" {
			t.Errorf("%s: %q", ask.operation, code)
		}
	}
	if inboxHas(t, father, caseID, child) {
		t.Error("the father is told")
	}
}
