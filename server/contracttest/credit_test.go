package contracttest_test

import (
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/creditline"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/id"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

const (
	openCreditLine  = `mutation($input: OpenCreditLineInput!) { openCreditLine(input: $input) { userErrors { code } } }`
	closeCreditLine = `mutation($input: CloseCreditLineInput!) { closeCreditLine(input: $input) { userErrors { code } } }`
	repayCreditLine = `mutation($input: RepayCreditLineInput!) { repayCreditLine(input: $input) { userErrors { code } } }`
)

// creditLine has a member have a credit line that stands so, with nothing owed, and is its id; a visitor's is none.
func (r *rig) creditLine(t testing.TB, name string, status creditline.Status) string {
	t.Helper()
	if name == visitor {
		return id.New(id.CreditLine)
	}
	system := seedtest.System(t)
	mine := creditline.PersonID(castID(name))
	if !r.DB.CreditLine.Query().Where(mine).ExistX(system) {
		r.consented(t, name, "CREDIT_RECORD")
		r.member[name].Do("OpenCreditLine", citytest.Vars{"input": keyed()})
	}
	line := r.DB.CreditLine.Query().Where(mine).WithAccount().OnlyX(system)
	if owed := -line.Edges.Account.Balance; owed != 0 {
		r.lend(t, name, -owed)
	}
	line.Update().SetStatus(status).ClearDueAt().ExecX(system)
	return line.ID
}

// owing is creditLine with a fen owed, as the input of its repayment.
func (r *rig) owing(t testing.TB, name string) citytest.Vars {
	t.Helper()
	if r.creditLine(t, name, creditline.StatusActive); name != visitor {
		r.lend(t, name, 1)
	}
	repayment := keyed()
	repayment["amount"] = 1
	return repayment
}

// lend draws so many fen on the line of a member.
func (r *rig) lend(t testing.TB, name string, fen int64) {
	t.Helper()
	line := r.account(t, ledger.Account{Kind: ledgeraccount.KindCreditLine, OwnerID: castID(name)})
	_, err := r.Book.Post(t.Context(), ledger.Posting{
		Key: uuid.NewString(), Kind: ledgertransaction.KindCharge, Domain: ledgertransaction.DomainClinic, Merchant: merchant,
		Lines: []ledger.Line{{AccountID: line, Amount: -fen}, {AccountID: r.account(t, ledger.Account{Kind: ledgeraccount.KindMerchant, OwnerID: "clinic"}), Amount: fen}},
	})
	if err != nil {
		t.Fatal(err)
	}
}
