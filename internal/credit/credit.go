// Package credit lends at clinics what a citizen card lacks: first treat, later pay (先诊疗后付费). What is owed stands in
// the book; a line here says whether its holder may draw on it, and by when they repay. Whoever changes a line holds
// the lock of its account, so that draws, repayments and the round follow one another. Amounts are fen.
package credit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/creditline"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgerentry"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Lines are the verbs of credit lines.
type Lines struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Events *event.Bus
	Once   idempotency.Ledger
	Book   *ledger.Book

	Cap    int64 // the most that may be owed on a line that is opened now, in fen
	Days   int   // from the first draw to when all that is owed must be repaid
	Notice int   // how many days before that the holder is told

	// Agreed answers whether the person's consent to having their credit record looked at stands.
	Agreed func(ctx context.Context, personID string) (bool, error)
	// Age is how many years a person has completed at an instant; not known before real-name binding.
	Age func(ctx context.Context, personID string, at time.Time) (years int, known bool, err error)
}

// Repaid tells that something of what was owed is repaid.
type Repaid struct {
	PersonID, LineID, TransactionID string
	Amount                          int64 // fen
}

// DueSoon tells that what is owed must be repaid within Lines.Notice days.
type DueSoon struct {
	PersonID, LineID string
	DueAt            time.Time
}

// Overdue tells that what is owed was not repaid in time, and that nothing can be drawn until it is.
type Overdue struct {
	PersonID, LineID string
	DueAt            time.Time
}

// Action is what a holder may do with a credit line.
type Action string

// The actions.
const (
	Open  Action = "OPEN"
	Repay Action = "REPAY"
	Close Action = "CLOSE"
)

// MarshalGQL writes the enum value.
func (a Action) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *Action) UnmarshalGQL(any) error { return errors.New("a credit line's action is not an input") }

// Mine narrows a query to the viewer's own credit line. UNAUTHENTICATED for a visitor.
func Mine(ctx context.Context, q *db.CreditLineQuery) (*db.CreditLineQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return q.Where(creditline.PersonID(v.PersonID)), nil
}

// Transactions narrows a query to what was drawn on the viewer's own credit line and repaid. UNAUTHENTICATED for a visitor.
func Transactions(ctx context.Context, q *db.LedgerEntryQuery) (*db.LedgerEntryQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return q.Where(ledgerentry.HasAccountWith(ledgeraccount.KindEQ(ledgeraccount.KindCreditLine), ledgeraccount.OwnerID(v.PersonID))), nil
}

// Cap is the most that may be owed, in fen.
func Cap(ctx context.Context, l *db.CreditLine) (int64, error) {
	account, err := l.Account(ctx)
	if err != nil {
		return 0, err
	}
	return -*account.Floor, nil // every credit line's account has one
}

// Owed is what was drawn and not repaid, in fen.
func Owed(ctx context.Context, l *db.CreditLine) (int64, error) {
	account, err := l.Account(ctx)
	if err != nil {
		return 0, err
	}
	return -account.Balance, nil
}

// Available is what can be drawn now, in fen: nothing while the line is overdue or closed.
func Available(ctx context.Context, l *db.CreditLine) (int64, error) {
	account, err := l.Account(ctx)
	if err != nil || l.Status != creditline.StatusActive {
		return 0, err
	}
	return account.Balance - account.Held - *account.Floor, nil
}

// AllowedActions is what the holder may do with the line now.
func AllowedActions(ctx context.Context, l *db.CreditLine) ([]Action, error) {
	owed, err := Owed(ctx, l)
	switch {
	case err != nil:
		return nil, err
	case l.Status == creditline.StatusClosed:
		return []Action{Open}, nil
	case owed > 0:
		return []Action{Repay}, nil
	default:
		return []Action{Close}, nil
	}
}

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "a credit line is changed by its verbs, and by what its holder pays with")
}

// hold loads a line that no other transaction changes until this one ends, with its account, and with others to be locked.
func (l *Lines) hold(ctx context.Context, line *db.CreditLine, others ...string) (*db.CreditLine, map[string]*db.LedgerAccount, error) {
	accounts, err := l.Book.Lock(ctx, append(others, line.AccountID)...)
	if err != nil {
		return nil, nil, err
	}
	line, err = l.DB.CreditLine.Get(system(ctx), line.ID) // as it stands under the lock
	if err != nil {
		return nil, nil, fmt.Errorf("load credit line: %w", err)
	}
	return line, accounts, nil
}

// load is the viewer's line with its account, from which most of it is read.
func (l *Lines) load(ctx context.Context, lineID string) (*db.CreditLine, error) {
	return l.DB.CreditLine.Query().Where(creditline.ID(lineID)).WithAccount().Only(ctx)
}

// of is a person's line, nil without one.
func (l *Lines) of(ctx context.Context, personID string) (*db.CreditLine, error) {
	line, err := l.DB.CreditLine.Query().Where(creditline.PersonID(personID)).Only(system(ctx))
	if db.IsNotFound(err) {
		return nil, nil //nolint:nilnil // most people have none
	}
	if err != nil {
		return nil, fmt.Errorf("load credit line: %w", err)
	}
	return line, nil
}
