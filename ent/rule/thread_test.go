package rule_test

import (
	"context"

	"citygraph/ent/db"
)

// talk lays out the thread of lina and chenjing's daughter's family, with a message that her mother has read and reported.
func (s *stage) talk(ctx context.Context, lina, daughter string) {
	s.thread = s.newThread(lina, daughter).SaveX(ctx).ID
	s.message = s.newMessage(lina, 1).SaveX(ctx).ID
	s.newThreadRead(s.chenjing).ExecX(ctx)
	s.newMessageReport(s.chenjing).ExecX(ctx)
}

func (s *stage) newThread(teacherID, studentID string) *db.ThreadCreate {
	return s.DB.Thread.Create().SetSchoolID(s.teaches).SetTeacherID(teacherID).SetStudentID(studentID)
}

func (s *stage) newMessage(authorID string, seq int) *db.MessageCreate {
	return s.DB.Message.Create().SetThreadID(s.thread).SetSeq(seq).SetAuthorID(authorID).SetAuthorRole("TEACHER").SetBody("明天带画笔").SetLanguage("zh-CN")
}

func (s *stage) newThreadRead(personID string) *db.ThreadReadCreate {
	return s.DB.ThreadRead.Create().SetThreadID(s.thread).SetPersonID(personID).SetSeq(1)
}

func (s *stage) newMessageReport(reporterID string) *db.MessageReportCreate {
	return s.DB.MessageReport.Create().SetMessageID(s.message).SetReporterID(reporterID).SetReason("OTHER")
}

// threadCounts count the rows of threads that a viewer sees.
func (s *stage) threadCounts() map[string]func(context.Context) int {
	c := s.DB
	return map[string]func(context.Context) int{
		"Message":       func(ctx context.Context) int { return c.Message.Query().CountX(ctx) },
		"MessageReport": func(ctx context.Context) int { return c.MessageReport.Query().CountX(ctx) },
		"Thread":        func(ctx context.Context) int { return c.Thread.Query().CountX(ctx) },
		"ThreadRead":    func(ctx context.Context) int { return c.ThreadRead.Query().CountX(ctx) },
	}
}

// threadWrites try to write the rows of threads, which are the verbs' alone.
func (s *stage) threadWrites() map[string]writes {
	c := s.DB
	return map[string]writes{
		"Message": {
			create: func(ctx context.Context, me string) error { return s.newMessage(me, 2).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.Message.Update().SetBody("x").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Message.Delete().Exec(ctx) },
		},
		"MessageReport": {
			create: func(ctx context.Context, me string) error { return s.newMessageReport(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.MessageReport.Update().SetStatus("OPEN").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.MessageReport.Delete().Exec(ctx) },
		},
		"Thread": {
			create: func(ctx context.Context, me string) error { return s.newThread(me, s.chenjing).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.Thread.Update().SetLastSeq(9).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Thread.Delete().Exec(ctx) },
		},
		"ThreadRead": {
			create: func(ctx context.Context, me string) error { return s.newThreadRead(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.ThreadRead.Update().SetSeq(0).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.ThreadRead.Delete().Exec(ctx) },
		},
	}
}
