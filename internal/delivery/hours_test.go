package delivery_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
)

// A template with hours of its own waits for them, and for the quiet hours as well; what is urgent waits for neither.
func TestATemplatesHoursDelayThePush(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	p.prefer(t, "chenjing", "CITY_CASE", quietAtNight)
	opens := p.clock.Now()
	p.Hours = map[string]func(time.Time) time.Time{"school/message_to_teacher": func(at time.Time) time.Time {
		if at.Before(opens) {
			return opens
		}
		return at
	}}
	p.at(12)
	opens = p.clock.Now().Add(13 * time.Hour) // one in the morning, which is quiet
	to := func(template string, priority notification.Priority) func(*db.NotificationCreate) {
		return func(c *db.NotificationCreate) { c.SetTemplate(template).SetPriority(priority) }
	}
	waits := p.write(t, 1, notification.TopicCityCase, to("school/message_to_teacher", notification.PriorityNormal))
	p.keeps(t, waits)
	p.work(t, p.write(t, 2, notification.TopicCityCase, to("school/message_to_teacher", notification.PriorityUrgent)))
	if sent := p.tokens(); !cmp.Equal(sent, []string{"phone"}) {
		t.Errorf("the urgent one was sent to %v", sent)
	}
	p.clock.Turn(13*time.Hour + time.Minute)
	p.keeps(t, waits)
	p.clock.Turn(6 * time.Hour)
	p.work(t, waits)
	if sent := p.tokens(); !cmp.Equal(sent, []string{"phone"}) {
		t.Errorf("in the morning sent to %v", sent)
	}
}
