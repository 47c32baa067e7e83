package seed

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/academicsession"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/schoolclass"
	"citygraph/internal/clock"
	"citygraph/internal/household"
	"citygraph/internal/id"
	"citygraph/internal/mask"
)

// maxAdults is how many invented citizens are guardians of invented pupils, in a city that has as many.
const maxAdults = 20

// class is a class of the demo city: who of the children is in it and who of the cast teaches it.
type class struct {
	key, school, title, grade string
	pupil, teacher            string
	duty                      enrollment.Duty
	mates                     int // invented
	born                      int // the year they were
}

var classes = []class{
	{"xuejun-4-1", "xuejun-primary", "四年级1班", "4", "zhouzihan", "lina", enrollment.DutyClassTeacher, 6, 2016},
	{"xuejun-4-2", "xuejun-primary", "四年级2班", "4", "", "lina", enrollment.DutySubjectTeacher, 4, 2016},
	{"jianlan-9-3", "jianlan-middle", "九年级3班", "9", "zhouzixuan", "", "", 2, 2011},
}

// mates is how many pupils are invented.
func mates() (n int) {
	for _, c := range classes {
		n += c.mates
	}
	return n
}

// roster writes classes for the children of the cast, with invented classmates whose guardians are invented citizens.
func (w *writer) roster(ctx context.Context) error {
	year := w.now.In(clock.Shanghai).AddDate(0, -8, 0).Year() // which begins in September
	termID := id.Derive(id.AcademicSession, 0, "demo")
	err := w.db.AcademicSession.Create().SetID(termID).SetCreatedAt(w.now).SetTitle(fmt.Sprintf("%d学年", year)).
		SetKind(academicsession.KindSchoolYear).SetFirstDay(fmt.Sprintf("%d-09-01", year)).SetLastDay(fmt.Sprintf("%d-07-01", year+1)).Exec(ctx)
	if err != nil {
		return err
	}
	for i, c := range classes {
		if err := w.class(ctx, i, c, termID); err != nil {
			return fmt.Errorf("%s: %w", c.key, err)
		}
	}
	w.wrote(mates())
	return nil
}

func (w *writer) class(ctx context.Context, i int, c class, termID string) error {
	schoolID := ""
	for at, s := range w.city.Schools {
		if s.Key == c.school {
			schoolID = id.Derive(id.School, at, s.Key)
		}
	}
	classID := id.Derive(id.SchoolClass, i, c.key)
	err := w.db.SchoolClass.Create().SetID(classID).SetCreatedAt(w.now).SetUpdatedAt(w.now).SetTitle(c.title).SetGrade(c.grade).
		SetKind(schoolclass.KindHomeroom).SetSchoolID(schoolID).SetAcademicSessionID(termID).Exec(ctx)
	if err != nil {
		return err
	}
	var parts []*db.EnrollmentCreate
	enrol := func(personID string, role enrollment.Role, duty enrollment.Duty) {
		parts = append(parts, w.db.Enrollment.Create().SetID(id.Derive(id.Enrollment, len(parts), c.key)).SetCreatedAt(w.now).SetUpdatedAt(w.now).
			SetSchoolClassID(classID).SetPersonID(personID).SetRole(role).SetDuty(duty))
	}
	if c.pupil != "" {
		enrol(Member{Key: c.pupil}.PersonID(), enrollment.RoleStudent, enrollment.DutyNone)
	}
	if c.teacher != "" {
		enrol(Member{Key: c.teacher}.PersonID(), enrollment.RoleTeacher, c.duty)
	}
	for n := range c.mates {
		mate, err := w.classmate(ctx, c, n)
		if err != nil {
			return err
		}
		enrol(mate, enrollment.RoleStudent, enrollment.DutyNone)
	}
	return w.db.Enrollment.CreateBulk(parts...).Exec(ctx)
}

// classmate writes an invented pupil, who has no account, and a guardian of theirs where there are citizens.
func (w *writer) classmate(ctx context.Context, c class, n int) (personID string, err error) {
	key := fmt.Sprintf("%s/%d", c.key, n)
	personID = id.Derive(id.Person, n, "mate/"+key)
	name := string(familyNames[(7*n+len(c.key))%len(familyNames)]) + string(givenNames[(11*n+3)%len(givenNames)]) + string(givenNames[(5*n+40)%len(givenNames)])
	born := time.Date(c.born, time.September, 1, 0, 0, 0, 0, time.UTC).AddDate(0, n, n).Format(time.DateOnly)
	who, err := w.identified(name, w.idNumber("330106", born, 500+n), fmt.Sprintf("1380572%02d%02d", len(c.key), n))
	if err != nil {
		return "", err
	}
	err = w.db.Person.Create().SetID(personID).SetCreatedAt(w.now).SetUpdatedAt(w.now).SetName(mask.Name(who.Name)).
		SetMaskedIDNumber(mask.IDNumber(who.IDNumber)).SetDistrictID(districtID("330106")).Exec(ctx)
	if err != nil {
		return "", err
	}
	data, err := w.data.Builder(personID, who)
	if err != nil {
		return "", err
	}
	if err := data.SetCreatedAt(w.now).SetUpdatedAt(w.now).Exec(ctx); err != nil || len(w.adults) < maxAdults {
		return personID, err
	}
	return personID, w.db.Guardianship.Create().SetID(id.Derive(id.Guardianship, n, "mate/"+key)).SetCreatedAt(w.now).SetUpdatedAt(w.now).
		SetGuardianID(w.adults[(n+len(c.key))%len(w.adults)]).SetChildID(personID).SetBasis(guardianship.BasisSchoolRecord).
		SetScopeSet(household.LeftAt(born, w.now.In(clock.Shanghai))).Exec(ctx)
}
