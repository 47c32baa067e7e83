package payment

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/topup"
	"citygraph/internal/fault"
	"citygraph/internal/ledger"
)

// Settle takes in that a top-up was paid. The card has the money once, however often it is told. What is paid for a closed
// order, and what does not fit on the card any more, is FAILED and given back by the round. Another amount than was
// ordered, or another currency, changes nothing and is logged for an operator. It is the system's, on the word of the
// provider that took the order. Returns NOT_FOUND for what is no order at that provider.
func (t *TopUps) Settle(ctx context.Context, from topup.Provider, topUpID string, p Payment) error {
	ctx = system(ctx)
	if err := t.ordered(ctx, from, topUpID); err != nil {
		return err
	}
	clearing, err := t.Book.Open(ctx, ledger.Account{Kind: ledgeraccount.KindProviderClearing, OwnerID: string(from)})
	if err != nil {
		return err
	}
	err = t.change(ctx, topUpID, func(ctx context.Context, row *db.TopUp) error {
		if !t.believes(row, p) || row.Status != topup.StatusPending && row.Status != topup.StatusClosed {
			return nil
		}
		if row.Status == topup.StatusClosed {
			return t.move(ctx, row, topup.StatusFailed, p.TransactionID)
		}
		open, err := t.DB.CitizenCard.Query().Where(citizencard.AccountID(row.AccountID), citizencard.HolderIDNotNil()).Exist(ctx)
		if err != nil {
			return fmt.Errorf("look for the card: %w", err)
		}
		if !open {
			return t.move(ctx, row, topup.StatusFailed, p.TransactionID)
		}
		if err := t.move(ctx, row, topup.StatusPaid, p.TransactionID); err != nil {
			return err
		}
		made, err := t.Book.Post(ctx, ledger.Posting{
			Key: PostedFor + row.ID, Kind: ledgertransaction.KindTopUp, Domain: ledgertransaction.DomainCard,
			Lines: []ledger.Line{{AccountID: clearing.ID, Amount: -row.Amount}, {AccountID: row.AccountID, Amount: row.Amount}},
		})
		if err != nil {
			return err
		}
		return t.Events.Emit(ctx, ToppedUp{PersonID: row.PersonID, TopUpID: row.ID, Amount: row.Amount, Balance: ledger.After(made, row.AccountID)})
	})
	if fault.CodeOf(err) != fault.BalanceCap {
		return err
	}
	// The transaction that did not fit is gone; in one of its own the money is marked to be given back.
	return t.change(ctx, topUpID, func(ctx context.Context, row *db.TopUp) error {
		if row.Status != topup.StatusPending {
			return nil
		}
		return t.move(ctx, row, topup.StatusFailed, p.TransactionID)
	})
}

// Refunded takes in that the money of a top-up is with its payer again. One that was not FAILED stays as it is. It is the
// system's, on the word of the provider that took the order. Returns NOT_FOUND for what is no order at that provider.
func (t *TopUps) Refunded(ctx context.Context, from topup.Provider, topUpID string) error {
	ctx = system(ctx)
	if err := t.ordered(ctx, from, topUpID); err != nil {
		return err
	}
	return t.advance(ctx, topUpID, topup.StatusFailed, topup.StatusRefunded)
}

// ordered fails with NOT_FOUND unless the top-up is an order at the provider.
func (t *TopUps) ordered(ctx context.Context, at topup.Provider, topUpID string) error {
	found, err := t.DB.TopUp.Query().Where(topup.ID(topUpID), topup.ProviderEQ(at)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for top-up: %w", err)
	}
	if !found {
		return fault.New(fault.NotFound)
	}
	return nil
}

// believes reports whether the payment is the one the order is for; the log has it when not.
func (t *TopUps) believes(row *db.TopUp, p Payment) bool {
	other := row.ProviderTransactionID != nil && *row.ProviderTransactionID != p.TransactionID
	if p.Amount != row.Amount || p.Currency != CNY || other {
		t.Log.Error().Str("topUp", row.ID).Str("transaction", p.TransactionID).Int64("ordered", row.Amount).Int64("paid", p.Amount).
			Str("currency", p.Currency).Bool("second", other).Msg("payment: not what was ordered; an operator must look")
		return false
	}
	return p.Paid
}

// change loads a top-up that no other transaction changes until this one ends.
func (t *TopUps) change(ctx context.Context, topUpID string, do func(context.Context, *db.TopUp) error) error {
	return t.Store.InTx(ctx, func(ctx context.Context) error {
		if err := t.Store.Lock(ctx, "top-up/"+topUpID); err != nil {
			return err
		}
		row, err := t.DB.TopUp.Get(ctx, topUpID)
		if db.IsNotFound(err) {
			return fault.New(fault.NotFound)
		}
		if err != nil {
			return fmt.Errorf("load top-up: %w", err)
		}
		return do(ctx, row)
	})
}

// move changes the status; an empty transaction id leaves the one that is there.
func (t *TopUps) move(ctx context.Context, row *db.TopUp, to topup.Status, transactionID string) error {
	update := row.Update().SetStatus(to).SetUpdatedAt(t.Clock.Now())
	if transactionID != "" {
		update.SetProviderTransactionID(transactionID)
	}
	if err := update.Exec(ctx); err != nil {
		return fmt.Errorf("change top-up to %s: %w", to, err)
	}
	return nil
}
