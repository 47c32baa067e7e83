package notice

import (
	"context"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/predicate"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"

	"entgo.io/ent/dialect/sql"
)

// Change is a notification of the viewer's inbox that is new or has changed.
type Change struct {
	Notification *db.Notification
}

// replayPage is how many missed notifications are read at a time.
const replayPage = 100

// Since is where a stream begins: after a seq, for new notifications only, or after a change_seq, for
// every change. With neither it tells of new notifications that come.
type Since struct {
	Seq    *int64
	Change *int64
}

// place is where a stream stands: after a value of the column it follows.
type place struct {
	after func(int64) predicate.Notification
	order notification.OrderOption
	of    func(*db.Notification) int64
	last  int64
}

// Changes streams the viewer's notifications after a place, in its order, until ctx ends: new ones each
// once, or with Since.Change every notification as it is now, each time that it has changed. The durable
// number is replayed at every wake-up, so a lost or doubled hint loses and repeats nothing.
// UNAUTHENTICATED for a visitor, BAD_USER_INPUT for both places at once.
func (d *Desk) Changes(ctx context.Context, since Since) (<-chan *Change, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if since.Seq != nil && since.Change != nil {
		return nil, fault.BadInput("afterChange", "afterSeq 和 afterChange 不能同时使用。", "afterSeq and afterChange cannot be used together.")
	}
	at, err := d.place(ctx, since)
	if err != nil {
		return nil, err
	}
	out := make(chan *Change)
	d.Hub.Follow(ctx, func() bool {
		err := d.replay(ctx, at, out)
		if err != nil {
			d.Fail(ctx, err) // the client comes back with its place
		}
		return err == nil
	}, func() { close(out) }, Topic(v.PersonID))
	return out, nil
}

func (d *Desk) place(ctx context.Context, since Since) (*place, error) {
	if since.Change != nil {
		return &place{
			notification.ChangeSeqGT, notification.ByChangeSeq(sql.OrderAsc()),
			func(n *db.Notification) int64 { return n.ChangeSeq }, *since.Change,
		}, nil
	}
	at := &place{
		notification.SeqGT, notification.BySeq(sql.OrderAsc()),
		func(n *db.Notification) int64 { return n.Seq }, 0,
	}
	if since.Seq != nil {
		at.last = *since.Seq
		return at, nil
	}
	me, err := d.DB.Person.Get(ctx, viewer.From(ctx).PersonID)
	if err != nil {
		return nil, err
	}
	at.last = me.InboxSeq
	return at, nil
}

// replay sends everything after the place and moves it on.
func (d *Desk) replay(ctx context.Context, at *place, out chan<- *Change) error {
	for {
		missed, err := d.DB.Notification.Query().
			Where(notification.PersonID(viewer.From(ctx).PersonID), at.after(at.last)).
			Order(at.order).Limit(replayPage).
			All(ctx)
		if err != nil {
			return err
		}
		if len(missed) == 0 {
			return nil
		}
		// Asked after the read: of what was committed after a session ended, nothing is told under it.
		if err := d.Admit(ctx); err != nil {
			return err
		}
		for _, n := range missed {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case out <- &Change{Notification: n}:
				at.last = at.of(n)
			}
		}
		if len(missed) < replayPage {
			return nil
		}
	}
}
