package reaction

import (
	"context"
	"fmt"

	"citygraph/internal/card"
	"citygraph/internal/event"
	"citygraph/internal/identity"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
)

// Cards tells holders when their card is stopped, replaced or in use again, which may have been somebody else: at once,
// also at night. A card follows its holder, who turns out to be somebody.
func Cards(bus *event.Bus, desk *notice.Desk, cards *card.Cards) {
	letters := map[card.Action]string{
		card.ReportLoss: "card/lost", card.CancelLoss: "card/found",
		card.Freeze: "card/frozen", card.Unfreeze: "card/unfrozen", card.Close: "card/closed",
	}
	tell := func(ctx context.Context, template, personID, cardID, key string) error {
		return desk.Tell(ctx, notice.Notice{
			Recipient: personID, Subject: personID, EventKey: key,
			Letter: notice.Letter{Template: template, TargetID: cardID, Priority: preference.Urgent},
		})
	}
	event.On(bus, func(ctx context.Context, e card.Moved) error {
		if e.Action == card.Replace {
			return nil // told of the new card
		}
		return tell(ctx, letters[e.Action], e.PersonID, e.CardID, fmt.Sprintf("%s/%s/%d", e.CardID, e.Action, e.At.UnixMicro()))
	})
	event.On(bus, func(ctx context.Context, e card.Replaced) error {
		return tell(ctx, "card/replaced", e.PersonID, e.CardID, e.CardID+"/replaced")
	})
	event.On(bus, func(ctx context.Context, e identity.Bound) error { return cards.Name(ctx, e.PersonID) })
	event.On(bus, func(ctx context.Context, e identity.Joined) error { return cards.Join(ctx, e.From, e.To) })
}
