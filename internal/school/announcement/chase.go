package announcement

import (
	"context"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"citygraph/ent/db"
	row "citygraph/ent/db/announcement"
	"citygraph/ent/db/delivery"
	"citygraph/ent/db/predicate"
	"citygraph/ent/rule"
	"citygraph/internal/audit"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Chasing is the job that brings a batch what they have not read or acknowledged to mind again.
type Chasing struct {
	AnnouncementID string `json:"announcement_id"`
	Day            string `json:"day"` // of Shanghai, such as 2026-09-01
}

// Kind is the job's stable name.
func (Chasing) Kind() string { return "school.chase" }

// ChaseUnread tells those again who have not read an announcement, or not acknowledged one that wants it: nobody twice on a day
// of Shanghai. The first are told in the transaction, and the rest by jobs. Its author may, and a class teacher of the school.
// Returns UNAUTHENTICATED, NOT_FOUND, NOT_CLASS_TEACHER, INVALID_TRANSITION unless it is published, IDEMPOTENCY_KEY_REUSED.
func (b *Board) ChaseUnread(ctx context.Context, key uuid.UUID, announcementID string) (*db.Announcement, error) {
	if err := signedIn(ctx); err != nil {
		return nil, err
	}
	request := idempotency.Request{Key: key, Operation: "chaseUnread", Input: announcementID}
	_, err := b.Once.Once(ctx, request, func(ctx context.Context) (string, error) {
		a, err := b.teachers(ctx, announcementID)
		if err != nil {
			return "", err
		}
		if err := b.keeps(ctx, a); err != nil {
			return "", err
		}
		if err := b.chase(ctx, Chasing{a.ID, clock.Midnight(b.Clock.Now()).Format(time.DateOnly)}, fault.New(fault.InvalidTransition)); err != nil {
			return "", err
		}
		return a.ID, audit.Record(ctx, b.DB, audit.Deed{Action: "chaseUnread", Subject: viewer.From(ctx).PersonID, TargetID: a.ID})
	})
	if err != nil {
		return nil, err
	}
	return b.DB.Announcement.Get(ctx, announcementID)
}

// GoOn tells the next batch of those who are chased.
func (b *Board) GoOn(ctx context.Context, c Chasing) error {
	if clock.Midnight(b.Clock.Now()).Format(time.DateOnly) != c.Day { // the day is over: whoever is left is chased when a teacher asks again
		return nil
	}
	return b.Store.InTx(ctx, func(ctx context.Context) error { return b.chase(ctx, c, nil) })
}

// chase tells one batch in the transaction of ctx, and fails with over when the announcement is published no longer.
func (b *Board) chase(ctx context.Context, c Chasing, over error) error {
	if err := b.Store.LockShared(ctx, lock(c.AnnouncementID)); err != nil {
		return err
	}
	a, err := b.published(ctx, c.AnnouncementID)
	if err != nil {
		return err
	}
	if a == nil {
		return over
	}
	now := b.Clock.Now()
	late := delivery.And(delivery.AnnouncementID(a.ID), pending(a),
		delivery.Or(delivery.ChasedAtIsNil(), delivery.ChasedAtLT(clock.Midnight(now))))
	due, err := b.DB.Delivery.Query().Where(late).Order(delivery.ByID()).Limit(BatchSize).WithStudents().All(system(ctx))
	if err != nil || len(due) == 0 {
		return err
	}
	ids := make([]string, len(due))
	for i, d := range due {
		ids[i] = d.ID
	}
	// Whoever has read it meanwhile, or is chased by another call, is left out: those updated are those told.
	claimed, err := b.claim(ctx, delivery.And(late, b.Store.OneOf(delivery.FieldID, ids)))
	if err != nil {
		return err
	}
	stands, err := b.standing(ctx, ids)
	if err != nil {
		return err
	}
	var to []Recipient
	for _, d := range due {
		if !claimed[d.ID] {
			continue
		}
		r := Recipient{GuardianID: d.GuardianID}
		for _, s := range d.Edges.Students {
			if stands[[2]string{d.ID, s.ID}] {
				r.Pupils = append(r.Pupils, Pupil{s.ID, s.Name})
			}
		}
		if len(r.Pupils) > 0 {
			to = append(to, r)
		}
	}
	if len(due) == BatchSize {
		if err := b.Enqueue(ctx, c, haste(a)); err != nil {
			return err
		}
	}
	if len(to) == 0 {
		return nil
	}
	return b.Events.Emit(ctx, told(a, ChaseKey(a.ID)+c.Day, to))
}

// ChaseKey begins the event keys of all that was told of an announcement after the first time.
func ChaseKey(announcementID string) string { return announcementID + "/chase/" }

// claim marks deliveries as chased now, and returns which.
func (b *Board) claim(ctx context.Context, which predicate.Delivery) (map[string]bool, error) {
	build := sql.Dialect(b.Store.Dialect())
	rows := build.Select().From(build.Table(delivery.Table))
	which(rows)
	query, args := build.Update(delivery.Table).Set(delivery.FieldChasedAt, b.Clock.Now()).Where(rows.P()).
		Returning(delivery.FieldID).Query()
	found, err := b.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("mark who is chased: %w", err)
	}
	defer found.Close()
	var ids []string
	if err := sql.ScanSlice(found, &ids); err != nil {
		return nil, fmt.Errorf("mark who is chased: %w", err)
	}
	claimed := make(map[string]bool, len(ids))
	for _, one := range ids {
		claimed[one] = true
	}
	return claimed, nil
}

// standing are the pairs of a delivery and a pupil for whom its guardian may still act within SCHOOL.
func (b *Board) standing(ctx context.Context, deliveries []string) (map[[2]string]bool, error) {
	build := sql.Dialect(b.Store.Dialect())
	about, at := build.Table(delivery.StudentsTable).As("about"), build.Table(delivery.Table).As("at")
	joined := build.Select(
		sql.As(about.C(delivery.StudentsPrimaryKey[0]), "delivery"), sql.As(about.C(delivery.StudentsPrimaryKey[1]), "pupil"),
		sql.As(at.C(delivery.FieldGuardianID), "guardian"),
	).From(about).Join(at).On(at.C(delivery.FieldID), about.C(delivery.StudentsPrimaryKey[0]))
	b.Store.OneOf(delivery.StudentsPrimaryKey[0], deliveries)(joined)
	pairs := build.Table("pairs")
	stand := build.Select(pairs.C("delivery"), pairs.C("pupil")).From(pairs).Prefix(build.With("pairs").As(joined))
	rule.ActingFor("pupil", "guardian", scope.Of(scope.School))(stand)
	found := map[[2]string]bool{}
	err := b.scan(ctx, stand, func(one, pupil string) { found[[2]string{one, pupil}] = true })
	return found, err
}

// pending holds for deliveries of an announcement whose guardian has not done yet what it wants: acknowledged, or read.
func pending(a *db.Announcement) predicate.Delivery {
	if a.Acknowledgement == row.AcknowledgementRequired {
		return delivery.AcknowledgedAtIsNil()
	}
	return delivery.ReadAtIsNil()
}
