package household_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/delegation"
	"citygraph/ent/db/guardianship"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/id"
	"citygraph/internal/scope"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

func TestADelegationFromProposalToEnd(t *testing.T) {
	h := open(t)
	p := proposal(t, "lina", scope.Book, scope.Case)
	d, err := h.Propose(h.As(t, "maming"), p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.Propose(h.As(t, "maming"), p)
	if err != nil || again.ID != d.ID {
		t.Errorf("the same request made %v, %v", again, err)
	}
	if h.may(t, "lina", "maming", scope.Book) {
		t.Error("a proposal is a right")
	}
	for name, want := range map[string][]household.Action{
		"maming": {household.ActionRevoke}, "lina": {household.ActionAccept, household.ActionRevoke},
	} {
		if diff := cmp.Diff(want, h.AllowedActions(h.As(t, name), d)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, name := range []string{"maming", "chenjing", "fanglei"} {
		if _, err := h.Accept(h.As(t, name), d.ID); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%s accepts: %v", name, err)
		}
	}
	if d, err = h.Accept(h.As(t, "lina"), d.ID); err != nil || household.StatusAt(d, h.Clock.Now()) != household.StatusActive {
		t.Fatalf("accepted: %v, %v", d, err)
	}
	if !h.may(t, "lina", "maming", scope.Case) || h.may(t, "lina", "maming", scope.Pay) || h.may(t, "maming", "lina", scope.Case) {
		t.Error("more or less than was given")
	}
	if _, err := h.Accept(h.As(t, "lina"), d.ID); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("accepted twice: %v", err)
	}
	for _, name := range []string{"chenjing", "fanglei"} {
		if _, err := h.Revoke(h.As(t, name), d.ID); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%s revokes: %v", name, err)
		}
	}
	if d, err = h.Revoke(h.As(t, "lina"), d.ID); err != nil || household.StatusAt(d, h.Clock.Now()) != household.StatusRevoked {
		t.Fatalf("revoked: %v, %v", d, err)
	}
	if h.may(t, "lina", "maming", scope.Case) || len(h.AllowedActions(h.As(t, "lina"), d)) > 0 {
		t.Error("something is left of it")
	}
	if _, err := h.Revoke(h.As(t, "maming"), d.ID); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("revoked twice: %v", err)
	}
	lina, maming := seedtest.Person(t, "lina"), seedtest.Person(t, "maming")
	if diff := cmp.Diff([]household.Proposed{{DelegationID: d.ID, DelegateID: lina}}, h.proposed); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]household.Accepted{{DelegationID: d.ID, DelegatorID: maming}}, h.accepted); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]household.Revoked{{DelegationID: d.ID, Told: []string{maming}}}, h.revoked); diff != "" {
		t.Error(diff)
	}
}

func TestProposalsThatAreRefused(t *testing.T) {
	h := open(t)
	h.given(t, "xumin", "lina", scope.Book)
	h.given(t, "lina", "wutao", scope.Book)
	unbound := h.DB.Person.Create().SaveX(seedtest.System(t))
	before := h.DB.Delegation.Query().CountX(seedtest.System(t))
	phone := func(p *household.Proposal) {
		p.DelegateID, p.DelegatePhone, p.DelegateName = "", "13805718003", "李娜"
	}
	for name, tt := range map[string]struct {
		by    string
		spoil func(*household.Proposal)
		code  fault.Code
		field string
	}{
		"a visitor":        {"", func(*household.Proposal) {}, fault.Unauthenticated, ""},
		"nothing given":    {"maming", func(p *household.Proposal) { p.Scopes = nil }, fault.BadUserInput, "scopes"},
		"an unknown scope": {"maming", func(p *household.Proposal) { p.Scopes = []scope.Scope{"FLY"} }, fault.BadUserInput, "scopes"},
		"oneself": {"maming", func(p *household.Proposal) {
			p.DelegateID, p.DelegateName = seedtest.Person(t, "maming"), name(t, "maming")
		}, fault.BadUserInput, "delegateId"},
		"nobody":                {"maming", func(p *household.Proposal) { p.DelegateID = "" }, fault.BadUserInput, "delegateId"},
		"two ways at once":      {"maming", func(p *household.Proposal) { p.DelegatePhone, p.DelegateName = "13805718003", "李娜" }, fault.BadUserInput, "delegateId"},
		"no person":             {"maming", func(p *household.Proposal) { p.DelegateID = id.New(id.Clinic) }, fault.NotFound, "delegateId"},
		"who does not exist":    {"maming", func(p *household.Proposal) { p.DelegateID = id.New(id.Person) }, fault.NotFound, "delegateId"},
		"who is not bound":      {"maming", func(p *household.Proposal) { p.DelegateID = unbound.ID }, fault.NotFound, "delegateId"},
		"an id without name":    {"maming", func(p *household.Proposal) { p.DelegateName = "" }, fault.BadUserInput, "delegateName"},
		"an id of another name": {"maming", func(p *household.Proposal) { p.DelegateName = "李四" }, fault.NotFound, "delegateId"},
		"a phone without name":  {"maming", func(p *household.Proposal) { phone(p); p.DelegateName = " " }, fault.BadUserInput, "delegateName"},
		"an unknown phone":      {"maming", func(p *household.Proposal) { phone(p); p.DelegatePhone = "13900000000" }, fault.NotFound, "delegatePhone"},
		"a wrong name":          {"maming", func(p *household.Proposal) { phone(p); p.DelegateName = "李四" }, fault.NotFound, "delegatePhone"},
		"a time gone by":        {"maming", func(p *household.Proposal) { p.ValidTo = new(h.Clock.Now()) }, fault.BadUserInput, "validTo"},
		"longer than a year":    {"maming", func(p *household.Proposal) { p.ValidTo = new(h.Clock.Now().AddDate(1, 1, 0)) }, fault.BadUserInput, "validTo"},
		"the same again": {"lina", func(p *household.Proposal) {
			p.DelegateID, p.DelegateName = seedtest.Person(t, "wutao"), name(t, "wutao")
		}, fault.BadUserInput, "delegateId"},
		"each other": {"lina", func(p *household.Proposal) {
			p.DelegateID, p.DelegateName = seedtest.Person(t, "xumin"), name(t, "xumin")
		}, fault.BadUserInput, "delegateId"},
		"a circle of three": {"wutao", func(p *household.Proposal) {
			p.DelegateID, p.DelegateName = seedtest.Person(t, "xumin"), name(t, "xumin")
		}, fault.BadUserInput, "delegateId"},
		"for a stranger":     {"maming", func(p *household.Proposal) { p.OnBehalfOf = new(seedtest.Person(t, "zhouzihan")) }, fault.DelegationScope, "onBehalfOf"},
		"for nobody":         {"maming", func(p *household.Proposal) { p.OnBehalfOf = new(id.New(id.Person)) }, fault.DelegationScope, "onBehalfOf"},
		"for a delegator":    {"chenjing", func(p *household.Proposal) { p.OnBehalfOf = new(seedtest.Person(t, "wangguiying")) }, fault.DelegationScope, "onBehalfOf"},
		"by a barred father": {"zhouwei", func(p *household.Proposal) { p.OnBehalfOf = new(seedtest.Person(t, "zhouzihan")) }, fault.DelegationScope, "onBehalfOf"},
		"more than one guards": {"chenjing", func(p *household.Proposal) {
			p.OnBehalfOf, p.Scopes = new(seedtest.Person(t, "zhouzixuan")), scope.All.List()
		}, fault.DelegationScope, "onBehalfOf"},
		"one's child to oneself": {"chenjing", func(p *household.Proposal) {
			p.OnBehalfOf = new(seedtest.Person(t, "zhouzihan"))
			p.DelegateID, p.DelegateName = seedtest.Person(t, "chenjing"), name(t, "chenjing")
		}, fault.BadUserInput, "delegateId"},
		"past a custody bar": {"chenjing", func(p *household.Proposal) {
			p.OnBehalfOf = new(seedtest.Person(t, "zhouzihan"))
			p.DelegateID, p.DelegateName = seedtest.Person(t, "zhouwei"), name(t, "zhouwei")
		}, fault.DelegationScope, "delegateId"},
	} {
		p := proposal(t, "lina", scope.Book)
		tt.spoil(&p)
		_, err := h.Propose(h.As(t, tt.by), p)
		f := fault.From(err)
		if fault.CodeOf(err) != tt.code || tt.field != "" && (len(f.Field) != 1 || f.Field[0] != tt.field) {
			t.Errorf("%s: %v at %v", name, err, f.Field)
		}
	}
	nobody := viewer.With(t.Context(), &viewer.Viewer{PersonID: unbound.ID})
	if _, err := h.Propose(nobody, proposal(t, "lina", scope.Book)); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("by who is not bound: %v", err)
	}
	if after := h.DB.Delegation.Query().CountX(seedtest.System(t)); after != before {
		t.Errorf("refused proposals left %d rows", after-before)
	}
}

func TestADelegateIsFoundByPhoneAndName(t *testing.T) {
	h := open(t)
	d, err := h.Propose(h.As(t, "maming"), household.Proposal{
		Key: uuid.New(), DelegatePhone: " 13805718003", DelegateName: "李娜", Scopes: []scope.Scope{scope.Book},
	})
	if err != nil || d.DelegateID != seedtest.Person(t, "lina") || d.DelegateName != "李*" {
		t.Errorf("%+v, %v", d, err)
	}
	h.Limit = func(context.Context) error { return fault.New(fault.RateLimited) }
	_, err = h.Propose(h.As(t, "maming"), household.Proposal{
		Key: uuid.New(), DelegatePhone: "13805718004", DelegateName: "许敏", Scopes: []scope.Scope{scope.Book},
	})
	if fault.CodeOf(err) != fault.RateLimited {
		t.Errorf("phones are guessed without limit: %v", err)
	}
}

func TestAProposalWaitsSevenDays(t *testing.T) {
	h := open(t)
	d, err := h.Propose(h.As(t, "maming"), proposal(t, "lina", scope.Book))
	if err != nil {
		t.Fatal(err)
	}
	h.clock.by = 7*24*time.Hour + time.Minute
	if s := household.StatusAt(d, h.Clock.Now()); s != household.StatusExpired {
		t.Errorf("after a week it is %s", s)
	}
	if _, err := h.Accept(h.As(t, "lina"), d.ID); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("accepted after a week: %v", err)
	}
	if _, err := h.Propose(h.As(t, "maming"), proposal(t, "lina", scope.Book)); err != nil {
		t.Errorf("proposed again: %v", err)
	}
}

// Two people who give each other their word at the same moment, many times over: one of the two stands.
func TestNoCircleIsClosedBetweenTwo(t *testing.T) {
	h := open(t)
	for range 20 {
		errs := make([]error, 2)
		var both sync.WaitGroup
		for i, pair := range [][2]string{{"maming", "lina"}, {"lina", "maming"}} {
			p := proposal(t, pair[1], scope.Book)
			both.Go(func() { _, errs[i] = h.Propose(h.As(t, pair[0]), p) })
		}
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("%v and %v", errs[0], errs[1])
		}
		h.DB.Delegation.Update().Where(delegation.StateEQ(delegation.StateProposed)).
			SetState(delegation.StateRevoked).ExecX(seedtest.System(t))
	}
}

// A minor's word needs a guardian, and what the city has set so needs every guardian.
func TestGuardiansConsent(t *testing.T) {
	h := open(t)
	child := seedtest.Person(t, "zhouzihan")
	if err := h.Record(seedtest.System(t), seedtest.Person(t, "xumin"), child, guardianship.BasisCivilRecord); err != nil {
		t.Fatal(err)
	}
	school, err := h.Propose(h.As(t, "chenjing"), onBehalf(proposal(t, "wangguiying", scope.School), child))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Accept(h.As(t, "wangguiying"), school.ID); err != nil {
		t.Errorf("one guardian is enough for school: %v", err)
	}
	if asked := h.proposed[0].Asked; len(asked) != 0 {
		t.Errorf("%v are asked for school", asked)
	}

	record, err := h.Propose(h.As(t, "chenjing"), onBehalf(proposal(t, "maming", scope.ReadRecord), child))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{seedtest.Person(t, "xumin")}, h.proposed[1].Asked); diff != "" {
		t.Error(diff)
	}
	if _, err := h.Accept(h.As(t, "maming"), record.ID); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("accepted without the other guardian: %v", err)
	}
	if diff := cmp.Diff([]household.Action{household.ActionConsent, household.ActionRevoke}, h.AllowedActions(h.As(t, "xumin"), record)); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"zhouwei", "maming", "lina"} {
		if _, err := h.Consent(h.As(t, name), record.ID); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%s consents: %v", name, err)
		}
	}
	for range 2 {
		if record, err = h.Consent(h.As(t, "xumin"), record.ID); err != nil || len(record.Consents) != 2 {
			t.Fatalf("consents are %v, %v", record, err)
		}
	}
	if _, err := h.Accept(h.As(t, "maming"), record.ID); err != nil {
		t.Errorf("with both guardians: %v", err)
	}
	if !h.may(t, "maming", "zhouzihan", scope.ReadRecord) {
		t.Error("the delegate may not")
	}
	if _, err := h.Consent(h.As(t, "xumin"), record.ID); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("consent to what is no proposal: %v", err)
	}
	if _, err := h.Revoke(h.As(t, "xumin"), record.ID); err != nil {
		t.Errorf("the other guardian ends it: %v", err)
	}
	if h.may(t, "maming", "zhouzihan", scope.ReadRecord) {
		t.Error("it has not ended")
	}

	// What the child proposes waits for a guardian.
	own, err := h.Propose(h.As(t, "zhouzihan"), proposal(t, "maming", scope.Case))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Accept(h.As(t, "maming"), own.ID); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("a child's word alone: %v", err)
	}
	if _, err := h.Consent(h.As(t, "chenjing"), own.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Accept(h.As(t, "maming"), own.ID); err != nil {
		t.Errorf("with a guardian: %v", err)
	}
}

func onBehalf(p household.Proposal, personID string) household.Proposal {
	p.OnBehalfOf = &personID
	return p
}

func TestForgedDelegationsAreMissing(t *testing.T) {
	h := open(t)
	for _, delegationID := range []string{"", "x", id.New(id.CityCase), id.New(id.Delegation)} {
		for name, verb := range map[string]func(context.Context, string) (*db.Delegation, error){
			"accept": h.Accept, "consent": h.Consent, "revoke": h.Revoke,
		} {
			if _, err := verb(h.As(t, "maming"), delegationID); fault.CodeOf(err) != fault.NotFound {
				t.Errorf("%s %q: %v", name, delegationID, err)
			}
			if _, err := verb(t.Context(), delegationID); fault.CodeOf(err) != fault.Unauthenticated {
				t.Errorf("a visitor to %s: %v", name, err)
			}
		}
	}
}
