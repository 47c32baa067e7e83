package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"citygraph/ent/db/hold"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
)

func TestMoneyMoves(t *testing.T) {
	b := open(t)
	rich, poor := b.card(t, "rich", 100), b.card(t, "poor", 0)
	made := b.must(t, b.transfer(rich, poor, 40))
	b.has(t, rich, 60, 0)
	b.has(t, poor, 40, 0)
	if made.Amount != 40 {
		t.Errorf("the transaction says %d fen", made.Amount)
	}
	entries := b.DB.LedgerEntry.Query().Where().AllX(seedtest.System(t))
	if len(entries) != 4 {
		t.Errorf("%d entries", len(entries))
	}
	if proof := b.sound(t); proof.Transactions != 2 || proof.Moved != 140 || proof.Accounts != 3 || proof.Positive != 100 {
		t.Errorf("the proof is %+v", proof)
	}
}

// Whatever is wrong with a posting has its code, and moves nothing.
func TestRefusedPostings(t *testing.T) {
	b := open(t)
	card, other, shop := b.card(t, "card", 100), b.card(t, "other", 0), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	capped, err := b.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindInsurance, OwnerID: "capped", Floor: new(int64(0)), Ceiling: new(int64(50))})
	if err != nil {
		t.Fatal(err)
	}
	lost := b.card(t, "lost", 10)
	if err := b.Block(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	before := b.sound(t)
	line := func(id string, amount int64) ledger.Line { return ledger.Line{AccountID: id, Amount: amount} }
	for what, tt := range map[string]struct {
		lines []ledger.Line
		want  fault.Code
	}{
		"nothing":            {nil, fault.BadAmount},
		"one line":           {[]ledger.Line{line(card, 0)}, fault.BadAmount},
		"a zero line":        {[]ledger.Line{line(card, -5), line(shop, 5), line(other, 0)}, fault.BadAmount},
		"a sum above zero":   {[]ledger.Line{line(card, -5), line(shop, 6)}, fault.BadAmount},
		"one account twice":  {[]ledger.Line{line(card, -5), line(card, 5)}, fault.BadAmount},
		"a sum that wraps":   {[]ledger.Line{line(card, math.MaxInt64), line(other, math.MaxInt64), line(shop, 2)}, fault.BadAmount},
		"the least amount":   {[]ledger.Line{line(card, math.MinInt64), line(shop, math.MinInt64)}, fault.BadAmount},
		"more than there is": {[]ledger.Line{line(card, -101), line(shop, 101)}, fault.InsufficientFunds},
		"above the ceiling":  {[]ledger.Line{line(card, -51), line(capped.ID, 51)}, fault.BalanceCap},
		"out of a lost card": {[]ledger.Line{line(lost, -1), line(shop, 1)}, fault.CardNotActive},
		"an account nowhere": {[]ledger.Line{line(card, -1), line("account_none", 1)}, fault.NotFound},
	} {
		_, err := b.Post(t.Context(), posting("refused", tt.lines...))
		faulttest.Refused(t, what, err, tt.want)
	}
	b.must(t, b.transfer(shop, lost, 1)) // it can be paid, and a merchant can owe
	b.must(t, b.transfer(shop, card, 9))
	if _, err := b.Post(t.Context(), b.transfer(shop, b.suspense(t), math.MaxInt64)); fault.CodeOf(err) != fault.BadAmount {
		t.Errorf("a balance that no 64 bits hold: %v", err)
	}
	if after := b.sound(t); after.Transactions != before.Transactions+2 {
		t.Errorf("%d transactions, then %d", before.Transactions, after.Transactions)
	}
}

func TestOneKeyPostsOnce(t *testing.T) {
	b := open(t)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	order := b.transfer(card, shop, 30)
	first, again := b.must(t, order), b.must(t, order)
	if first.ID != again.ID {
		t.Error("one key has posted twice")
	}
	b.has(t, card, 70, 0)
	order.Lines = []ledger.Line{{AccountID: card, Amount: -31}, {AccountID: shop, Amount: 31}}
	_, err := b.Post(t.Context(), order)
	faulttest.Refused(t, "the key with another amount", err, fault.IdempotencyKeyReused)
	order.Lines = []ledger.Line{{AccountID: b.suspense(t), Amount: -30}, {AccountID: b.card(t, "another", 0), Amount: 30}}
	_, err = b.Post(t.Context(), order)
	faulttest.Refused(t, "the key with other accounts", err, fault.IdempotencyKeyReused)
	b.sound(t)
}

// A posting stands or falls with its cause.
func TestAPostingJoinsItsCause(t *testing.T) {
	b := open(t)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	failed := errors.New("the ticket could not be printed")
	err := b.Store.InTx(t.Context(), func(ctx context.Context) error {
		if _, err := b.Post(ctx, b.transfer(card, shop, 30)); err != nil {
			return err
		}
		if _, err := b.Hold(ctx, reservation("hold", card, shop, 10, b.clock.Now().Add(time.Minute))); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	b.has(t, card, 100, 0)
	if b.sound(t).Holds != 0 {
		t.Error("a hold stands without its cause")
	}
}

// What is written in the book stays as it is, for the system too.
func TestTheBookIsNeverChanged(t *testing.T) {
	b := open(t)
	card := b.card(t, "card", 100)
	ctx := seedtest.System(t)
	entry := b.DB.LedgerEntry.Query().FirstX(ctx)
	transaction := b.DB.LedgerTransaction.Query().FirstX(ctx)
	for what, err := range map[string]error{
		"update entries":       b.DB.LedgerEntry.Update().Exec(ctx),
		"update an entry":      b.DB.LedgerEntry.UpdateOne(entry).Exec(ctx),
		"delete an entry":      b.DB.LedgerEntry.DeleteOne(entry).Exec(ctx),
		"update transactions":  b.DB.LedgerTransaction.Update().Exec(ctx),
		"update a transaction": b.DB.LedgerTransaction.UpdateOne(transaction).Exec(ctx),
		"delete a transaction": b.DB.LedgerTransaction.DeleteOne(transaction).Exec(ctx),
	} {
		faulttest.Refused(t, what, err, fault.Forbidden)
	}
	if _, err := b.DB.LedgerEntry.Delete().Exec(ctx); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("delete entries: %v", err)
	}
	if _, err := b.DB.LedgerTransaction.Delete().Exec(ctx); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("delete transactions: %v", err)
	}
	b.has(t, card, 100, 0)
	b.sound(t)
}

func TestReversals(t *testing.T) {
	b := open(t)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	paid := b.must(t, b.transfer(card, shop, 60))
	reverse := func(key, of string, fen int64) (string, error) {
		made, err := b.Reverse(t.Context(), ledger.Reversal{Key: key, TransactionID: of, Amount: fen})
		if err != nil {
			return "", err
		}
		return made.ID, nil
	}
	part, err := reverse("part", paid.ID, 25)
	faulttest.Refused(t, "a part", err, "")
	again, err := reverse("part", paid.ID, 25)
	if faulttest.Refused(t, "the part again", err, ""); part != again {
		t.Error("one key has reversed twice")
	}
	b.has(t, card, 65, 0)
	for what, tt := range map[string]struct {
		of   string
		fen  int64
		want fault.Code
	}{
		"above what is left":    {paid.ID, 36, fault.RefundExceeds},
		"above the original":    {paid.ID, 61, fault.RefundExceeds},
		"nothing":               {paid.ID, 0, fault.BadAmount},
		"less than nothing":     {paid.ID, -1, fault.BadAmount},
		"a reversal":            {part, 25, fault.InvalidTransition},
		"nothing that is there": {"txn_none", 1, fault.NotFound},
	} {
		_, err := reverse("refused", tt.of, tt.fen)
		faulttest.Refused(t, what, err, tt.want)
	}
	_, err = reverse("rest", paid.ID, 35)
	faulttest.Refused(t, "the rest", err, "")
	b.has(t, card, 100, 0)
	b.has(t, shop, 0, 0)

	third := b.card(t, "third", 0)
	split := b.must(t, posting("split", ledger.Line{AccountID: card, Amount: -10}, ledger.Line{AccountID: shop, Amount: 7}, ledger.Line{AccountID: third, Amount: 3}))
	_, err = reverse("a part of three", split.ID, 5)
	faulttest.Refused(t, "a part of what two received", err, fault.RefundExceeds)
	_, err = reverse("all of three", split.ID, 10)
	faulttest.Refused(t, "all of three entries", err, "")
	b.has(t, card, 100, 0)
	b.sound(t)
}

// A payment that a card and a credit line shared goes back to the credit line first, and to neither more than it gave.
func TestPartsOfASharedPaymentGoBackToTheCreditLineFirst(t *testing.T) {
	b := open(t)
	card, shop := b.card(t, "card", 30), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	credit := b.account(t, ledgeraccount.KindCreditLine, "card", 0)
	paid := b.must(t, posting("shared", ledger.Line{AccountID: card, Amount: -30}, ledger.Line{AccountID: credit, Amount: -70}, ledger.Line{AccountID: shop, Amount: 100}))
	for i, step := range []struct{ fen, card, credit int64 }{{50, 0, -20}, {30, 10, 0}, {20, 30, 0}} {
		for range 2 { // the second is told what the first has done
			_, err := b.Reverse(t.Context(), ledger.Reversal{Key: fmt.Sprint("part/", i), TransactionID: paid.ID, Amount: step.fen})
			faulttest.Refused(t, fmt.Sprint("part ", i), err, "")
		}
		b.has(t, card, step.card, 0)
		b.has(t, credit, step.credit, 0)
		b.sound(t)
	}
	_, err := b.Reverse(t.Context(), ledger.Reversal{Key: "part/0", TransactionID: paid.ID, Amount: 51})
	faulttest.Refused(t, "another amount under a key", err, fault.IdempotencyKeyReused)
	_, err = b.Reverse(t.Context(), ledger.Reversal{Key: "more", TransactionID: paid.ID, Amount: 1})
	faulttest.Refused(t, "above what was paid", err, fault.RefundExceeds)
	b.has(t, shop, 0, 0)
}

func reservation(key, from, to string, fen int64, until time.Time) ledger.Reservation {
	return ledger.Reservation{Key: key, AccountID: from, PayeeID: to, Amount: fen, ExpiresAt: until, Domain: hold.DomainClinic}
}
