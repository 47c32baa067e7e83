package card

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/predicate"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// ReportLoss stops the viewer's card, or that of a person who gave them SHOW_CODE: from its commit on nothing is
// taken out of the card's account, and codes for it are good no more. The card is answered to its holder alone.
// Returns UNAUTHENTICATED, DELEGATION_SCOPE, CARD_NOT_ACTIVE where there is no card, and INVALID_TRANSITION naming the
// status.
func (c *Cards) ReportLoss(ctx context.Context, onBehalfOf *string) (*db.CitizenCard, error) {
	ctx, err := c.For(ctx, onBehalfOf, scope.ShowCode)
	if err != nil {
		return nil, fault.From(err).At("onBehalfOf")
	}
	v := viewer.From(ctx)
	stopped, err := c.take(ctx, ReportLoss, "", citizencard.HolderID(v.Subject()))
	if fault.CodeOf(err) == fault.NotFound {
		return nil, fault.NoCard()
	}
	if err != nil || v.Subject() != v.PersonID {
		return nil, err
	}
	return stopped, nil
}

// CancelLoss puts the viewer's card, which has been found, back into use. Nobody else may: who shows its codes
// must not undo what its holder did. Returns UNAUTHENTICATED, NOT_FOUND for anybody else's card, and INVALID_TRANSITION
// naming the status.
func (c *Cards) CancelLoss(ctx context.Context, cardID string) (*db.CitizenCard, error) {
	mine, err := own(ctx, cardID)
	if err != nil {
		return nil, err
	}
	return c.take(ctx, CancelLoss, "", mine...)
}

// Replace gives the viewer a new card, with another number and the same money, for one that is lost: the old one is
// never in use again, nor is a code that was made for it. Returns UNAUTHENTICATED, NOT_FOUND for anybody else's card,
// INVALID_TRANSITION naming the status, and IDEMPOTENCY_KEY_REUSED.
func (c *Cards) Replace(ctx context.Context, key uuid.UUID, cardID string) (*db.CitizenCard, error) {
	mine, err := own(ctx, cardID)
	if err != nil {
		return nil, err
	}
	made, err := c.Once.Once(ctx, idempotency.Request{Key: key, Operation: steps[Replace].deed, Input: cardID}, func(ctx context.Context) (string, error) {
		old, err := c.take(ctx, Replace, "", mine...)
		if err != nil {
			return "", err
		}
		next, err := c.create(ctx, old.PersonID, old.AccountID, old.Kind)
		if err != nil {
			return "", err
		}
		return next, c.Events.Emit(ctx, Replaced{CardID: next, PersonID: old.PersonID})
	})
	if err != nil {
		return nil, err
	}
	return c.load(ctx, made)
}

// Replaced is told of the card that was issued for a lost one, in its transaction.
type Replaced struct{ CardID, PersonID string }

// Close ends the viewer's card, which must have nothing on it; they can have another issued. Returns UNAUTHENTICATED,
// NOT_FOUND for anybody else's card, CARD_NOT_EMPTY, CREDIT_OWED while money is owed that the card would repay, and INVALID_TRANSITION naming the status.
func (c *Cards) Close(ctx context.Context, cardID string) (*db.CitizenCard, error) {
	mine, err := own(ctx, cardID)
	if err != nil {
		return nil, err
	}
	return c.take(ctx, Close, "", mine...)
}

// own picks a card of the viewer's.
func own(ctx context.Context, cardID string) ([]predicate.CitizenCard, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return []predicate.CitizenCard{citizencard.ID(cardID), citizencard.PersonID(v.PersonID)}, nil
}

// load reads a card of the viewer's with its account.
func (c *Cards) load(ctx context.Context, cardID string) (*db.CitizenCard, error) {
	found, err := c.DB.CitizenCard.Query().Where(citizencard.ID(cardID)).WithAccount().Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("load card: %w", err)
	}
	return found, nil
}
