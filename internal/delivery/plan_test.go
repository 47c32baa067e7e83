package delivery_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/broadcast"
	"citygraph/ent/db/notification"
	choice "citygraph/ent/db/notificationpreference"
	"citygraph/internal/clock"
	"citygraph/internal/delivery"
	"citygraph/internal/id"
	"citygraph/internal/jobs"
	"citygraph/internal/lang"
	"citygraph/internal/notice/preference"
	"citygraph/internal/push"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/target"
)

// at turns the clock to an hour of the next day in Shanghai.
func (p *post) at(hour int) {
	now := p.clock.Now().In(clock.Shanghai)
	y, m, d := now.Date()
	p.clock.Turn(time.Date(y, m, d+1, hour, 0, 0, 0, clock.Shanghai).Sub(now))
}

// prefer keeps a choice of a member of the cast about a topic.
func (p *post) prefer(t *testing.T, member string, topic choice.Topic, change func(*db.NotificationPreferenceCreate)) {
	t.Helper()
	c := p.city.DB.NotificationPreference.Create().SetPersonID(seedtest.Person(t, member)).SetTopic(topic).
		SetChannels([]preference.Channel{preference.FCM}).SetPace(choice.PaceAtOnce).SetDigestAt("18:00").SetZone("Asia/Shanghai")
	change(c)
	c.ExecX(seedtest.System(t))
}

func quietAtNight(c *db.NotificationPreferenceCreate) {
	c.SetQuietHours(&preference.QuietHours{From: "22:00", To: "07:00"})
}

// write writes a notice to chenjing that is told now, and returns its job.
func (p *post) write(t *testing.T, seq int64, topic notification.Topic, change func(*db.NotificationCreate)) jobs.Job[delivery.Args] {
	t.Helper()
	opens, err := target.Of(id.New(id.CityCase))
	if err != nil {
		t.Fatal(err)
	}
	person := seedtest.Person(t, "chenjing")
	c := p.city.DB.Notification.Create().SetPersonID(person).SetSubjectPersonID(person).SetEventKey(fmt.Sprint("event/", seq)).
		SetSeq(seq).SetTopic(topic).SetTarget(opens).SetCreatedAt(p.clock.Now()).
		SetTitle(lang.Text{ZH: fmt.Sprint("通知", seq)}).SetBody(lang.Text{ZH: "正文"})
	if change != nil {
		change(c)
	}
	return p.job(c.SaveX(seedtest.System(t)).ID)
}

// keeps runs a job that must wait, and sends nothing.
func (p *post) keeps(t *testing.T, job jobs.Job[delivery.Args]) {
	t.Helper()
	p.waits(t, job)
	if sent := p.tokens(); len(sent) != 0 {
		t.Errorf("sent to %v", sent)
	}
}

func TestQuietHoursDelayThePush(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	p.prefer(t, "chenjing", choice.TopicCityCase, quietAtNight)
	p.at(23)
	job := p.write(t, 1, notification.TopicCityCase, nil)
	p.keeps(t, job)
	urgent := p.write(t, 2, notification.TopicCityCase, func(c *db.NotificationCreate) { c.SetPriority(notification.PriorityUrgent) })
	p.work(t, urgent)
	if sent := p.tokens(); !cmp.Equal(sent, []string{"phone"}) {
		t.Errorf("the urgent one was sent to %v", sent)
	}
	p.clock.Turn(8 * time.Hour)
	p.work(t, job)
	if sent := p.tokens(); !cmp.Equal(sent, []string{"phone"}) {
		t.Errorf("in the morning sent to %v", sent)
	}
}

func TestATopicTurnedOffIsNotPushed(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	p.prefer(t, "chenjing", choice.TopicCityCase, func(c *db.NotificationPreferenceCreate) { c.SetChannels(nil) })
	p.work(t, p.write(t, 1, notification.TopicCityCase, nil))
	if sent := p.tokens(); len(sent) != 0 {
		t.Errorf("sent to %v", sent)
	}
}

// A day's low-priority notices are one push, by the newest that is unread when the hour comes.
func TestTheDigestIsOnePush(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	p.at(9)
	var day []jobs.Job[delivery.Args]
	for seq := int64(1); seq <= 3; seq++ {
		day = append(day, p.write(t, seq, notification.TopicCityNews, nil))
		p.keeps(t, day[seq-1])
		p.clock.Turn(time.Hour)
	}
	p.city.DB.Notification.UpdateOneID(day[2].Args.NotificationIDs[0]).SetReadAt(p.clock.Now()).ExecX(seedtest.System(t))
	p.clock.Turn(6 * time.Hour) // 18:00
	next := p.write(t, 4, notification.TopicCityNews, nil)
	p.keeps(t, next)
	for _, job := range day {
		p.work(t, job)
	}
	if len(p.sent) != 1 || p.sent[0].Title != "今日城市资讯" || p.sent[0].Body != "您有2条新通知。" || p.sent[0].NotificationID != day[1].Args.NotificationIDs[0] {
		t.Errorf("sent %+v", p.sent)
	}
	p.tokens()
	p.clock.Turn(24 * time.Hour)
	p.work(t, next)
	if len(p.sent) != 1 || p.sent[0].Title != "通知4" {
		t.Errorf("a digest of one is itself: sent %+v", p.sent)
	}
}

func TestWhatIsOverIsNotPushed(t *testing.T) {
	for name, over := range map[string]func(*post, *db.NotificationCreate){
		"retracted": func(p *post, c *db.NotificationCreate) { c.SetRetractedAt(p.clock.Now()) },
		"expired":   func(p *post, c *db.NotificationCreate) { c.SetExpiresAt(p.clock.Now()) },
		"superseded": func(p *post, _ *db.NotificationCreate) {
			p.city.DB.Broadcast.Create().SetEventKey("event/1").SetDistrictIds([]string{"d"}).SetTopic(broadcast.TopicAlert).
				SetPriority(broadcast.PriorityUrgent).SetTemplate("alert/issued").SetTarget("t").SetTitle(lang.Text{ZH: "t"}).
				SetBody(lang.Text{ZH: "b"}).SetCancelledAt(p.clock.Now()).ExecX(seedtest.System(t))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			p.phones(t, "chenjing", "phone")
			job := p.write(t, 1, notification.TopicAlert, func(c *db.NotificationCreate) { over(p, c) })
			p.work(t, job)
			if sent := p.tokens(); len(sent) != 0 {
				t.Errorf("sent to %v", sent)
			}
		})
	}
}

// The provider keeps a push no longer than it is of use.
func TestAPushLivesNoLongerThanItsNotice(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	job := p.write(t, 1, notification.TopicAlert, func(c *db.NotificationCreate) {
		c.SetPriority(notification.PriorityUrgent).SetExpiresAt(p.clock.Now().Add(10 * time.Minute))
	})
	p.work(t, job)
	if len(p.sent) != 1 || p.sent[0].TTL != 10*time.Minute || p.sent[0].Priority != push.High {
		t.Errorf("sent %+v", p.sent)
	}
}
