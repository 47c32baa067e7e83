package payment

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/topup"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/viewer"
)

// Request is what a top-up is asked for with.
type Request struct {
	Key      uuid.UUID `json:"-"` // the idempotency key
	Amount   int64     // in fen
	Provider *topup.Provider
}

// TopUp orders money for the viewer's own card. Whoever is signed in may. The money is on the card when the provider says that
// it was paid. Returns UNAUTHENTICATED, BAD_USER_INPUT for a provider that is not offered, BAD_AMOUNT for less than a
// fen or more than Most, CARD_NOT_ACTIVE, BALANCE_CAP when it does not fit on the card now, IDEMPOTENCY_KEY_REUSED.
func (t *TopUps) TopUp(ctx context.Context, r Request) (*db.TopUp, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if t.Provider == nil || r.Provider != nil && *r.Provider != t.Provider.Name() {
		return nil, fault.BadInput("provider", "暂不支持这种充值方式。", "This way of topping up is not offered.")
	}
	if r.Amount <= 0 || r.Amount > t.Most {
		return nil, fault.New(fault.BadAmount).At("amount")
	}
	topUpID, err := t.Once.Once(ctx, idempotency.Request{Key: r.Key, Operation: "topUp", Input: r}, func(ctx context.Context) (string, error) {
		return t.order(ctx, r.Amount)
	})
	if err != nil {
		return nil, err
	}
	return t.DB.TopUp.Get(ctx, topUpID)
}

func (t *TopUps) order(ctx context.Context, amount int64) (string, error) {
	card, err := t.DB.CitizenCard.Query().Where(citizencard.HolderID(viewer.From(ctx).PersonID)).WithAccount().Only(ctx)
	switch {
	case db.IsNotFound(err):
		return "", fault.NoCard()
	case err != nil:
		return "", fmt.Errorf("load card: %w", err)
	case card.Status != citizencard.StatusActive:
		return "", fault.New(fault.CardNotActive)
	}
	account := card.Edges.Account
	if account.Ceiling != nil && account.Balance > *account.Ceiling-amount {
		return "", fault.New(fault.BalanceCap).At("amount")
	}
	now := t.Clock.Now()
	made, err := t.DB.TopUp.Create().SetID(id.New(id.TopUp)).SetCreatedAt(now).SetUpdatedAt(now).SetPersonID(card.PersonID).SetAccountID(account.ID).
		SetAmount(amount).SetProvider(t.Provider.Name()).SetStatus(topup.StatusPending).SetExpiresAt(now.Add(t.Life)).Save(system(ctx))
	if err != nil {
		return "", fmt.Errorf("order top-up: %w", err)
	}
	return made.ID, t.Soon(ctx, made.ID)
}

// One narrows a query to one of the viewer's own top-ups. UNAUTHENTICATED for a visitor.
func One(ctx context.Context, q *db.TopUpQuery, topUpID string) (*db.TopUpQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return q.Where(topup.ID(topUpID), topup.PersonID(v.PersonID)), nil
}
