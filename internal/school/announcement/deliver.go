package announcement

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	row "citygraph/ent/db/announcement"
	"citygraph/internal/jobs"
)

// BatchSize is how many guardians are told in one transaction.
const BatchSize = 500

// Spread is the job that parts the guardians of a large announcement into batches.
type Spread struct {
	AnnouncementID string `json:"announcement_id"`
}

// Kind is the job's stable name.
func (Spread) Kind() string { return "school.spread" }

// Batch is the job that tells one batch: the guardians with ids after one, up to another or to the end.
type Batch struct {
	AnnouncementID string `json:"announcement_id"`
	After          string `json:"after,omitempty"`
	UpTo           string `json:"up_to,omitempty"`
}

// Kind is the job's stable name.
func (Batch) Kind() string { return "school.batch" }

// Plan enqueues a job for each batch of an announcement. One that is planned twice is delivered once: the batches of the
// second plan find everybody told.
func (b *Board) Plan(ctx context.Context, announcementID string) error {
	a, err := b.published(ctx, announcementID)
	if a == nil || err != nil {
		return err
	}
	ends, err := b.batchEnds(ctx, a)
	if err != nil {
		return err
	}
	return b.Store.InTx(ctx, func(ctx context.Context) error {
		after := ""
		for _, upTo := range append(ends, "") {
			if err := b.Enqueue(ctx, Batch{a.ID, after, upTo}, haste(a)); err != nil {
				return err
			}
			after = upTo
		}
		return nil
	})
}

// batchEnds are the ids of every five hundredth of the guardians it is for.
func (b *Board) batchEnds(ctx context.Context, a *db.Announcement) ([]string, error) {
	build := sql.Dialect(b.Store.Dialect())
	all := build.Table("reached")
	numbered := build.Select(all.C("id")).From(all).
		AppendSelectExprAs(sql.Expr("row_number() OVER (ORDER BY "+all.C("id")+")"), "place").As("numbered")
	query, args := build.Select(numbered.C("id")).From(numbered).Prefix(build.With("reached").As(b.speakers(a, span{}))).
		Where(sql.ExprP(fmt.Sprintf("place %% %d = 0", BatchSize))).OrderBy(numbered.C("id")).Query()
	rows, err := b.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("part the guardians: %w", err)
	}
	defer rows.Close()
	var ends []string
	if err := sql.ScanSlice(rows, &ends); err != nil {
		return nil, fmt.Errorf("part the guardians: %w", err)
	}
	return ends, nil
}

// published is an announcement of which guardians are still to be told; nil when it was taken back.
func (b *Board) published(ctx context.Context, announcementID string) (*db.Announcement, error) {
	a, err := b.DB.Announcement.Get(system(ctx), announcementID)
	switch {
	case db.IsNotFound(err):
		return nil, jobs.Discard(fmt.Errorf("announcement is gone: %w", err))
	case err != nil:
		return nil, fmt.Errorf("load announcement: %w", err)
	case a.Status != row.StatusPublished:
		return nil, nil //nolint:nilnil // nothing is left to do, and nothing is wrong
	}
	return a, nil
}

// Deliver tells a batch, in one transaction of a fixed number of statements. Run again it finds everybody told.
func (b *Board) Deliver(ctx context.Context, batch Batch) error {
	return b.Store.InTx(ctx, func(ctx context.Context) error {
		if err := b.Store.LockShared(ctx, lock(batch.AnnouncementID)); err != nil {
			return err
		}
		a, err := b.published(ctx, batch.AnnouncementID)
		if a == nil || err != nil {
			return err
		}
		guardians, err := b.reached(ctx, a, span{batch.After, batch.UpTo}, BatchSize)
		if err != nil || len(guardians) == 0 {
			return err
		}
		// Families that came meanwhile may make a batch longer than it was planned.
		if last := guardians[len(guardians)-1]; len(guardians) == BatchSize && last != batch.UpTo {
			if err := b.Enqueue(ctx, Batch{a.ID, last, batch.UpTo}, haste(a)); err != nil {
				return err
			}
		}
		return b.deliver(ctx, a, guardians)
	})
}

// deliver writes the deliveries of those of the guardians whom it is for now, and has them told, in the transaction of ctx.
func (b *Board) deliver(ctx context.Context, a *db.Announcement, guardians []string) error {
	to, err := b.recipients(ctx, a, guardians)
	if err != nil || len(to) == 0 {
		return err
	}
	// First, since it locks the guardians in their order: a delivery's foreign keys hold them too, and would make two announcements wait
	// for each other.
	if err := b.Events.Emit(ctx, told(a, a.ID, to)); err != nil {
		return err
	}
	rows := make([]*db.DeliveryCreate, len(to))
	for i, r := range to {
		rows[i] = b.DB.Delivery.Create().SetAnnouncementID(a.ID).SetGuardianID(r.GuardianID)
		for _, p := range r.Pupils {
			rows[i].AddStudentIDs(p.PersonID)
		}
	}
	if err := b.DB.Delivery.CreateBulk(rows...).Exec(system(ctx)); err != nil {
		return fmt.Errorf("write deliveries: %w", err)
	}
	// The row that all batches count in comes last, so that they hold it for a moment only.
	if err := b.DB.Announcement.Update().Where(row.ID(a.ID)).AddDelivered(len(to)).Exec(system(ctx)); err != nil {
		return fmt.Errorf("count deliveries: %w", err)
	}
	b.wake(ctx, a.ID)
	return nil
}

func told(a *db.Announcement, key string, to []Recipient) Told {
	return Told{
		AnnouncementID: a.ID, EventKey: key, SchoolID: a.SchoolID, Kind: a.Kind, Urgent: a.Urgency == row.UrgencyUrgent,
		Chased: key != a.ID, Recipients: to,
	}
}

// Round is the job that publishes what is due.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "school.publish" }

// Every is how long publishing may be late.
const Every = 10 * time.Second

// atOnce bounds what a round publishes; what is left over comes with the next.
const atOnce = 100

// PublishDue publishes what was put off until now, each once, whoever else does; one that fails keeps no other from it.
// It is the system's.
func (b *Board) PublishDue(ctx context.Context) error {
	now := b.Clock.Now()
	due, err := b.DB.Announcement.Query().Where(row.StatusEQ(row.StatusScheduled), row.PublishAtLTE(now)).
		Order(row.ByPublishAt()).Limit(atOnce).All(system(ctx))
	if err != nil {
		return fmt.Errorf("look for what is due: %w", err)
	}
	var errs []error
	for _, found := range due {
		errs = append(errs, b.Store.InTx(ctx, func(ctx context.Context) error {
			// Claimed by a write before it is read again: what its teacher has changed meanwhile is published as it is now, or waits.
			claimed, err := b.DB.Announcement.Update().
				Where(row.ID(found.ID), row.StatusEQ(row.StatusScheduled), row.PublishAtLTE(now)).SetUpdatedAt(now).Save(system(ctx))
			if err != nil || claimed == 0 {
				return err
			}
			a, err := b.DB.Announcement.Get(system(ctx), found.ID)
			if err != nil {
				return err
			}
			guardians, err := b.reached(ctx, a, span{}, BatchSize+1)
			if err != nil {
				return err
			}
			return b.publish(ctx, a, row.StatusScheduled, guardians)
		}))
	}
	return errors.Join(errs...)
}
