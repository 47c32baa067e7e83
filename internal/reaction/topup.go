package reaction

import (
	"context"

	"citygraph/internal/event"
	"citygraph/internal/notice"
	"citygraph/internal/payment"
	"citygraph/internal/wording"
)

// TopUps tells people when what they paid is on their card, and when it goes back.
func TopUps(bus *event.Bus, desk *notice.Desk) {
	tell := func(ctx context.Context, person, topUp, template string, params wording.Params) error {
		return desk.Tell(ctx, notice.Notice{
			Recipient: person, Subject: person, EventKey: topUp + "/" + template,
			Letter: notice.Letter{Template: template, TargetID: topUp, Params: params},
		})
	}
	event.On(bus, func(ctx context.Context, e payment.ToppedUp) error {
		return tell(ctx, e.PersonID, e.TopUpID, "card/topped_up",
			wording.Params{"amount": wording.AnOwnAmount(e.Amount), "balance": wording.AnOwnAmount(e.Balance)})
	})
	event.On(bus, func(ctx context.Context, e payment.GivenBack) error {
		return tell(ctx, e.PersonID, e.TopUpID, "card/given_back", wording.Params{"amount": wording.AnOwnAmount(e.Amount)})
	})
}
