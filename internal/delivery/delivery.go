// Package delivery hands notifications to the push channels. It runs in job workers only: a job plans the
// deliveries of up to 500, sends them side by side with those of every other job, writes down what became of
// each, and comes back for those that must wait.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/notification"
	"citygraph/internal/clock"
	"citygraph/internal/jobs"
	"citygraph/internal/push"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

const (
	// BatchSize is how many deliveries a job has at most, unless one person has more devices.
	BatchSize = 500
	// Queue is the queue of push jobs: an alert to everybody keeps no other work waiting.
	Queue = "push"
	// Workers is how many of them a process runs at once. What is under way is bounded by the pool.
	Workers = 16

	// few are so many recipients that their notice goes ahead of one to everybody.
	few = 20
)

// Args names the notifications of a push job; a job holds no personal data.
type Args struct {
	NotificationIDs []string `json:"notification_ids,omitempty"`
	NotificationID  string   `json:"notification_id,omitempty"` // of a job from before there were batches
}

// Kind is the job's stable name.
func (Args) Kind() string { return "push.notification" }

func (a Args) ids() []string {
	if a.NotificationID != "" {
		return []string{a.NotificationID}
	}
	return a.NotificationIDs
}

// Enqueuer inserts a job in the transaction of ctx; see jobs.Queue.
type Enqueuer interface {
	Enqueue(ctx context.Context, args jobs.Args, options ...jobs.Option) error
}

// Enqueue has the notifications pushed after the transaction of ctx commits.
func Enqueue(ctx context.Context, q Enqueuer, notificationIDs ...string) error {
	priority := jobs.Normal
	if len(notificationIDs) <= few {
		priority = jobs.Urgent
	}
	for ids := range slices.Chunk(notificationIDs, BatchSize) {
		if err := q.Enqueue(ctx, Args{NotificationIDs: ids}, jobs.InQueue(Queue), jobs.WithPriority(priority)); err != nil {
			return fmt.Errorf("enqueue push: %w", err)
		}
	}
	return nil
}

// Courier is the worker of push jobs. Channels and what they need are set before the first job; a channel
// that is missing is passed over.
type Courier struct {
	DB       *db.Client
	Store    *store.Store
	Clock    clock.Clock
	Jobs     Enqueuer
	Pool     *push.Pool
	Channels map[deliveryattempt.Channel]push.Channel

	Templates map[notification.Topic]Template // of WeChat; a topic without one is not sent there
	// Hours are when pushes of a template may go, unless they are urgent: the first such instant that is not before another.
	Hours    map[string]func(time.Time) time.Time
	Grants   Grants                                                                        // what people allow in WeChat
	Phone    func(ctx context.Context, personID string) (string, error)                    // "" when there is none; nil where no text messages are sent
	Observe  func(channel, outcome string, took time.Duration)                             // hears of every send; may be nil
	GivenUp  func(channel, outcome string)                                                 // hears of every dead letter; may be nil
	DeadJobs func(ctx context.Context, limit int, kinds ...string) ([]jobs.DeadJob, error) // of the queue; may be nil

	ledger  ledger
	manners manners
}

// Grants are the subscribe messages people allow; see internal/grant.
type Grants interface {
	Take(ctx context.Context, personID, template string) (taken bool, err error)
	GiveBack(ctx context.Context, personID, template string) error
	Zero(ctx context.Context, personID, template string) error
}

// Work pushes a batch of notifications. Push is at least once: a crash between sending and writing down sends
// again, with the notification id for the app to tell. It is planned once, however often the job runs; a
// device that must be tried later puts the job off until then, and what is settled is not sent again. Nothing
// that was read, withdrawn or has expired since is sent.
func (c *Courier) Work(ctx context.Context, job jobs.Job[Args]) error {
	ctx = viewer.AsSystem(ctx, "push notifications to their recipients")
	batch := strconv.FormatInt(job.ID, 10)
	if err := c.plan(ctx, batch, job.Args.ids()); err != nil {
		return fmt.Errorf("plan deliveries: %w", err)
	}
	for more := true; more; {
		err := c.sendDue(ctx, batch)
		if err != nil {
			return err
		}
		if more, err = c.fallBack(ctx, batch); err != nil {
			return fmt.Errorf("fall back to another channel: %w", err)
		}
	}
	return c.putOff(ctx, batch)
}

// sendDue sends what is due of a batch.
func (c *Courier) sendDue(ctx context.Context, batch string) error {
	due, err := c.DB.DeliveryAttempt.Query().
		Where(deliveryattempt.Batch(batch), open, deliveryattempt.DueAtLTE(c.Clock.Now())).
		Order(deliveryattempt.ByID()).IDs(ctx)
	if err != nil {
		return fmt.Errorf("look for due deliveries: %w", err)
	}
	return c.send(ctx, due)
}

// open are the deliveries that have not settled.
var open = deliveryattempt.OutcomeIn(deliveryattempt.OutcomePending, deliveryattempt.OutcomeRetry)

// putOff has the job run again when the next of its deliveries is due; it is done when none is.
func (c *Courier) putOff(ctx context.Context, batch string) error {
	next, err := c.DB.DeliveryAttempt.Query().Where(deliveryattempt.Batch(batch), open).
		Order(deliveryattempt.ByDueAt()).First(ctx)
	if db.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for later deliveries: %w", err)
	}
	return jobs.RetryAfter(next.DueAt.Sub(c.Clock.Now()), errors.New("a delivery must wait"))
}
