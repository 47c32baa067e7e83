package announcement

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"citygraph/ent/db"
	row "citygraph/ent/db/announcement"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/schoolclass"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/memo"
	"citygraph/internal/school/audience"
	"citygraph/internal/viewer"
)

// mayTell holds a teacher of the school to whom they may tell: classes they teach, and pupils of those; grades and the whole
// school only who is a class teacher (班主任) of the school. Returns UNAUTHENTICATED; FORBIDDEN for who is no teacher; NOT_FOUND
// for another school, and for a class or pupil that is not of this one; NOT_CLASS_TEACHER.
func (b *Board) mayTell(ctx context.Context, schoolID string, a audience.Audience) error {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return fault.New(fault.Unauthenticated)
	case !v.Has(viewer.Teacher):
		return fault.New(fault.Forbidden)
	case !v.HasAt(viewer.Teacher, schoolID):
		return fault.New(fault.NotFound).At("schoolId")
	}
	switch {
	case len(a.Classes) > 0:
		return b.teaches(ctx, schoolID, distinct(a.Classes))
	case len(a.Students) > 0:
		return b.teachesPupils(ctx, schoolID, distinct(a.Students))
	}
	leads, err := b.leads(ctx, schoolID)
	if err == nil && !leads {
		err = fault.New(fault.NotClassTeacher).At("audience")
	}
	return err
}

func distinct(of []string) []string { return slices.Compact(slices.Sorted(slices.Values(of))) }

// of is the part of the viewer as a teacher in a class that still is one.
func (b *Board) taught(ctx context.Context, schoolID string) *db.EnrollmentQuery {
	return b.DB.Enrollment.Query().Where(
		enrollment.PersonID(viewer.From(ctx).PersonID), enrollment.RoleEQ(enrollment.RoleTeacher), enrollment.StatusEQ(enrollment.StatusActive),
		enrollment.HasSchoolClassWith(schoolclass.SchoolID(schoolID), schoolclass.StatusEQ(schoolclass.StatusActive)),
	)
}

// leads reports whether the viewer is a class teacher of the school.
func (b *Board) leads(ctx context.Context, schoolID string) (bool, error) {
	leads, err := b.taught(ctx, schoolID).Where(enrollment.DutyEQ(enrollment.DutyClassTeacher)).Exist(system(ctx))
	if err != nil {
		return false, fmt.Errorf("ask who leads a class: %w", err)
	}
	return leads, nil
}

func (b *Board) teaches(ctx context.Context, schoolID string, classes []string) error {
	missing := fault.New(fault.NotFound).At("audience", "classes")
	if slices.ContainsFunc(classes, func(one string) bool { return !id.Is(one, id.SchoolClass) }) {
		return missing
	}
	known, err := b.DB.SchoolClass.Query().
		Where(schoolclass.IDIn(classes...), schoolclass.SchoolID(schoolID), schoolclass.StatusEQ(schoolclass.StatusActive)).Count(system(ctx))
	if err != nil {
		return fmt.Errorf("look up classes: %w", err)
	}
	if known < len(classes) {
		return missing
	}
	mine, err := b.taught(ctx, schoolID).Where(enrollment.SchoolClassIDIn(classes...)).Count(system(ctx))
	if err != nil {
		return fmt.Errorf("ask who teaches: %w", err)
	}
	if mine < len(classes) {
		return fault.New(fault.NotClassTeacher).At("audience", "classes")
	}
	return nil
}

func (b *Board) teachesPupils(ctx context.Context, schoolID string, pupils []string) error {
	missing := fault.New(fault.NotFound).At("audience", "students")
	if slices.ContainsFunc(pupils, func(one string) bool { return !id.Is(one, id.Person) }) {
		return missing
	}
	parts, err := b.DB.Enrollment.Query().Where(
		enrollment.PersonIDIn(pupils...), enrollment.RoleEQ(enrollment.RoleStudent), enrollment.StatusEQ(enrollment.StatusActive),
		enrollment.HasSchoolClassWith(schoolclass.SchoolID(schoolID), schoolclass.StatusEQ(schoolclass.StatusActive)),
	).All(system(ctx))
	if err != nil {
		return fmt.Errorf("look up pupils: %w", err)
	}
	known, mine := map[string]bool{}, map[string]bool{}
	for _, p := range parts {
		known[p.PersonID] = true
	}
	if len(known) < len(pupils) {
		return missing
	}
	classes, err := b.taught(ctx, schoolID).Select(enrollment.FieldSchoolClassID).Strings(system(ctx))
	if err != nil {
		return fmt.Errorf("ask who teaches: %w", err)
	}
	for _, p := range parts {
		mine[p.PersonID] = mine[p.PersonID] || slices.Contains(classes, p.SchoolClassID)
	}
	if slices.ContainsFunc(pupils, func(one string) bool { return !mine[one] }) {
		return fault.New(fault.NotClassTeacher).At("audience", "students")
	}
	return nil
}

// keeps holds a teacher to their own announcements; a class teacher of the school keeps them all. NOT_CLASS_TEACHER.
func (b *Board) keeps(ctx context.Context, a *db.Announcement) error {
	if a.AuthorID == viewer.From(ctx).PersonID {
		return nil
	}
	leads, err := b.leads(ctx, a.SchoolID)
	if err == nil && !leads {
		err = fault.New(fault.NotClassTeacher)
	}
	return err
}

// changes holds a teacher to what they keep and the school says of its own accord. FORBIDDEN for what the bureau had it say.
func (b *Board) changes(ctx context.Context, a *db.Announcement) error {
	if err := b.keeps(ctx, a); err != nil {
		return err
	}
	if FromBureau(a) {
		return fault.New(fault.Forbidden)
	}
	return nil
}

type leadsAt struct{ personID, schoolID string }

// AllowedActions is what the viewer may do with the announcement now: nothing unless they teach at its school.
func (b *Board) AllowedActions(ctx context.Context, a *db.Announcement) ([]Action, error) {
	v := viewer.From(ctx)
	if !v.HasAt(viewer.Teacher, a.SchoolID) {
		return []Action{}, nil
	}
	if a.AuthorID != v.PersonID {
		leads, err := memo.Once(ctx, leadsAt{v.PersonID, a.SchoolID}, func() (bool, error) { return b.leads(ctx, a.SchoolID) })
		if err != nil || !leads {
			return []Action{}, err
		}
	}
	if FromBureau(a) {
		return slices.DeleteFunc(append([]Action{}, steps[a.Status]...), func(one Action) bool { return one != Chase }), nil
	}
	return append([]Action{}, steps[a.Status]...), nil
}

// shown reports whether the viewer may read what it says: a family may not once it is taken back.
func shown(ctx context.Context, a *db.Announcement) bool {
	return a.Status != row.StatusRetracted || viewer.From(ctx).HasAt(viewer.Teacher, a.SchoolID)
}

// Title is the title as the viewer may see it, nil for a family once the announcement is retracted.
func Title(ctx context.Context, a *db.Announcement) *string {
	if !shown(ctx, a) {
		return nil
	}
	return &a.Title
}

// Body is the text as the viewer may see it; see Title.
func Body(ctx context.Context, a *db.Announcement) *string {
	if !shown(ctx, a) {
		return nil
	}
	return &a.Body
}

// Attachments are the photos and PDFs that go with it, as the viewer may see them, in the order of their upload; see Title.
func Attachments(ctx context.Context, a *db.Announcement) ([]*db.Attachment, error) {
	if !shown(ctx, a) {
		return []*db.Attachment{}, nil
	}
	found, err := a.Attachments(ctx)
	slices.SortFunc(found, func(a, b *db.Attachment) int { return strings.Compare(a.ID, b.ID) })
	return found, err
}

// Audience is whom it is for, as it was asked for; nil unless the viewer teaches at the school.
func Audience(ctx context.Context, a *db.Announcement) *audience.Audience {
	if !viewer.From(ctx).HasAt(viewer.Teacher, a.SchoolID) {
		return nil
	}
	return &a.Audience
}
