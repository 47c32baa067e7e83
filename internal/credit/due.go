package credit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/creditline"
	"citygraph/ent/db/predicate"
	"citygraph/internal/audit"
)

// Round is the job that reminds of what is due soon, and stops lines on which it was not repaid.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "credit.due" }

// atOnce bounds what a round reminds of, and what it stops; what is left over comes with the next.
const atOnce = 500

// Collect tells holders of what is due soon, once for each period, and makes lines OVERDUE on which it was not repaid
// in time. A line that is repaid meanwhile is left as it is, and one that fails keeps no other from it. It is the
// system's, once a minute.
func (l *Lines) Collect(ctx context.Context) error {
	now := l.Clock.Now()
	soon := now.AddDate(0, 0, l.Notice)
	return errors.Join(
		l.each(ctx, now, l.stop, creditline.DueAtLTE(now)),
		l.each(ctx, now, l.remind, creditline.DueAtGT(now), creditline.DueAtLTE(soon), creditline.RemindedAtIsNil()),
	)
}

// each does something to every ACTIVE line that meets the conditions, in a transaction of its own, if it still
// meets them under the lock.
func (l *Lines) each(ctx context.Context, now time.Time, do func(context.Context, *db.CreditLine, time.Time) error, meets ...predicate.CreditLine) error {
	ctx = system(ctx)
	meets = append(meets, creditline.StatusEQ(creditline.StatusActive))
	due, err := l.DB.CreditLine.Query().Where(meets...).Order(creditline.ByDueAt()).Limit(atOnce).All(ctx)
	if err != nil {
		return fmt.Errorf("look for credit lines that are due: %w", err)
	}
	var errs []error
	for _, found := range due {
		errs = append(errs, l.Store.InTx(ctx, func(ctx context.Context) error {
			if _, err := l.Book.Lock(ctx, found.AccountID); err != nil {
				return err
			}
			line, err := l.DB.CreditLine.Query().Where(creditline.ID(found.ID), creditline.And(meets...)).Only(ctx)
			if db.IsNotFound(err) {
				return nil // somebody was quicker
			}
			if err != nil {
				return fmt.Errorf("load credit line: %w", err)
			}
			return do(ctx, line, now)
		}))
	}
	return errors.Join(errs...)
}

func (l *Lines) stop(ctx context.Context, line *db.CreditLine, now time.Time) error {
	if err := line.Update().SetStatus(creditline.StatusOverdue).SetUpdatedAt(now).Exec(ctx); err != nil {
		return fmt.Errorf("stop credit line: %w", err)
	}
	if err := audit.Record(ctx, l.DB, audit.Deed{Action: "stopCreditLine", Subject: line.PersonID, TargetID: line.ID}); err != nil {
		return err
	}
	return l.Events.Emit(ctx, Overdue{PersonID: line.PersonID, LineID: line.ID, DueAt: *line.DueAt})
}

func (l *Lines) remind(ctx context.Context, line *db.CreditLine, now time.Time) error {
	if err := line.Update().SetRemindedAt(now).SetUpdatedAt(now).Exec(ctx); err != nil {
		return fmt.Errorf("remind of credit line: %w", err)
	}
	return l.Events.Emit(ctx, DueSoon{PersonID: line.PersonID, LineID: line.ID, DueAt: *line.DueAt})
}
