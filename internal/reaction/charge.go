package reaction

import (
	"context"

	"citygraph/internal/charge"
	"citygraph/internal/event"
	"citygraph/internal/lang"
	"citygraph/internal/notice"
	"citygraph/internal/wording"
)

// Charges has the holder of a card told of what is taken from it and given back, and when little is left.
func Charges(bus *event.Bus, desk *notice.Desk) {
	event.On(bus, func(ctx context.Context, e charge.Charged) error {
		template := "card/charged"
		if e.Lent > 0 {
			template = "card/charged_on_credit"
		}
		if err := desk.Tell(ctx, moved(template, e.PersonID, e.CardID, e.TransactionID, e.Merchant, e.Amount)); err != nil || !e.Low {
			return err
		}
		return desk.Tell(ctx, notice.Notice{
			Recipient: e.PersonID, Subject: e.PersonID, EventKey: e.TransactionID + "/low",
			Letter: notice.Letter{Template: "card/low_balance", TargetID: e.CardID, Params: wording.Params{"balance": wording.AnOwnAmount(e.Balance)}},
		})
	})
	event.On(bus, func(ctx context.Context, e charge.Held) error {
		template, key := "card/held", e.HoldID
		if e.Released {
			template, key = "card/let_go", e.HoldID+"/let go"
		}
		return desk.Tell(ctx, moved(template, e.PersonID, e.CardID, key, e.Merchant, e.Amount))
	})
	event.On(bus, func(ctx context.Context, e charge.Refunded) error {
		template := "card/refunded"
		if e.Lent {
			template = "card/refunded_to_credit"
		}
		return desk.Tell(ctx, moved(template, e.PersonID, e.CardID, e.TransactionID, e.Merchant, e.Amount))
	})
}

// moved tells the holder of a card of money that went out of it or into it.
func moved(template, personID, cardID, eventKey string, merchant lang.Text, amount int64) notice.Notice {
	return notice.Notice{
		Recipient: personID, Subject: personID, EventKey: eventKey,
		Letter: notice.Letter{
			Template: template, TargetID: cardID,
			Params: wording.Params{"merchant": wording.ALabel(merchant), "amount": wording.AnOwnAmount(amount)},
		},
	}
}
