package announcement

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	row "citygraph/ent/db/announcement"
	"citygraph/internal/fault"
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
	if err := words("title", &t.Title, mostTitle, false); err != nil {
		return err
	}
	if err := words("body", &t.Body, mostBody, true); err != nil {
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
		if n := utf8.RuneCountInString(g); n == 0 || n > longestGrade || strings.ContainsFunc(g, unprintable) {
			return bad("没有这个年级。", "There is no such grade.")
		}
	}
	return nil
}

// words trims what a teacher typed, and checks its length and that it has no control characters.
func words(field string, s *string, most int, lines bool) error {
	*s = strings.TrimSpace(strings.ReplaceAll(*s, "\r\n", "\n"))
	n := utf8.RuneCountInString(*s)
	bad := func(r rune) bool { return unprintable(r) && (!lines || (r != '\n' && r != '\t')) }
	if n == 0 || n > most || strings.ContainsFunc(*s, bad) {
		return fault.BadInput(field, fmt.Sprintf("须为1至%d个字，且不含控制字符。", most),
			fmt.Sprintf("It must have 1 to %d characters, and no control characters.", most))
	}
	return nil
}

func unprintable(r rune) bool { return r == utf8.RuneError || unicode.Is(unicode.C, r) }
