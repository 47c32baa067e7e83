package roster

import (
	"context"
	"strings"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/academicsession"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/schoolclass"
	"citygraph/internal/oneroster"
)

const (
	sessionType = "AcademicSession"
	classType   = "SchoolClass"
	maxTitle    = 100 // characters
	maxGrade    = 16
)

var sessionKinds = map[string]academicsession.Kind{
	"schoolyear": academicsession.KindSchoolYear, "semester": academicsession.KindSemester,
	"term": academicsession.KindTerm, "gradingperiod": academicsession.KindGradingPeriod,
}

// takeSessions takes over the spans of the school year.
func (r *run) takeSessions(ctx context.Context) error {
	err := r.stage.each(ctx, oneroster.Sessions, func(rows []staged) error {
		known, err := r.sessions(ctx, ids(rows))
		if err != nil {
			return err
		}
		for _, s := range rows {
			if err := r.takeSession(ctx, s, known[s.id]); err != nil {
				return err
			}
		}
		r.took(len(rows))
		return nil
	})
	if err != nil || !r.ends(oneroster.Sessions) {
		return err
	}
	return r.missing(ctx, oneroster.Sessions, sessionType, func(after string) (map[string]string, error) {
		rows, err := r.DB.AcademicSession.Query().Where(academicsession.SourceSystem(r.Source), academicsession.IDGT(after),
			academicsession.StatusEQ(academicsession.StatusActive)).Order(academicsession.ByID()).Limit(batch).All(ctx)
		found := map[string]string{}
		for _, s := range rows {
			found[s.ID] = *s.SourceValue
		}
		return found, err
	}, func(ids []string) error {
		return r.DB.AcademicSession.Update().Where(predicate.AcademicSession(r.Store.OneOf(academicsession.FieldID, ids))).
			SetStatus(academicsession.StatusEnded).Exec(ctx)
	})
}

func (r *run) takeSession(ctx context.Context, s staged, known *db.AcademicSession) error {
	if s.state == deleted {
		if known == nil || known.Status == academicsession.StatusEnded {
			r.done.Same++
			return nil
		}
		r.done.Ended[sessionType]++
		return known.Update().SetStatus(academicsession.StatusEnded).Exec(ctx)
	}
	first, okFirst := day(s.what["startDate"])
	last, okLast := day(s.what["endDate"])
	kind := sessionKinds[strings.ToLower(s.what["type"])]
	title := s.what["title"]
	switch {
	case kind == "":
		return r.reject(ctx, s, "its type is %q, not schoolYear, semester, term or gradingPeriod", s.what["type"])
	case !okFirst || !okLast || last < first:
		return r.reject(ctx, s, "startDate and endDate are no days such as 2026-09-01, one after the other")
	case len([]rune(title)) > maxTitle:
		return r.reject(ctx, s, "title is longer than %d characters", maxTitle)
	case known == nil:
		r.done.New[sessionType]++
		return r.DB.AcademicSession.Create().SetSourceSystem(r.Source).SetSourceValue(s.id).
			SetTitle(title).SetKind(kind).SetFirstDay(first).SetLastDay(last).Exec(ctx)
	case known.Title == title && known.Kind == kind && known.FirstDay == first && known.LastDay == last && known.Status == academicsession.StatusActive:
		r.done.Same++
		return nil
	}
	r.done.Changed[sessionType]++
	return known.Update().SetTitle(title).SetKind(kind).SetFirstDay(first).SetLastDay(last).SetStatus(academicsession.StatusActive).Exec(ctx)
}

func (r *run) sessions(ctx context.Context, ids []string) (map[string]*db.AcademicSession, error) {
	rows, err := r.DB.AcademicSession.Query().Where(academicsession.SourceSystem(r.Source),
		predicate.AcademicSession(r.Store.OneOf(academicsession.FieldSourceValue, ids))).All(ctx)
	found := make(map[string]*db.AcademicSession, len(rows))
	for _, s := range rows {
		found[*s.SourceValue] = s
	}
	return found, err
}

// takeClasses takes over the classes; a course lends its grade.
func (r *run) takeClasses(ctx context.Context) error {
	err := r.stage.each(ctx, oneroster.Classes, func(rows []staged) error {
		known, err := r.classes(ctx, ids(rows))
		if err != nil {
			return err
		}
		around, err := r.around(ctx, rows)
		if err != nil {
			return err
		}
		var fresh []*db.SchoolClassCreate
		for _, c := range rows {
			made, err := r.takeClass(ctx, c, known[c.id], around)
			if err != nil {
				return err
			}
			if made != nil {
				fresh = append(fresh, made)
			}
		}
		r.took(len(rows))
		r.count(r.done.New, classType, len(fresh))
		return r.DB.SchoolClass.CreateBulk(fresh...).Exec(ctx)
	})
	if err != nil || !r.ends(oneroster.Classes) {
		return err
	}
	return r.missing(ctx, oneroster.Classes, classType, func(after string) (map[string]string, error) {
		rows, err := r.DB.SchoolClass.Query().Where(schoolclass.SourceSystem(r.Source), schoolclass.IDGT(after),
			schoolclass.StatusEQ(schoolclass.StatusActive)).Order(schoolclass.ByID()).Limit(batch).All(ctx)
		found := map[string]string{}
		for _, c := range rows {
			found[c.ID] = *c.SourceValue
		}
		return found, err
	}, func(ids []string) error { return r.end(ctx, ids) })
}

// surroundings are what the classes of a batch refer to.
type surroundings struct {
	schools  map[string]*db.School
	sessions map[string]*db.AcademicSession
	courses  map[string]staged
}

func (r *run) around(ctx context.Context, rows []staged) (a surroundings, err error) {
	var orgs, terms, courses []string
	for _, c := range rows {
		orgs = append(orgs, c.what["schoolSourcedId"])
		terms = append(terms, values(c.what["termSourcedIds"])...)
		courses = append(courses, c.what["courseSourcedId"])
	}
	if a.schools, err = r.schools(ctx, orgs); err != nil {
		return a, err
	}
	if a.sessions, err = r.sessions(ctx, terms); err != nil {
		return a, err
	}
	a.courses, err = r.stage.has(ctx, oneroster.Courses, courses)
	return a, err
}

// term is the span a class is taught in: the first that is known.
func (a surroundings) term(c staged) (id *string, dangling string) {
	terms := values(c.what["termSourcedIds"])
	for _, t := range terms {
		if found := a.sessions[t]; found != nil {
			return &found.ID, ""
		}
	}
	if len(terms) > 0 {
		return nil, terms[0]
	}
	return nil, ""
}

func (r *run) takeClass(ctx context.Context, c staged, known *db.SchoolClass, a surroundings) (*db.SchoolClassCreate, error) {
	if c.state == deleted {
		if known == nil || known.Status == schoolclass.StatusEnded {
			r.done.Same++
			return nil, nil
		}
		r.done.Ended[classType]++
		return nil, r.end(ctx, []string{known.ID})
	}
	at := a.schools[c.what["schoolSourcedId"]]
	term, dangling := a.term(c)
	courseID := c.what["courseSourcedId"]
	course, hasCourse := a.courses[courseID]
	grade, _, _ := strings.Cut(c.what["grades"], ",")
	if grade == "" {
		grade, _, _ = strings.Cut(course.what["grades"], ",")
	}
	grade = strings.TrimSpace(grade)
	kind := schoolclass.KindScheduled
	if strings.EqualFold(c.what["classType"], "homeroom") {
		kind = schoolclass.KindHomeroom
	}
	title := c.what["title"]
	switch {
	case at == nil:
		return nil, r.reject(ctx, c, "it refers to the school %q, which is not there", c.what["schoolSourcedId"])
	case dangling != "":
		return nil, r.reject(ctx, c, "it refers to the academic session %q, which is not there", dangling)
	case courseID != "" && !hasCourse && r.set.Mode(oneroster.Courses) == oneroster.Bulk:
		return nil, r.reject(ctx, c, "it refers to the course %q, which is not there", courseID)
	case len([]rune(title)) > maxTitle || len([]rune(grade)) > maxGrade:
		return nil, r.reject(ctx, c, "title or grade is longer than %d or %d characters", maxTitle, maxGrade)
	case known == nil:
		return r.DB.SchoolClass.Create().SetSourceSystem(r.Source).SetSourceValue(c.id).SetSchoolID(at.ID).
			SetTitle(title).SetGrade(grade).SetKind(kind).SetNillableAcademicSessionID(term), nil
	case known.SchoolID != at.ID:
		return nil, r.reject(ctx, c, "it was a class of another school")
	case known.Title == title && known.Grade == grade && known.Kind == kind && same(known.AcademicSessionID, term) && known.Status == schoolclass.StatusActive:
		r.done.Same++
		return nil, nil
	}
	r.done.Changed[classType]++
	u := known.Update().SetTitle(title).SetGrade(grade).SetKind(kind).SetStatus(schoolclass.StatusActive)
	if term == nil {
		u.ClearAcademicSessionID()
	} else {
		u.SetAcademicSessionID(*term)
	}
	return nil, u.Exec(ctx)
}

func same(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

func (r *run) classes(ctx context.Context, ids []string) (map[string]*db.SchoolClass, error) {
	rows, err := r.DB.SchoolClass.Query().Where(schoolclass.SourceSystem(r.Source),
		predicate.SchoolClass(r.Store.OneOf(schoolclass.FieldSourceValue, ids))).All(ctx)
	found := make(map[string]*db.SchoolClass, len(rows))
	for _, c := range rows {
		found[*c.SourceValue] = c
	}
	return found, err
}

// over reports whether a last day has passed.
func (r *run) over(last string) bool {
	at, err := time.Parse(time.DateOnly, last)
	return err == nil && at.Format(time.DateOnly) < r.today()
}
