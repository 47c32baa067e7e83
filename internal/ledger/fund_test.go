package ledger_test

import (
	"context"
	"testing"

	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/ledger"
)

// The insurer pays first, the card next and the credit line what the card lacks; given back is in the order line, card, insurer.
func TestAPaymentIsTakenInOrderAndGivenBackInAnother(t *testing.T) {
	b := open(t)
	card := b.account(t, ledgeraccount.KindCardBalance, "holder", 200)
	line, err := b.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindCreditLine, OwnerID: "holder", Floor: new(int64(-1000))})
	if err != nil {
		t.Fatal(err)
	}
	insurer := b.account(t, ledgeraccount.KindInsurance, "clinic", 0)
	clinic := b.account(t, ledgeraccount.KindMerchant, "clinic", 0)
	purse := ledger.Purse{CardAccountID: card, LenderAccountID: line.ID, InsurerID: insurer, Insured: 300}
	var paid string
	err = b.Store.InTx(t.Context(), func(ctx context.Context) error {
		f, err := b.Fund(ctx, purse, clinic, 700)
		if err != nil {
			return err
		}
		if f.Insured != 300 || f.Lent != 200 || f.FromOwn != 200 || len(f.Lines) != 4 {
			t.Errorf("it is laid out as %+v", f)
		}
		made, err := b.Post(ctx, ledger.Posting{Key: "k", Kind: ledgertransaction.KindCharge, Domain: ledgertransaction.DomainClinic, Lines: f.Lines})
		if err == nil {
			paid = made.ID
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct{ line, card, insurer int64 }{{-50, 0, -300}, {0, 100, -300}, {0, 200, -250}} {
		if _, err := b.Reverse(t.Context(), ledger.Reversal{Key: string(rune('a' + i)), TransactionID: paid, Amount: 150}); err != nil {
			t.Fatal(err)
		}
		now, err := b.Lock(t.Context(), line.ID, card, insurer)
		if err != nil {
			t.Fatal(err)
		}
		if now[line.ID].Balance != step.line || now[card].Balance != step.card || now[insurer].Balance != step.insurer {
			t.Errorf("after %d: line %d, card %d, insurer %d", i+1, now[line.ID].Balance, now[card].Balance, now[insurer].Balance)
		}
	}
	if err := b.Block(t.Context(), card); err != nil {
		t.Fatal(err)
	}
	err = b.Store.InTx(t.Context(), func(ctx context.Context) error { _, err := b.Fund(ctx, purse, clinic, 700); return err })
	faulttest.Refused(t, "a stopped card", err, fault.CardNotActive)
}
