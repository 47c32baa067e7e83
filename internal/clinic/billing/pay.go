package billing

import (
	"context"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/bill"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Payment is what a bill is paid with.
type Payment struct {
	Key    uuid.UUID `json:"-"`
	BillID string
}

// errMoved says that what the bureau keeps for the bill is not what was asked for before the transaction.
var errMoved = errors.New("the reservation of the bill has changed")

// tries is how often a payment asks the bureau again because somebody let go of what it kept.
const tries = 3

// Pay pays a bill, once: the patient's insurance account first, then the card of who pays, and then, where the patient pays
// for themselves, their credit line for what the card lacks. The patient may, and who acts for them within PAY, with their own
// card. A bureau that does not answer pays nothing, and holds nothing up. Returns UNAUTHENTICATED; NOT_FOUND;
// DELEGATION_SCOPE for the clinic's staff; BILL_NOT_PAYABLE unless the bill is ISSUED; CARD_NOT_ACTIVE;
// INSUFFICIENT_FUNDS; and IDEMPOTENCY_KEY_REUSED.
func (d *Desk) Pay(ctx context.Context, p Payment) (*db.Bill, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	found, err := d.DB.Bill.Query().Where(bill.ID(p.BillID)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).At("billId")
	}
	if err != nil {
		return nil, fmt.Errorf("load bill: %w", err)
	}
	if _, err := d.For(ctx, &found.PatientID, scope.Pay); err != nil {
		return nil, err
	}
	request := idempotency.Request{Key: p.Key, Operation: "payBill", Input: p}
	for try := 1; ; try++ {
		kept, err := d.reserve(ctx, found, try < tries)
		if err != nil {
			return nil, err
		}
		billID, err := d.Once.Once(ctx, request, func(ctx context.Context) (string, error) { return d.pay(ctx, p, found.PatientID, kept) })
		if err == nil {
			return d.DB.Bill.Get(ctx, billID)
		}
		if !errors.Is(err, errMoved) {
			return nil, errors.Join(err, d.giveUp(ctx, found.ID, kept))
		}
	}
}

// pay moves the money, in the transaction of ctx. It holds the right to pay before the bill, as the end of an account does.
func (d *Desk) pay(ctx context.Context, p Payment, patientID string, kept reserved) (string, error) {
	if _, err := d.For(ctx, &patientID, scope.Pay); err != nil {
		return "", err
	}
	b, err := d.hold(ctx, p.BillID)
	if err != nil {
		return "", err
	}
	if b.Status != bill.StatusIssued {
		return "", fault.New(fault.BillNotPayable).At("billId")
	}
	if kept.fen > 0 && (b.Claim != bill.ClaimReserved || b.Reservation != kept.key) {
		return "", errMoved
	}
	payer := viewer.From(ctx).PersonID
	f, made, err := d.take(ctx, b, payer, kept.fen)
	if err != nil {
		return "", err
	}
	claim, err := d.outcome(ctx, b, kept)
	if err != nil {
		return "", err
	}
	now := d.Clock.Now()
	if err := d.change(ctx, b, func(u *db.BillUpdateOne) {
		u.SetStatus(bill.StatusPaid).SetPaidAt(now).SetPayerID(payer).SetLedgerTransactionID(made.ID).SetClaim(claim).
			SetInsuranceShare(f.Insured).SetCreditShare(f.Lent).SetSelfShare(f.FromOwn)
	}); err != nil {
		return "", err
	}
	if err := audit.Record(ctx, d.DB, audit.Deed{Action: "payBill", Subject: b.PatientID, TargetID: b.ID}); err != nil {
		return "", err
	}
	if err := d.Print(ctx, Print{BillID: b.ID}); err != nil {
		return "", err
	}
	return b.ID, d.Events.Emit(ctx, Paid{
		BillID: b.ID, PatientID: b.PatientID, PayerID: payer, TransactionID: made.ID, Clinic: b.Edges.Clinic.Name,
		Total: b.Total, Own: f.FromOwn, Lent: f.Lent,
	})
}

// take posts the transaction that pays the clinic.
func (d *Desk) take(ctx context.Context, b *db.Bill, payer string, insured int64) (f ledger.Funding, made *db.LedgerTransaction, err error) {
	card, err := d.card(ctx, payer)
	if err != nil {
		return f, nil, err
	}
	payee, err := d.Book.Open(ctx, ledger.Account{Kind: ledgeraccount.KindMerchant, OwnerID: b.ClinicID})
	if err != nil {
		return f, nil, err
	}
	purse := ledger.Purse{CardAccountID: card.AccountID, Insured: insured}
	if insured > 0 {
		// What the bureau owes, for each clinic, so that the city's payments do not wait for one another.
		bureau, err := d.Book.Open(ctx, ledger.Account{Kind: ledgeraccount.KindInsurance, OwnerID: b.ClinicID})
		if err != nil {
			return f, nil, err
		}
		purse.InsurerID = bureau.ID
	}
	if payer == b.PatientID {
		if purse.LenderAccountID, err = d.Lender(ctx, payer); err != nil {
			return f, nil, err
		}
	}
	if f, err = d.Book.Fund(ctx, purse, payee.ID, b.Total); err != nil {
		return f, nil, err
	}
	made, err = d.Book.Post(ctx, ledger.Posting{
		Key: ledger.BillKey + b.ID, Kind: ledgertransaction.KindCharge, Domain: ledgertransaction.DomainClinic,
		Merchant: b.Edges.Clinic.Name, Lines: f.Lines,
	})
	return f, made, err
}

// card is the one that a person pays with. Whoever would stop it waits until the transaction of ctx ends.
func (d *Desk) card(ctx context.Context, personID string) (*db.CitizenCard, error) {
	q := d.DB.CitizenCard.Query().Where(citizencard.HolderID(personID), citizencard.StatusEQ(citizencard.StatusActive))
	if d.Store.Dialect() == dialect.Postgres {
		q.ForShare()
	}
	card, err := q.Only(system(ctx))
	if db.IsNotFound(err) {
		return nil, fault.New(fault.CardNotActive)
	}
	if err != nil {
		return nil, fmt.Errorf("load card: %w", err)
	}
	return card, nil
}
