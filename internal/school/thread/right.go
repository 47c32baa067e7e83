package thread

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/schoolclass"
	"citygraph/ent/db/staffrole"
	row "citygraph/ent/db/thread"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// mine is a thread of the viewer's, as its row rule says. UNAUTHENTICATED for a visitor, NOT_FOUND alike for another's and for none.
func (t *Talk) mine(ctx context.Context, threadID string) (*db.Thread, error) {
	if err := signedIn(ctx); err != nil {
		return nil, err
	}
	if !id.Is(threadID, id.Thread) {
		return nil, fault.New(fault.NotFound)
	}
	found, err := t.DB.Thread.Query().Where(row.ID(threadID)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("load thread: %w", err)
	}
	return found, nil
}

// held is a thread of the viewer's in which they may still speak, as long as the transaction of ctx runs: who takes a family's right
// away waits for it. INVALID_TRANSITION once the teacher teaches the pupil no longer; see mine.
func (t *Talk) held(ctx context.Context, threadID string) (*db.Thread, error) {
	th, err := t.mine(ctx, threadID)
	if err != nil {
		return nil, err
	}
	if th.TeacherID != viewer.From(ctx).PersonID {
		if _, err := t.For(ctx, &th.StudentID, scope.School); err != nil {
			return nil, fault.New(fault.NotFound).Because(err)
		}
	}
	taught, err := t.open(ctx, th.ID)
	if err == nil && !taught[th.ID] {
		err = fault.New(fault.InvalidTransition).Say("该教师已不再任教该学生，不能继续发消息。", "The teacher no longer teaches the pupil: nothing more can be said here.")
	}
	return th, err
}

// open tells which of the threads are open for writing: their teacher teaches the pupil now.
func (t *Talk) open(ctx context.Context, threads ...string) (map[string]bool, error) {
	open, err := t.DB.Thread.Query().Where(t.Store.OneOf(row.FieldID, threads), func(s *sql.Selector) {
		l := lessons(s.Dialect())
		s.Where(sql.Exists(l.Where(sql.And(
			sql.ColumnsEQ(l.pupil.C(enrollment.FieldPersonID), s.C(row.FieldStudentID)),
			sql.ColumnsEQ(l.teacher.C(enrollment.FieldPersonID), s.C(row.FieldTeacherID)),
			sql.ColumnsEQ(l.class.C(schoolclass.FieldSchoolID), s.C(row.FieldSchoolID)),
		))))
	}).IDs(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("ask who teaches whom: %w", err)
	}
	may := make(map[string]bool, len(open))
	for _, one := range open {
		may[one] = true
	}
	return may, nil
}

// lesson is a pupil and a teacher of one class, whose school has the teacher: who is taught by whom now.
type lesson struct {
	*sql.Selector
	pupil, teacher, class *sql.SelectTable
}

func lessons(dialect string) lesson {
	build := sql.Dialect(dialect)
	pupil, teacher := build.Table(enrollment.Table).As("pupil"), build.Table(enrollment.Table).As("lecturer")
	class, post := build.Table(schoolclass.Table).As("class"), build.Table(staffrole.Table).As("post")
	s := build.Select(pupil.C(enrollment.FieldID)).From(pupil).
		Join(teacher).On(teacher.C(enrollment.FieldSchoolClassID), pupil.C(enrollment.FieldSchoolClassID)).
		Join(class).On(class.C(schoolclass.FieldID), pupil.C(enrollment.FieldSchoolClassID)).
		Join(post).On(post.C(staffrole.FieldPersonID), teacher.C(enrollment.FieldPersonID))
	s.Where(sql.And(
		sql.EQ(pupil.C(enrollment.FieldRole), string(enrollment.RoleStudent)), sql.EQ(pupil.C(enrollment.FieldStatus), string(enrollment.StatusActive)),
		sql.EQ(teacher.C(enrollment.FieldRole), string(enrollment.RoleTeacher)), sql.EQ(teacher.C(enrollment.FieldStatus), string(enrollment.StatusActive)),
		sql.EQ(class.C(schoolclass.FieldStatus), string(schoolclass.StatusActive)),
		sql.EQ(post.C(staffrole.FieldKind), string(staffrole.KindTeacher)),
		sql.ColumnsEQ(post.C(staffrole.FieldOrganisationID), class.C(schoolclass.FieldSchoolID)),
	))
	return lesson{s, pupil, teacher, class}
}

// taughtBy are those who teach the pupil now, each once for a class, in the order of their ids; only one of them where one is named.
func (t *Talk) taughtBy(ctx context.Context, studentID, teacherID string) ([]Contact, error) {
	l := lessons(t.Store.Dialect())
	lecturer, duty, at := l.teacher.C(enrollment.FieldPersonID), l.teacher.C(enrollment.FieldDuty), l.class.C(schoolclass.FieldSchoolID)
	l.Select(lecturer, duty, at).Where(sql.EQ(l.pupil.C(enrollment.FieldPersonID), studentID)).OrderBy(lecturer, duty, at)
	if teacherID != "" {
		l.Where(sql.EQ(lecturer, teacherID))
	}
	query, args := l.Query()
	rows, err := t.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("ask who teaches: %w", err)
	}
	defer rows.Close()
	var found []Contact
	for rows.Next() {
		var c Contact
		if err := rows.Scan(&c.TeacherID, &c.Duty, &c.SchoolID); err != nil {
			return nil, fmt.Errorf("ask who teaches: %w", err)
		}
		found = append(found, c)
	}
	return found, rows.Err()
}
