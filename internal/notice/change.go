package notice

import (
	"context"
	"errors"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db/notification"
	"citygraph/ent/db/person"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// change makes the same change to notifications of one person that the viewer of ctx may change, in the
// transaction of ctx, and returns how many that were.
func (d *Desk) change(ctx context.Context, personID string, which predicate.Notification, how func(*sql.UpdateBuilder)) (int, error) {
	_, n, err := d.changed(ctx, personID, which, how)
	return n, err
}

// changed is change that tells the last seq of the inbox as well.
//
// Each row's new change_seq is the inbox's last one and its own seq: greater than all before, and like no
// other of the same statement. The inbox then has counted as many as it has rows, so that the next change is
// greater again. Ent cannot say that in one statement, so the two are built here, under the same row rule.
func (d *Desk) changed(ctx context.Context, personID string, which predicate.Notification, how func(*sql.UpdateBuilder)) (lastSeq int64, n int, err error) {
	tx, ok := store.TxFrom(ctx)
	if !ok {
		return 0, 0, errors.New("change an inbox: it needs a transaction")
	}
	build := sql.Dialect(d.Store.Dialect())
	count, args := build.Update(person.Table).
		Set(person.FieldInboxChangeSeq, sql.Expr(person.FieldInboxChangeSeq+" + "+person.FieldInboxSeq)).
		Where(sql.EQ(person.FieldID, personID)).
		Returning(person.FieldInboxSeq, person.FieldInboxChangeSeq).Query()
	var lastChange int64
	if err := tx.QueryRowContext(ctx, count, args...).Scan(&lastSeq, &lastChange); err != nil {
		return 0, 0, fmt.Errorf("count up inbox: %w", err)
	}
	rows := build.Select().From(build.Table(notification.Table))
	rows.Where(sql.EQ(rows.C(notification.FieldPersonID), personID))
	which(rows)
	rule.Notification.Change.For(viewer.From(ctx))(rows)
	update := build.Update(notification.Table).
		Set(notification.FieldChangeSeq, sql.ExprFunc(func(b *sql.Builder) {
			b.Ident(notification.FieldSeq).WriteString(" + ").Arg(lastChange - lastSeq)
		}))
	how(update)
	statement, args := update.Where(rows.P()).Query()
	result, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, 0, fmt.Errorf("change notifications: %w", err)
	}
	changed, err := result.RowsAffected()
	if err != nil {
		return 0, 0, fmt.Errorf("change notifications: %w", err)
	}
	if changed > 0 {
		d.wake(ctx, personID)
	}
	return lastSeq, int(changed), nil
}
