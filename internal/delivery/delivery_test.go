package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/device"
	"citygraph/ent/db/notification"
	"citygraph/internal/delivery"
	"citygraph/internal/id"
	"citygraph/internal/jobs"
	"citygraph/internal/lang"
	"citygraph/internal/push"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/target"
)

// post is the room with a channel that answers by script.
type post struct {
	*delivery.Courier
	city  *seedtest.City
	clock *seedtest.Clock

	mu     sync.Mutex
	script map[string][]push.Result // by token: the answers in their order, the last for ever
	sent   []push.Message
}

func open(t *testing.T) *post {
	t.Helper()
	p := &post{city: seedtest.Open(t), clock: seedtest.NewClock(), script: map[string][]push.Result{}}
	p.Courier = &delivery.Courier{DB: p.city.DB, Clock: p.clock, Pool: push.Pool{Sender: p}}
	return p
}

// Send answers by script; a token without one is delivered to.
func (p *post) Send(_ context.Context, m push.Message) push.Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, m)
	answers := p.script[m.Token]
	if len(answers) == 0 {
		return push.Result{Outcome: push.Delivered, ProviderID: "projects/x/messages/" + m.Token}
	}
	if len(answers) > 1 {
		p.script[m.Token] = answers[1:]
	}
	return answers[0]
}

// tokens are those sent to since the last look, in order of the alphabet.
func (p *post) tokens() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []string{}
	for _, m := range p.sent {
		out = append(out, m.Token)
	}
	p.sent = nil
	slices.Sort(out)
	return out
}

// phones registers devices of a member of the cast under these push tokens.
func (p *post) phones(t *testing.T, member string, tokens ...string) {
	t.Helper()
	for _, token := range tokens {
		p.city.DB.Device.Create().SetPersonID(seedtest.Person(t, member)).SetPlatform(device.PlatformAndroid).
			SetPushToken(token).SetPushTokenHash("hash of " + token).SetLastSeenAt(p.clock.Now()).ExecX(seedtest.System(t))
	}
}

// notify writes an inbox row of a member of the cast and returns its job.
func (p *post) notify(t *testing.T, member string, seq int64) jobs.Job[delivery.Args] {
	t.Helper()
	opens, err := target.Of(id.New(id.CityCase))
	if err != nil {
		t.Fatal(err)
	}
	person := seedtest.Person(t, member)
	n := p.city.DB.Notification.Create().SetPersonID(person).SetSubjectPersonID(person).SetEventKey(fmt.Sprint(seq)).
		SetSeq(seq).SetTopic(notification.TopicCityCase).SetTarget(opens).SetCreatedAt(p.clock.Now()).
		SetTitle(lang.Text{ZH: "您的上报已受理", EN: "Your report was accepted"}).
		SetBody(lang.Text{ZH: "路灯", EN: "A light"}).SaveX(seedtest.System(t))
	return jobs.Job[delivery.Args]{Args: delivery.Args{NotificationID: n.ID}}
}

// attempts are the recorded outcomes by the device's token, in their order.
func (p *post) attempts(t *testing.T) map[string][]deliveryattempt.Outcome {
	t.Helper()
	out := map[string][]deliveryattempt.Outcome{}
	for _, a := range p.city.DB.DeliveryAttempt.Query().Order(deliveryattempt.ByID()).AllX(seedtest.System(t)) {
		name := "gone"
		d, err := p.city.DB.Device.Get(seedtest.System(t), a.DeviceID)
		if db.MaskNotFound(err) != nil {
			t.Fatal(err)
		}
		if d != nil {
			name = d.PushToken
		}
		out[name] = append(out[name], a.Outcome)
	}
	return out
}

func TestEveryPhoneOfTheRecipientIsToldOnce(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone", "tablet")
	p.phones(t, "maming", "stranger")
	job := p.notify(t, "chenjing", 1)
	for range 2 { // the queue may run a job again that was done
		if err := p.Work(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"phone", "tablet"}, p.tokens()); diff != "" {
		t.Error(diff)
	}
	done := []deliveryattempt.Outcome{deliveryattempt.OutcomeDelivered}
	if diff := cmp.Diff(map[string][]deliveryattempt.Outcome{"phone": done, "tablet": done}, p.attempts(t)); diff != "" {
		t.Error(diff)
	}
}

func TestTheMessageSpeaksTheRecipientsLanguage(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	p.phones(t, "maming", "handy")
	p.city.DB.Person.UpdateOneID(seedtest.Person(t, "maming")).SetLanguage(string(lang.EN)).ExecX(seedtest.System(t))
	p.notify(t, "maming", 1)
	for _, job := range []jobs.Job[delivery.Args]{p.notify(t, "chenjing", 7), p.notify(t, "maming", 2)} {
		if err := p.Work(lang.With(t.Context(), lang.EN), job); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range p.sent {
		row := p.city.DB.Notification.GetX(seedtest.System(t), m.NotificationID)
		title, badge := "您的上报已受理", 1
		if m.Token == "handy" {
			title, badge = "Your report was accepted", 2
		}
		if m.Title != title || m.Badge == nil || *m.Badge != badge || m.Priority != push.High || m.CollapseKey != row.Target.ID() {
			t.Errorf("%s is sent %+v", m.Token, m)
		}
		want := map[string]string{"seq": fmt.Sprint(row.Seq), "topic": "CITY_CASE", "targetId": row.Target.ID(), "link": row.Target.AppLink()}
		if diff := cmp.Diff(want, m.Data); diff != "" {
			t.Errorf("%s: %s", m.Token, diff)
		}
	}
}

func TestOnlyThePhoneThatMustWaitIsTriedAgain(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "busy", "dead", "fine", "wrong")
	unavailable := push.Result{Outcome: push.Retry, Code: "UNAVAILABLE", Err: errors.New("503")}
	slow := push.Result{Outcome: push.Retry, Code: "QUOTA", RetryAfter: time.Minute, Err: errors.New("429")}
	p.script["busy"] = []push.Result{unavailable, slow, {Outcome: push.Delivered}}
	p.script["dead"] = []push.Result{{Outcome: push.DropToken, Code: "UNREGISTERED"}}
	p.script["wrong"] = []push.Result{{Outcome: push.Rejected, Code: "INVALID_ARGUMENT"}}
	job := p.notify(t, "chenjing", 1)

	err := p.Work(t.Context(), job)
	if !errors.Is(err, unavailable.Err) || strings.Contains(err.Error(), "busy") {
		t.Errorf("first: %v", err)
	}
	if diff := cmp.Diff([]string{"busy", "dead", "fine", "wrong"}, p.tokens()); diff != "" {
		t.Error(diff)
	}
	if err = p.Work(t.Context(), job); !errors.Is(err, slow.Err) || !strings.Contains(err.Error(), "run again in 1m0s") {
		t.Errorf("second: %v", err)
	}
	if err := p.Work(t.Context(), job); err != nil {
		t.Errorf("third: %v", err)
	}
	if diff := cmp.Diff([]string{"busy", "busy"}, p.tokens()); diff != "" {
		t.Error(diff)
	}
	want := map[string][]deliveryattempt.Outcome{
		"busy":  {deliveryattempt.OutcomeRetry, deliveryattempt.OutcomeRetry, deliveryattempt.OutcomeDelivered},
		"gone":  {deliveryattempt.OutcomeTokenDropped},
		"fine":  {deliveryattempt.OutcomeDelivered},
		"wrong": {deliveryattempt.OutcomeRejected},
	}
	if diff := cmp.Diff(want, p.attempts(t)); diff != "" {
		t.Error(diff)
	}
	left := p.city.DB.Device.Query().Order(device.ByPushTokenHash()).Select(device.FieldPushToken).StringsX(p.city.As(t, "chenjing"))
	if diff := cmp.Diff([]string{"busy", "fine", "wrong"}, left); diff != "" {
		t.Errorf("tokens kept: %s", diff)
	}
}

// What has been sent is written down even when the worker is told to stop meanwhile.
func TestASendingIsRecordedThoughTheWorkerStops(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	ctx, cancel := context.WithCancel(t.Context())
	p.Pool.Sender = stopping{p, cancel}
	job := p.notify(t, "chenjing", 1)
	if err := p.Work(ctx, job); err != nil {
		t.Fatal(err)
	}
	if ctx.Err() == nil || len(p.attempts(t)["phone"]) != 1 {
		t.Fatalf("recorded %v", p.attempts(t))
	}
	p.Pool.Sender = p
	if err := p.Work(t.Context(), job); err != nil || len(p.tokens()) != 1 {
		t.Errorf("it is sent again: %v", err)
	}
}

// stopping ends the worker's context while a message is on its way.
type stopping struct {
	push.Sender
	cancel context.CancelFunc
}

func (s stopping) Send(ctx context.Context, m push.Message) push.Result {
	s.cancel()
	return s.Sender.Send(ctx, m)
}

// A provider that always asks for patience must not keep a job for ever.
func TestAnOldNoticeIsGivenUp(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	p.script["phone"] = []push.Result{{Outcome: push.Retry, RetryAfter: time.Hour, Err: errors.New("429")}}
	job := p.notify(t, "chenjing", 1)
	p.clock.Turn(23 * time.Hour)
	if err := p.Work(t.Context(), job); err == nil || p.sent[0].TTL != time.Hour {
		t.Errorf("within its day: %v, sent %+v", err, p.sent)
	}
	p.tokens()
	p.clock.Turn(time.Hour)
	if err := p.Work(t.Context(), job); err == nil || !strings.Contains(err.Error(), "discarded") || len(p.tokens()) != 0 {
		t.Errorf("after its day: %v", err)
	}
}

func TestNothingToDo(t *testing.T) {
	p := open(t)
	if err := p.Work(t.Context(), p.notify(t, "chenjing", 1)); err != nil {
		t.Errorf("a recipient without a phone: %v", err)
	}
	gone := jobs.Job[delivery.Args]{Args: delivery.Args{NotificationID: id.New(id.Notification)}}
	if err := p.Work(t.Context(), gone); err == nil || !strings.Contains(err.Error(), "discarded") {
		t.Errorf("a notification that is gone: %v", err)
	}
	if len(p.tokens()) != 0 || len(p.attempts(t)) != 0 {
		t.Error("something was sent")
	}
}

func TestOutcomesAreCounted(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "dead", "fine")
	p.script["dead"] = []push.Result{{Outcome: push.DropToken}}
	counted := map[string]int{}
	p.Observe = func(channel, outcome string) { counted[channel+" "+outcome]++ }
	if err := p.Work(t.Context(), p.notify(t, "chenjing", 1)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"FCM DELIVERED": 1, "FCM DROP_TOKEN": 1}, counted); diff != "" {
		t.Error(diff)
	}
}
