// Package delivery hands notifications to the push channels. It runs in job workers only; the durable
// queue repeats it until every device of the recipient is settled.
package delivery

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/device"
	"citygraph/ent/db/notification"
	"citygraph/internal/clock"
	"citygraph/internal/jobs"
	"citygraph/internal/lang"
	"citygraph/internal/push"
	"citygraph/internal/viewer"
)

// Args names the notification of a push job; a job holds no personal data.
type Args struct {
	NotificationID string `json:"notification_id"`
}

// Kind is the job's stable name.
func (Args) Kind() string { return "push.notification" }

// lifetime is how long a notice is worth showing on a phone that was off.
const lifetime = 24 * time.Hour

// Courier is the worker of push jobs.
type Courier struct {
	DB      *db.Client
	Clock   clock.Clock
	Pool    push.Pool
	Observe func(channel, outcome string) // counts outcomes; may be nil
}

// Work pushes a notification to every device of its recipient that has not settled yet, and records
// each attempt. Push is at least once: a crash between sending and recording sends again, with the
// notification id for the app to tell. A device that must be tried later puts the job off, honouring
// the provider's Retry-After; the others are settled and not sent to again. A notice that has outlived
// its worth is given up, however long a provider goes on asking for patience.
func (c *Courier) Work(ctx context.Context, job jobs.Job[Args]) error {
	ctx = viewer.AsSystem(ctx, "push notifications to their recipients")
	n, err := c.DB.Notification.Get(ctx, job.Args.NotificationID)
	if db.IsNotFound(err) {
		return jobs.Discard(fmt.Errorf("notification is gone: %w", err))
	}
	if err != nil {
		return fmt.Errorf("load notification: %w", err)
	}
	devices, err := c.unsettled(ctx, n)
	if err != nil || len(devices) == 0 {
		return err
	}
	left := n.CreatedAt.Add(lifetime).Sub(c.Clock.Now())
	if left < time.Second {
		return jobs.Discard(fmt.Errorf("%d devices were out of reach for %s", len(devices), lifetime))
	}
	messages, err := c.messages(ctx, n, devices, left)
	if err != nil {
		return err
	}
	return c.record(ctx, n, devices, c.Pool.SendAll(ctx, messages))
}

// unsettled lists the recipient's devices that no attempt has settled.
func (c *Courier) unsettled(ctx context.Context, n *db.Notification) ([]*db.Device, error) {
	settled, err := c.DB.DeliveryAttempt.Query().
		Where(deliveryattempt.NotificationID(n.ID), deliveryattempt.OutcomeNEQ(deliveryattempt.OutcomeRetry)).
		Select(deliveryattempt.FieldDeviceID).Strings(ctx)
	if err != nil {
		return nil, fmt.Errorf("load attempts: %w", err)
	}
	devices, err := c.DB.Device.Query().
		Where(device.PersonID(n.PersonID), device.IDNotIn(settled...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load devices: %w", err)
	}
	return devices, nil
}

func (c *Courier) messages(ctx context.Context, n *db.Notification, devices []*db.Device, left time.Duration) ([]push.Message, error) {
	recipient, err := c.DB.Person.Get(ctx, n.PersonID)
	if err != nil {
		return nil, fmt.Errorf("load recipient: %w", err)
	}
	badge, err := c.DB.Notification.Query().
		Where(notification.PersonID(n.PersonID), notification.ReadAtIsNil()).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count unread: %w", err)
	}
	tag := lang.Tag(recipient.Language)
	messages := make([]push.Message, len(devices))
	for i, d := range devices {
		messages[i] = push.Message{
			NotificationID: n.ID, Token: d.PushToken, Platform: push.Platform(d.Platform),
			Title: n.Title.In(tag), Body: n.Body.In(tag),
			CollapseKey: n.Target.ID(), Priority: push.High, TTL: left, Badge: &badge,
			Data: map[string]string{
				"seq": strconv.FormatInt(n.Seq, 10), "topic": string(n.Topic),
				"targetId": n.Target.ID(), "link": n.Target.AppLink(),
			},
		}
	}
	return messages, nil
}

var outcomes = map[push.Outcome]deliveryattempt.Outcome{
	push.Delivered: deliveryattempt.OutcomeDelivered,
	push.Retry:     deliveryattempt.OutcomeRetry,
	push.DropToken: deliveryattempt.OutcomeTokenDropped,
	push.Rejected:  deliveryattempt.OutcomeRejected,
}

// record writes one attempt per device, forgets dead tokens, and puts the job off when any device
// must be tried again.
func (c *Courier) record(ctx context.Context, n *db.Notification, devices []*db.Device, results []push.Result) error {
	// What was sent must be written down even when the worker is told to stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	attempts := make([]*db.DeliveryAttemptCreate, len(results))
	var dead []string
	var again error
	var wait time.Duration
	for i, r := range results {
		attempts[i] = c.DB.DeliveryAttempt.Create().
			SetNotificationID(n.ID).SetPersonID(n.PersonID).SetDeviceID(devices[i].ID).
			SetChannel(deliveryattempt.ChannelFcm).SetOutcome(outcomes[r.Outcome]).
			SetProviderMessageID(r.ProviderID).SetProviderCode(r.Code)
		if c.Observe != nil {
			c.Observe("FCM", string(r.Outcome))
		}
		switch r.Outcome {
		case push.DropToken:
			dead = append(dead, devices[i].ID)
		case push.Retry:
			again, wait = fmt.Errorf("device %s: %w", devices[i].ID, r.Err), max(wait, r.RetryAfter)
		case push.Delivered, push.Rejected:
		}
	}
	if err := c.DB.DeliveryAttempt.CreateBulk(attempts...).Exec(ctx); err != nil {
		return fmt.Errorf("record attempts: %w", err)
	}
	if len(dead) > 0 {
		if _, err := c.DB.Device.Delete().Where(device.IDIn(dead...)).Exec(ctx); err != nil {
			return fmt.Errorf("forget dead tokens: %w", err)
		}
	}
	if wait > 0 {
		return jobs.RetryAfter(wait, again)
	}
	return again
}
