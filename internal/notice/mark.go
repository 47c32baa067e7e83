package notice

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/jobs"
	"citygraph/internal/viewer"
)

const (
	maxMarked = 100                 // ids at once
	maxSnooze = 30 * 24 * time.Hour // what is put off for longer is forgotten
)

// MarkRead marks notifications of the viewer's as read, all or none, and returns them in the order asked
// for; what was read stays as it was, and what was put off is put off no longer. Returns UNAUTHENTICATED,
// BAD_USER_INPUT, NOT_FOUND.
func (d *Desk) MarkRead(ctx context.Context, ids []string) ([]*db.Notification, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	asked := map[string]bool{}
	for _, one := range ids {
		if !id.Is(one, id.Notification) {
			return nil, fault.New(fault.NotFound).At("notificationIds")
		}
		asked[one] = true
	}
	if len(ids) == 0 || len(ids) > maxMarked {
		return nil, fault.BadInput("notificationIds", "一次可标记1至100条通知。", "Mark 1 to 100 notifications at once.")
	}
	found := map[string]*db.Notification{}
	err := d.Store.InTx(ctx, func(ctx context.Context) error {
		_, err := d.change(ctx, v.PersonID, notification.And(
			notification.IDIn(ids...), notification.ReadAtIsNil(), notification.RetractedAtIsNil(),
		), d.read)
		if err != nil {
			return err
		}
		rows, err := d.DB.Notification.Query().Where(notification.IDIn(ids...), notification.PersonID(v.PersonID)).All(ctx)
		if err != nil {
			return fmt.Errorf("load notifications: %w", err)
		}
		if len(rows) < len(asked) {
			return fault.New(fault.NotFound).At("notificationIds")
		}
		for _, n := range rows {
			found[n.ID] = n
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	marked := make([]*db.Notification, len(ids))
	for i, one := range ids {
		marked[i] = found[one]
	}
	return marked, nil
}

// MarkAllRead marks what is unread up to a seq as read, on one topic or on all, and returns how many that
// were. What came after the seq the person has not seen, and what they put off they want to see again.
// Returns UNAUTHENTICATED, BAD_USER_INPUT for a seq the inbox does not have.
func (d *Desk) MarkAllRead(ctx context.Context, upToSeq int64, topic *notification.Topic) (marked int, err error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return 0, fault.New(fault.Unauthenticated)
	}
	beyond := fault.BadInput("upToSeq", "收件箱没有这个序号。", "The inbox has no such seq.")
	if upToSeq < 0 {
		return 0, beyond
	}
	err = d.Store.InTx(ctx, func(ctx context.Context) error {
		which := notification.And(notification.SeqLTE(upToSeq), Unread(d.Clock.Now()))
		if topic != nil {
			which = notification.And(which, notification.TopicEQ(*topic))
		}
		lastSeq, n, err := d.changed(ctx, v.PersonID, which, d.read)
		if err != nil {
			return err
		}
		if upToSeq > lastSeq {
			return beyond
		}
		marked = n
		return nil
	})
	return marked, err
}

// read marks a change as a reading.
func (d *Desk) read(u *sql.UpdateBuilder) {
	u.Set(notification.FieldReadAt, d.Clock.Now()).SetNull(notification.FieldSnoozedUntil)
}

// Snooze puts a notification of the viewer's off: it leaves the unread until the instant and is unread
// then, also when it had been read. Returns UNAUTHENTICATED, NOT_FOUND, BAD_USER_INPUT for an instant that
// is not within the next 30 days, INVALID_TRANSITION for a notification that was taken back.
func (d *Desk) Snooze(ctx context.Context, notificationID string, until time.Time) (*db.Notification, error) {
	v, now := viewer.From(ctx), d.Clock.Now()
	until = until.UTC().Truncate(time.Microsecond) // as the databases keep it
	missing := fault.New(fault.NotFound).At("notificationId")
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !id.Is(notificationID, id.Notification):
		return nil, missing
	case !until.After(now) || until.After(now.Add(maxSnooze)):
		return nil, fault.BadInput("until", "请选择30天以内的将来时间。", "Choose an instant within the next 30 days.")
	}
	err := d.Store.InTx(ctx, func(ctx context.Context) error {
		snoozed, err := d.change(ctx, v.PersonID, notification.And(notification.ID(notificationID), notification.RetractedAtIsNil()),
			func(u *sql.UpdateBuilder) {
				u.SetNull(notification.FieldReadAt).Set(notification.FieldSnoozedUntil, until)
			})
		if err != nil {
			return err
		}
		if snoozed == 0 {
			return d.whyNot(ctx, notificationID, missing)
		}
		return d.Enqueue(ctx, Wake{NotificationID: notificationID, Until: until}, jobs.RunAt(until))
	})
	if err != nil {
		return nil, err
	}
	return d.DB.Notification.Get(ctx, notificationID)
}

// whyNot tells a notification that was taken back from one that is missing or another's.
func (d *Desk) whyNot(ctx context.Context, notificationID string, missing error) error {
	_, err := d.DB.Notification.Get(ctx, notificationID)
	switch {
	case db.IsNotFound(err):
		return missing
	case err != nil:
		return fmt.Errorf("load notification: %w", err)
	}
	return fault.New(fault.InvalidTransition).At("notificationId").Say("该通知已撤回。", "This notification was taken back.")
}

// Wake is the job that ends a snooze.
type Wake struct {
	NotificationID string    `json:"notification_id"`
	Until          time.Time `json:"until"`
}

// Kind is the job's stable name.
func (Wake) Kind() string { return "inbox.wake" }

// EndSnooze has the subscribers of an inbox told that a notification is unread again. The badge counts it
// since the instant came, this job or not. It does nothing when the snooze was changed or ended since.
func (d *Desk) EndSnooze(ctx context.Context, job jobs.Job[Wake]) error {
	ctx = viewer.AsSystem(ctx, "a snooze ends by the clock")
	n, err := d.DB.Notification.Get(ctx, job.Args.NotificationID)
	if db.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load notification: %w", err)
	}
	return d.Store.InTx(ctx, func(ctx context.Context) error {
		_, err := d.change(ctx, n.PersonID, notification.And(notification.ID(n.ID), notification.SnoozedUntil(job.Args.Until)),
			func(u *sql.UpdateBuilder) { u.SetNull(notification.FieldSnoozedUntil) })
		return err
	})
}
