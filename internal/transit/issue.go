package transit

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/transitbatch"
	"citygraph/ent/db/transitride"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/paycode"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Request asks for a batch of codes.
type Request struct {
	Key        uuid.UUID `json:"-"` // the idempotency key
	OnBehalfOf *string
}

// Batch is codes to keep on a phone, each good for one ride.
type Batch struct {
	Codes     []string
	ExpiresAt time.Time
}

// Issue makes a batch for the viewer's card, or for that of a person who gave them SHOW_CODE, which goes into the
// audit log. What the rider owes for earlier rides is taken from the card first. Sent again it gives the same codes.
// Returns UNAUTHENTICATED, DELEGATION_SCOPE, CARD_NOT_ACTIVE for a card that is lost, frozen, closed or not there,
// INSUFFICIENT_FUNDS while something is owed that the card cannot pay, RATE_LIMITED while as many codes of the card as
// there may be are good and not used, and IDEMPOTENCY_KEY_REUSED.
func (o *Office) Issue(ctx context.Context, r Request) (*Batch, error) {
	ctx, err := o.For(ctx, r.OnBehalfOf, scope.ShowCode)
	if err != nil {
		return nil, fault.From(err).At("onBehalfOf")
	}
	batchID, err := o.Once.Once(ctx, idempotency.Request{Key: r.Key, Operation: "issueTransitCodes", Input: r}, o.issue)
	if err != nil {
		return nil, err
	}
	return o.signed(ctx, batchID)
}

// issue keeps that a batch is given out, and returns its id.
func (o *Office) issue(ctx context.Context) (string, error) {
	card, err := paycode.ActiveCard(ctx, o.DB)
	if err != nil {
		return "", err
	}
	v := viewer.From(ctx)
	if err := o.Store.Lock(ctx, "transit codes/"+card.ID); err != nil {
		return "", err
	}
	left, err := o.Recover(ctx, card.PersonID)
	if err != nil {
		return "", err
	}
	if left > 0 {
		return "", fault.New(fault.InsufficientFunds).Say("有未结清的乘车费用，请先充值。", "Earlier rides are not paid yet. Please top up first.")
	}
	now := o.Clock.Now().UTC().Truncate(time.Second)
	n, err := o.room(ctx, card.ID, now)
	if err != nil {
		return "", err
	}
	batchID := id.New(id.TransitBatch)
	err = o.DB.TransitBatch.Create().SetID(batchID).SetCreatedAt(o.Clock.Now()).SetPersonID(card.PersonID).SetCardID(card.ID).
		SetCodes(n).SetIssuedAt(now).SetExpiresAt(now.Add(o.Terms.Life)).Exec(system(ctx))
	if err != nil {
		return "", fmt.Errorf("keep the batch: %w", err)
	}
	if v.Subject() == v.PersonID {
		return batchID, nil
	}
	return batchID, audit.Record(ctx, o.DB, audit.Deed{Action: "issueTransitCodes", Subject: v.Subject(), TargetID: card.ID})
}

// room is how many codes a batch may have beside those of the card that are good and not used; RATE_LIMITED for none.
func (o *Office) room(ctx context.Context, cardID string, now time.Time) (int, error) {
	good, err := o.DB.TransitBatch.Query().
		Where(transitbatch.CardID(cardID), transitbatch.ExpiresAtGT(now), transitbatch.StoppedAtIsNil()).
		Order(transitbatch.ByExpiresAt()).All(system(ctx))
	if err != nil || len(good) == 0 {
		return o.Terms.Codes, err
	}
	out, ids := 0, make([]string, len(good))
	for i, b := range good {
		out, ids[i] = out+b.Codes, b.ID
	}
	used, err := o.DB.TransitRide.Query().
		Where(transitride.TransitBatchIDIn(ids...), transitride.OutcomeEQ(transitride.OutcomeAccepted)).Count(system(ctx))
	if err != nil {
		return 0, fmt.Errorf("count rides: %w", err)
	}
	n := min(o.Terms.Codes, o.Terms.Out-(out-used))
	if n <= 0 {
		return 0, fault.New(fault.RateLimited).After(good[0].ExpiresAt.Sub(now)).
			Say("已领取的乘车码还未用完，请稍后再领。", "There are codes that are not used yet. Please fetch more later.")
	}
	return n, nil
}

// signed makes the codes of a batch.
func (o *Office) signed(ctx context.Context, batchID string) (*Batch, error) {
	b, err := o.DB.TransitBatch.Get(system(ctx), batchID)
	if err != nil {
		return nil, fmt.Errorf("load batch: %w", err)
	}
	claims, err := seriesOf(b)
	if err != nil {
		return nil, err
	}
	made := &Batch{Codes: make([]string, len(claims)), ExpiresAt: b.ExpiresAt}
	for i, c := range claims {
		if made.Codes[i], err = o.Ring.Sign(c); err != nil {
			return nil, err
		}
	}
	return made, nil
}

func seriesOf(b *db.TransitBatch) ([]paycode.Claims, error) {
	return paycode.Series(b.ID, b.CardID, b.Codes, b.IssuedAt, b.ExpiresAt.Sub(b.IssuedAt))
}
