package reaction

import (
	"context"
	"slices"
	"time"

	"citygraph/internal/clinic/billing"
	"citygraph/internal/credit"
	"citygraph/internal/event"
	"citygraph/internal/household"
	"citygraph/internal/identity"
	"citygraph/internal/lang"
	"citygraph/internal/notice"
	"citygraph/internal/wording"
)

// Bills has patients told of their bills, who acts for them told without what they cost, and who paid told of their own
// money; credit lines know of what bills draw on them; and receipts go with the account. What was done stands in no notice.
func Bills(bus *event.Bus, desk *notice.Desk, register *household.Register, lines *credit.Lines, bills *billing.Desk) {
	event.On(bus, func(ctx context.Context, e identity.Deleted) error { return bills.Forget(ctx, e.PersonID) })

	event.On(bus, func(ctx context.Context, e billing.Paid) error {
		if e.Lent == 0 {
			return nil
		}
		return lines.Drawn(ctx, e.PayerID)
	})
	event.On(bus, func(ctx context.Context, e billing.Refunded) error {
		if !e.Lent {
			return nil
		}
		return lines.Refunded(ctx, e.PayerID, e.TransactionID, e.AccountID)
	})

	// tell tells the patient in one text and those who act for them in another; each of own, who pays, in a third, of
	// their money alone.
	tell := func(ctx context.Context, l bill, own map[string]int64) error {
		people, err := register.Told(ctx, l.patient)
		if err != nil {
			return err
		}
		for person := range own {
			if !slices.Contains(people, person) {
				people = append(people, person)
			}
		}
		slices.Sort(people) // the order in which inboxes are locked
		var notices []notice.Notice
		for _, person := range people {
			fen, pays := own[person]
			switch {
			case person == l.patient && l.amount > 0:
				notices = append(notices, l.notice(person, l.template, l.amount))
			case pays && fen > 0:
				notices = append(notices, l.notice(person, l.template+"_with_yours", fen))
			case person == l.patient:
				notices = append(notices, l.notice(person, l.template, 0))
			default:
				notices = append(notices, l.notice(person, l.template+"_for_another", 0))
			}
		}
		return desk.Tell(ctx, notices...)
	}
	event.On(bus, func(ctx context.Context, e billing.Issued) error {
		return tell(ctx, bill{id: e.BillID, patient: e.PatientID, clinic: e.Clinic, template: "clinic/bill_issued", key: e.BillID + "/issued", amount: e.Total}, nil)
	})
	event.On(bus, func(ctx context.Context, e billing.Paid) error {
		return tell(ctx, bill{id: e.BillID, patient: e.PatientID, clinic: e.Clinic, template: "clinic/bill_paid", key: e.BillID + "/paid", amount: e.Total},
			map[string]int64{e.PayerID: e.Own + e.Lent})
	})
	event.On(bus, func(ctx context.Context, e billing.Refunded) error {
		return tell(ctx, bill{id: e.BillID, patient: e.PatientID, clinic: e.Clinic, template: "clinic/bill_refunded", key: e.TransactionID, amount: e.Amount},
			map[string]int64{e.PayerID: e.Own})
	})
	event.On(bus, func(ctx context.Context, e billing.Voided) error {
		return tell(ctx, bill{id: e.BillID, patient: e.PatientID, clinic: e.Clinic, template: "clinic/bill_voided", key: e.BillID + "/voided"}, nil)
	})
	event.On(bus, func(ctx context.Context, e billing.DueSoon) error {
		return tell(ctx, bill{id: e.BillID, patient: e.PatientID, clinic: e.Clinic, template: "clinic/bill_due", key: e.BillID + "/due", day: e.DueAt.Add(-time.Second)}, nil)
	})
}

// bill is what is told of one.
type bill struct {
	id, patient, template, key string
	clinic                     lang.Text
	amount                     int64     // of the patient's, in fen; zero where the text has none
	day                        time.Time // the last on which it can be paid in time; zero where the text has none
}

func (l bill) notice(person, template string, fen int64) notice.Notice {
	params := wording.Params{"clinic": wording.ALabel(l.clinic)}
	if fen > 0 {
		params["amount"] = wording.AnOwnAmount(fen)
	}
	if !l.day.IsZero() {
		params["day"] = wording.ADay(l.day)
	}
	return notice.Notice{
		Recipient: person, Subject: l.patient, EventKey: l.key,
		Letter: notice.Letter{Template: template, TargetID: l.id, Params: params},
	}
}
