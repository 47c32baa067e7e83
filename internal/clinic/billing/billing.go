// Package billing settles what a visit costs, with one tap in the consulting room (智慧结算): the clinic issues a bill, and
// the patient's insurance account, the payer's card and the patient's credit line pay it in one transaction. Whoever
// changes a bill holds its row, and then the accounts it moves. Amounts are fen.
package billing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"entgo.io/ent/dialect"
	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/bill"
	"citygraph/ent/db/predicate"
	"citygraph/internal/blobstore"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/insurance"
	"citygraph/internal/lang"
	"citygraph/internal/ledger"
	"citygraph/internal/personal"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Desk is where bills are issued, paid and given back.
type Desk struct {
	DB        *db.Client
	Store     *store.Store
	Clock     clock.Clock
	Events    *event.Bus
	Once      idempotency.Ledger
	Book      *ledger.Book
	Records   *personal.Records
	Insurance *insurance.Accounts
	Files     *blobstore.Store
	Links     blobstore.Links

	DueDays int // from the day a bill is issued to when it must be paid

	// Lender is the account that a person's bill draws on for what their card lacks; empty without one.
	Lender func(ctx context.Context, personID string) (accountID string, err error)
	// For is whether the viewer may act for a person, and ActsFor the same for the persons of a whole response.
	For     func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
	ActsFor func(ctx context.Context, personID string, s scope.Scope) (bool, error)
	// These enqueue a job in the transaction of ctx.
	Claim  func(ctx context.Context, job Claim) error
	Cancel func(ctx context.Context, job Cancel) error
	Print  func(ctx context.Context, job Print) error
	Shred  func(ctx context.Context, job Shred) error
}

// Issued tells that there is a bill to be paid.
type Issued struct {
	BillID, PatientID string
	Clinic            lang.Text
	Total             int64 // fen
}

// Paid tells that a bill was paid.
type Paid struct {
	BillID, PatientID, PayerID, TransactionID string
	Clinic                                    lang.Text
	Total                                     int64 // fen
	Own                                       int64 // of it from the payer's card, in fen
	Lent                                      int64 // of it from the payer's credit line, in fen
}

// Refunded tells that a bill, or a part of it, was given back.
type Refunded struct {
	BillID, PatientID, PayerID, TransactionID string
	AccountID                                 string // of the payer's card
	Clinic                                    lang.Text
	Amount                                    int64 // fen
	Own                                       int64 // of it to the payer's credit line and card, in fen
	Lent                                      bool  // whether the credit line had paid a part
}

// Voided tells that there is nothing to be paid of a bill any more.
type Voided struct {
	BillID, PatientID string
	Clinic            lang.Text
}

// DueSoon tells that a bill must be paid within a day.
type DueSoon struct {
	BillID, PatientID string
	Clinic            lang.Text
	DueAt             time.Time
}

// Action is what somebody may do with a bill.
type Action string

// The actions.
const (
	Pay     Action = "PAY"
	Void    Action = "VOID"
	Refund  Action = "REFUND"
	Receipt Action = "RECEIPT"
)

// MarshalGQL writes the enum value.
func (a Action) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *Action) UnmarshalGQL(any) error { return errors.New("a bill's action is not an input") }

// AllowedActions is what the viewer may do with the bill now.
func (d *Desk) AllowedActions(ctx context.Context, b *db.Bill) ([]Action, error) {
	v, actions := viewer.From(ctx), []Action{}
	if b.Status == bill.StatusIssued {
		mine := v.PersonID == b.PatientID
		if !mine {
			var err error
			if mine, err = d.ActsFor(ctx, b.PatientID, scope.Pay); err != nil {
				return nil, err
			}
		}
		if mine {
			actions = append(actions, Pay)
		}
	}
	if v.HasAt(viewer.ClinicStaff, b.ClinicID) {
		switch b.Status {
		case bill.StatusIssued:
			actions = append(actions, Void)
		case bill.StatusPaid:
			actions = append(actions, Refund)
		case bill.StatusRefunded, bill.StatusVoid:
		}
	}
	if d.printed(ctx, b) {
		actions = append(actions, Receipt)
	}
	return actions, nil
}

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "bills are changed by their verbs, which ask for the right before")
}

// hold loads a bill that meets the conditions, with its clinic, and keeps others from changing it until the transaction of ctx
// ends. NOT_FOUND without one.
func (d *Desk) hold(ctx context.Context, billID string, meets ...predicate.Bill) (*db.Bill, error) {
	q := d.DB.Bill.Query().Where(bill.ID(billID)).Where(meets...).WithClinic()
	if d.Store.Dialect() == dialect.Postgres {
		q.ForUpdate()
	}
	found, err := q.Only(system(ctx))
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).At("billId")
	}
	if err != nil {
		return nil, fmt.Errorf("load bill: %w", err)
	}
	return found, nil
}

// atMine are the bills of the clinics that the viewer works for.
func atMine(ctx context.Context) predicate.Bill {
	return bill.ClinicIDIn(viewer.From(ctx).Organisations(viewer.ClinicStaff)...)
}

// change updates a bill that is held.
func (d *Desk) change(ctx context.Context, b *db.Bill, set func(*db.BillUpdateOne)) error {
	update := d.DB.Bill.UpdateOneID(b.ID).Where(bill.StatusEQ(b.Status), bill.Refunded(b.Refunded)).SetUpdatedAt(d.Clock.Now())
	set(update)
	if err := update.Exec(system(ctx)); err != nil {
		return fmt.Errorf("change bill: %w", err)
	}
	return nil
}

func notNow(b *db.Bill) error {
	return fault.NotNow("账单", "The bill", b.Status).At("billId")
}
