package announcement

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	row "citygraph/ent/db/announcement"
	"citygraph/ent/db/delivery"
)

// Forget lets go of a person whose account has ended, in the transaction of ctx: what was delivered to them is gone and counts
// no longer, no delivery is about them, and what they wrote as a teacher names nobody.
func (b *Board) Forget(ctx context.Context, personID string) error {
	if err := b.DB.Announcement.Update().Where(row.AuthorID(personID)).SetAuthorName("").Exec(system(ctx)); err != nil {
		return fmt.Errorf("forget the author: %w", err)
	}
	build := sql.Dialect(b.Store.Dialect())
	forget, args := build.Delete(delivery.StudentsTable).Where(sql.EQ(delivery.StudentsPrimaryKey[1], personID)).Query()
	if _, err := b.DB.ExecContext(ctx, forget, args...); err != nil {
		return fmt.Errorf("forget the pupil: %w", err)
	}
	if err := b.uncount(ctx, personID); err != nil {
		return err
	}
	if _, err := b.DB.Delivery.Delete().Where(delivery.GuardianID(personID)).Exec(system(ctx)); err != nil {
		return fmt.Errorf("forget deliveries: %w", err)
	}
	return nil
}

// uncount takes a guardian's deliveries out of the figures, while nobody reads or acknowledges one of them.
func (b *Board) uncount(ctx context.Context, guardianID string) error {
	build := sql.Dialect(b.Store.Dialect())
	// Held first, as who answers holds them first.
	hold, args := build.Update(delivery.Table).Set(delivery.FieldChasedAt, b.Clock.Now()).Where(sql.EQ(delivery.FieldGuardianID, guardianID)).Query()
	if _, err := b.DB.ExecContext(ctx, hold, args...); err != nil {
		return fmt.Errorf("hold deliveries: %w", err)
	}
	theirs := func(column string) *sql.Selector {
		d := build.Table(delivery.Table)
		s := build.Select(d.C(delivery.FieldAnnouncementID)).From(d).Where(sql.EQ(d.C(delivery.FieldGuardianID), guardianID))
		if column != "" {
			s.Where(sql.NotNull(d.C(column)))
		}
		return s
	}
	for _, counter := range []struct{ field, done string }{ // what is never more than another before it
		{row.FieldAcknowledged, delivery.FieldAcknowledgedAt}, {row.FieldRead, delivery.FieldReadAt}, {row.FieldDelivered, ""},
	} {
		count, args := build.Update(row.Table).Add(counter.field, -1).Where(sql.In(row.FieldID, theirs(counter.done))).Query()
		if _, err := b.DB.ExecContext(ctx, count, args...); err != nil {
			return fmt.Errorf("count deliveries: %w", err)
		}
	}
	return nil
}
