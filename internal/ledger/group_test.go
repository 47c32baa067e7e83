package ledger_test

import (
	"context"
	"fmt"
	"testing"

	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/fault"
	"citygraph/internal/ledger"
)

// Callers who post at once, and may be committed together, get each their own answer.
func TestWhoIsRefusedLeavesTheOthersAlone(t *testing.T) {
	b, books := replicas(t)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	codes := atOnce(t, books[:1], 64, func(book *ledger.Book, i int) error {
		ctx, from, fen, key := t.Context(), card, int64(5), fmt.Sprint("group/", i)
		switch i % 4 {
		case 1:
			fen = 101 // more than there ever is
		case 2:
			from = "account_nobody"
		case 3:
			if key = "group/once"; i == 63 {
				ctx, key = gone, "group/gone"
				if _, err := book.Post(ctx, posting(key, ledger.Line{AccountID: from, Amount: -fen}, ledger.Line{AccountID: shop, Amount: fen})); err == nil {
					t.Error("a caller who was gone has posted")
				}
				return nil
			}
		}
		_, err := book.Post(ctx, posting(key, ledger.Line{AccountID: from, Amount: -fen}, ledger.Line{AccountID: shop, Amount: fen}))
		return err
	})
	if codes[""] != 32 || codes[fault.InsufficientFunds] != 16 || codes[fault.NotFound] != 16 {
		t.Errorf("callers ended with %v", codes)
	}
	b.has(t, card, 100-17*5, 0)
	b.sound(t)
}
