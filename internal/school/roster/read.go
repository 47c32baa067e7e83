package roster

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/person"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/schoolclass"
	"citygraph/ent/rule"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/mask"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Student is a child somebody answers for at school.
type Student struct {
	PersonID   string
	MaskedName mask.Name
	Classes    []*StudentClass
}

// StudentClass is a class a child is in, with who teaches it.
type StudentClass struct {
	SchoolClass *db.SchoolClass
	Teachers    []*ClassTeacher
}

// ClassTeacher is somebody who teaches a class.
type ClassTeacher struct {
	MaskedName mask.Name
	Duty       enrollment.Duty
}

// ClassRoster is who is in a class, as its teachers see it.
type ClassRoster struct {
	SchoolClass *db.SchoolClass
	Pupils      []*ClassPupil
	Teachers    []*ClassTeacher
}

// ClassPupil is a pupil of a class.
type ClassPupil struct {
	PersonID           string
	MaskedName         mask.Name
	ReachableGuardians int // who may act within SCHOOL and can sign in
}

// maxPupils is how many pupils of a class are told.
const maxPupils = 500

// MyChildren are the children in a class whom the viewer may act for within SCHOOL, in the order of their ids; as many
// statements whatever their number. UNAUTHENTICATED for a visitor.
func (o *Office) MyChildren(ctx context.Context) ([]*Student, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	system := viewer.AsSystem(ctx, "the condition is the rule of who acts for a child at school")
	parts, err := o.DB.Enrollment.Query().
		Where(enrollment.RoleEQ(enrollment.RoleStudent), enrollment.StatusEQ(enrollment.StatusActive), enrollment.PersonIDNEQ(v.PersonID),
			predicate.Enrollment(rule.ActsFor(enrollment.FieldPersonID, v, scope.Of(scope.School)))).
		WithPerson().WithSchoolClass(surroundClass).Order(enrollment.ByPersonID(), enrollment.BySchoolClassID()).Limit(maxPupils).All(system)
	if err != nil {
		return nil, fmt.Errorf("load children's classes: %w", err)
	}
	classes := make([]string, len(parts))
	for i, p := range parts {
		classes[i] = p.SchoolClassID
	}
	taught, err := o.teachers(system, classes...)
	if err != nil {
		return nil, err
	}
	children := []*Student{}
	for _, p := range parts {
		if len(children) == 0 || children[len(children)-1].PersonID != p.PersonID {
			children = append(children, &Student{PersonID: p.PersonID, MaskedName: p.Edges.Person.Name})
		}
		child := children[len(children)-1]
		child.Classes = append(child.Classes, &StudentClass{SchoolClass: p.Edges.SchoolClass, Teachers: taught[p.SchoolClassID]})
	}
	return children, nil
}

// surroundClass loads what the graph shows of a class.
func surroundClass(q *db.SchoolClassQuery) {
	q.WithSchool(func(q *db.SchoolQuery) { q.WithDistrict() }).WithAcademicSession()
}

// teachers are those of the classes, who has the whole class first.
func (o *Office) teachers(ctx context.Context, classes ...string) (map[string][]*ClassTeacher, error) {
	parts, err := o.DB.Enrollment.Query().
		Where(enrollment.SchoolClassIDIn(classes...), enrollment.RoleEQ(enrollment.RoleTeacher), enrollment.StatusEQ(enrollment.StatusActive)).
		WithPerson().Order(enrollment.ByDuty(), enrollment.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load teachers: %w", err)
	}
	by := map[string][]*ClassTeacher{}
	for _, p := range parts {
		by[p.SchoolClassID] = append(by[p.SchoolClassID], &ClassTeacher{MaskedName: p.Edges.Person.Name, Duty: p.Duty})
	}
	return by, nil
}

// MyClasses are the classes the viewer teaches, in the order of their ids. UNAUTHENTICATED for a visitor, FORBIDDEN for who is no
// teacher.
func (o *Office) MyClasses(ctx context.Context) ([]*db.SchoolClass, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !v.Has(viewer.Teacher):
		return nil, fault.New(fault.Forbidden)
	}
	q := o.DB.SchoolClass.Query().Where(
		schoolclass.StatusEQ(schoolclass.StatusActive), schoolclass.SchoolIDIn(v.Organisations(viewer.Teacher)...),
		schoolclass.HasEnrollmentsWith(enrollment.PersonID(v.PersonID), enrollment.RoleEQ(enrollment.RoleTeacher), enrollment.StatusEQ(enrollment.StatusActive)),
	)
	surroundClass(q)
	return q.Order(schoolclass.ByID()).Limit(maxPupils).All(viewer.AsSystem(ctx, "a teacher's own classes"))
}

// ClassRoster tells a teacher of the school who is in a class, and how many guardians of each pupil can be reached.
// UNAUTHENTICATED for a visitor, FORBIDDEN for who is no teacher; NOT_FOUND alike for a class of another school and for none.
func (o *Office) ClassRoster(ctx context.Context, classID string) (*ClassRoster, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !v.Has(viewer.Teacher):
		return nil, fault.New(fault.Forbidden)
	case !id.Is(classID, id.SchoolClass):
		return nil, fault.New(fault.NotFound).At("class")
	}
	system := viewer.AsSystem(ctx, "a teacher of the school sees its classes")
	q := o.DB.SchoolClass.Query().Where(schoolclass.ID(classID), schoolclass.SchoolIDIn(v.Organisations(viewer.Teacher)...))
	surroundClass(q)
	class, err := q.Only(system)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).At("class")
	}
	if err != nil {
		return nil, fmt.Errorf("load class: %w", err)
	}
	taught, err := o.teachers(system, classID)
	if err != nil {
		return nil, err
	}
	pupils, err := o.pupils(system, classID)
	return &ClassRoster{SchoolClass: class, Pupils: pupils, Teachers: taught[classID]}, err
}

func (o *Office) pupils(system context.Context, classID string) ([]*ClassPupil, error) {
	parts, err := o.DB.Enrollment.Query().
		Where(enrollment.SchoolClassID(classID), enrollment.RoleEQ(enrollment.RoleStudent), enrollment.StatusEQ(enrollment.StatusActive)).
		WithPerson().Order(enrollment.ByPersonID()).Limit(maxPupils).All(system)
	if err != nil {
		return nil, fmt.Errorf("load pupils: %w", err)
	}
	pupils, children := make([]*ClassPupil, len(parts)), make([]string, len(parts))
	for i, p := range parts {
		pupils[i], children[i] = &ClassPupil{PersonID: p.PersonID, MaskedName: p.Edges.Person.Name}, p.PersonID
	}
	var reach []struct {
		ChildID string `sql:"child_id"`
		N       int    `sql:"n"`
	}
	err = o.DB.Guardianship.Query().
		Where(guardianship.ChildIDIn(children...), predicate.Guardianship(rule.Guarding(scope.Of(scope.School))),
			guardianship.HasGuardianWith(person.HasIdentities())).
		GroupBy(guardianship.FieldChildID).Aggregate(func(*sql.Selector) string { return sql.As(sql.Count("*"), "n") }).Scan(system, &reach)
	if err != nil {
		return nil, fmt.Errorf("count guardians: %w", err)
	}
	counts := map[string]int{}
	for _, r := range reach {
		counts[r.ChildID] = r.N
	}
	for _, p := range pupils {
		p.ReachableGuardians = counts[p.PersonID]
	}
	return pupils, nil
}
