package payment

import (
	"context"
	"fmt"
	"time"

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
// it was paid; what the payer's app needs for that comes with the order, and again when the request does. Returns
// UNAUTHENTICATED, BAD_USER_INPUT for a provider that is not offered or does not know the viewer, BAD_AMOUNT for less than a
// fen or more than Most, CARD_NOT_ACTIVE, BALANCE_CAP when it does not fit on the card now, IDEMPOTENCY_KEY_REUSED; INTERNAL
// when the provider does not answer: the order stands, and the same key asks again.
func (t *TopUps) TopUp(ctx context.Context, r Request) (*db.TopUp, *Prepay, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, nil, fault.New(fault.Unauthenticated)
	}
	provider := t.chosen(r.Provider)
	if provider == nil {
		return nil, nil, fault.BadInput("provider", "暂不支持这种充值方式。", "This way of topping up is not offered.")
	}
	if r.Amount <= 0 || r.Amount > t.Most {
		return nil, nil, fault.New(fault.BadAmount).At("amount")
	}
	payer, err := provider.Payer(ctx, v.PersonID)
	if err != nil {
		return nil, nil, err
	}
	topUpID, err := t.Once.Once(ctx, idempotency.Request{Key: r.Key, Operation: "topUp", Input: r}, func(ctx context.Context) (string, error) {
		return t.order(ctx, provider.Name(), r.Amount)
	})
	if err != nil {
		return nil, nil, err
	}
	row, err := t.DB.TopUp.Get(ctx, topUpID)
	if err != nil {
		return nil, nil, fmt.Errorf("load top-up: %w", err)
	}
	prepay, err := t.prepay(ctx, provider, row, payer)
	return row, prepay, err
}

// chosen is the provider that was asked for, and the usual one when none was; nil when it is not offered.
func (t *TopUps) chosen(name *topup.Provider) Provider {
	switch {
	case name != nil:
		return t.provider(*name)
	case len(t.Providers) > 0:
		return t.Providers[0]
	default:
		return nil
	}
}

// leastToPay is how long before its end an order is not offered for payment any more: nobody enters a password faster.
const leastToPay = time.Minute

// prepay asks the provider, outside of any transaction, how the payer is to pay.
func (t *TopUps) prepay(ctx context.Context, p Provider, row *db.TopUp, payer string) (*Prepay, error) {
	if row.Status != topup.StatusPending || row.Provider != p.Name() || row.ExpiresAt.Sub(t.Clock.Now()) < leastToPay {
		return nil, nil //nolint:nilnil // nothing to pay with is an answer
	}
	return p.Prepay(ctx, orderOf(row), payer)
}

func orderOf(row *db.TopUp) Order {
	return Order{ID: row.ID, Amount: row.Amount, ExpiresAt: row.ExpiresAt}
}

func (t *TopUps) order(ctx context.Context, by topup.Provider, amount int64) (string, error) {
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
		SetAmount(amount).SetProvider(by).SetStatus(topup.StatusPending).SetExpiresAt(now.Add(t.Life)).Save(system(ctx))
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
