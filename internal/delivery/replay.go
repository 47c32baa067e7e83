package delivery

import (
	"context"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/predicate"
	"citygraph/internal/viewer"
)

// Replay is an order to send again what a channel took since an instant, and lost.
type Replay struct {
	Channel  deliveryattempt.Channel
	Since    time.Time             // whole seconds
	Until    time.Time             // when the channel worked again; the zero time is when the replay was first begun
	DryRun   bool                  // tell what would be sent, and change nothing
	Progress func(done, total int) // may be nil
}

// Replayed is what a replay came to.
type Replayed struct {
	Begun    time.Time                       // when these arguments were first given
	Verdicts map[Verdict]int                 // of this run
	Outcomes map[deliveryattempt.Outcome]int // of all that these arguments ever had sent again, as far as they have come
}

// The name of a replay's batches holds its arguments and when it was begun, at fixed places: the rows themselves
// remember which loss they were sent again for, so that a run that was killed is gone on with, and nothing is
// sent a third time for the same loss.
const (
	replayPrefix = "replay/"
	nameTime     = "20060102T150405Z"
	begunAt      = len(replayPrefix) + len(nameTime) + 1
)

// Replay hands what the channel took in the window to the queue once more: each delivery that its recipient may
// still be told of there, at an hour they allow. It is for operators. Run again with the same arguments it goes
// on where it was, and sends nothing twice.
func (c *Courier) Replay(ctx context.Context, o Replay) (Replayed, error) {
	if c.Channels[o.Channel] == nil {
		return Replayed{}, fmt.Errorf("replay: this city has no channel %s", o.Channel)
	}
	ctx = viewer.AsSystem(ctx, "send again what a channel lost")
	since := o.Since.UTC().Truncate(time.Second)
	prefix := replayPrefix + since.Format(nameTime) + "/"
	begun, err := c.begun(ctx, o.Channel, prefix)
	if err != nil {
		return Replayed{}, err
	}
	until := begun
	if !o.Until.IsZero() && o.Until.Before(until) {
		until = o.Until
	}
	run := again{
		courier: c, dryRun: o.DryRun, progress: o.Progress, name: prefix + begun.Format(nameTime) + "/",
		pick: deliveryattempt.And(
			deliveryattempt.ChannelEQ(o.Channel), deliveryattempt.OutcomeEQ(deliveryattempt.OutcomeDelivered),
			deliveryattempt.SettledAtGTE(since), deliveryattempt.SettledAtLT(until), notReplayedSince(since)),
	}
	done := Replayed{Begun: begun}
	if done.Verdicts, err = run.run(ctx); err != nil {
		return done, err
	}
	done.Outcomes, err = c.outcomes(ctx, deliveryattempt.ChannelEQ(o.Channel), deliveryattempt.BatchHasPrefix(prefix))
	return done, err
}

// begun is when a replay with these arguments was first begun; now when it was not.
func (c *Courier) begun(ctx context.Context, channel deliveryattempt.Channel, prefix string) (time.Time, error) {
	first, err := c.DB.DeliveryAttempt.Query().
		Where(deliveryattempt.ChannelEQ(channel), deliveryattempt.BatchHasPrefix(prefix)).
		Order(deliveryattempt.ByBatch()).First(ctx)
	switch {
	case db.IsNotFound(err):
		return c.Clock.Now().UTC().Truncate(time.Second), nil
	case err != nil:
		return time.Time{}, fmt.Errorf("look for an earlier run: %w", err)
	}
	return time.Parse(nameTime, first.Batch[begunAt:begunAt+len(nameTime)])
}

// notReplayedSince leaves out what a replay has sent again that was begun after the instant: whatever was lost
// since then, that one has made good.
func notReplayedSince(at time.Time) predicate.DeliveryAttempt {
	return func(s *entsql.Selector) {
		batch := s.C(deliveryattempt.FieldBatch)
		s.Where(entsql.P(func(b *entsql.Builder) {
			b.WriteString("NOT (" + batch + " LIKE '" + replayPrefix + "%' AND ")
			b.WriteString(fmt.Sprintf("substr(%s, %d, %d) >= ", batch, begunAt+1, len(nameTime))).Arg(at.Format(nameTime)).WriteString(")")
		}))
	}
}

// outcomes counts deliveries by their outcome.
func (c *Courier) outcomes(ctx context.Context, which ...predicate.DeliveryAttempt) (map[deliveryattempt.Outcome]int, error) {
	var rows []struct {
		Outcome deliveryattempt.Outcome
		Count   int
	}
	err := c.DB.DeliveryAttempt.Query().Where(which...).
		GroupBy(deliveryattempt.FieldOutcome).Aggregate(db.Count()).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count outcomes: %w", err)
	}
	counts := map[deliveryattempt.Outcome]int{}
	for _, row := range rows {
		counts[row.Outcome] = row.Count
	}
	return counts, nil
}
