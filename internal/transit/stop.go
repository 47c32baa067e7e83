package transit

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/transitbatch"
)

// CardMoved has the codes of a card that is not active stopped from the instant on, in the transaction of whoever
// moved it: what gates scanned before is owed, what they scan later is not. A card that is active again pays what its
// holder owes; its stopped codes stay stopped, as whoever holds the lost phone has them too.
func (o *Office) CardMoved(ctx context.Context, cardID, personID string, at time.Time) error {
	active, err := o.DB.CitizenCard.Query().Where(citizencard.ID(cardID), citizencard.StatusEQ(citizencard.StatusActive)).Exist(system(ctx))
	if err != nil {
		return fmt.Errorf("look whether the card is active: %w", err)
	}
	if active {
		return o.RecoverSoon(ctx, personID)
	}
	err = o.DB.TransitBatch.Update().Where(transitbatch.CardID(cardID), transitbatch.StoppedAtIsNil()).SetStoppedAt(at).Exec(system(ctx))
	if err != nil {
		return fmt.Errorf("stop codes: %w", err)
	}
	return nil
}
