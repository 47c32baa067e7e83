// Package part tells who has a part in a class: who teaches it, who answers for it, and who speaks for its pupils.
package part

import (
	"context"
	"fmt"
	"slices"

	"citygraph/ent/db"
	"citygraph/ent/db/delegation"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/person"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/schoolclass"
	"citygraph/ent/rule"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "a rule depends on who has a part in a class")
}

// Taught is a class that the viewer teaches, named at the field. Returns UNAUTHENTICATED; FORBIDDEN for who is no teacher; NOT_FOUND alike
// for a class of another school, one that has ended and none; NOT_CLASS_TEACHER for who does not teach it.
func Taught(ctx context.Context, c *db.Client, classID, field string) (*db.SchoolClass, error) {
	v, missing := viewer.From(ctx), fault.New(fault.NotFound).At(field)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !v.Has(viewer.Teacher):
		return nil, fault.New(fault.Forbidden)
	case !id.Is(classID, id.SchoolClass):
		return nil, missing
	}
	class, err := c.SchoolClass.Query().Where(schoolclass.ID(classID), schoolclass.StatusEQ(schoolclass.StatusActive),
		schoolclass.SchoolIDIn(v.Organisations(viewer.Teacher)...)).Only(system(ctx))
	if db.IsNotFound(err) {
		return nil, missing.Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("load class: %w", err)
	}
	teaches, err := in(c, enrollment.RoleTeacher, classID).Where(enrollment.PersonID(v.PersonID)).Exist(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("ask who teaches: %w", err)
	}
	if !teaches {
		return nil, fault.New(fault.NotClassTeacher).At(field)
	}
	return class, nil
}

// in are those who have the part in a class now.
func in(c *db.Client, role enrollment.Role, classID string) *db.EnrollmentQuery {
	return c.Enrollment.Query().Where(enrollment.SchoolClassID(classID), enrollment.RoleEQ(role), enrollment.StatusEQ(enrollment.StatusActive))
}

// maxPupils is how many pupils of a class are told.
const maxPupils = 500

// Pupils are those of a class now, with their names, in the order of their ids.
func Pupils(ctx context.Context, c *db.Client, classID string) ([]*db.Enrollment, error) {
	pupils, err := in(c, enrollment.RoleStudent, classID).WithPerson().Order(enrollment.ByPersonID()).Limit(maxPupils).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load pupils: %w", err)
	}
	return pupils, nil
}

// Homeroom is the class in which a pupil spends the day; nil for who has none.
func Homeroom(ctx context.Context, c *db.Client, pupilID string) (*db.SchoolClass, error) {
	class, err := c.SchoolClass.Query().Where(
		schoolclass.KindEQ(schoolclass.KindHomeroom), schoolclass.StatusEQ(schoolclass.StatusActive),
		schoolclass.HasEnrollmentsWith(enrollment.PersonID(pupilID), enrollment.RoleEQ(enrollment.RoleStudent), enrollment.StatusEQ(enrollment.StatusActive)),
	).Order(schoolclass.ByID()).First(system(ctx))
	if db.MaskNotFound(err) != nil {
		return nil, fmt.Errorf("load homeroom class: %w", err)
	}
	return class, nil
}

// Leaders are who answers for a class: its class teachers (班主任), and where it has none, all who teach it.
func Leaders(ctx context.Context, c *db.Client, classID string) ([]string, error) {
	teachers, err := in(c, enrollment.RoleTeacher, classID).Order(enrollment.ByPersonID()).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load teachers: %w", err)
	}
	var all, leaders []string
	for _, t := range teachers {
		all = append(all, t.PersonID)
		if t.Duty == enrollment.DutyClassTeacher {
			leaders = append(leaders, t.PersonID)
		}
	}
	if len(leaders) == 0 {
		leaders = all
	}
	return slices.Compact(leaders), nil
}

// Leads holds the viewer to be one of the leaders of a class that they teach. NOT_CLASS_TEACHER.
func Leads(ctx context.Context, c *db.Client, classID string) error {
	leaders, err := Leaders(ctx, c, classID)
	if err == nil && !slices.Contains(leaders, viewer.From(ctx).PersonID) {
		err = fault.New(fault.NotClassTeacher)
	}
	return err
}

// Led are the classes that the viewer is one of the leaders of.
func Led(ctx context.Context, c *db.Client) ([]string, error) {
	me := viewer.From(ctx).PersonID
	teachers := c.Enrollment.Query().Where(enrollment.RoleEQ(enrollment.RoleTeacher), enrollment.StatusEQ(enrollment.StatusActive))
	mine, err := teachers.Clone().Where(enrollment.PersonID(me)).Select(enrollment.FieldSchoolClassID).Strings(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load classes: %w", err)
	}
	leaders, err := teachers.Where(enrollment.SchoolClassIDIn(mine...), enrollment.DutyEQ(enrollment.DutyClassTeacher)).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load class teachers: %w", err)
	}
	led := map[string]bool{} // by class that has a class teacher: whether that is the viewer
	for _, l := range leaders {
		led[l.SchoolClassID] = led[l.SchoolClassID] || l.PersonID == me
	}
	return slices.DeleteFunc(mine, func(class string) bool { is, has := led[class]; return has && !is }), nil
}

// Speakers are who may act within SCHOOL for each of the pupils, but for the pupils themselves: guardians, and whom SCHOOL was given. A
// custody bar beats both.
func Speakers(ctx context.Context, c *db.Client, pupils ...string) (map[string][]string, error) {
	of, s := map[string][]string{}, scope.Of(scope.School)
	guardians, err := c.Guardianship.Query().
		Where(guardianship.ChildIDIn(pupils...), predicate.Guardianship(rule.Guarding(s))).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load guardians: %w", err)
	}
	for _, g := range guardians {
		of[g.ChildID] = append(of[g.ChildID], g.GuardianID)
	}
	delegates, err := c.Delegation.Query().
		Where(delegation.DelegatorIDIn(pupils...), predicate.Delegation(rule.Delegating(s))).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load delegates: %w", err)
	}
	for _, d := range delegates {
		of[d.DelegatorID] = append(of[d.DelegatorID], d.DelegateID)
	}
	for pupil, people := range of {
		slices.Sort(people)
		of[pupil] = slices.Compact(people)
	}
	return of, nil
}

// Names are persons by id with their names, which are masked wherever they are shown; one without a row has none.
func Names(ctx context.Context, c *db.Client, s *store.Store, persons []string) (map[string]*db.Person, error) {
	found, err := c.Person.Query().Where(s.OneOf(person.FieldID, persons)).Select(person.FieldID, person.FieldName).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load names: %w", err)
	}
	named := make(map[string]*db.Person, len(persons))
	for _, one := range persons {
		named[one] = &db.Person{ID: one}
	}
	for _, p := range found {
		named[p.ID] = p
	}
	return named, nil
}
