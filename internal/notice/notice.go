// Package notice is the inbox: what a person is told, in order, exactly once.
package notice

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/internal/fault"
	"citygraph/internal/lang"
	"citygraph/internal/live"
	"citygraph/internal/store"
	"citygraph/internal/target"
	"citygraph/internal/viewer"
)

// Desk writes and reads inboxes.
type Desk struct {
	DB      *db.Client
	Hub     *live.Hub
	Deliver func(ctx context.Context, notificationID string) error // enqueues the push in the transaction of ctx
	Admit   func(ctx context.Context) error                        // fails once the subscriber of ctx may be told nothing more
	Fail    func(ctx context.Context, err error)                   // tells the subscriber of ctx why its stream ends
}

// Notice is something a person is to be told.
type Notice struct {
	Recipient string // person id
	Subject   string // the person it is about
	EventKey  string // what happened; a recipient is told of it once
	Topic     notification.Topic
	Title     lang.Text // title and body may stand on a lock screen: no diagnosis, mark, foreign amount, child's full name
	Body      lang.Text
	TargetID  string // the node it opens
}

// Tell puts the notice into the recipient's inbox with the next seq, and enqueues its push, in the
// transaction of ctx; without one it refuses. Subscribers are woken after the commit.
func (d *Desk) Tell(ctx context.Context, n Notice) error {
	if _, ok := store.TxFrom(ctx); !ok {
		return fmt.Errorf("tell %s: a notice belongs into the transaction of its cause", n.EventKey)
	}
	opens, err := target.Of(n.TargetID)
	if err != nil {
		return err
	}
	system := viewer.AsSystem(ctx, "a notice is written for its recipient by whoever caused it")
	// The row lock on the recipient holds until the commit: seq stays free of gaps.
	recipient, err := d.DB.Person.UpdateOneID(n.Recipient).AddInboxSeq(1).Save(system)
	if err != nil {
		return fmt.Errorf("count up inbox: %w", err)
	}
	row, err := d.DB.Notification.Create().
		SetPersonID(n.Recipient).SetSubjectPersonID(n.Subject).SetEventKey(n.EventKey).
		SetSeq(recipient.InboxSeq).SetTopic(n.Topic).SetTitle(n.Title).SetBody(n.Body).SetTarget(opens).
		Save(system)
	if err != nil {
		return fmt.Errorf("write notification: %w", err)
	}
	store.AfterCommit(ctx, func(context.Context) { d.Hub.Publish(Topic(n.Recipient)) })
	return d.Deliver(ctx, row.ID)
}

// Topic is the wake-up topic of a person's inbox.
func Topic(personID string) string { return "inbox:" + personID }

// Inbox narrows a query to the viewer's notifications after a seq. UNAUTHENTICATED for a visitor.
func Inbox(ctx context.Context, q *db.NotificationQuery, afterSeq *int64) (*db.NotificationQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	q.Where(notification.PersonID(v.PersonID))
	if afterSeq != nil {
		q.Where(notification.SeqGT(*afterSeq))
	}
	return q, nil
}

// UnreadCount is the viewer's badge. UNAUTHENTICATED for a visitor.
func (d *Desk) UnreadCount(ctx context.Context) (int, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return 0, fault.New(fault.Unauthenticated)
	}
	return d.DB.Notification.Query().
		Where(notification.PersonID(v.PersonID), notification.ReadAtIsNil()).Count(ctx)
}
