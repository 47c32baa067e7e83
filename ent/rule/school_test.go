package rule_test

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/internal/id"
	"citygraph/internal/school/audience"
	"citygraph/internal/viewer"
)

// school lays out a class of lina's school with chenjing's daughter in it, and what the school told her mother.
func (s *stage) school(ctx context.Context, lina *viewer.Viewer, daughter string) {
	s.teaches = lina.Organisations(viewer.Teacher)[0]
	s.class = s.newClass().SaveX(ctx)
	s.newEnrollment(daughter).ExecX(ctx)
	s.newRosterUser(daughter).ExecX(ctx)
	s.newSession().ExecX(ctx)
	s.announced = s.newAnnouncement(lina.PersonID).SetStatus("PUBLISHED").SetPublishedAt(time.Now()).SaveX(ctx).ID
	s.newDelivery(s.chenjing).AddStudentIDs(daughter).ExecX(ctx)
}

func (s *stage) newSession() *db.AcademicSessionCreate {
	return s.DB.AcademicSession.Create().SetTitle("x").SetKind("TERM").SetFirstDay("2026-09-01").SetLastDay("2027-01-20")
}

func (s *stage) newClass() *db.SchoolClassCreate {
	return s.DB.SchoolClass.Create().SetTitle("x").SetSchoolID(s.teaches)
}

func (s *stage) newEnrollment(personID string) *db.EnrollmentCreate {
	return s.DB.Enrollment.Create().SetSchoolClassID(s.class.ID).SetPersonID(personID).SetRole(enrollment.RoleStudent)
}

func (s *stage) newRosterUser(personID string) *db.RosterUserCreate {
	return s.DB.RosterUser.Create().SetID(id.New(id.RosterUser)).SetPersonID(personID).SetDataKey([]byte{1}).SetSealed([]byte{1})
}

func (s *stage) newAnnouncement(authorID string) *db.AnnouncementCreate {
	return s.DB.Announcement.Create().SetSchoolID(s.teaches).SetAuthorID(authorID).SetKind("NOTICE").
		SetAudience(audience.Audience{School: true}).SetTitle("春游").SetBody("周五")
}

func (s *stage) newDelivery(guardianID string) *db.DeliveryCreate {
	return s.DB.Delivery.Create().SetAnnouncementID(s.announced).SetGuardianID(guardianID)
}

// schoolCounts count the rows of schools that a viewer sees.
func (s *stage) schoolCounts() map[string]func(context.Context) int {
	c := s.DB
	return map[string]func(context.Context) int{
		"AcademicSession": func(ctx context.Context) int { return c.AcademicSession.Query().CountX(ctx) },
		"Announcement":    func(ctx context.Context) int { return c.Announcement.Query().CountX(ctx) },
		"Delivery":        func(ctx context.Context) int { return c.Delivery.Query().CountX(ctx) },
		"Enrollment":      func(ctx context.Context) int { return c.Enrollment.Query().CountX(ctx) },
		"RosterUser":      func(ctx context.Context) int { return c.RosterUser.Query().CountX(ctx) },
		"SchoolClass":     func(ctx context.Context) int { return c.SchoolClass.Query().CountX(ctx) },
	}
}

// schoolWrites try to write the rows of schools, which are the verbs' alone.
func (s *stage) schoolWrites() map[string]writes {
	c := s.DB
	return map[string]writes{
		"AcademicSession": {
			create: func(ctx context.Context, _ string) error { return s.newSession().Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.AcademicSession.Update().SetTitle("y").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.AcademicSession.Delete().Exec(ctx) },
		},
		"Announcement": {
			create: func(ctx context.Context, me string) error { return s.newAnnouncement(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.Announcement.Update().SetTitle("x").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Announcement.Delete().Exec(ctx) },
		},
		"Delivery": {
			create: func(ctx context.Context, me string) error { return s.newDelivery(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.Delivery.Update().ClearReadAt().Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Delivery.Delete().Exec(ctx) },
		},
		"Enrollment": {
			create: func(ctx context.Context, me string) error { return s.newEnrollment(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.Enrollment.Update().SetStatus("ENDED").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Enrollment.Delete().Exec(ctx) },
		},
		"RosterUser": {
			create: func(ctx context.Context, me string) error { return s.newRosterUser(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.RosterUser.Update().SetStatus("ENDED").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.RosterUser.Delete().Exec(ctx) },
		},
		"SchoolClass": {
			create: func(ctx context.Context, _ string) error { return s.newClass().Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.SchoolClass.Update().SetTitle("y").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.SchoolClass.Delete().Exec(ctx) },
		},
	}
}
