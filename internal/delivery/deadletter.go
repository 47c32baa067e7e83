package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/predicate"
	"citygraph/internal/jobs"
	"citygraph/internal/viewer"
)

// jobDied is the reason of a delivery whose job has failed for the last time: nobody comes back for it.
const jobDied = "JOB_DIED"

// mostDeadJobs is how many of the latest dead jobs are looked at for what they have left behind.
const mostDeadJobs = 1000

// DeadLetters says which deliveries that were given up are meant: those that were refused, that nobody could
// send in time, or whose job died. A dead token, a notice that was read and a grant that was never given are how
// things go, and no dead letters.
type DeadLetters struct {
	Channel deliveryattempt.Channel // all when empty
	Since   time.Time               // given up since; ever when zero
}

// DeadCount is how many were given up for a reason.
type DeadCount struct {
	Channel deliveryattempt.Channel
	Outcome deliveryattempt.Outcome
	Code    string `sql:"provider_code"`
	Count   int
}

// DeadLetter is one of them, without anything about the person.
type DeadLetter struct {
	ID      string
	Channel deliveryattempt.Channel
	Outcome deliveryattempt.Outcome
	Code    string
	Tries   int
	At      time.Time // when it was given up, or was last due
}

// DeadLetters counts what was given up by reason, and lists the latest. It is for operators.
func (c *Courier) DeadLetters(ctx context.Context, which DeadLetters, limit int) ([]DeadCount, []DeadLetter, error) {
	ctx = viewer.AsSystem(ctx, "look at deliveries that were given up")
	pick, err := c.dead(ctx, which)
	if err != nil {
		return nil, nil, err
	}
	var counts []DeadCount
	err = c.DB.DeliveryAttempt.Query().Where(pick).
		GroupBy(deliveryattempt.FieldChannel, deliveryattempt.FieldOutcome, deliveryattempt.FieldProviderCode).
		Aggregate(db.Count()).Scan(ctx, &counts)
	if err != nil {
		return nil, nil, fmt.Errorf("count dead letters: %w", err)
	}
	for i := range counts {
		counts[i].Code = reason(counts[i].Outcome, counts[i].Code)
	}
	rows, err := c.DB.DeliveryAttempt.Query().Where(pick).Order(deliveryattempt.ByID(entsql.OrderDesc())).Limit(limit).All(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("list dead letters: %w", err)
	}
	letters := make([]DeadLetter, len(rows))
	for i, row := range rows {
		letters[i] = DeadLetter{row.ID, row.Channel, row.Outcome, reason(row.Outcome, row.ProviderCode), row.Tries, row.CreatedAt}
		switch {
		case row.SettledAt != nil:
			letters[i].At = *row.SettledAt
		case row.DueAt != nil:
			letters[i].At = *row.DueAt
		}
	}
	return counts, letters, nil
}

// RetryDead hands dead letters to the queue once more: those that their recipient may still be told of. What
// fails again is a dead letter again, and what is over stays one. It is for operators.
func (c *Courier) RetryDead(ctx context.Context, which DeadLetters, dryRun bool, progress func(done, total int)) (map[Verdict]int, error) {
	ctx = viewer.AsSystem(ctx, "send again what was given up")
	pick, err := c.dead(ctx, which)
	if err != nil {
		return nil, err
	}
	run := again{courier: c, pick: pick, name: "retry/", dryRun: dryRun, progress: progress}
	return run.run(ctx)
}

// dead picks dead letters.
func (c *Courier) dead(ctx context.Context, which DeadLetters) (predicate.DeliveryAttempt, error) {
	refused := deliveryattempt.OutcomeIn(deliveryattempt.OutcomeRejected, deliveryattempt.OutcomeExpired)
	if !which.Since.IsZero() {
		refused = deliveryattempt.And(refused, deliveryattempt.SettledAtGTE(which.Since))
	}
	left, err := c.leftBehind(ctx, which.Since)
	if err != nil {
		return nil, err
	}
	pick := refused
	if len(left) > 0 {
		pick = deliveryattempt.Or(refused, deliveryattempt.And(open, deliveryattempt.BatchIn(left...)))
	}
	if which.Channel != "" {
		pick = deliveryattempt.And(pick, deliveryattempt.ChannelEQ(which.Channel))
	}
	return pick, nil
}

// leftBehind are the batches of push jobs that died since the instant.
func (c *Courier) leftBehind(ctx context.Context, since time.Time) ([]string, error) {
	if c.DeadJobs == nil {
		return nil, nil
	}
	dead, err := c.DeadJobs(ctx, mostDeadJobs, Args{}.Kind(), Rerun{}.Kind())
	if err != nil {
		return nil, err
	}
	var batches []string
	for _, job := range dead {
		if job.DiedAt.Before(since) {
			continue
		}
		batch, err := batchOf(job)
		if err != nil {
			return nil, err
		}
		batches = append(batches, batch)
	}
	return batches, nil
}

// batchOf is the name of the batch that a push job sends.
func batchOf(job jobs.DeadJob) (string, error) {
	if job.Kind != (Rerun{}).Kind() {
		return strconv.FormatInt(job.ID, 10), nil
	}
	var args Rerun
	if err := json.Unmarshal(job.Args, &args); err != nil {
		return "", fmt.Errorf("read job %d: %w", job.ID, err)
	}
	return args.Batch, nil
}

// reason is why a delivery was given up.
func reason(outcome deliveryattempt.Outcome, code string) string {
	if outcome == deliveryattempt.OutcomePending || outcome == deliveryattempt.OutcomeRetry {
		return jobDied
	}
	return code
}
