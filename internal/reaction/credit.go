package reaction

import (
	"context"
	"fmt"
	"time"

	"citygraph/internal/charge"
	"citygraph/internal/credit"
	"citygraph/internal/event"
	"citygraph/internal/identity"
	"citygraph/internal/notice"
	"citygraph/internal/wording"
)

// Credit has a person's credit line know of what clinics draw on it and give back, and of the end of their account, and
// tells them what is due and what is repaid. What they owe stands on no lock screen.
func Credit(bus *event.Bus, desk *notice.Desk, lines *credit.Lines) {
	event.On(bus, func(ctx context.Context, e charge.Charged) error {
		if e.Lent == 0 {
			return nil
		}
		return lines.Drawn(ctx, e.PersonID)
	})
	event.On(bus, func(ctx context.Context, e charge.Refunded) error {
		if !e.Lent {
			return nil
		}
		return lines.Refunded(ctx, e.PersonID, e.TransactionID, e.AccountID)
	})
	event.On(bus, func(ctx context.Context, e identity.DeletionAsked) error { return lines.Leave(ctx, e.PersonID) })

	tell := func(ctx context.Context, person, line, template, key string, params wording.Params) error {
		return desk.Tell(ctx, notice.Notice{
			Recipient: person, Subject: person, EventKey: key,
			Letter: notice.Letter{Template: template, TargetID: line, Params: params},
		})
	}
	due := func(ctx context.Context, person, line, template string, at time.Time) error {
		lastDay := at.Add(-time.Second) // it is due at the midnight after
		return tell(ctx, person, line, template, fmt.Sprintf("%s/%s/%d", line, template, at.UnixMicro()), wording.Params{"day": wording.ADay(lastDay)})
	}
	event.On(bus, func(ctx context.Context, e credit.DueSoon) error {
		return due(ctx, e.PersonID, e.LineID, "card/credit_due", e.DueAt)
	})
	event.On(bus, func(ctx context.Context, e credit.Overdue) error {
		return due(ctx, e.PersonID, e.LineID, "card/credit_overdue", e.DueAt)
	})
	event.On(bus, func(ctx context.Context, e credit.Repaid) error {
		return tell(ctx, e.PersonID, e.LineID, "card/credit_repaid", e.TransactionID, wording.Params{"amount": wording.AnOwnAmount(e.Amount)})
	})
}
