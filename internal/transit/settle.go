package transit

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/transitride"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/ledger"
)

// IDReused is the outcome of a scan whose id was another scan's. It is not kept.
const IDReused transitride.Outcome = "SCAN_ID_REUSED"

// Answer is what an operator is told of a scan: nothing of the rider.
type Answer struct {
	ScanID        string              `json:"scanId"`
	Outcome       transitride.Outcome `json:"outcome"`
	TransactionID string              `json:"transactionId,omitempty"` // of an accepted one
}

// Settle pays an operator for what its gates have taken, each code once, and has the riders told. Each scan has an
// answer of its own, in their order, and the same one however often it is uploaded; what is done when the caller
// gives up is found so. The caller has checked the operator's key. Returns BAD_USER_INPUT for more than MostScans or
// for what is no scan, with nothing changed.
func (o *Office) Settle(ctx context.Context, operator *Operator, scans []Scan) ([]Answer, error) {
	if len(scans) == 0 || len(scans) > MostScans {
		return nil, fault.BadInput("scans", "每次应上传1至500条扫码记录。", "Upload 1 to 500 scans at once.")
	}
	ids := make([]string, len(scans))
	for i := range scans {
		if err := scans[i].check(i); err != nil {
			return nil, err
		}
		ids[i] = scans[i].ID
	}
	ctx = system(ctx)
	known, err := o.DB.TransitRide.Query().Where(transitride.OperatorID(operator.ID), transitride.ScanIDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for the scans: %w", err)
	}
	rides := make(map[string]*db.TransitRide, len(scans))
	for _, r := range known {
		rides[r.ScanID] = r
	}
	payee, err := o.Book.Open(ctx, ledger.Account{Kind: ledgeraccount.KindMerchant, OwnerID: operator.account()})
	if err != nil {
		return nil, err
	}
	answers := make([]Answer, len(scans))
	for i := range scans {
		r := rides[ids[i]]
		if r == nil {
			if r, err = o.settle(ctx, &fare{operator, payee.ID, &scans[i]}); err != nil {
				return nil, err
			}
		}
		answers[i] = answerOf(r, &scans[i])
	}
	return answers, nil
}

// answerOf is what is told of a ride to who sends a scan with its id.
func answerOf(r *db.TransitRide, s *Scan) Answer {
	switch {
	case r.ContentHash != s.hash():
		return Answer{ScanID: s.ID, Outcome: IDReused}
	case r.LedgerTransactionID == nil:
		return Answer{ScanID: s.ID, Outcome: r.Outcome}
	default:
		return Answer{ScanID: s.ID, Outcome: r.Outcome, TransactionID: *r.LedgerTransactionID}
	}
}

// fare is a scan, and who is to be paid for it.
type fare struct {
	operator *Operator
	payeeID  string
	scan     *Scan
}

// settle answers one scan, in a transaction of its own: what is wrong with one is no other's. What the card cannot pay
// is owed.
func (o *Office) settle(ctx context.Context, f *fare) (*db.TransitRide, error) {
	ride, err := o.answer(ctx, f, o.fromCard)
	switch fault.CodeOf(err) {
	case fault.CardNotActive, fault.InsufficientFunds:
		return o.answer(ctx, f, o.fromSuspense)
	default:
		return ride, err
	}
}

// payment pays a ride that is owed, and returns the transaction; nil when the ride cannot be taken into suspense.
type payment func(ctx context.Context, f *fare, j judged) (*db.LedgerTransaction, transitride.PaidFrom, error)

// answer judges a scan, has it paid, and keeps the answer. A scan that was answered before keeps its answer.
func (o *Office) answer(ctx context.Context, f *fare, pay payment) (*db.TransitRide, error) {
	var ride *db.TransitRide
	err := o.Store.InTx(ctx, func(ctx context.Context) error {
		if err := o.Store.Lock(ctx, "transit scan/"+f.operator.ID+"/"+f.scan.ID); err != nil {
			return err
		}
		var err error
		ride, err = o.DB.TransitRide.Query().Where(transitride.OperatorID(f.operator.ID), transitride.ScanID(f.scan.ID)).Only(ctx)
		if !db.IsNotFound(err) {
			return err
		}
		j, err := o.judge(ctx, f.scan)
		if err != nil {
			return err
		}
		create := o.DB.TransitRide.Create().SetID(id.New(id.TransitRide)).SetCreatedAt(o.Clock.Now()).SetOperatorID(f.operator.ID).
			SetScanID(f.scan.ID).SetContentHash(f.scan.hash()).SetGate(f.scan.Gate).SetFare(f.scan.Fare).SetScannedAt(f.scan.ScannedAt.UTC())
		if j.batch != nil {
			create.SetPersonID(j.batch.PersonID).SetTransitBatchID(j.batch.ID)
		}
		if j.outcome == transitride.OutcomeAccepted {
			made, from, err := pay(ctx, f, j)
			if err != nil {
				return err
			}
			if made == nil {
				j.outcome = transitride.OutcomeSuspenseFull
			} else {
				create.SetLedgerTransactionID(made.ID).SetPaidFrom(from)
			}
		}
		ride, err = create.SetOutcome(j.outcome).Save(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ride, nil
}

// fromCard pays a ride from the card that is active. CARD_NOT_ACTIVE, INSUFFICIENT_FUNDS.
func (o *Office) fromCard(ctx context.Context, f *fare, j judged) (*db.LedgerTransaction, transitride.PaidFrom, error) {
	card, err := o.DB.CitizenCard.Get(ctx, j.batch.CardID)
	if err != nil {
		return nil, "", fmt.Errorf("load card: %w", err)
	}
	made, err := o.post(ctx, f, j, card.AccountID)
	if err != nil {
		return nil, "", err
	}
	// Whoever stops a card blocks its account, which the posting has waited for; the account of a card that was replaced
	// pays for another one.
	active, err := o.DB.CitizenCard.Query().Where(citizencard.ID(card.ID), citizencard.StatusEQ(citizencard.StatusActive)).Exist(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("look whether the card is active: %w", err)
	}
	if !active {
		return nil, "", fault.New(fault.CardNotActive)
	}
	return made, transitride.PaidFromCard, o.Events.Emit(ctx, Ridden{
		PersonID: j.batch.PersonID, CardID: card.ID, TransactionID: made.ID, Operator: f.operator.Name, Fare: f.scan.Fare,
	})
}

// post moves the fare from an account to the operator, once for the code.
func (o *Office) post(ctx context.Context, f *fare, j judged, accountID string) (*db.LedgerTransaction, error) {
	return o.Book.Post(ctx, ledger.Posting{
		Key: j.claims.Key(), Kind: ledgertransaction.KindCharge, Domain: ledgertransaction.DomainTransit, Merchant: f.operator.Name,
		Lines: []ledger.Line{{AccountID: accountID, Amount: -f.scan.Fare}, {AccountID: f.payeeID, Amount: f.scan.Fare}},
	})
}
