package reaction

import (
	"context"

	"citygraph/internal/card"
	"citygraph/internal/event"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
	"citygraph/internal/payment"
	"citygraph/internal/transit"
	"citygraph/internal/wording"
)

// Rides stops the codes of a card with it, has what is owed for rides taken when there is money on the card or it is in
// use again, and tells riders: of a ride that is paid, quietly.
func Rides(bus *event.Bus, desk *notice.Desk, office *transit.Office) {
	event.On(bus, func(ctx context.Context, e card.Moved) error {
		return office.CardMoved(ctx, e.CardID, e.PersonID, e.At)
	})
	event.On(bus, func(ctx context.Context, e payment.ToppedUp) error { return office.RecoverSoon(ctx, e.PersonID) })
	event.On(bus, func(ctx context.Context, e transit.Ridden) error {
		letter := notice.Letter{
			Template: "card/ride", TargetID: e.CardID, Priority: preference.Low,
			Params: wording.Params{"operator": wording.ALabel(e.Operator), "amount": wording.AnOwnAmount(e.Fare)},
		}
		if e.Owed {
			letter.Template, letter.Priority = "card/ride_owed", ""
		}
		return desk.Tell(ctx, notice.Notice{Recipient: e.PersonID, Subject: e.PersonID, EventKey: e.TransactionID, Letter: letter})
	})
	event.On(bus, func(ctx context.Context, e transit.Recovered) error {
		return desk.Tell(ctx, notice.Notice{
			Recipient: e.PersonID, Subject: e.PersonID, EventKey: e.TransactionID,
			Letter: notice.Letter{
				Template: "card/rides_recovered", TargetID: e.CardID,
				Params: wording.Params{"amount": wording.AnOwnAmount(e.Amount), "left": wording.AnOwnAmount(e.Left)},
			},
		})
	})
}
