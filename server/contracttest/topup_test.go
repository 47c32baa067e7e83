package contracttest_test

import (
	"context"
	"testing"

	"citygraph/internal/payment"
	"citygraph/internal/payment/sandbox"
	"citygraph/server/citytest"
)

// unpaid is a provider at which nobody ever pays, so that balances are the same in every run.
type unpaid struct{ sandbox.Provider }

// Prepay is the same for everybody.
func (unpaid) Prepay(context.Context, payment.Order, string) (*payment.Prepay, error) {
	return &payment.Prepay{TimeStamp: "1700000000", NonceStr: "nonce", Package: "prepay_id=1", SignType: "RSA", PaySign: "signature"}, nil
}

func (unpaid) Query(context.Context, payment.Order) (payment.Payment, error) {
	return payment.Payment{}, nil
}

// toppedUp is the input of a top-up.
func toppedUp(fen int64) citytest.Vars {
	input := keyed()
	input["amount"] = fen
	return input
}

// topUp has a member order a fen for their card, and is its id.
func (r *rig) topUp(t testing.TB, name string) string {
	t.Helper()
	var answer struct {
		TopUp struct{ TopUp *struct{ ID string } }
	}
	r.member[name].Do("TopUp", citytest.Vars{"input": toppedUp(1)}).Decode(t, &answer)
	if answer.TopUp.TopUp == nil {
		t.Fatalf("%s cannot top up", name)
	}
	return answer.TopUp.TopUp.ID
}
