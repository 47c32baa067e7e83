package contracttest_test

import (
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/staffrole"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

const (
	holdCode           = `mutation($input: HoldCodeInput!) { holdCode(input: $input) { userErrors { code } } }`
	captureHold        = `mutation($input: CaptureHoldInput!) { captureHold(input: $input) { userErrors { code } } }`
	voidHold           = `mutation($input: VoidHoldInput!) { voidHold(input: $input) { userErrors { code } } }`
	chargeCode         = `mutation($input: ChargeCodeInput!) { chargeCode(input: $input) { userErrors { code } } }`
	reverseTransaction = `mutation($input: ReverseTransactionInput!) { reverseTransaction(input: $input) { userErrors { code } } }`
)

// sale is the input of a charge of one fen by xumin's clinic, for a code that wangguiying has just made.
func (r *rig) sale(t testing.TB) citytest.Vars {
	t.Helper()
	var made struct {
		IssuePayCode struct{ PayCode struct{ Code string } }
	}
	r.member["wangguiying"].Do("IssuePayCode", citytest.Vars{"input": citytest.Vars{"purpose": "CLINIC"}}).Decode(t, &made)
	at := r.DB.StaffRole.Query().Where(staffrole.PersonID(castID("xumin"))).OnlyX(seedtest.System(t)).OrganisationID
	return citytest.Vars{
		"idempotencyKey": uuid.NewString(), "merchantId": at,
		"code": made.IssuePayCode.PayCode.Code, "amount": 1,
	}
}

// sold is the id of a charge by xumin's clinic.
func (r *rig) sold(t testing.TB) string {
	t.Helper()
	var paid struct {
		ChargeCode struct {
			Receipt struct{ TransactionID string }
		}
	}
	r.member["xumin"].Do("ChargeCode", citytest.Vars{"input": r.sale(t)}).Decode(t, &paid)
	return paid.ChargeCode.Receipt.TransactionID
}

// held is the id of a hold of one fen by xumin's clinic on wangguiying's card.
func (r *rig) held(t testing.TB) string {
	t.Helper()
	var placed struct {
		HoldCode struct{ Hold struct{ HoldID string } }
	}
	r.member["xumin"].Do("HoldCode", citytest.Vars{"input": r.sale(t)}).Decode(t, &placed)
	return placed.HoldCode.Hold.HoldID
}
