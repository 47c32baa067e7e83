package bureau

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/announcement"
	row "citygraph/ent/db/bureaunotice"
	"citygraph/ent/db/school"
	"citygraph/internal/jobs"
)

// BatchSize is how many schools are given their job, or have what they said taken back, in one transaction.
const BatchSize = 50

// Spread is the job that gives a batch of schools their job each, and the next batch to another of its kind.
type Spread struct {
	NoticeID string `json:"notice_id"`
	After    string `json:"after,omitempty"` // only schools with ids after this one
}

// Kind is the job's stable name.
func (Spread) Kind() string { return "bureau.spread" }

// School is the job in which one school passes a notice on: where one fails, the others do not wait.
type School struct {
	NoticeID string `json:"notice_id"`
	SchoolID string `json:"school_id"`
}

// Kind is the job's stable name.
func (School) Kind() string { return "bureau.school" }

// TakeBack is the job that takes back a batch of what schools have said.
type TakeBack struct {
	NoticeID string `json:"notice_id"`
}

// Kind is the job's stable name.
func (TakeBack) Kind() string { return "bureau.take_back" }

// haste has what is urgent go before everything else.
func haste(n *db.BureauNotice) jobs.Option {
	if n.Urgency == row.UrgencyUrgent {
		return jobs.WithPriority(jobs.Urgent)
	}
	return jobs.WithPriority(jobs.Low)
}

// open is a notice that schools are to pass on; nil once it was taken back. The transaction of ctx shares its lock.
func (o *Office) open(ctx context.Context, noticeID string) (*db.BureauNotice, error) {
	if err := o.Store.LockShared(ctx, lock(noticeID)); err != nil {
		return nil, err
	}
	n, err := o.DB.BureauNotice.Get(system(ctx), noticeID)
	switch {
	case db.IsNotFound(err):
		return nil, jobs.Discard(fmt.Errorf("bureau notice is gone: %w", err))
	case err != nil:
		return nil, fmt.Errorf("load bureau notice: %w", err)
	case n.Status != row.StatusPublished:
		return nil, nil //nolint:nilnil // nothing is left to do, and nothing is wrong
	}
	return n, nil
}

// Plan gives a batch of schools their job. Run again it gives only those one that have not passed it on, and PassOn leaves alone who has.
func (o *Office) Plan(ctx context.Context, args Spread) error {
	return o.Store.InTx(ctx, func(ctx context.Context) error {
		n, err := o.open(ctx, args.NoticeID)
		if n == nil || err != nil {
			return err
		}
		schools, err := o.DB.School.Query().Where(meant(n.DistrictIds), school.IDGT(args.After), silent(n.ID)).
			Order(school.ByID()).Limit(BatchSize).IDs(system(ctx))
		if err != nil {
			return fmt.Errorf("look for schools: %w", err)
		}
		for _, one := range schools {
			if err := o.Enqueue(ctx, School{n.ID, one}, haste(n)); err != nil {
				return err
			}
		}
		if len(schools) < BatchSize {
			return nil
		}
		return o.Enqueue(ctx, Spread{n.ID, schools[len(schools)-1]}, haste(n))
	})
}

// silent holds for schools that have not passed a notice on.
func silent(noticeID string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		said := sql.Dialect(s.Dialect()).Select(announcement.FieldSchoolID).From(sql.Table(announcement.Table).As("said"))
		s.Where(sql.NotIn(s.C(school.FieldID), said.Where(sql.EQ(said.C(announcement.FieldBureauNoticeID), noticeID))))
	}
}

// PassOn has one school make its announcement, once.
func (o *Office) PassOn(ctx context.Context, args School) error {
	return o.Store.InTx(ctx, func(ctx context.Context) error {
		n, err := o.open(ctx, args.NoticeID)
		if n == nil || err != nil {
			return err
		}
		return o.Issue(ctx, n, args.SchoolID)
	})
}

// GoOn takes back the next batch.
func (o *Office) GoOn(ctx context.Context, args TakeBack) error {
	return o.Store.InTx(ctx, func(ctx context.Context) error {
		n, err := o.DB.BureauNotice.Get(system(ctx), args.NoticeID)
		if err != nil {
			return fmt.Errorf("load bureau notice: %w", err)
		}
		return o.takeBack(ctx, n)
	})
}

// takeBack takes back a batch of what schools have said, in the transaction of ctx, and has a job see to the rest.
func (o *Office) takeBack(ctx context.Context, n *db.BureauNotice) error {
	said, err := o.DB.Announcement.Query().
		Where(announcement.BureauNoticeID(n.ID), announcement.StatusEQ(announcement.StatusPublished)).
		Order(announcement.ByID()).Limit(BatchSize).IDs(system(ctx))
	if err != nil {
		return fmt.Errorf("look for what schools said: %w", err)
	}
	for _, one := range said {
		if err := o.Withdraw(ctx, one); err != nil {
			return err
		}
	}
	if len(said) < BatchSize {
		return nil
	}
	return o.Enqueue(ctx, TakeBack{n.ID}, jobs.WithPriority(jobs.Urgent))
}
