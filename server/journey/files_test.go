package journey_test

import (
	"bytes"
	"testing"

	"codeberg.org/go-pdf/fpdf"
	"github.com/google/uuid"

	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/school"
	"citygraph/ent/db/schoolclass"
	"citygraph/internal/lang"
	"citygraph/internal/photo/phototest"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

// handed is what the app shows of announcements with their attachments.
type handed struct {
	Announcements struct {
		Edges []struct {
			Node struct {
				Announcement struct {
					ID, Status  string
					Title       *string
					FromBureau  bool
					Attachments []struct {
						ID, Kind, Name, URL string
						ThumbnailURL        *string
					}
				}
			}
		}
	}
}

// sendFile is the id of an attachment that somebody has uploaded, or the code of the refusal.
func sendFile(t *testing.T, who *citytest.Client, name string, file []byte) (fileID, code string) {
	t.Helper()
	var data struct {
		UploadAttachment struct {
			Attachment *struct{ ID string }
			UserErrors []problem
		}
	}
	answer := who.DoFor("home-school", "UploadAttachment", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "name": name, "file": citytest.File(file),
	}})
	if code := answer.Code(); code != "" {
		return "", code
	}
	answer.Decode(t, &data)
	if data.UploadAttachment.Attachment == nil {
		return "", data.UploadAttachment.UserErrors[0].Code
	}
	return data.UploadAttachment.Attachment.ID, ""
}

// A teacher sends a class a photo and a form to sign. A mother opens both and acknowledges; nobody else may upload or have them, a file
// that acts is refused, and after the retraction nothing is shown.
func TestATripComesWithItsForm(t *testing.T) {
	city := citytest.Start(t)
	here := &seedtest.City{Store: city.Store, DB: city.DB}
	at := viewer.From(here.As(t, "lina")).Organisations(viewer.Teacher)[0]
	class := seedtest.PutClass(t, here, "二年级3班", "2", enrollment.DutyClassTeacher)
	seedtest.Enrol(t, here, class, seedtest.Person(t, "zhouzihan"), enrollment.RoleStudent, enrollment.DutyNone)
	teacher, mother, father, stranger := city.As(t, "lina"), city.As(t, "chenjing"), city.As(t, "zhouwei"), city.As(t, "maming")
	doc := fpdf.New("P", "mm", "A4", "")
	doc.AddPage()
	var form bytes.Buffer
	if err := doc.Output(&form); err != nil {
		t.Fatal(err)
	}
	acting := bytes.Replace(form.Bytes(), []byte("/Type /Catalog"), []byte("/OpenAction << /S /JavaScript >> /Type /Catalog"), 1)
	if _, code := sendFile(t, teacher, "回执", acting); code != "ATTACHMENT_TYPE_UNSUPPORTED" {
		t.Errorf("a PDF that acts: %q", code)
	}
	if _, code := sendFile(t, stranger, "回执", form.Bytes()); code != "FORBIDDEN" {
		t.Errorf("a stranger uploads: %q", code)
	}
	pdf, _ := sendFile(t, teacher, "../回执.docx", form.Bytes())
	picture, _ := sendFile(t, teacher, "植物园", phototest.Phone(32, 24, 1))
	hers, _ := sendFile(t, mother, "病历", form.Bytes())
	trip := func(files ...string) citytest.Vars {
		return citytest.Vars{"input": citytest.Vars{
			"idempotencyKey": uuid.NewString(), "schoolId": at, "kind": "NOTICE", "audience": citytest.Vars{"classes": []string{class}},
			"title": "春游", "body": "周五去植物园，请确认。", "acknowledgement": "REQUIRED", "attachmentIds": files,
		}}
	}
	if found := problems(t, teacher.Do("PublishAnnouncement", trip(pdf, hers))); len(found) != 1 || found[0].Code != "NOT_FOUND" {
		t.Errorf("with another's attachment: %+v", found)
	}
	var made struct {
		PublishAnnouncement struct{ Announcement struct{ ID string } }
	}
	teacher.Do("PublishAnnouncement", trip(pdf, picture)).Decode(t, &made)
	about := citytest.Vars{"input": citytest.Vars{"announcementId": made.PublishAnnouncement.Announcement.ID}}
	if found := problems(t, teacher.Do("PublishAnnouncement", trip(pdf))); len(found) != 1 || found[0].Code != "NOT_FOUND" {
		t.Errorf("with one that goes with another: %+v", found)
	}
	var shown handed
	mother.Do("Announcements", nil).Decode(t, &shown)
	a := shown.Announcements.Edges[0].Node.Announcement
	if len(a.Attachments) != 2 || a.Attachments[0].Name != "回执.pdf" || a.Attachments[0].ThumbnailURL != nil || a.Attachments[1].Kind != "PHOTO" || a.FromBureau {
		t.Fatalf("she is shown %+v", a)
	}
	response, content := fetch(t, city, a.Attachments[0].URL)
	h := response.Header
	if response.StatusCode != 200 || !bytes.Equal(content, form.Bytes()) || h.Get("Content-Type") != "application/pdf" || h.Get("X-Content-Type-Options") != "nosniff" ||
		h.Get("Content-Disposition")[:10] != "attachment" {
		t.Errorf("the form: %d %v", response.StatusCode, h)
	}
	if response, content := fetch(t, city, *a.Attachments[1].ThumbnailURL); response.StatusCode != 200 || !bytes.HasPrefix(content, []byte("\xff\xd8\xff")) {
		t.Errorf("the thumbnail: %d", response.StatusCode)
	}
	node := func(who *citytest.Client) string {
		var data struct{ Node *struct{ Name string } }
		answer := who.Query(`query($id: ID!) { node(id: $id) { ... on Attachment { name } } }`, citytest.Vars{"id": pdf})
		if answer.Code() == "NOT_FOUND" {
			return ""
		}
		answer.Decode(t, &data)
		return data.Node.Name
	}
	if node(mother) != "回执.pdf" || node(father) != "" || node(stranger) != "" {
		t.Errorf("the form is to the mother %q, to the barred father %q, to a stranger %q", node(mother), node(father), node(stranger))
	}
	if found := problems(t, mother.Do("Acknowledge", about)); len(found) != 0 {
		t.Errorf("she cannot acknowledge: %+v", found)
	}
	if found := problems(t, teacher.Do("RetractAnnouncement", about)); len(found) != 0 {
		t.Fatalf("she cannot take it back: %+v", found)
	}
	var left handed
	mother.Do("Announcements", nil).Decode(t, &left)
	if n := len(left.Announcements.Edges[0].Node.Announcement.Attachments); n != 0 || node(mother) != "" || node(teacher) == "" {
		t.Errorf("after the retraction she is shown %d, and %q", n, node(mother))
	}
}

// The bureau closes schools for a typhoon. Two schools say so, a mother with a child at each acknowledges at one, its teacher may not take it back, and
// the bureau does.
func TestTheBureauSpeaksThroughTwoSchools(t *testing.T) {
	city := citytest.Start(t)
	here := &seedtest.City{Store: city.Store, DB: city.DB}
	system := system(t)
	first := seedtest.PutClass(t, here, "二年级3班", "2", enrollment.DutyClassTeacher)
	seedtest.PutPupil(t, here, first, seedtest.Person(t, "chenjing"))
	district := city.DB.District.Query().FirstIDX(system)
	other := city.DB.School.Create().SetName(lang.Text{ZH: "新校"}).SetStage(school.StagePrimary).SetDistrictID(district).SetLat(30).SetLng(120).SaveX(system)
	class := city.DB.SchoolClass.Create().SetTitle("一班").SetGrade("1").SetSchoolID(other.ID).SaveX(system)
	seedtest.PutPupil(t, here, class.ID, seedtest.Person(t, "chenjing"))
	bureau, teacher, mother := city.As(t, "fanglei"), city.As(t, "lina"), city.As(t, "chenjing")
	said := citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "districtIds": []string{}, "title": "停课通知", "body": "台风，明日停课。", "urgency": "URGENT", "acknowledgement": "REQUIRED",
	}}
	if code := teacher.DoFor("home-school", "PublishBureauNotice", said).Code(); code != "FORBIDDEN" {
		t.Errorf("a teacher speaks for the bureau: %q", code)
	}
	var made struct {
		PublishBureauNotice struct{ BureauNotice struct{ ID string } }
	}
	bureau.DoFor("home-school", "PublishBureauNotice", said).Decode(t, &made)
	var shown handed
	heard := func(status string) (n int) {
		shown = handed{}
		mother.Do("Announcements", nil).Decode(t, &shown)
		for _, e := range shown.Announcements.Edges {
			if a := e.Node.Announcement; a.FromBureau && a.Status == status {
				n++
			}
		}
		return n
	}
	var listed struct {
		BureauNotices struct {
			Edges []struct {
				Node struct {
					ID, Status string
					Stats      struct{ Schools, Delivered, Acknowledged int }
				}
			}
		}
	}
	schools := map[string]bool{}
	for _, c := range city.DB.SchoolClass.Query().Where(schoolclass.StatusEQ(schoolclass.StatusActive)).AllX(system) {
		schools[c.SchoolID] = true
	}
	citytest.Eventually(t, "all schools say it", func() bool {
		bureau.DoFor("home-school", "BureauNotices", nil).Decode(t, &listed)
		return listed.BureauNotices.Edges[0].Node.Stats.Schools == len(schools)
	})
	told := heard("PUBLISHED") // at the two, and where her children of the demo go
	if told < 2 {
		t.Fatalf("she is told by %d schools", told)
	}
	for _, e := range shown.Announcements.Edges {
		about := citytest.Vars{"input": citytest.Vars{"announcementId": e.Node.Announcement.ID}}
		answer := teacher.Do("RetractAnnouncement", about)
		if code := answer.Code(); code == "" {
			if found := problems(t, answer); len(found) != 1 || found[0].Code != "NOT_FOUND" { // at the other school
				t.Errorf("a teacher takes it back: %+v", found)
			}
		} else if code != "FORBIDDEN" {
			t.Errorf("a teacher takes it back: %q", code)
		}
		if found := problems(t, mother.Do("Acknowledge", about)); len(found) != 0 {
			t.Errorf("she cannot acknowledge: %+v", found)
		}
	}
	bureau.DoFor("home-school", "BureauNotices", nil).Decode(t, &listed)
	if n := listed.BureauNotices.Edges[0].Node; n.Stats.Delivered < told || n.Stats.Acknowledged != told {
		t.Errorf("the bureau is told %+v", n)
	}
	back := citytest.Vars{"input": citytest.Vars{"bureauNoticeId": made.PublishBureauNotice.BureauNotice.ID}}
	if found := problems(t, bureau.DoFor("home-school", "RetractBureauNotice", back)); len(found) != 0 {
		t.Fatalf("it cannot be taken back: %+v", found)
	}
	citytest.Eventually(t, "all schools take it back", func() bool { return heard("RETRACTED") == told })
	if shown.Announcements.Edges[0].Node.Announcement.Title != nil {
		t.Error("its title is still shown")
	}
}
