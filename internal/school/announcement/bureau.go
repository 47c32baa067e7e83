package announcement

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	row "citygraph/ent/db/announcement"
	"citygraph/internal/school/audience"
)

// What the education bureau has schools say is written by the system, on the bureau's word: see internal/school/bureau.

// FromBureau reports whether the bureau had the school say it.
func FromBureau(a *db.Announcement) bool { return a.BureauNoticeID != nil }

// WeighNotice holds what the bureau says to the rules of announcements to whole schools at the instant, and returns it as it is kept. BAD_USER_INPUT,
// GRADE_BROADCAST_FORBIDDEN.
func WeighNotice(title, body string, due *time.Time, now time.Time) (string, string, error) {
	t := Text{Audience: audience.Audience{School: true}, Title: title, Body: body, DueAt: due}
	if err := t.check(row.KindNotice, now); err != nil {
		return "", "", err
	}
	return t.Title, t.Body, t.private()
}

// Issue has a school tell all of its families what the bureau says, in the transaction of ctx. A school that has is left as it is.
func (b *Board) Issue(ctx context.Context, n *db.BureauNotice, schoolID string) error {
	there, err := b.DB.Announcement.Query().Where(row.BureauNoticeID(n.ID), row.SchoolID(schoolID)).Exist(system(ctx))
	if err != nil {
		return fmt.Errorf("look for what the school said: %w", err)
	}
	if there {
		return nil
	}
	a, err := b.DB.Announcement.Create().SetSchoolID(schoolID).SetAuthorID(n.AuthorID).SetBureauNoticeID(n.ID).SetKind(row.KindNotice).
		SetAudience(audience.Audience{School: true}).SetTitle(n.Title).SetBody(n.Body).SetUrgency(row.Urgency(n.Urgency)).
		SetAcknowledgement(row.Acknowledgement(n.Acknowledgement)).SetNillableDueAt(n.DueAt).Save(system(ctx))
	if err != nil {
		return fmt.Errorf("write announcement: %w", err)
	}
	guardians, err := b.reached(ctx, a, span{}, BatchSize+1)
	if err != nil {
		return err
	}
	return b.publish(ctx, a, row.StatusDraft, guardians)
}

// Withdraw takes back what the bureau had a school say, in the transaction of ctx.
func (b *Board) Withdraw(ctx context.Context, announcementID string) error {
	_, err := b.takeBack(ctx, announcementID)
	return err
}
