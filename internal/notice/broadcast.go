package notice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/broadcast"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/person"
	"citygraph/internal/jobs"
	"citygraph/internal/notice/preference"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// BatchSize is how many people a batch of a broadcast tells.
const BatchSize = 500

// Circular is a notice to everybody who lives in some districts.
type Circular struct {
	EventKey  string    // what happened; a recipient is told of it once
	Districts []string  // ids; at least one
	At        time.Time // when to begin; zero for now
	Letter
}

// Broadcast has everybody of the districts told, in the transaction of ctx; without one it refuses. Only the
// order is written here, whatever the size of the city. A job then parts the people into batches, and a
// job for each batch writes its rows and hands its pushes on in one transaction: killed at any point, it
// begins again where it was. Nobody is told after the letter's ExpiresAt, or after CancelBroadcast.
func (d *Desk) Broadcast(ctx context.Context, c Circular) error {
	if _, ok := store.TxFrom(ctx); !ok {
		return fmt.Errorf("broadcast %s: a notice belongs into the transaction of its cause", c.EventKey)
	}
	if len(c.Districts) == 0 {
		return errors.New("broadcast: it is for nobody")
	}
	l, err := c.write()
	if err != nil {
		return err
	}
	order, err := d.DB.Broadcast.Create().
		SetEventKey(c.EventKey).SetDistrictIds(c.Districts).
		SetTopic(broadcast.Topic(l.Topic)).SetPriority(broadcast.Priority(l.Priority)).
		SetTitle(l.Title).SetBody(l.Body).SetTemplate(l.Template).SetParams(l.Params).SetTarget(l.opens).
		SetNillableExpiresAt(l.expiry()).
		Save(viewer.AsSystem(ctx, "a broadcast is written for whoever caused it"))
	if err != nil {
		return fmt.Errorf("order broadcast: %w", err)
	}
	return d.Enqueue(ctx, Spread{order.ID}, jobs.RunAt(c.At), haste(order))
}

// haste has the batches of what is urgent go before everything else, and those of the rest after.
func haste(b *db.Broadcast) jobs.Option {
	if b.Priority == broadcast.Priority(preference.Urgent) {
		return jobs.WithPriority(jobs.Urgent)
	}
	return jobs.WithPriority(jobs.Low)
}

// Spread is the job that parts a broadcast into batches.
type Spread struct {
	BroadcastID string `json:"broadcast_id"`
}

// Kind is the job's stable name.
func (Spread) Kind() string { return "inbox.spread" }

// Batch is the job that tells one batch: those with ids after one, up to another or to the end.
type Batch struct {
	BroadcastID string `json:"broadcast_id"`
	After       string `json:"after,omitempty"`
	UpTo        string `json:"up_to,omitempty"`
}

// Kind is the job's stable name.
func (Batch) Kind() string { return "inbox.batch" }

// Plan enqueues a job for each batch of a broadcast, once.
func (d *Desk) Plan(ctx context.Context, job jobs.Job[Spread]) error {
	ctx = viewer.AsSystem(ctx, "part the people of a broadcast into batches")
	b, err := d.standing(ctx, job.Args.BroadcastID)
	if b == nil || err != nil {
		return err
	}
	ends, err := d.batchEnds(ctx, b)
	if err != nil {
		return err
	}
	return d.Store.InTx(ctx, func(ctx context.Context) error {
		planned, err := d.DB.Broadcast.Update().Where(broadcast.ID(b.ID), broadcast.PlannedAtIsNil()).SetPlannedAt(d.Clock.Now()).Save(ctx)
		if err != nil || planned == 0 { // this job ran before, and died before it could say so
			return err
		}
		after := ""
		for _, upTo := range append(ends, "") {
			if err := d.Enqueue(ctx, Batch{b.ID, after, upTo}, haste(b)); err != nil {
				return err
			}
			after = upTo
		}
		return nil
	})
}

// batchEnds are the ids of every five hundredth of a broadcast's people.
func (d *Desk) batchEnds(ctx context.Context, b *db.Broadcast) ([]string, error) {
	build := sql.Dialect(d.Store.Dialect())
	numbered := build.Select(person.FieldID).From(build.Table(person.Table)).
		AppendSelectExprAs(sql.Expr("row_number() OVER (ORDER BY "+person.FieldID+")"), "place").
		Where(livesIn(b)).As("numbered")
	query, args := build.Select(person.FieldID).From(numbered).
		Where(sql.ExprP(fmt.Sprintf("place %% %d = 0", BatchSize))).OrderBy(person.FieldID).Query()
	rows, err := d.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("part the people: %w", err)
	}
	defer rows.Close()
	var ends []string
	if err := sql.ScanSlice(rows, &ends); err != nil {
		return nil, fmt.Errorf("part the people: %w", err)
	}
	return ends, nil
}

// standing is a broadcast of which people are still to be told; nil when it is over.
func (d *Desk) standing(ctx context.Context, broadcastID string) (*db.Broadcast, error) {
	b, err := d.DB.Broadcast.Get(ctx, broadcastID)
	switch {
	case db.IsNotFound(err):
		return nil, jobs.Discard(fmt.Errorf("broadcast is gone: %w", err))
	case err != nil:
		return nil, fmt.Errorf("load broadcast: %w", err)
	case b.CancelledAt != nil, b.ExpiresAt != nil && !d.Clock.Now().Before(*b.ExpiresAt):
		return nil, nil //nolint:nilnil // nothing is left to do, and nothing is wrong
	}
	return b, nil
}

// Spell tells a batch: a row in each inbox, the next seq of each, and one hand-off of all pushes, in one
// transaction of a fixed number of statements. Run again it finds everybody told.
func (d *Desk) Spell(ctx context.Context, job jobs.Job[Batch]) error {
	ctx = viewer.AsSystem(ctx, "tell the people of a broadcast")
	return d.Store.InTx(ctx, func(ctx context.Context) error {
		b, err := d.standing(ctx, job.Args.BroadcastID)
		if b == nil || err != nil {
			return err
		}
		people, err := d.countUp(ctx, d.untold(b, job.Args))
		if err != nil || len(people) == 0 {
			return err
		}
		// People who moved into the districts meanwhile may make a batch longer than it was planned.
		if last := people[len(people)-1].ID; len(people) == BatchSize && last != job.Args.UpTo {
			if err := d.Enqueue(ctx, Batch{b.ID, last, job.Args.UpTo}, haste(b)); err != nil {
				return err
			}
		}
		return d.post(ctx, people, func(personID string, row *db.NotificationCreate) {
			row.SetSubjectPersonID(personID).SetEventKey(b.EventKey).
				SetTopic(notification.Topic(b.Topic)).SetPriority(notification.Priority(b.Priority)).
				SetTitle(b.Title).SetBody(b.Body).SetTemplate(b.Template).SetParams(b.Params).SetTarget(b.Target).
				SetNillableExpiresAt(b.ExpiresAt)
		})
	})
}

// untold selects those of a batch who have not been told.
func (d *Desk) untold(b *db.Broadcast, batch Batch) *sql.Selector {
	build := sql.Dialect(d.Store.Dialect())
	people, told := build.Table(person.Table).As("p"), build.Table(notification.Table).As("n")
	which := build.Select(people.C(person.FieldID)).From(people).Where(sql.And(
		livesIn(b), sql.GT(people.C(person.FieldID), batch.After),
		sql.NotExists(build.Select(told.C(notification.FieldID)).From(told).Where(sql.And(
			sql.ColumnsEQ(told.C(notification.FieldPersonID), people.C(person.FieldID)),
			sql.EQ(told.C(notification.FieldEventKey), b.EventKey),
		))),
	)).Limit(BatchSize)
	if batch.UpTo != "" {
		which.Where(sql.LTE(people.C(person.FieldID), batch.UpTo))
	}
	return which
}

// livesIn holds for the people a broadcast is for: not for who has ended their account.
func livesIn(b *db.Broadcast) *sql.Predicate {
	districts := make([]any, len(b.DistrictIds))
	for i, one := range b.DistrictIds {
		districts[i] = one
	}
	return sql.And(sql.In(person.FieldDistrictID, districts...), sql.IsNull(person.FieldDeletedAt))
}
