package thread

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/schoolclass"
	row "citygraph/ent/db/thread"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/school/part"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Open opens the thread of a teacher and the guardians of a pupil, or returns it where there is one. A teacher may about a pupil they
// teach now, without naming a teacher or naming themselves; who acts for the pupil within SCHOOL may with a teacher who teaches them
// now. Returns UNAUTHENTICATED; for teachers NOT_FOUND for a pupil of no school of theirs, NOT_CLASS_TEACHER; for families
// BAD_USER_INPUT without a teacher, DELEGATION_SCOPE, NOT_FOUND for who does not teach the pupil.
func (t *Talk) Open(ctx context.Context, studentID string, teacherID *string) (*db.Thread, error) {
	if err := signedIn(ctx); err != nil {
		return nil, err
	}
	v, opened := viewer.From(ctx), ""
	err := t.Store.InTx(ctx, func(ctx context.Context) error {
		var with Contact
		var err error
		switch {
		case v.Has(viewer.Teacher) && (teacherID == nil || *teacherID == v.PersonID):
			with, err = t.teaches(ctx, studentID)
		case teacherID == nil:
			err = fault.BadInput("teacherId", "请选择一位教师。", "Name a teacher.")
		default:
			with, err = t.isTaught(ctx, studentID, *teacherID)
		}
		if err != nil {
			return err
		}
		// Whoever asks at once waits here, and finds what the first has made.
		if err := t.Store.Lock(ctx, "thread/"+with.TeacherID+"/"+studentID); err != nil {
			return err
		}
		there, err := t.DB.Thread.Query().Where(row.TeacherID(with.TeacherID), row.StudentID(studentID)).IDs(system(ctx))
		if err != nil {
			return fmt.Errorf("look for a thread: %w", err)
		}
		if len(there) > 0 {
			opened = there[0]
			return nil
		}
		made, err := t.DB.Thread.Create().SetSchoolID(with.SchoolID).SetTeacherID(with.TeacherID).SetStudentID(studentID).
			SetLastMessageAt(t.Clock.Now()).Save(system(ctx))
		if err != nil {
			return fmt.Errorf("open thread: %w", err)
		}
		opened = made.ID
		return audit.Record(ctx, t.DB, audit.Deed{Action: "openThread", Subject: studentID, TargetID: made.ID})
	})
	if err != nil {
		return nil, err
	}
	return t.mine(ctx, opened) // gone from sight again where the right has ended meanwhile
}

// teaches is the viewer as the teacher of a pupil.
func (t *Talk) teaches(ctx context.Context, studentID string) (Contact, error) {
	v, missing := viewer.From(ctx), fault.New(fault.NotFound).At("studentId")
	if !id.Is(studentID, id.Person) || studentID == v.PersonID {
		return Contact{}, missing
	}
	ours, err := t.DB.Enrollment.Query().Where(
		enrollment.PersonID(studentID), enrollment.RoleEQ(enrollment.RoleStudent), enrollment.StatusEQ(enrollment.StatusActive),
		enrollment.HasSchoolClassWith(schoolclass.StatusEQ(schoolclass.StatusActive), schoolclass.SchoolIDIn(v.Organisations(viewer.Teacher)...)),
	).Exist(system(ctx))
	if err != nil {
		return Contact{}, fmt.Errorf("look up pupil: %w", err)
	}
	if !ours {
		return Contact{}, missing
	}
	found, err := t.taughtBy(ctx, studentID, v.PersonID)
	if err != nil {
		return Contact{}, err
	}
	if len(found) == 0 {
		return Contact{}, fault.New(fault.NotClassTeacher).At("studentId")
	}
	return found[0], nil
}

// isTaught is a teacher of a pupil whom the viewer speaks for.
func (t *Talk) isTaught(ctx context.Context, studentID, teacherID string) (Contact, error) {
	if err := t.speaksFor(ctx, studentID); err != nil {
		return Contact{}, err
	}
	missing := fault.New(fault.NotFound).At("teacherId")
	if !id.Is(teacherID, id.Person) {
		return Contact{}, missing
	}
	found, err := t.taughtBy(ctx, studentID, teacherID)
	if err != nil {
		return Contact{}, err
	}
	if len(found) == 0 {
		return Contact{}, missing
	}
	return found[0], nil
}

// speaksFor holds the viewer to pupils they act for within SCHOOL; nobody is a pupil of their own. DELEGATION_SCOPE.
func (t *Talk) speaksFor(ctx context.Context, studentID string) error {
	if studentID == viewer.From(ctx).PersonID {
		return fault.New(fault.DelegationScope)
	}
	_, err := t.For(ctx, &studentID, scope.School)
	return err
}

// Contacts are those who teach a child now, in the order of their ids. Who acts for the child within SCHOOL may ask. Returns
// UNAUTHENTICATED, DELEGATION_SCOPE.
func (t *Talk) Contacts(ctx context.Context, childID string) ([]*Contact, error) {
	if err := signedIn(ctx); err != nil {
		return nil, err
	}
	if err := t.speaksFor(ctx, childID); err != nil {
		return nil, err
	}
	found, err := t.taughtBy(ctx, childID, "")
	if err != nil {
		return nil, err
	}
	contacts, ids := []*Contact{}, []string{}
	for _, c := range found { // the duty that says most comes first
		if len(ids) == 0 || ids[len(ids)-1] != c.TeacherID {
			contacts, ids = append(contacts, &c), append(ids, c.TeacherID)
		}
	}
	named, err := part.Names(ctx, t.DB, t.Store, ids)
	if err != nil {
		return nil, err
	}
	for _, c := range contacts {
		c.MaskedName = named[c.TeacherID].Name
	}
	return contacts, nil
}
