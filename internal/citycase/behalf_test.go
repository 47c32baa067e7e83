package citycase_test

import (
	"context"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/delegation"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
	"citygraph/internal/seed/seedtest"
)

// A daughter reports in her mother's name: the case is the mother's, the deed the daughter's.
func TestReportingForAnother(t *testing.T) {
	o := open(t)
	mother, daughter := seedtest.Person(t, "wangguiying"), seedtest.Person(t, "chenjing")
	r := o.report(t)
	r.OnBehalfOf = &mother
	c, err := o.Submit(o.city.As(t, "chenjing"), r)
	if err != nil || c.ReporterID != mother {
		t.Fatalf("reported: %+v, %v", c, err)
	}
	if e := c.QueryEvents().OnlyX(seedtest.System(t)); e.ActorID != daughter {
		t.Errorf("the deed is %s's", e.ActorID)
	}
	deed := o.city.DB.AuditEvent.Query().Where(auditevent.TargetID(c.ID)).OnlyX(seedtest.System(t))
	if deed.ActorID != daughter || deed.SubjectID != mother {
		t.Errorf("audited: %+v", deed)
	}
	if _, err := o.city.DB.CityCase.Get(o.city.As(t, "wangguiying"), c.ID); err != nil {
		t.Errorf("the mother looks for her case: %v", err)
	}
	// What the reporter may do, the daughter may for her, and nobody else.
	for name, want := range map[string][]machine.Action{
		"wangguiying": {machine.Withdraw, machine.Update}, "chenjing": {machine.Withdraw, machine.Update}, "maming": {}, "sunli": {},
	} {
		if diff := cmp.Diff(want, o.allowed(t, o.city.As(t, name), c)); diff != "" {
			t.Errorf("%s is offered (-want +got)\n%s", name, diff)
		}
	}
	for name, want := range map[string]fault.Code{"maming": fault.NotFound, "sunli": fault.NotFound, "zhaoqiang": fault.Forbidden} {
		if _, err := o.Withdraw(o.city.As(t, name), c.ID, ""); fault.CodeOf(err) != want {
			t.Errorf("%s withdraws it: %v", name, err)
		}
	}
	if c, err = o.Withdraw(o.city.As(t, "chenjing"), c.ID, ""); err != nil || c.Status != machine.Withdrawn {
		t.Errorf("the daughter withdraws it: %+v, %v", c, err)
	}
	if e := c.QueryEvents().Order(caseevent.BySeq(sql.OrderDesc())).FirstX(seedtest.System(t)); e.ActorID != daughter || e.ActorKind != caseevent.ActorKindCitizen {
		t.Errorf("withdrawn by %+v", e)
	}
	for _, name := range []string{"maming", "wangguiying"} {
		r := o.report(t)
		r.OnBehalfOf = &daughter
		_, err := o.Submit(o.city.As(t, name), r)
		if f := fault.From(err); f.Code != fault.DelegationScope || len(f.Field) != 1 || f.Field[0] != "onBehalfOf" {
			t.Errorf("%s for the daughter: %v at %v", name, err, f.Field)
		}
	}
}

// gives has a member give another the right to act for them in a scope.
func (o *office) gives(t *testing.T, delegator, delegate string, s scope.Scope) {
	t.Helper()
	o.city.DB.Delegation.Create().SetDelegatorID(seedtest.Person(t, delegator)).SetDelegateID(seedtest.Person(t, delegate)).
		SetDelegatorName(mask.Name(delegator)).SetDelegateName(mask.Name(delegate)).SetScopeSet(scope.Of(s)).SetState(delegation.StateActive).
		SetConsents([]string{}).SetAcceptBy(o.clock.Now()).SetValidTo(o.clock.Now().AddDate(1, 0, 0)).ExecX(seedtest.System(t))
}

// allowed is what the viewer of ctx is offered.
func (o *office) allowed(t *testing.T, ctx context.Context, c *db.CityCase) []machine.Action {
	t.Helper()
	allowed, err := o.AllowedActions(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	return allowed
}
