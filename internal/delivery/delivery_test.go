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
	"citygraph/ent/db/identity"
	"citygraph/ent/db/notification"
	choice "citygraph/ent/db/notificationpreference"
	"citygraph/internal/delivery"
	"citygraph/internal/id"
	"citygraph/internal/jobs"
	"citygraph/internal/lang"
	"citygraph/internal/push"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/target"
)

// post is the room with channels that answer by script, and no queue: a test runs the jobs.
type post struct {
	*delivery.Courier
	city  *seedtest.City
	clock *seedtest.Clock
	jobs  int64

	mu       sync.Mutex
	script   map[string][]push.Result // by token: the answers in their order, the last for ever
	sent     []push.Message
	enqueued []delivery.Args
	reruns   []delivery.Rerun
	on       func(push.Message) // looks on while a message is under way
}

func open(t *testing.T) *post {
	t.Helper()
	p := &post{city: seedtest.Open(t), clock: seedtest.NewClock(), script: map[string][]push.Result{}}
	p.Courier = &delivery.Courier{
		DB: p.city.DB, Store: p.city.Store, Clock: p.clock, Jobs: p, Pool: push.NewPool(0, 0),
		Channels: map[deliveryattempt.Channel]push.Channel{deliveryattempt.ChannelFcm: p},
	}
	return p
}

// Enqueue keeps what the courier leaves to another job.
func (p *post) Enqueue(_ context.Context, args jobs.Args, _ ...jobs.Option) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch a := args.(type) {
	case delivery.Args:
		p.enqueued = append(p.enqueued, a)
	case delivery.Rerun:
		p.reruns = append(p.reruns, a)
	}
	return nil
}

// Send answers by script; a token without one is delivered to.
func (p *post) Send(_ context.Context, m push.Message) push.Result {
	if p.on != nil {
		p.on(m)
	}
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

// wechat signs a member of the cast in from WeChat.
func (p *post) wechat(t *testing.T, member, openID string) {
	t.Helper()
	p.city.DB.Identity.Create().SetProvider(identity.ProviderWechat).SetSubject(openID).
		SetPersonID(seedtest.Person(t, member)).ExecX(seedtest.System(t))
}

// tell writes an inbox row of a member of the cast and returns its id.
func (p *post) tell(t *testing.T, member string, seq int64) string {
	t.Helper()
	opens, err := target.Of(id.New(id.CityCase))
	if err != nil {
		t.Fatal(err)
	}
	person := seedtest.Person(t, member)
	return p.city.DB.Notification.Create().SetPersonID(person).SetSubjectPersonID(person).SetEventKey(fmt.Sprint(seq)).
		SetSeq(seq).SetTopic(notification.TopicCityCase).SetTarget(opens).SetCreatedAt(p.clock.Now()).
		SetTitle(lang.Text{ZH: "您的上报已受理", EN: "Your report was accepted"}).
		SetBody(lang.Text{ZH: "路灯", EN: "A light"}).SaveX(seedtest.System(t)).ID
}

// job is a job of its own for these notices.
func (p *post) job(notificationIDs ...string) jobs.Job[delivery.Args] {
	p.jobs++
	return jobs.Job[delivery.Args]{ID: p.jobs, Args: delivery.Args{NotificationIDs: notificationIDs}}
}

func (p *post) notify(t *testing.T, member string, seq int64) jobs.Job[delivery.Args] {
	t.Helper()
	return p.job(p.tell(t, member, seq))
}

// work runs the job until it is done: on a busy machine it may put itself off for a message under way.
func (p *post) work(t *testing.T, job jobs.Job[delivery.Args]) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		err := p.Work(t.Context(), job)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// waits runs the job, which must put itself off, and returns its words.
func (p *post) waits(t *testing.T, job jobs.Job[delivery.Args]) string {
	t.Helper()
	err := p.Work(t.Context(), job)
	if err == nil || !strings.Contains(err.Error(), "run again in ") {
		t.Fatalf("the job did not put itself off: %v", err)
	}
	return err.Error()
}

// outcomes are what is written down by the device's token, or the channel where there is none.
func (p *post) outcomes(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, a := range p.city.DB.DeliveryAttempt.Query().AllX(seedtest.System(t)) {
		name := string(a.Channel)
		if a.Channel == deliveryattempt.ChannelFcm {
			name = "gone"
			d, err := p.city.DB.Device.Get(seedtest.System(t), a.DeviceID)
			if db.MaskNotFound(err) != nil {
				t.Fatal(err)
			}
			if d != nil {
				name = d.PushToken
			}
		}
		if (a.DueAt == nil) == (a.SettledAt == nil) {
			t.Errorf("%s is due at %v and settled at %v", name, a.DueAt, a.SettledAt)
		}
		out[name] = strings.TrimSpace(fmt.Sprintf("%s %d %s", a.Outcome, a.Tries, a.ProviderCode))
	}
	return out
}

func (p *post) want(t *testing.T, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, p.outcomes(t)); diff != "" {
		t.Error(diff)
	}
}

func TestEveryPhoneOfTheRecipientIsToldOnce(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone", "tablet")
	p.phones(t, "maming", "stranger")
	told := p.tell(t, "chenjing", 1)
	job := p.job(told)
	p.work(t, job)
	p.work(t, job)         // the queue may run a job again that was done
	p.work(t, p.job(told)) // and somebody may ask for the same notice again
	if diff := cmp.Diff([]string{"phone", "tablet"}, p.tokens()); diff != "" {
		t.Error(diff)
	}
	p.want(t, map[string]string{"phone": "DELIVERED 1", "tablet": "DELIVERED 1"})
}

func TestTheMessageSpeaksTheRecipientsLanguage(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	p.phones(t, "maming", "handy")
	p.city.DB.Person.UpdateOneID(seedtest.Person(t, "maming")).SetLanguage(string(lang.EN)).ExecX(seedtest.System(t))
	p.tell(t, "maming", 1)
	p.work(t, p.job(p.tell(t, "chenjing", 7), p.tell(t, "maming", 2)))
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
	if got := p.tokens(); len(got) != 2 {
		t.Errorf("sent to %v", got)
	}
}

func TestOnlyThePhoneThatMustWaitIsTriedAgain(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "busy", "dead", "fine", "wrong")
	p.script["busy"] = []push.Result{
		{Outcome: push.Retry, Code: "UNAVAILABLE", Err: errors.New("503")},
		{Outcome: push.Retry, Code: "QUOTA", RetryAfter: time.Minute, Err: errors.New("429")},
		{Outcome: push.Delivered},
	}
	p.script["dead"] = []push.Result{{Outcome: push.DropToken, Code: "UNREGISTERED"}}
	p.script["wrong"] = []push.Result{{Outcome: push.Rejected, Code: "INVALID_ARGUMENT"}}
	job := p.notify(t, "chenjing", 1)

	p.waits(t, job)
	if diff := cmp.Diff([]string{"busy", "dead", "fine", "wrong"}, p.tokens()); diff != "" {
		t.Error(diff)
	}
	settled := map[string]string{
		"busy": "RETRY 1 UNAVAILABLE", "gone": "TOKEN_DROPPED 1 UNREGISTERED", "fine": "DELIVERED 1", "wrong": "REJECTED 1 INVALID_ARGUMENT",
	}
	p.want(t, settled)
	p.clock.Turn(2 * time.Second)
	if said := p.waits(t, job); !strings.Contains(said, "run again in 1m0s") {
		t.Errorf("the provider asked for a minute: %s", said)
	}
	p.clock.Turn(59 * time.Second)
	p.waits(t, job) // too early
	if diff := cmp.Diff([]string{"busy"}, p.tokens()); diff != "" {
		t.Error(diff)
	}
	p.clock.Turn(time.Second)
	p.work(t, job)
	settled["busy"] = "DELIVERED 3"
	p.want(t, settled)
}

// What the provider said of a phone holds for every notice to it, whichever job brings it.
func TestRetryAfterHoldsForThePhone(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "busy")
	p.script["busy"] = []push.Result{{Outcome: push.Retry, Code: "UNAVAILABLE", RetryAfter: 30 * time.Second, Err: errors.New("503")}, {Outcome: push.Delivered}}
	first := p.notify(t, "chenjing", 1)
	p.waits(t, first)
	other := &post{city: p.city, clock: p.clock, script: p.script, jobs: 100}
	other.Courier = &delivery.Courier{
		DB: p.city.DB, Store: p.city.Store, Clock: p.clock, Jobs: other, Pool: push.NewPool(0, 0),
		Channels: map[deliveryattempt.Channel]push.Channel{deliveryattempt.ChannelFcm: other},
	}
	for _, at := range []*post{p, other} { // here, and on a replica that knows of it from the database alone
		at.tokens()
		if said := at.waits(t, at.job(p.tell(t, "chenjing", at.jobs+2))); !strings.Contains(said, "run again in 30s") {
			t.Error(said)
		}
		if got := at.tokens(); len(got) != 0 {
			t.Errorf("sent to %v", got)
		}
	}
	p.clock.Turn(30 * time.Second)
	p.work(t, first)
	if got := p.tokens(); len(got) != 1 {
		t.Errorf("sent to %v", got)
	}
}

// Nothing goes to a token after the provider has said that it is dead, though more was on its way.
func TestNothingIsSentToADeadToken(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "dead")
	p.script["dead"] = []push.Result{{Outcome: push.DropToken, Code: "UNREGISTERED"}}
	var told []string
	for seq := range int64(250) {
		told = append(told, p.tell(t, "chenjing", seq+1))
	}
	p.work(t, p.job(told...))
	p.work(t, p.notify(t, "chenjing", 1000))
	if got := p.tokens(); len(got) != 1 {
		t.Errorf("sent %d times", len(got))
	}
	if n := p.city.DB.Device.Query().CountX(seedtest.System(t)); n != 0 {
		t.Errorf("%d devices are left", n)
	}
}

// A token that hangs costs its job half a second, and is neither lost nor sent to twice.
func TestAHangingTokenHoldsUpNobody(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "hangs", "fine")
	answer, begun := make(chan struct{}), make(chan struct{})
	p.on = func(m push.Message) {
		if m.Token == "hangs" {
			close(begun)
			<-answer
		}
	}
	job := p.notify(t, "chenjing", 1)
	said := p.waits(t, job)
	<-begun
	if !strings.Contains(said, "run again in 1") { // the ten seconds of a message, and a margin
		t.Error(said)
	}
	p.want(t, map[string]string{"hangs": "PENDING 0", "fine": "DELIVERED 1"})
	p.waits(t, job) // it is still under way
	close(answer)
	for deadline := time.Now().Add(30 * time.Second); p.outcomes(t)["hangs"] != "DELIVERED 1"; {
		if time.Now().After(deadline) {
			t.Fatal("its answer was lost")
		}
	}
	p.work(t, job)
	if diff := cmp.Diff([]string{"fine", "hangs"}, p.tokens()); diff != "" {
		t.Error(diff)
	}
}

// What is no more to be told at the moment of sending is not sent, whatever was planned.
func TestWhatIsNoMoreToBeToldIsNotSent(t *testing.T) {
	p := open(t)
	system := seedtest.System(t)
	p.at(6)
	for _, member := range []string{"chenjing", "maming", "zhouwei", "lina"} {
		p.phones(t, member, "phone of "+member)
		p.prefer(t, member, choice.TopicCityCase, quietAtNight)
	}
	read, gone, sold, kept := p.tell(t, "chenjing", 1), p.tell(t, "maming", 1), p.tell(t, "zhouwei", 1), p.tell(t, "lina", 1)
	job := p.job(read, gone, sold, kept)
	if said := p.waits(t, job); !strings.Contains(said, "run again in 1h0m0s") {
		t.Error(said)
	}
	p.city.DB.Notification.UpdateOneID(read).SetReadAt(p.clock.Now()).ExecX(system)
	p.city.DB.Notification.DeleteOneID(gone).ExecX(system)
	p.city.DB.Device.Update().Where(device.PushToken("phone of zhouwei")).SetPersonID(seedtest.Person(t, "maming")).ExecX(system)
	p.clock.Turn(time.Hour)
	p.work(t, job)
	if diff := cmp.Diff([]string{"phone of lina"}, p.tokens()); diff != "" {
		t.Error(diff)
	}
	p.want(t, map[string]string{
		"phone of chenjing": "CANCELED 0 NOT_TO_BE_TOLD", "phone of maming": "CANCELED 0 NOT_TO_BE_TOLD",
		"phone of zhouwei": "CANCELED 0 DEVICE_GONE", "phone of lina": "DELIVERED 1",
	})
}

// A provider that always asks for patience must not keep a job for ever.
func TestAnOldNoticeIsGivenUp(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	p.script["phone"] = []push.Result{{Outcome: push.Retry, Code: "QUOTA", RetryAfter: time.Hour, Err: errors.New("429")}}
	job := p.notify(t, "chenjing", 1)
	p.clock.Turn(23*time.Hour + 30*time.Minute)
	if said := p.waits(t, job); !strings.Contains(said, "run again in 30m0s") || p.sent[0].TTL != 30*time.Minute {
		t.Errorf("within its day: %s, sent %+v", said, p.sent)
	}
	p.tokens()
	p.clock.Turn(30 * time.Minute)
	p.work(t, job)
	p.want(t, map[string]string{"phone": "EXPIRED 1"})
	if got := p.tokens(); len(got) != 0 {
		t.Errorf("sent to %v", got)
	}
}

// What has been sent is written down even when the worker is told to stop meanwhile.
func TestASendingIsRecordedThoughTheWorkerStops(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	ctx, cancel := context.WithCancel(t.Context())
	p.on = func(push.Message) { cancel() }
	job := p.notify(t, "chenjing", 1)
	_ = p.Work(ctx, job) // it may find that its time is up
	p.want(t, map[string]string{"phone": "DELIVERED 1"})
	p.on = nil
	p.work(t, job)
	if got := p.tokens(); len(got) != 1 {
		t.Errorf("sent %d times", len(got))
	}
}

func TestNothingToDo(t *testing.T) {
	p := open(t)
	p.work(t, p.notify(t, "chenjing", 1)) // a recipient without a phone
	p.work(t, p.job(id.New(id.Notification)))
	p.work(t, p.job())
	if len(p.tokens()) != 0 || len(p.outcomes(t)) != 0 {
		t.Error("something was sent")
	}
}

// A job from before there were batches names one notice.
func TestAJobOfAnEarlierVersionIsDone(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "phone")
	p.work(t, jobs.Job[delivery.Args]{ID: 1, Args: delivery.Args{NotificationID: p.tell(t, "chenjing", 1)}})
	p.want(t, map[string]string{"phone": "DELIVERED 1"})
}

// A batch holds 500 deliveries, and one person's devices stay together.
func TestWhatABatchDoesNotHoldGoesToAnotherJob(t *testing.T) {
	p := open(t)
	var tokens []string
	for i := range 300 {
		tokens = append(tokens, fmt.Sprintf("phone %03d", i))
	}
	p.phones(t, "chenjing", tokens...)
	p.phones(t, "maming", "handy")
	first, second, third := p.tell(t, "chenjing", 1), p.tell(t, "chenjing", 2), p.tell(t, "maming", 1)
	job := p.job(first, second, third)
	for range 2 {
		p.work(t, job)
	}
	if diff := cmp.Diff([]delivery.Args{{NotificationIDs: []string{second, third}}}, p.enqueued); diff != "" {
		t.Error(diff)
	}
	if got := p.tokens(); len(got) != 300 {
		t.Errorf("%d sent", len(got))
	}
	p.work(t, p.job(p.enqueued[0].NotificationIDs...))
	if got := p.tokens(); len(got) != 301 || len(p.enqueued) != 1 {
		t.Errorf("%d sent by the other, which left %v", len(got), p.enqueued)
	}
}

func TestOutcomesAreCounted(t *testing.T) {
	p := open(t)
	p.phones(t, "chenjing", "dead", "fine")
	p.script["dead"] = []push.Result{{Outcome: push.DropToken}}
	var mu sync.Mutex
	counted := map[string]int{}
	p.Observe = func(channel, outcome string, _ time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		counted[channel+" "+outcome]++
	}
	p.work(t, p.notify(t, "chenjing", 1))
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff(map[string]int{"FCM DELIVERED": 1, "FCM TOKEN_DROPPED": 1}, counted); diff != "" {
		t.Error(diff)
	}
}
