package contracttest_test

import (
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"citygraph/ent/db/announcement"
	"citygraph/ent/db/attachment"
	"citygraph/ent/db/delivery"
	"citygraph/internal/photo/phototest"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

// file is the input that uploads a photo as an attachment.
func file() citytest.Vars {
	return citytest.Vars{"idempotencyKey": uuid.NewString(), "name": "春游.jpg", "file": citytest.File(phototest.Phone(32, 24, 1))}
}

// notice is the input of what the bureau says to the whole city.
func notice() citytest.Vars {
	return citytest.Vars{"idempotencyKey": uuid.NewString(), "districtIds": []string{}, "title": "停课通知", "body": "台风，明日停课。"}
}

// said is a notice of the bureau's.
func (r *rig) said(t testing.TB) string {
	t.Helper()
	var answer struct {
		PublishBureauNotice struct{ BureauNotice struct{ ID string } }
	}
	r.member["fanglei"].Do("PublishBureauNotice", citytest.Vars{"input": notice()}).Decode(t, &answer)
	noticeID := answer.PublishBureauNotice.BureauNotice.ID
	if noticeID == "" {
		t.Fatal("the bureau could not publish")
	}
	return noticeID
}

// filed lays out an attachment of an announcement of lina's, one of chenjing's that waits, and a notice of the bureau's.
func (r *rig) filed(t testing.TB) {
	t.Helper()
	system := viewer.AsSystem(t.Context(), "lay out attachments")
	for _, name := range []string{"lina", "chenjing"} {
		create := r.DB.Attachment.Create().SetUploaderID(castID(name)).SetKind(attachment.KindPdf).SetName("回执.pdf").SetSizeBytes(1).
			SetFile(uuid.NewString()).SetDataKey([]byte("key"))
		if name == "lina" {
			create.SetAnnouncementID(r.announced(t))
		}
		if err := create.Exec(system); err != nil {
			t.Fatal(err)
		}
	}
	ofChenjing := r.DB.Delivery.Query().Where(delivery.GuardianID(castID("chenjing")), delivery.HasAnnouncementWith(announcement.BureauNoticeID(r.said(t))))
	citytest.Eventually(t, "a school of chenjing's children passes it on", func() bool { return ofChenjing.Clone().ExistX(system) })
}

// fileSamples are the attachments of filed; the first is chenjing's.
func fileSamples() []sampling {
	return []sampling{
		{"chenjing's, that waits", sql.FieldEQ("uploader_id", castID("chenjing"))},
		{"of lina's announcement", sql.FieldEQ("uploader_id", castID("lina"))},
	}
}

// roomForFiles lets a member's attachments wait no longer.
func (r *rig) roomForFiles(t testing.TB, name string) {
	t.Helper()
	_, err := r.DB.Attachment.Delete().Where(attachment.UploaderID(castID(name)), attachment.AnnouncementIDIsNil()).
		Exec(viewer.AsSystem(t.Context(), "let attachments wait no longer"))
	if err != nil {
		t.Fatal(err)
	}
}

// fileScenes are how the operations of attachments and of the bureau are run for their figures.
func fileScenes() map[string]scene {
	return map[string]scene{
		"UploadAttachment": func(t testing.TB, r *rig) asked {
			r.roomForFiles(t, "lina")
			return input(r.member["lina"], file())
		},
		"CreateAttachmentUpload": func(_ testing.TB, r *rig) asked {
			return input(r.member["lina"], citytest.Vars{"name": "收条一份"})
		},
		"PublishBureauNotice": func(_ testing.TB, r *rig) asked { return input(r.member["fanglei"], notice()) },
		"RetractBureauNotice": func(t testing.TB, r *rig) asked {
			return input(r.member["fanglei"], citytest.Vars{"bureauNoticeId": r.said(t)})
		},
		"BureauNotices": func(t testing.TB, r *rig) asked {
			r.said(t)
			return asked{r.member["fanglei"], citytest.Vars{"first": 20}}
		},
	}
}

// fileProbes are the rows of the matrix for attachments and for what the bureau says.
func fileProbes() []probe {
	return []probe{
		{"Mutation.uploadAttachment", "a photo", act(func(testing.TB, *rig, string) citytest.Vars { return file() }),
			`mutation($input: UploadAttachmentInput!) { uploadAttachment(input: $input) { userErrors { code } } }`},
		{"Mutation.createAttachmentUpload", "of a name", act(func(testing.TB, *rig, string) citytest.Vars { return citytest.Vars{"name": "收条一份"} }),
			`mutation($input: CreateAttachmentUploadInput!) { createAttachmentUpload(input: $input) { userErrors { code } } }`},
		{"Mutation.publishBureauNotice", "to the city", act(func(testing.TB, *rig, string) citytest.Vars { return notice() }),
			`mutation($input: PublishBureauNoticeInput!) { publishBureauNotice(input: $input) { userErrors { code } } }`},
		{"Mutation.retractBureauNotice", "the bureau's", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
			return citytest.Vars{"bureauNoticeId": r.said(t)}
		}), `mutation($input: RetractBureauNoticeInput!) { retractBureauNotice(input: $input) { userErrors { code } } }`},
		{"Query.bureauNotices", "all", everybody(nil), `{ bureauNotices { edges { node { id } } } }`},
	}
}
