package journey_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/enrollment"
	"citygraph/internal/photo/phototest"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

type heardInThread struct {
	ThreadMessage struct {
		Seq  int
		Body *string
	}
}

// A mother finds her child's teacher and writes to her; the teacher listens, answers and takes a word back. A stranger and the barred
// father see nothing of it, and when the child leaves the class, nothing more can be said.
func TestAMotherAndATeacherTalk(t *testing.T) {
	city := citytest.Start(t)
	here := &seedtest.City{Store: city.Store, DB: city.DB}
	class := seedtest.PutClass(t, here, "二年级3班", "2", enrollment.DutyClassTeacher)
	child := seedtest.PutPupil(t, here, class, seedtest.Person(t, "chenjing"))
	teacher, mother := city.As(t, "lina"), city.As(t, "chenjing")
	var contacts struct {
		ThreadContacts []struct{ TeacherID, MaskedName string }
	}
	mother.DoFor("wechat-miniprogram", "ThreadContacts", citytest.Vars{"child": child}).Decode(t, &contacts)
	if len(contacts.ThreadContacts) != 1 || contacts.ThreadContacts[0].MaskedName == "李娜" {
		t.Fatalf("she can write to %+v", contacts)
	}
	var opened struct {
		OpenThread struct {
			Thread struct {
				ID             string
				AllowedActions []string
				Child          struct{ PersonID string }
			}
		}
	}
	mother.Do("OpenThread", citytest.Vars{"input": citytest.Vars{"studentId": child, "teacherId": contacts.ThreadContacts[0].TeacherID}}).Decode(t, &opened)
	th := opened.OpenThread.Thread
	if th.Child.PersonID != child || len(th.AllowedActions) != 1 {
		t.Fatalf("opened %+v", th)
	}
	say := func(c *citytest.Client, body string) string {
		t.Helper()
		var answer struct {
			SendMessage struct{ Message struct{ ID string } }
		}
		c.Do("SendMessage", citytest.Vars{"input": citytest.Vars{
			"idempotencyKey": uuid.NewString(), "threadId": th.ID, "body": body, "urgency": "NORMAL",
		}}).Decode(t, &answer)
		return answer.SendMessage.Message.ID
	}
	live := teacher.Subscribe(t, "ThreadMessage", citytest.Vars{"thread": th.ID, "afterSeq": 0})
	say(mother, "孩子发烧，明天请假。")
	var got heardInThread
	live.Next(t).Decode(t, &got)
	if got.ThreadMessage.Seq != 1 || got.ThreadMessage.Body == nil {
		t.Fatalf("the teacher hears %+v", got)
	}
	var list struct {
		Threads struct {
			Edges []struct {
				Node struct {
					ID          string
					UnreadCount int
				}
			}
		}
	}
	teacher.Do("Threads", citytest.Vars{"first": 5}).Decode(t, &list)
	if len(list.Threads.Edges) != 1 || list.Threads.Edges[0].Node.UnreadCount != 1 {
		t.Errorf("the teacher has %+v", list)
	}
	if found := problems(t, teacher.Do("MarkThreadRead", citytest.Vars{"input": citytest.Vars{"threadId": th.ID, "seq": 1}})); len(found) != 0 {
		t.Errorf("she cannot mark it: %+v", found)
	}
	wrong := say(teacher, "知道了，小张。")
	live.Next(t).Decode(t, &got)
	if found := problems(t, teacher.Do("RetractMessage", citytest.Vars{"input": citytest.Vars{"messageId": wrong}})); len(found) != 0 {
		t.Fatalf("she cannot take it back: %+v", found)
	}
	live.Next(t).Decode(t, &got)
	if got.ThreadMessage.Seq != 2 || got.ThreadMessage.Body != nil {
		t.Errorf("after the retraction she hears %+v", got)
	}
	for _, name := range []string{"maming", "zhouwei", "fanglei"} {
		if code := city.As(t, name).Do("Messages", citytest.Vars{"thread": th.ID}).Code(); code != "NOT_FOUND" {
			t.Errorf("%s reads: %q", name, code)
		}
	}
	note, code := sendFile(t, mother, "假条", phototest.Phone(32, 24, 1))
	if code != "" {
		t.Fatalf("she cannot upload a note: %s", code)
	}
	mother.DoFor("wechat-miniprogram", "SendMessage", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "threadId": th.ID, "body": "假条见附件", "attachmentIds": []string{note},
	}})
	if page := string(teacher.Do("Messages", citytest.Vars{"thread": th.ID}).Body); !strings.Contains(page, note) || !strings.Contains(page, "假条.jpg") {
		t.Errorf("the teacher has no note: %s", page)
	}
	city.DB.Enrollment.Update().Where(enrollment.PersonID(child)).SetStatus(enrollment.StatusEnded).ExecX(system(t))
	found := problems(t, mother.Do("SendMessage", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "threadId": th.ID, "body": "还在吗", "urgency": "NORMAL",
	}}))
	if len(found) != 1 || found[0].Code != "INVALID_TRANSITION" {
		t.Errorf("after the transfer: %+v", found)
	}
}
