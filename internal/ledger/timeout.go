package ledger

import (
	"context"
	"fmt"

	"citygraph/ent/db/hold"
	"citygraph/internal/fault"
)

// Round is the job that lets go of holds that have expired.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "ledger.timeout" }

// timedOutAtOnce bounds a round; what is left over comes with the next.
const timedOutAtOnce = 500

// TimeOut lets go of the holds that have expired and returns how many. One that is captured or voided
// meanwhile stays so. It is the system's, once a minute.
func (b *Book) TimeOut(ctx context.Context) (int, error) {
	due, err := b.DB.Hold.Query().Where(hold.StatusEQ(hold.StatusPending), hold.ExpiresAtLTE(b.Clock.Now())).
		Order(hold.ByExpiresAt()).Limit(timedOutAtOnce).IDs(system(ctx))
	if err != nil {
		return 0, fmt.Errorf("look for expired holds: %w", err)
	}
	n := 0
	for _, holdID := range due {
		err := b.release(ctx, holdID, hold.StatusTimedOut)
		switch fault.CodeOf(err) {
		case "":
			n++
		case fault.InvalidTransition, fault.HoldExpired: // somebody was quicker
		default:
			return n, err
		}
	}
	return n, nil
}
