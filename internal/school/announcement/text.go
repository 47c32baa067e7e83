package announcement

import (
	"strings"
	"time"
	"unicode/utf8"

	row "citygraph/ent/db/announcement"
	"citygraph/internal/fault"
	"citygraph/internal/freetext"
	"citygraph/internal/school/audience"
)

// Text is what an announcement says, to whom, and when.
type Text struct {
	Audience        audience.Audience
	Title           string // 1 to 100 characters
	Body            string // 1 to 4,000 characters
	Urgency         row.Urgency
	Acknowledgement row.Acknowledgement
	DueAt           *time.Time // until when it is to be acknowledged, or the homework done
	PublishAt       *time.Time // nil for now
	Draft           bool       // to be kept, not sent
	AttachmentIDs   []string   // of attachments that the teacher has uploaded, at most 9
}

const (
	mostTitle    = 100
	mostBody     = 4_000
	mostGrades   = 20
	mostNamed    = 100                  // classes, or pupils
	mostAhead    = 90 * 24 * time.Hour  // of publishing
	mostDue      = 366 * 24 * time.Hour // of what is due
	longestGrade = 16
)

// check holds a text to its rules at the instant, and tidies it. BAD_USER_INPUT.
func (t *Text) check(kind row.Kind, now time.Time) error {
	if err := freetext.Line("title", &t.Title, mostTitle); err != nil {
		return err
	}
	if err := freetext.Lines("body", &t.Body, mostBody); err != nil {
		return err
	}
	if err := t.checkAudience(); err != nil {
		return err
	}
	published := now
	if t.PublishAt != nil {
		published = t.PublishAt.UTC()
		t.PublishAt = &published
	}
	switch {
	case t.Draft && t.PublishAt != nil:
		return fault.BadInput("publishAt", "草稿不能设定发布时间。", "A draft has no time of publishing.")
	case t.PublishAt != nil && (!published.After(now) || published.After(now.Add(mostAhead))):
		return fault.BadInput("publishAt", "发布时间须在未来90天内。", "It can be published within the next 90 days.")
	case t.DueAt == nil && kind == row.KindHomework:
		return fault.BadInput("dueAt", "作业须有截止时间。", "Homework needs the time by which it is due.")
	case t.DueAt != nil && (!t.DueAt.After(published) || t.DueAt.After(published.Add(mostDue))):
		return fault.BadInput("dueAt", "截止时间须在发布之后一年内。", "It must be due within a year after it is published.")
	}
	if t.DueAt != nil {
		due := t.DueAt.UTC()
		t.DueAt = &due
	}
	return nil
}

func (t *Text) checkAudience() error {
	a, named := t.Audience, 0
	for _, one := range []bool{a.School, len(a.Grades) > 0, len(a.Classes) > 0, len(a.Students) > 0} {
		if one {
			named++
		}
	}
	bad := func(zh, en string) error { return fault.BadInput("audience", zh, en) }
	switch {
	case named == 0:
		return fault.New(fault.EmptyAudience).At("audience")
	case named > 1:
		return bad("接收范围只能选择一种：全校、年级、班级或学生。", "Name one of: the school, grades, classes, students.")
	case len(a.Grades) > mostGrades, len(a.Classes) > mostNamed, len(a.Students) > mostNamed:
		return bad("最多选择20个年级、100个班级或100名学生。", "Name at most 20 grades, 100 classes or 100 students.")
	}
	for _, g := range a.Grades {
		if n := utf8.RuneCountInString(g); n == 0 || n > longestGrade || strings.ContainsFunc(g, freetext.Unprintable) {
			return bad("没有这个年级。", "There is no such grade.")
		}
	}
	return nil
}
