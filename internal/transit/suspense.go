package transit

import (
	"context"
	"database/sql"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/transitride"
	"citygraph/internal/lang"
	"citygraph/internal/ledger"
)

// suspense is the lock that whatever changes what people owe holds: the caps are sums, which no row keeps.
const suspense = "transit suspense"

// recoveredFor stands where a merchant does when money that was owed is taken from a card.
var recoveredFor = lang.Text{ZH: "乘车补扣", EN: "Rides paid later"}

// fromSuspense pays a ride for the rider, who owes it from then on; no transaction when the rider or the city would owe
// more than they may.
func (o *Office) fromSuspense(ctx context.Context, f *fare, j judged) (*db.LedgerTransaction, transitride.PaidFrom, error) {
	if err := o.Store.Lock(ctx, suspense); err != nil {
		return nil, "", err
	}
	owed, err := o.owed(ctx, ledgeraccount.OwnerID(j.batch.PersonID))
	if err != nil {
		return nil, "", err
	}
	all, err := o.owed(ctx)
	if err != nil {
		return nil, "", err
	}
	if owed+f.scan.Fare > o.Terms.PersonOwes || all+f.scan.Fare > o.Terms.CityOwes {
		return nil, "", nil
	}
	var nothing int64
	account, err := o.Book.Open(ctx, ledger.Account{Kind: ledgeraccount.KindSuspense, OwnerID: j.batch.PersonID, Ceiling: &nothing})
	if err != nil {
		return nil, "", err
	}
	made, err := o.post(ctx, f, j, account.ID)
	if err != nil {
		return nil, "", err
	}
	return made, transitride.PaidFromSuspense, o.Events.Emit(ctx, Ridden{
		PersonID: j.batch.PersonID, CardID: j.batch.CardID, TransactionID: made.ID, Operator: f.operator.Name, Fare: f.scan.Fare, Owed: true,
	})
}

// owed is what the people of these suspense accounts owe together, in fen. The city's own, which has no owner, is what
// opening balances came from.
func (o *Office) owed(ctx context.Context, of ...predicate.LedgerAccount) (int64, error) {
	var sums []struct{ Sum sql.NullInt64 }
	err := o.DB.LedgerAccount.Query().Where(ledgeraccount.KindEQ(ledgeraccount.KindSuspense), ledgeraccount.OwnerIDNEQ("")).Where(of...).
		Aggregate(db.As(db.Sum(ledgeraccount.FieldBalance), "sum")).Scan(ctx, &sums)
	if err != nil {
		return 0, fmt.Errorf("sum what is owed: %w", err)
	}
	return -sums[0].Sum.Int64, nil
}

// Recovery is the job that takes what a person owes from their card.
type Recovery struct {
	PersonID string `json:"personId"`
}

// Kind is the job's stable name.
func (Recovery) Kind() string { return "transit.recovery" }

// RecoverSoon has what a person owes taken from their card once the transaction of ctx is committed. It is for whoever
// puts money on a card, or a card back into use.
func (o *Office) RecoverSoon(ctx context.Context, personID string) error {
	owed, err := o.owed(system(ctx), ledgeraccount.OwnerID(personID))
	if err != nil || owed == 0 {
		return err
	}
	return o.Soon(ctx, Recovery{PersonID: personID})
}

// Recover takes what a person owes from their active card, as far as there is money on it, has them told, and returns
// what is left, in fen. It is the system's. Returns INSUFFICIENT_FUNDS and CARD_NOT_ACTIVE when somebody was quicker.
func (o *Office) Recover(ctx context.Context, personID string) (left int64, err error) {
	err = o.Store.InTx(system(ctx), func(ctx context.Context) error {
		if err := o.Store.Lock(ctx, suspense); err != nil {
			return err
		}
		debt, err := o.DB.LedgerAccount.Query().Where(ledgeraccount.KindEQ(ledgeraccount.KindSuspense), ledgeraccount.OwnerID(personID)).Only(ctx)
		if db.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("load suspense account: %w", err)
		}
		if left = -debt.Balance; left == 0 {
			return nil
		}
		card, err := o.DB.CitizenCard.Query().Where(citizencard.HolderID(personID), citizencard.StatusEQ(citizencard.StatusActive)).WithAccount().Only(ctx)
		if db.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("load card: %w", err)
		}
		amount := min(left, card.Edges.Account.Balance-card.Edges.Account.Held)
		if amount <= 0 {
			return nil
		}
		left -= amount
		return o.recover(ctx, card, debt, amount)
	})
	return left, err
}

func (o *Office) recover(ctx context.Context, card *db.CitizenCard, debt *db.LedgerAccount, amount int64) error {
	made, err := o.Book.Post(ctx, ledger.Posting{
		Key:  fmt.Sprintf("transit recovery/%s/%d", debt.ID, debt.LastSeq),
		Kind: ledgertransaction.KindTransfer, Domain: ledgertransaction.DomainTransit, Merchant: recoveredFor,
		Lines: []ledger.Line{{AccountID: card.AccountID, Amount: -amount}, {AccountID: debt.ID, Amount: amount}},
	})
	if err != nil {
		return err
	}
	return o.Events.Emit(ctx, Recovered{
		PersonID: card.PersonID, CardID: card.ID, TransactionID: made.ID, Amount: amount, Left: -debt.Balance - amount,
	})
}
