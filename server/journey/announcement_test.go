package journey_test

import (
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/guardianship"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

// toldBySchool is what the app shows of what schools told a family.
type toldBySchool struct {
	Announcements struct {
		Edges []struct {
			Node struct {
				ID             string
				AcknowledgedAt *string
				AllowedActions []string
				Pupils         []struct{ PersonID, Name string }
				Announcement   struct {
					ID, Status  string
					Title, Body *string
				}
			}
		}
	}
}

func (c toldBySchool) count() int { return len(c.Announcements.Edges) }

type figures struct {
	AnnouncementStats struct{ Delivered, Read, Acknowledged int }
}

// A teacher plans a class trip. A mother of two gets one announcement that names both, and acknowledges it while the teacher looks
// on; the barred father learns nothing. The teacher takes it back, and a mark to the whole class is refused.
func TestAClassGoesOnATrip(t *testing.T) {
	city := citytest.Start(t)
	here := &seedtest.City{Store: city.Store, DB: city.DB}
	school := viewer.From(here.As(t, "lina")).Organisations(viewer.Teacher)[0]
	class := seedtest.PutClass(t, here, "二年级3班", "2", enrollment.DutyClassTeacher)
	for _, child := range []string{"zhouzihan", "zhouzixuan"} {
		seedtest.Enrol(t, here, class, seedtest.Person(t, child), enrollment.RoleStudent, enrollment.DutyNone)
	}
	teacher, mother, father := city.As(t, "lina"), city.As(t, "chenjing"), city.As(t, "zhouwei")
	inputOf := func(body string) citytest.Vars {
		return citytest.Vars{"input": citytest.Vars{
			"idempotencyKey": uuid.NewString(), "schoolId": school, "kind": "NOTICE", "audience": citytest.Vars{"classes": []string{class}},
			"title": "春游", "body": body, "acknowledgement": "REQUIRED",
		}}
	}
	if found := problems(t, teacher.Do("PublishAnnouncement", inputOf("期中成绩：张三 98分，李四 87分"))); len(found) != 1 || found[0].Code != "GRADE_BROADCAST_FORBIDDEN" {
		t.Errorf("marks to a class: %+v", found)
	}
	var made struct {
		PublishAnnouncement struct {
			Announcement struct {
				ID, Status     string
				AllowedActions []string
			}
		}
	}
	teacher.DoFor("home-school", "PublishAnnouncement", inputOf("周五去植物园，请确认。")).Decode(t, &made)
	a := made.PublishAnnouncement.Announcement
	if a.Status != "PUBLISHED" || len(a.AllowedActions) != 2 {
		t.Fatalf("published: %+v", a)
	}
	stats := teacher.Subscribe(t, "AnnouncementStats", citytest.Vars{"announcement": a.ID})
	var now figures
	stats.Next(t).Decode(t, &now)
	if now.AnnouncementStats.Delivered == 0 || now.AnnouncementStats.Acknowledged != 0 {
		t.Errorf("the teacher sees %+v", now)
	}
	var shown, barred toldBySchool
	mother.Do("Announcements", citytest.Vars{"unacknowledged": true}).Decode(t, &shown)
	if shown.count() != 1 || len(shown.Announcements.Edges[0].Node.Pupils) != 2 || len(shown.Announcements.Edges[0].Node.AllowedActions) != 2 {
		t.Fatalf("the mother is shown %+v", shown)
	}
	for _, p := range shown.Announcements.Edges[0].Node.Pupils {
		if p.Name != "周**" {
			t.Errorf("it names %s", p.Name)
		}
	}
	father.Do("Announcements", nil).Decode(t, &barred)
	if barred.count() != 0 {
		t.Errorf("the barred father is shown %+v", barred)
	}
	about := citytest.Vars{"input": citytest.Vars{"announcementId": a.ID}}
	if found := problems(t, father.Do("Acknowledge", about)); len(found) != 1 || found[0].Code != "NOT_FOUND" {
		t.Errorf("the barred father acknowledges: %+v", found)
	}
	if found := problems(t, mother.DoFor("wechat-miniprogram", "Acknowledge", about)); len(found) != 0 {
		t.Fatalf("she cannot acknowledge: %+v", found)
	}
	for now.AnnouncementStats.Acknowledged == 0 {
		stats.Next(t).Decode(t, &now)
	}
	if now.AnnouncementStats.Read != 1 {
		t.Errorf("acknowledged and not read: %+v", now)
	}
	var pending struct {
		PendingDeliveries struct {
			Edges []struct {
				Node struct{ MaskedGuardianName string }
			}
		}
	}
	teacher.Do("PendingDeliveries", citytest.Vars{"announcement": a.ID}).Decode(t, &pending)
	if n := len(pending.PendingDeliveries.Edges); n != now.AnnouncementStats.Delivered-1 {
		t.Errorf("%d have not answered, of %d", n, now.AnnouncementStats.Delivered)
	}

	// A custody bar between her and one child leaves the other; between her and both, nothing.
	bar := func(child string) {
		city.DB.Guardianship.Update().Where(guardianship.GuardianID(seedtest.Person(t, "chenjing")), guardianship.ChildID(seedtest.Person(t, child))).
			SetStatus(guardianship.StatusBarred).ExecX(system(t))
	}
	bar("zhouzixuan")
	mother.Do("Announcements", nil).Decode(t, &shown)
	if shown.count() != 1 || len(shown.Announcements.Edges[0].Node.Pupils) != 1 || shown.Announcements.Edges[0].Node.AcknowledgedAt == nil {
		t.Errorf("after a bar for one child she is shown %+v", shown)
	}
	if found := problems(t, teacher.Do("RetractAnnouncement", about)); len(found) != 0 {
		t.Fatalf("she cannot take it back: %+v", found)
	}
	var left toldBySchool
	mother.Do("Announcements", nil).Decode(t, &left)
	if left.count() != 1 || left.Announcements.Edges[0].Node.Announcement.Title != nil || left.Announcements.Edges[0].Node.Announcement.Status != "RETRACTED" {
		t.Errorf("of what was taken back she is shown %+v", left)
	}
	bar("zhouzihan")
	var none toldBySchool
	mother.Do("Announcements", nil).Decode(t, &none)
	if none.count() != 0 {
		t.Errorf("barred from both she is shown %+v", none)
	}
}
