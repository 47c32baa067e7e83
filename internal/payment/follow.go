package payment

import (
	"context"
	"errors"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/topup"
)

// followedAtOnce bounds a round; what is left over comes with the next.
const followedAtOnce = 500

// FollowDue follows the top-ups that are not settled, those first that nothing has become of for longest. One
// that cannot be followed keeps no other from it. It is the system's, once a minute.
func (t *TopUps) FollowDue(ctx context.Context) error {
	names := make([]topup.Provider, 0, len(t.Providers))
	for _, p := range t.Providers {
		names = append(names, p.Name())
	}
	due, err := t.DB.TopUp.Query().Where(topup.StatusIn(topup.StatusPending, topup.StatusFailed), topup.ProviderIn(names...)).
		Order(topup.ByUpdatedAt()).Limit(followedAtOnce).IDs(system(ctx))
	if err != nil {
		return fmt.Errorf("look for top-ups: %w", err)
	}
	var errs []error
	for _, topUpID := range due {
		errs = append(errs, t.Follow(ctx, topUpID))
	}
	return errors.Join(errs...)
}

// Follow asks the provider what became of a top-up: one that is paid is settled, one that nobody paid in its life is closed,
// and what could not be put on the card is given back. It is the system's.
func (t *TopUps) Follow(ctx context.Context, topUpID string) error {
	ctx = system(ctx)
	row, err := t.DB.TopUp.Get(ctx, topUpID)
	if err != nil {
		return fmt.Errorf("load top-up: %w", err)
	}
	provider, order := t.provider(row.Provider), orderOf(row)
	if provider == nil { // nobody is left to ask
		return nil
	}
	if row.Status == topup.StatusPending {
		if err := t.ask(ctx, provider, row, order); err != nil {
			return err
		}
		if row, err = t.DB.TopUp.Get(ctx, topUpID); err != nil {
			return fmt.Errorf("load top-up: %w", err)
		}
	}
	if row.Status != topup.StatusFailed {
		return nil
	}
	// The provider first: a refund that is asked for twice is one there.
	back, err := provider.Refund(ctx, order)
	if err != nil {
		return fmt.Errorf("refund %s: %w", row.ID, err)
	}
	if !back {
		return nil
	}
	return t.advance(ctx, row.ID, topup.StatusFailed, topup.StatusRefunded)
}

// ask settles a pending top-up as the provider knows it.
func (t *TopUps) ask(ctx context.Context, provider Provider, row *db.TopUp, order Order) error {
	payment, err := provider.Query(ctx, order)
	if err != nil {
		return fmt.Errorf("query %s: %w", row.ID, err)
	}
	switch {
	case payment.Paid:
		if err := t.Settle(ctx, row.Provider, row.ID, payment); err != nil {
			return err
		}
		// What is pending still is not what was ordered: closed, the log has it once and not in every round.
	case payment.Closed:
	case t.Clock.Now().Before(row.ExpiresAt):
		return nil
	default:
		if err := provider.Close(ctx, order); err != nil {
			return fmt.Errorf("close %s: %w", row.ID, err)
		}
	}
	return t.advance(ctx, row.ID, topup.StatusPending, topup.StatusClosed)
}

// advance changes the status unless somebody was quicker, and tells of money that goes back.
func (t *TopUps) advance(ctx context.Context, topUpID string, from, to topup.Status) error {
	return t.change(ctx, topUpID, func(ctx context.Context, row *db.TopUp) error {
		if row.Status != from {
			return nil
		}
		if err := t.move(ctx, row, to, ""); err != nil || to != topup.StatusRefunded {
			return err
		}
		return t.Events.Emit(ctx, GivenBack{PersonID: row.PersonID, TopUpID: row.ID, Amount: row.Amount})
	})
}
