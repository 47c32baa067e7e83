package contracttest_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/transitbatch"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/transit"
	"citygraph/server/citytest"
)

// spendCodes has a member's codes be good no more, so that the next ones are as many in every run.
func (r *rig) spendCodes(t testing.TB, name string) {
	t.Helper()
	r.DB.TransitBatch.Update().Where(transitbatch.PersonID(castID(name)), transitbatch.StoppedAtIsNil()).
		SetStoppedAt(time.Now()).ExecX(seedtest.System(t))
}

// ride has a member fetch codes, and a gate take one of them.
func (r *rig) ride(t testing.TB, name string) {
	t.Helper()
	r.spendCodes(t, name)
	var made struct {
		IssueTransitCodes struct{ TransitCodes *struct{ Codes []string } }
	}
	r.member[name].Do("IssueTransitCodes", citytest.Vars{"input": keyed()}).Decode(t, &made)
	if made.IssueTransitCodes.TransitCodes == nil {
		t.Fatalf("%s has no codes", name)
	}
	operators, err := transit.ParseOperators("bus=杭州公交,Hangzhou Bus," + citytest.OperatorKey)
	if err != nil {
		t.Fatal(err)
	}
	answers, err := r.Transit.Settle(t.Context(), operators.Keyed(citytest.OperatorKey), []transit.Scan{{
		ID: uuid.NewString(), Code: made.IssueTransitCodes.TransitCodes.Codes[0], Gate: "7", Fare: 1, ScannedAt: time.Now(),
	}})
	if err != nil || answers[0].TransactionID == "" {
		t.Fatalf("%s does not ride: %+v, %v", name, answers, err)
	}
}
