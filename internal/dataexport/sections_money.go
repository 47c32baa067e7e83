package dataexport

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/hold"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgerentry"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/lang"
	"citygraph/internal/viewer"
)

// Amounts in the file are fen.
type accountOfMoneyFile struct {
	Kind    ledgeraccount.Kind `json:"kind"`
	Balance int64              `json:"balance"`
	Held    int64              `json:"held"`
	Ceiling *int64             `json:"ceiling"` // null for no limit
	Entries []entryFile        `json:"entries"`
	Holds   []holdFile         `json:"holds"`
}

type entryFile struct {
	TransactionID string                   `json:"transactionId"`
	Kind          ledgertransaction.Kind   `json:"kind"`
	Domain        ledgertransaction.Domain `json:"domain"`
	Merchant      lang.Text                `json:"merchant"`
	Amount        int64                    `json:"amount"`
	BalanceAfter  int64                    `json:"balanceAfter"`
	At            time.Time                `json:"at"`
}

type holdFile struct {
	Status    hold.Status `json:"status"`
	Domain    hold.Domain `json:"domain"`
	Merchant  lang.Text   `json:"merchant"`
	Amount    int64       `json:"amount"`
	CreatedAt time.Time   `json:"createdAt"`
	ExpiresAt time.Time   `json:"expiresAt"`
}

func (e *Exports) money(ctx context.Context) (any, error) {
	rows, err := e.DB.LedgerAccount.Query().Where(ledgeraccount.OwnerID(viewer.From(ctx).PersonID)).Order(ledgeraccount.ByID()).
		WithEntries(func(q *db.LedgerEntryQuery) { q.Order(ledgerentry.BySeq()).WithTransaction() }).
		WithHolds(func(q *db.HoldQuery) { q.Order(hold.ByID()) }).All(ctx)
	return each(rows, err, func(a *db.LedgerAccount) accountOfMoneyFile {
		file := accountOfMoneyFile{Kind: a.Kind, Balance: a.Balance, Held: a.Held, Ceiling: a.Ceiling, Entries: []entryFile{}, Holds: []holdFile{}}
		for _, r := range a.Edges.Entries {
			t := r.Edges.Transaction
			file.Entries = append(file.Entries, entryFile{t.ID, t.Kind, t.Domain, t.Merchant, r.Amount, r.BalanceAfter, r.CreatedAt})
		}
		for _, h := range a.Edges.Holds {
			file.Holds = append(file.Holds, holdFile{h.Status, h.Domain, h.Merchant, h.Amount, h.CreatedAt, h.ExpiresAt})
		}
		return file
	})
}
