package notice

import (
	"context"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"

	"entgo.io/ent/dialect/sql"
)

// Change is one new notification in the viewer's inbox.
type Change struct {
	Notification *db.Notification
}

// replayPage is how many missed notifications are read at a time.
const replayPage = 100

// Changes streams the viewer's notifications with a greater seq than afterSeq, oldest first, each
// once, until ctx ends; without afterSeq it begins with what comes next. The durable seq is replayed
// at every wake-up, so a lost or doubled hint loses and repeats nothing.
// UNAUTHENTICATED for a visitor.
func (d *Desk) Changes(ctx context.Context, afterSeq *int64) (<-chan *Change, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	// Listening starts before the position is read, so nothing falls between the two.
	wake := d.Hub.Subscribe(ctx, Topic(v.PersonID))
	last, err := d.position(ctx, afterSeq)
	if err != nil {
		wake.Close()
		return nil, err
	}
	out := make(chan *Change)
	go func() {
		defer close(out)
		defer wake.Close()
		for {
			if last, err = d.replay(ctx, last, out); err != nil {
				d.Fail(ctx, err) // the client comes back with its seq
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-wake.C():
			}
		}
	}()
	return out, nil
}

func (d *Desk) position(ctx context.Context, afterSeq *int64) (int64, error) {
	if afterSeq != nil {
		return *afterSeq, nil
	}
	me, err := d.DB.Person.Get(ctx, viewer.From(ctx).PersonID)
	if err != nil {
		return 0, err
	}
	return me.InboxSeq, nil
}

// replay sends everything after last and returns the last seq sent.
func (d *Desk) replay(ctx context.Context, last int64, out chan<- *Change) (int64, error) {
	for {
		missed, err := d.DB.Notification.Query().
			Where(notification.PersonID(viewer.From(ctx).PersonID), notification.SeqGT(last)).
			Order(notification.BySeq(sql.OrderAsc())).Limit(replayPage).
			All(ctx)
		if err != nil {
			return last, err
		}
		if len(missed) == 0 {
			return last, nil
		}
		// Asked after the read: of what was committed after a session ended, nothing is told under it.
		if err := d.Admit(ctx); err != nil {
			return last, err
		}
		for _, n := range missed {
			select {
			case <-ctx.Done():
				return last, ctx.Err()
			case out <- &Change{Notification: n}:
				last = n.Seq
			}
		}
		if len(missed) < replayPage {
			return last, nil
		}
	}
}
