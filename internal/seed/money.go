package seed

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/id"
	"citygraph/internal/ledger"
	"citygraph/internal/store"
)

// newBook is a book in which equal seeds make equal rows.
func newBook(s *store.Store, c *db.Client, o Options, now instant) *ledger.Book {
	made := 0
	return &ledger.Book{DB: c, Store: s, Clock: now, NewID: func(k id.Kind) string {
		made++
		at := now.Now().Add(time.Duration(made)*time.Millisecond - 24*time.Hour) // each of its own instant, so that they sort as they were made
		return id.At(k, at, fmt.Sprintf("seed/%d/%d", o.Seed, made))
	}}
}

// saver is somebody with a card, and so much on it in fen.
type saver struct {
	personID string
	balance  int64
}

func accountID(personID string) string { return id.Derive(id.LedgerAccount, 1, personID) }

// accounts opens the accounts of cards, with what is on them, by one transaction.
func (w *writer) accounts(ctx context.Context, savers ...saver) error {
	city, err := w.book.Open(ctx, ledger.Account{Kind: ledgeraccount.KindSuspense})
	if err != nil {
		return err
	}
	opening := ledger.Posting{
		Key: "opening/" + savers[0].personID, Kind: ledgertransaction.KindOpening, Domain: ledgertransaction.DomainCard,
	}
	rows, total := make([]*db.LedgerAccountCreate, len(savers)), int64(0)
	for i, s := range savers {
		rows[i] = w.db.LedgerAccount.Create().SetID(accountID(s.personID)).SetCreatedAt(w.now).SetUpdatedAt(w.now).
			SetKind(ledgeraccount.KindCardBalance).SetOwnerID(s.personID).SetFloor(0).SetCeiling(namedCap)
		if s.balance > 0 {
			opening.Lines = append(opening.Lines, ledger.Line{AccountID: accountID(s.personID), Amount: s.balance})
			total += s.balance
		}
	}
	if err := w.db.LedgerAccount.CreateBulk(rows...).Exec(ctx); err != nil || total == 0 {
		return err
	}
	opening.Lines = append(opening.Lines, ledger.Line{AccountID: city.ID, Amount: -total})
	_, err = w.book.Post(ctx, opening)
	return err
}
