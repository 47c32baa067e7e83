package rule_test

import (
	"context"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/internal/viewer"
)

// files lays out an attachment of what the school told chenjing, one of what it took back, one of lina's that waits, one
// of a message and one of a message that was retracted, and a notice of the bureau's.
func (s *stage) files(ctx context.Context, lina *viewer.Viewer) {
	s.newAttachment(lina.PersonID).SetAnnouncementID(s.announced).ExecX(ctx)
	s.newAttachment(lina.PersonID).ExecX(ctx)
	back := s.newAnnouncement(lina.PersonID).SetStatus("RETRACTED").SaveX(ctx).ID
	told := s.DB.Delivery.Query().WithStudents().FirstX(ctx)
	s.DB.Delivery.Create().SetAnnouncementID(back).SetGuardianID(told.GuardianID).AddStudents(told.Edges.Students...).ExecX(ctx)
	s.newAttachment(lina.PersonID).SetAnnouncementID(back).ExecX(ctx)
	s.newAttachment(lina.PersonID).SetMessageID(s.message).ExecX(ctx)
	gone := s.newMessage(lina.PersonID, 3).SetRetractedAt(time.Now()).SaveX(ctx).ID
	s.newAttachment(s.chenjing).SetMessageID(gone).ExecX(ctx)
	s.newBureauNotice(s.chenjing).ExecX(ctx)
}

func (s *stage) newAttachment(uploaderID string) *db.AttachmentCreate {
	return s.DB.Attachment.Create().SetUploaderID(uploaderID).SetKind("PDF").SetName("a.pdf").SetSizeBytes(1).SetFile(uuid.NewString()).SetDataKey([]byte{1})
}

func (s *stage) newBureauNotice(authorID string) *db.BureauNoticeCreate {
	return s.DB.BureauNotice.Create().SetAuthorID(authorID).SetDistrictIds([]string{}).SetTitle("x").SetBody("x")
}

// fileCounts count the attachments and notices of the bureau that a viewer sees.
func (s *stage) fileCounts() map[string]func(context.Context) int {
	c := s.DB
	return map[string]func(context.Context) int{
		"Attachment":   func(ctx context.Context) int { return c.Attachment.Query().CountX(ctx) },
		"BureauNotice": func(ctx context.Context) int { return c.BureauNotice.Query().CountX(ctx) },
	}
}

// fileSeen is what the cast sees of them: chenjing none of what was taken back, and none of what waits.
func fileSeen() map[string]map[string]int {
	return map[string]map[string]int{
		"Attachment":   {"chenjing": 2, "lina": 4},
		"BureauNotice": {"fanglei": 1, "lina": 1},
	}
}

// fileWrites try to write them, which is the verbs' alone.
func (s *stage) fileWrites() map[string]writes {
	c := s.DB
	return map[string]writes{
		"Attachment": {
			create: func(ctx context.Context, me string) error { return s.newAttachment(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) {
				return c.Attachment.Update().ClearMessageID().SetAnnouncementID(s.announced).Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.Attachment.Delete().Exec(ctx) },
		},
		"BureauNotice": {
			create: func(ctx context.Context, me string) error { return s.newBureauNotice(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) {
				return c.BureauNotice.Update().SetStatus("RETRACTED").Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.BureauNotice.Delete().Exec(ctx) },
		},
	}
}
