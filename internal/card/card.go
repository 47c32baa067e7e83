// Package card issues the citizen card, reads it, and moves it through its life. What is on one stands in the book; see internal/ledger.
package card

import (
	"context"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgerentry"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Mine narrows a query to the viewer's own card. UNAUTHENTICATED for a visitor.
func Mine(ctx context.Context, q *db.CitizenCardQuery) (*db.CitizenCardQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return q.Where(citizencard.HolderID(v.PersonID)), nil
}

// Transactions narrows a query to what went into the viewer's own card and out of it. UNAUTHENTICATED for a visitor.
func Transactions(ctx context.Context, q *db.LedgerEntryQuery) (*db.LedgerEntryQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return q.Where(ledgerentry.HasAccountWith(ledgeraccount.KindEQ(ledgeraccount.KindCardBalance), ledgeraccount.OwnerID(v.PersonID))), nil
}

// Balance is what is on the card, in fen.
func Balance(ctx context.Context, c *db.CitizenCard) (int64, error) {
	return read(ctx, c, func(a *db.LedgerAccount) int64 { return a.Balance })
}

// Available is what can be spent, in fen: the balance less holds.
func Available(ctx context.Context, c *db.CitizenCard) (int64, error) {
	return read(ctx, c, func(a *db.LedgerAccount) int64 { return a.Balance - a.Held })
}

// Cap is the most the card may hold, in fen.
func Cap(ctx context.Context, c *db.CitizenCard) (int64, error) {
	return read(ctx, c, func(a *db.LedgerAccount) int64 { return *a.Ceiling }) // every card's account has one
}

// read asks the card's account, which is loaded with the card where one of these is asked for.
func read(ctx context.Context, c *db.CitizenCard, field func(*db.LedgerAccount) int64) (int64, error) {
	account, err := c.Account(ctx)
	if err != nil {
		return 0, err
	}
	return field(account), nil
}
