package roster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/rosteruser"
	"citygraph/ent/db/schoolclass"
	"citygraph/internal/oneroster"
)

const enrollmentType = "Enrollment"

// seat is one place in a class, which a person has once.
type seat struct {
	class, person string
	role          enrollment.Role
}

func seatOf(e *db.Enrollment) seat { return seat{e.SchoolClassID, e.PersonID, e.Role} }

// takeEnrollments takes over who is in which class.
func (r *run) takeEnrollments(ctx context.Context) error {
	err := r.stage.each(ctx, oneroster.Enrollments, func(rows []staged) error {
		b, err := r.seats(ctx, rows)
		if err != nil {
			return err
		}
		for _, e := range rows {
			if err := b.take(ctx, e); err != nil {
				return err
			}
		}
		r.count(r.done.New, enrollmentType, len(b.fresh))
		r.took(len(rows))
		if err := r.DB.Enrollment.CreateBulk(b.fresh...).Exec(ctx); err != nil {
			return fmt.Errorf("write enrolments: %w", err)
		}
		return nil
	})
	if err != nil || !r.ends(oneroster.Enrollments) {
		return err
	}
	return r.missing(ctx, oneroster.Enrollments, enrollmentType, func(after string) (map[string]string, error) {
		rows, err := r.DB.Enrollment.Query().Where(enrollment.SourceSystem(r.Source), enrollment.IDGT(after),
			enrollment.StatusEQ(enrollment.StatusActive)).Order(enrollment.ByID()).Limit(batch).
			Select(enrollment.FieldID, enrollment.FieldSourceValue).All(ctx)
		found := map[string]string{}
		for _, e := range rows {
			found[e.ID] = *e.SourceValue
		}
		return found, err
	}, func(ids []string) error {
		return r.DB.Enrollment.Update().Where(predicate.Enrollment(r.Store.OneOf(enrollment.FieldID, ids))).
			SetStatus(enrollment.StatusEnded).Exec(ctx)
	})
}

// seats is a batch of enrolments with what they refer to.
type seats struct {
	*run
	known   map[string]*db.Enrollment // by identifier
	taken   map[seat]*db.Enrollment
	classes map[string]*db.SchoolClass
	users   map[string]*db.RosterUser
	here    map[string]staged // identifiers of the enrolments that hold the seats
	fresh   []*db.EnrollmentCreate
}

func (r *run) seats(ctx context.Context, rows []staged) (*seats, error) {
	b := &seats{run: r, known: map[string]*db.Enrollment{}, taken: map[seat]*db.Enrollment{}}
	var classes, users, people, held []string
	for _, e := range rows {
		classes, users = append(classes, e.what["classSourcedId"]), append(users, e.what["userSourcedId"])
	}
	var err error
	if b.classes, err = r.classes(ctx, classes); err != nil {
		return nil, err
	}
	if b.users, err = r.users(ctx, users); err != nil {
		return nil, err
	}
	for _, u := range b.users {
		if u.PersonID != nil {
			people = append(people, *u.PersonID)
		}
	}
	known, err := r.DB.Enrollment.Query().Where(enrollment.SourceSystem(r.Source),
		predicate.Enrollment(r.Store.OneOf(enrollment.FieldSourceValue, ids(rows)))).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load enrolments: %w", err)
	}
	for _, e := range known {
		b.known[*e.SourceValue] = e
	}
	// All of a person's: to ask for the classes as well would look up each person in each class.
	seated, err := r.DB.Enrollment.Query().Where(predicate.Enrollment(r.Store.OneOf(enrollment.FieldPersonID, people))).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load seats: %w", err)
	}
	for _, e := range seated {
		b.taken[seatOf(e)] = e
		if e.SourceValue != nil {
			held = append(held, *e.SourceValue)
		}
	}
	b.here, err = r.stage.has(ctx, oneroster.Enrollments, held)
	return b, err
}

func (b *seats) take(ctx context.Context, e staged) error {
	known := b.known[e.id]
	class, user := b.classes[e.what["classSourcedId"]], b.users[e.what["userSourcedId"]]
	if e.state == deleted || b.over(e.what["endDate"]) {
		if known == nil || known.Status == enrollment.StatusEnded {
			b.done.Same++
			return b.unpart(ctx, e, user)
		}
		b.done.Ended[enrollmentType]++
		return known.Update().SetStatus(enrollment.StatusEnded).Exec(ctx)
	}
	role, duty := enrollment.RoleStudent, enrollment.DutyNone
	word := strings.ToLower(e.what["role"])
	if teacherRoles[word] {
		role, duty = enrollment.RoleTeacher, enrollment.DutySubjectTeacher
		if strings.EqualFold(e.what["primary"], "true") {
			duty = enrollment.DutyClassTeacher
		}
	}
	switch {
	case class == nil:
		return b.reject(ctx, e, "it refers to the class %q, which is not there", e.what["classSourcedId"])
	case user == nil:
		return b.reject(ctx, e, "it refers to the user %q, who is not there", e.what["userSourcedId"])
	case role == enrollment.RoleStudent && !pupilRoles[word]:
		b.done.Same++ // an aide, a proctor, an administrator: no part in what is taught here
		return nil
	case class.Status == schoolclass.StatusEnded || user.Status == rosteruser.StatusEnded:
		return b.reject(ctx, e, "its class or its user has ended")
	case user.PersonID == nil && role == enrollment.RoleTeacher:
		return b.wait(ctx, user, part{Source: e.id, Class: class.ID, Duty: duty})
	case user.PersonID == nil:
		return b.reject(ctx, e, "its user is no student")
	}
	return b.sit(ctx, e, known, seat{class.ID, *user.PersonID, role}, duty)
}

// sit gives a person the seat, which they may have had before.
func (b *seats) sit(ctx context.Context, e staged, known *db.Enrollment, at seat, duty enrollment.Duty) error {
	if known != nil && seatOf(known) != at {
		return b.reject(ctx, e, "it was of another class, person or role")
	}
	held := b.taken[at]
	if known == nil && held != nil {
		other := ""
		if held.SourceValue != nil {
			other = *held.SourceValue
		}
		if _, also := b.here[other]; also || other != "" && *held.SourceSystem != b.Source {
			return b.reject(ctx, e, "the user is in the class already, as %q", other)
		}
		b.done.Changed[enrollmentType]++
		return held.Update().SetSourceSystem(b.Source).SetSourceValue(e.id).SetDuty(duty).SetStatus(enrollment.StatusActive).Exec(ctx)
	}
	if known == nil {
		b.fresh = append(b.fresh, b.DB.Enrollment.Create().SetSourceSystem(b.Source).SetSourceValue(e.id).
			SetSchoolClassID(at.class).SetPersonID(at.person).SetRole(at.role).SetDuty(duty))
		b.taken[at] = &db.Enrollment{SourceSystem: &b.Source, SourceValue: &e.id, SchoolClassID: at.class, PersonID: at.person, Role: at.role}
		b.here[e.id] = e
		return nil
	}
	if known.Status == enrollment.StatusActive && known.Duty == duty {
		b.done.Same++
		return nil
	}
	b.done.Changed[enrollmentType]++
	return known.Update().SetDuty(duty).SetStatus(enrollment.StatusActive).Exec(ctx)
}

// wait keeps a teacher's part until somebody is known to be that teacher.
func (b *seats) wait(ctx context.Context, u *db.RosterUser, p part) error {
	s, err := b.open(u)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(s.Parts, func(had part) bool { return had.Source == p.Source })
	switch {
	case len(u.Sealed) == 0 || at >= 0 && s.Parts[at] == p:
		b.done.Same++
		return nil
	case at >= 0:
		s.Parts[at] = p
		b.done.Changed[enrollmentType]++
	default:
		s.Parts = append(s.Parts, p)
		b.done.New[enrollmentType]++
	}
	return b.again(ctx, u, s)
}

// unpart lets go of a teacher's part that they wait for.
func (b *seats) unpart(ctx context.Context, e staged, u *db.RosterUser) error {
	if u == nil || u.PersonID != nil || !teacherRoles[strings.ToLower(e.what["role"])] {
		return nil
	}
	s, err := b.open(u)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(s.Parts), func(p part) bool { return p.Source == e.id })
	if len(left) == len(s.Parts) {
		return nil
	}
	s.Parts = left
	b.done.Same--
	b.done.Ended[enrollmentType]++
	return b.again(ctx, u, s)
}

// again seals what is said of somebody anew.
func (b *seats) again(ctx context.Context, u *db.RosterUser, s said) error {
	key, sealed, err := b.seal(u.ID, s)
	if err != nil {
		return err
	}
	u.DataKey, u.Sealed = key, sealed
	return u.Update().SetDataKey(key).SetSealed(sealed).Exec(ctx)
}

// join gives a teacher who is known now the classes they waited for.
func (o *Office) join(ctx context.Context, personID string, source *string, parts []part) error {
	for _, p := range parts {
		class, err := o.DB.SchoolClass.Query().Where(schoolclass.ID(p.Class), schoolclass.StatusEQ(schoolclass.StatusActive)).Exist(ctx)
		if err != nil {
			return err
		}
		has, err := o.DB.Enrollment.Query().Where(enrollment.SchoolClassID(p.Class), enrollment.PersonID(personID),
			enrollment.RoleEQ(enrollment.RoleTeacher)).Exist(ctx)
		if err != nil {
			return err
		}
		if !class || has {
			continue
		}
		err = o.DB.Enrollment.Create().SetSourceSystem(*source).SetSourceValue(p.Source).SetSchoolClassID(p.Class).SetPersonID(personID).
			SetRole(enrollment.RoleTeacher).SetDuty(p.Duty).Exec(ctx)
		if err != nil {
			return fmt.Errorf("enrol a teacher: %w", err)
		}
	}
	return nil
}
