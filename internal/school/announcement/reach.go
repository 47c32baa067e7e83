package announcement

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/delegation"
	"citygraph/ent/db/delivery"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/schoolclass"
	"citygraph/ent/rule"
	"citygraph/internal/school/part"
	"citygraph/internal/scope"
)

// Who speaks for a pupil with the school: the guardians with SCHOOL, and whom the pupil, or the guardians for them, have
// given SCHOOL. A custody bar beats both; see ent/rule.

// span is a part of all guardians: those with ids after one, up to another or to the end.
type span struct{ after, upTo string }

// bond is one table that says who speaks for a pupil.
type bond struct {
	table, speaker, pupil string
	holds                 rule.Rows
}

func bonds() []bond {
	s := scope.Of(scope.School)
	return []bond{
		{guardianship.Table, guardianship.FieldGuardianID, guardianship.FieldChildID, rule.Guarding(s)},
		{delegation.Table, delegation.FieldDelegateID, delegation.FieldDelegatorID, rule.Delegating(s)},
	}
}

// pairs selects who speaks for which pupil of the audience, as the roster and the register say now. Where few of the speakers are
// asked for, the question begins at them: SQLite, which knows little of its tables, would go through all pupils of the
// audience for each batch, and is kept from it by the sign that keeps it off the index of classes.
func (b *Board) pairs(of bond, a *db.Announcement, few bool, columns ...string) *sql.Selector {
	build := sql.Dialect(b.Store.Dialect())
	bonds, part, class := build.Table(of.table).As("bond"), build.Table(enrollment.Table).As("part"), build.Table(schoolclass.Table).As("class")
	selected := make([]string, len(columns))
	for i, c := range columns {
		selected[i] = bonds.C(c)
	}
	inClass := part.C(enrollment.FieldSchoolClassID)
	if few && b.Store.Dialect() == dialect.SQLite {
		inClass = "+" + inClass
	}
	s := build.Select(selected...).From(bonds).
		Join(part).On(part.C(enrollment.FieldPersonID), bonds.C(of.pupil)).
		Join(class).On(class.C(schoolclass.FieldID), inClass)
	of.holds(s)
	s.Where(sql.And(
		sql.EQ(part.C(enrollment.FieldRole), string(enrollment.RoleStudent)), sql.EQ(part.C(enrollment.FieldStatus), string(enrollment.StatusActive)),
		sql.EQ(class.C(schoolclass.FieldStatus), string(schoolclass.StatusActive)), sql.EQ(class.C(schoolclass.FieldSchoolID), a.SchoolID),
	))
	switch to := a.Audience; {
	case len(to.Grades) > 0:
		s.Where(sql.In(class.C(schoolclass.FieldGrade), values(to.Grades)...))
	case len(to.Classes) > 0:
		s.Where(sql.In(class.C(schoolclass.FieldID), values(to.Classes)...))
	case len(to.Students) > 0:
		s.Where(sql.In(part.C(enrollment.FieldPersonID), values(to.Students)...))
	}
	return s
}

func values(of []string) []any {
	all := make([]any, len(of))
	for i, one := range of {
		all[i] = one
	}
	return all
}

// speakers selects the ids of those of a span whom the announcement is for, each once, as "id".
func (b *Board) speakers(a *db.Announcement, within span) *sql.Selector {
	var all *sql.Selector
	for _, of := range bonds() {
		s := b.pairs(of, a, within != span{})
		speaker := s.C(of.speaker)
		s.AppendSelectAs(speaker, "id")
		if within.after != "" {
			s.Where(sql.GT(speaker, within.after))
		}
		if within.upTo != "" {
			s.Where(sql.LTE(speaker, within.upTo))
		}
		if all == nil {
			all = s
		} else {
			all.Union(s)
		}
	}
	return all
}

// reached are the first so many of a span whom the announcement is for and who have no delivery of it yet, in the order of
// their ids.
func (b *Board) reached(ctx context.Context, a *db.Announcement, within span, most int) ([]string, error) {
	build := sql.Dialect(b.Store.Dialect())
	all, told := build.Table("reached"), build.Table(delivery.Table).As("told")
	query, args := build.Select(all.C("id")).From(all).Prefix(build.With("reached").As(b.speakers(a, within))).Where(sql.NotExists(
		build.Select(told.C(delivery.FieldID)).From(told).Where(sql.And(
			sql.EQ(told.C(delivery.FieldAnnouncementID), a.ID),
			sql.ColumnsEQ(told.C(delivery.FieldGuardianID), all.C("id")),
		)),
	)).OrderBy(all.C("id")).Limit(most).Query()
	rows, err := b.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("look for whom it is for: %w", err)
	}
	defer rows.Close()
	var ids []string
	if err := sql.ScanSlice(rows, &ids); err != nil {
		return nil, fmt.Errorf("look for whom it is for: %w", err)
	}
	return ids, nil
}

// recipients are those of the guardians whom the announcement is for now, with all their pupils in it. What says so stays
// as it is until the transaction of ctx ends: whoever takes a pupil or a right away waits for it.
func (b *Board) recipients(ctx context.Context, a *db.Announcement, guardians []string) ([]Recipient, error) {
	pupils := map[string][]string{} // by guardian
	for _, of := range bonds() {
		s := b.pairs(of, a, true, of.speaker, of.pupil)
		b.Store.OneOf(of.speaker, guardians)(s)
		if b.Store.Dialect() == dialect.Postgres {
			s.ForShare(sql.WithLockTables("bond", "part"))
		}
		if err := b.scan(ctx, s, func(guardian, pupil string) { pupils[guardian] = append(pupils[guardian], pupil) }); err != nil {
			return nil, err
		}
	}
	var all []string
	for _, of := range pupils {
		all = append(all, of...)
	}
	names, err := part.Names(ctx, b.DB, b.Store, distinct(all))
	if err != nil {
		return nil, err
	}
	found := make([]Recipient, 0, len(pupils))
	for guardian, of := range pupils {
		r := Recipient{GuardianID: guardian}
		for _, one := range distinct(of) {
			r.Pupils = append(r.Pupils, Pupil{one, names[one].Name})
		}
		found = append(found, r)
	}
	slices.SortFunc(found, func(a, b Recipient) int { return strings.Compare(a.GuardianID, b.GuardianID) })
	return found, nil
}

func (b *Board) scan(ctx context.Context, s *sql.Selector, each func(one, other string)) error {
	query, args := s.Query()
	rows, err := b.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("ask who speaks for whom: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var one, other string
		if err := rows.Scan(&one, &other); err != nil {
			return fmt.Errorf("ask who speaks for whom: %w", err)
		}
		each(one, other)
	}
	return rows.Err()
}
