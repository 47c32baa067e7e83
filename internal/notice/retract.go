package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db/broadcast"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/person"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
	"citygraph/internal/wording"
)

// Retract takes back what everybody was told of an event, in the transaction of ctx: each row stays in its
// place as a tombstone that says only that, leaves the badge, and is not pushed any more; a broadcast of it
// goes no further. To retract again, or what nobody was told, does nothing. The number of statements
// does not depend on the number of recipients. The verb that calls has checked the right.
func (d *Desk) Retract(ctx context.Context, eventKey string) error {
	tx, ok := store.TxFrom(ctx)
	if !ok {
		return errors.New("retract: it belongs into the transaction of its cause")
	}
	if err := d.CancelBroadcast(ctx, eventKey); err != nil {
		return err
	}
	build := sql.Dialect(d.Store.Dialect())
	rows := build.Table(notification.Table)
	told := sql.And(sql.EQ(notification.FieldEventKey, eventKey), sql.IsNull(notification.FieldRetractedAt))
	recipients := d.inOrder(build.Select(person.FieldID).From(build.Table(person.Table)).
		Where(sql.In(person.FieldID, build.Select(notification.FieldPersonID).From(rows).Where(told))))
	count, args := build.Update(person.Table).Add(person.FieldInboxChangeSeq, 1).
		Where(sql.In(person.FieldID, recipients)).Returning(person.FieldID).Query()
	people, err := tx.QueryContext(ctx, count, args...)
	if err != nil {
		return fmt.Errorf("count up inboxes: %w", err)
	}
	defer people.Close()
	var ids []string
	if err := sql.ScanSlice(people, &ids); err != nil {
		return fmt.Errorf("count up inboxes: %w", err)
	}
	tombstone, err := wording.Texts.Write("common/retracted", nil)
	if err != nil {
		return err
	}
	title, err := json.Marshal(tombstone.Title)
	if err != nil {
		return err
	}
	body, err := json.Marshal(tombstone.Body)
	if err != nil {
		return err
	}
	counted := "(SELECT " + person.FieldInboxChangeSeq + " FROM " + person.Table +
		" WHERE " + person.Table + "." + person.FieldID + " = " + notification.Table + "." + notification.FieldPersonID + ")"
	bury, args := build.Update(notification.Table).
		Set(notification.FieldChangeSeq, sql.Expr(counted)).
		Set(notification.FieldRetractedAt, d.Clock.Now()).
		Set(notification.FieldTitle, string(title)).Set(notification.FieldBody, string(body)).
		SetNull(notification.FieldParams).SetNull(notification.FieldSnoozedUntil).
		Where(told).Query()
	if _, err := tx.ExecContext(ctx, bury, args...); err != nil {
		return fmt.Errorf("bury notifications: %w", err)
	}
	d.wake(ctx, ids...)
	return nil
}

// inOrder has a selection of people lock their rows in the order of their ids, as everybody does who needs
// more than one: so nobody waits for somebody who waits for them. SQLite has one writer anyway.
func (d *Desk) inOrder(people *sql.Selector) *sql.Selector {
	people.OrderBy(person.FieldID)
	if d.Store.Dialect() == dialect.Postgres {
		people.ForUpdate()
	}
	return people
}

// CancelBroadcast has a broadcast go no further, in the transaction of ctx: whoever has it in their inbox
// keeps it, but it is not pushed any more. It does nothing when there is none. The verb that calls has checked
// the right.
func (d *Desk) CancelBroadcast(ctx context.Context, eventKey string) error {
	err := d.DB.Broadcast.Update().Where(broadcast.EventKey(eventKey), broadcast.CancelledAtIsNil()).
		SetCancelledAt(d.Clock.Now()).Exec(viewer.AsSystem(ctx, "a broadcast ends with its cause"))
	if err != nil {
		return fmt.Errorf("cancel broadcast: %w", err)
	}
	return nil
}
