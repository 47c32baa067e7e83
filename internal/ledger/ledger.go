// Package ledger is the city's double-entry book: accounts, transactions that sum to zero, and holds. Every
// verb joins the transaction of its context, so that money moves together with its cause or not at all. Rooms
// call it for the system: whether somebody may pay is decided before. Amounts are fen.
package ledger

import (
	"context"
	"fmt"
	"math"
	"slices"

	"entgo.io/ent/dialect"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Book keeps the accounts.
type Book struct {
	DB    *db.Client
	Store *store.Store
	Clock clock.Clock
	NewID func(id.Kind) string // id.New unless set, for a seed whose rows are always the same

	group group
}

func (b *Book) newID(k id.Kind) string {
	if b.NewID != nil {
		return b.NewID(k)
	}
	return id.New(k)
}

// Account says what an account is for.
type Account struct {
	Kind    ledgeraccount.Kind
	OwnerID string // the person, merchant or provider; empty for the city's own
	Floor   *int64 // the least the balance less holds may be, in fen; nil for no limit
	Ceiling *int64 // the most the balance may be, in fen; nil for no limit
}

// Open returns the owner's account of the kind, which it opens when there is none; the limits of one that
// is there stay.
func (b *Book) Open(ctx context.Context, a Account) (*db.LedgerAccount, error) {
	ctx = system(ctx)
	var found *db.LedgerAccount
	err := b.Store.InTx(ctx, func(ctx context.Context) error {
		if err := b.Store.Lock(ctx, "ledger account/"+string(a.Kind)+"/"+a.OwnerID); err != nil {
			return err
		}
		var err error
		found, err = b.DB.LedgerAccount.Query().Where(ledgeraccount.KindEQ(a.Kind), ledgeraccount.OwnerID(a.OwnerID)).Only(ctx)
		if !db.IsNotFound(err) {
			return err
		}
		found, err = b.DB.LedgerAccount.Create().SetID(b.newID(id.LedgerAccount)).SetCreatedAt(b.Clock.Now()).SetUpdatedAt(b.Clock.Now()).SetKind(a.Kind).SetOwnerID(a.OwnerID).
			SetNillableFloor(a.Floor).SetNillableCeiling(a.Ceiling).Save(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open %s account: %w", a.Kind, err)
	}
	return found, nil
}

// Block has nothing taken out of the account, and no hold placed or captured, from the commit on. Unblock ends it.
func (b *Book) Block(ctx context.Context, accountID string) error {
	return b.setBlocked(ctx, accountID, true)
}

// Unblock lets money be taken out of the account again.
func (b *Book) Unblock(ctx context.Context, accountID string) error {
	return b.setBlocked(ctx, accountID, false)
}

func (b *Book) setBlocked(ctx context.Context, accountID string, blocked bool) error {
	changed, err := b.DB.LedgerAccount.Update().Where(ledgeraccount.ID(accountID)).SetBlocked(blocked).Save(system(ctx))
	if err != nil {
		return fmt.Errorf("block account: %w", err)
	}
	if changed == 0 {
		return fault.New(fault.NotFound)
	}
	return nil
}

// SetCeiling sets the most that the account may hold, in fen. One that holds more keeps it, and takes nothing in until it
// holds less: the limit then is what it holds.
func (b *Book) SetCeiling(ctx context.Context, accountID string, ceiling int64) error {
	ctx = system(ctx)
	return b.Store.InTx(ctx, func(ctx context.Context) error {
		accounts, err := b.lock(ctx, accountID)
		if err != nil {
			return err
		}
		if err := accounts[accountID].Update().SetCeiling(max(ceiling, accounts[accountID].Balance)).Exec(ctx); err != nil {
			return fmt.Errorf("limit account: %w", err)
		}
		return nil
	})
}

// SetFloor changes how little the balance less holds of an account may be, in fen. It is for an account of which nothing is
// taken out meanwhile: the database refuses a floor that is above what is there.
func (b *Book) SetFloor(ctx context.Context, accountID string, floor int64) error {
	if err := b.DB.LedgerAccount.UpdateOneID(accountID).SetFloor(floor).SetUpdatedAt(b.Clock.Now()).Exec(system(ctx)); err != nil {
		return fmt.Errorf("limit account: %w", err)
	}
	return nil
}

// Lock returns accounts as they stand, and keeps others from moving money in them until the transaction of ctx ends: for
// a verb that decides by what is there before it posts. NOT_FOUND when one is missing.
func (b *Book) Lock(ctx context.Context, ids ...string) (map[string]*db.LedgerAccount, error) {
	return b.lock(system(ctx), ids...)
}

// lock loads accounts and keeps others from changing them until the transaction ends. All who lock do so in
// the order of the ids, so that two transactions never wait for each other. On SQLite the transaction holds
// the only writer anyway. NOT_FOUND when one is missing.
func (b *Book) lock(ctx context.Context, ids ...string) (map[string]*db.LedgerAccount, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	q := b.DB.LedgerAccount.Query().Where(ledgeraccount.IDIn(ids...)).Order(ledgeraccount.ByID())
	if b.Store.Dialect() == dialect.Postgres {
		q.ForUpdate()
	}
	found, err := q.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock accounts: %w", err)
	}
	if len(found) < len(ids) {
		return nil, fault.New(fault.NotFound)
	}
	accounts := make(map[string]*db.LedgerAccount, len(found))
	for _, a := range found {
		accounts[a.ID] = a
	}
	return accounts, nil
}

// refusal is why so much cannot be added to an account, or taken out of it; nil when it can. Returns
// CARD_NOT_ACTIVE for a blocked account, INSUFFICIENT_FUNDS below its floor, BALANCE_CAP above its ceiling
// and BAD_AMOUNT for what no account can hold.
func refusal(a *db.LedgerAccount, amount int64) error {
	after, ok := add(a.Balance, amount)
	if !ok {
		return fault.New(fault.BadAmount)
	}
	switch {
	case amount < 0 && a.Blocked:
		return fault.New(fault.CardNotActive)
	case amount < 0 && below(after, a.Held, a.Floor):
		return fault.New(fault.InsufficientFunds)
	case amount > 0 && a.Ceiling != nil && after > *a.Ceiling:
		return fault.New(fault.BalanceCap)
	}
	return nil
}

// below reports whether a balance less holds is under the floor.
func below(balance, held int64, floor *int64) bool {
	if floor == nil {
		return false
	}
	available, ok := add(balance, -held)
	return !ok || available < *floor
}

// add is a + b, and false when no 64 bits hold it.
func add(a, b int64) (int64, bool) {
	if (b > 0 && a > math.MaxInt64-b) || (b < 0 && a < math.MinInt64-b) {
		return 0, false
	}
	return a + b, true
}

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "the book is kept for the city; who may pay was asked before")
}
