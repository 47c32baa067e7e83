package paycode

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/internal/audit"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Issuer gives out codes.
type Issuer struct {
	DB    *db.Client
	Clock clock.Clock
	Ring  *Ring
	// For answers whether the viewer may act for a person, and gives the context in which they do:
	// DELEGATION_SCOPE else.
	For func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
}

// PayCode is a code to show.
type PayCode struct {
	Code      string
	Purpose   Purpose
	ExpiresAt time.Time
}

// Issue makes a code for the viewer's card, or for that of a person who gave them SHOW_CODE, which goes into the
// audit log. Nothing is kept of it: the gate, or the ledger when it is used, says whether it is good. Returns
// UNAUTHENTICATED, DELEGATION_SCOPE, and CARD_NOT_ACTIVE for a card that is lost, frozen, closed or not there.
func (i *Issuer) Issue(ctx context.Context, purpose Purpose, onBehalfOf *string) (*PayCode, error) {
	ctx, err := i.For(ctx, onBehalfOf, scope.ShowCode)
	if err != nil {
		return nil, fault.From(err).At("onBehalfOf")
	}
	card, err := ActiveCard(ctx, i.DB)
	if err != nil {
		return nil, err
	}
	claims, err := New(card.ID, purpose, i.Clock.Now())
	if err != nil {
		return nil, fault.BadInput("purpose", "没有这种用途。", "There is no such purpose.").Because(err)
	}
	code, err := i.Ring.Sign(claims)
	if err != nil {
		return nil, err
	}
	if v := viewer.From(ctx); v.Subject() != v.PersonID {
		if err := audit.Record(ctx, i.DB, audit.Deed{Action: "issuePayCode", Subject: v.Subject(), TargetID: card.ID}); err != nil {
			return nil, err
		}
	}
	return &PayCode{Code: code, Purpose: purpose, ExpiresAt: claims.ExpiresAt()}, nil
}

// ActiveCard is the card of the person whom the viewer of ctx acts for, which codes may be made for. CARD_NOT_ACTIVE for
// one that is lost, frozen, closed or not there.
func ActiveCard(ctx context.Context, c *db.Client) (*db.CitizenCard, error) {
	card, err := c.CitizenCard.Query().Where(citizencard.HolderID(viewer.From(ctx).Subject())).
		Only(viewer.AsSystem(ctx, "who may show a person's code knows of the card what the code says"))
	switch {
	case db.IsNotFound(err):
		return nil, fault.NoCard()
	case err != nil:
		return nil, fmt.Errorf("load card: %w", err)
	case card.Status != citizencard.StatusActive:
		return nil, fault.New(fault.CardNotActive)
	}
	return card, nil
}
