package delivery_test

import (
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/notification"
	"citygraph/internal/cache"
	"citygraph/internal/clock"
	"citygraph/internal/delivery"
	"citygraph/internal/fake/wechatfake"
	"citygraph/internal/grant"
	"citygraph/internal/idempotency"
	"citygraph/internal/push"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/wechat"
)

const appID, secret, template, openID = "wx0123456789abcdef", "the app's secret", "template-1", "openid-of-chenjing"

// mini is a post whose city has a mini-program, in which chenjing has signed in.
type mini struct {
	*post
	fake   *wechatfake.Server
	grants *grant.Grants
}

func openMini(t *testing.T) *mini {
	t.Helper()
	m := &mini{post: open(t), fake: wechatfake.New(appID, secret, clock.System{})}
	tencent := httptest.NewServer(m.fake.Handler())
	t.Cleanup(tencent.Close)
	api, err := wechat.New(wechat.Options{
		AppID: appID, Secret: wechat.NewSecret(secret), BaseURL: tencent.URL, Tokens: cache.NewTokens(nil, clock.System{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	m.grants = &grant.Grants{
		DB: m.city.DB, Store: m.city.Store, Clock: m.clock, Templates: []string{template},
		Once: idempotency.Ledger{DB: m.city.DB, Store: m.city.Store, Clock: m.clock},
	}
	m.Grants = m.grants
	m.Templates = map[notification.Topic]delivery.Template{notification.TopicCityCase: {ID: template, Title: "thing1", Body: "thing2", Time: "time3"}}
	m.Channels[deliveryattempt.ChannelWechat] = &push.Wechat{API: api, Clock: m.clock}
	m.wechat(t, "chenjing", openID)
	return m
}

// accept has chenjing accept a message: here, and unless WeChat knows better, there.
func (m *mini) accept(t *testing.T, there bool) {
	t.Helper()
	if _, err := m.grants.Record(m.city.As(t, "chenjing"), grant.Accept{Key: uuid.New(), Template: template}); err != nil {
		t.Fatal(err)
	}
	if there {
		m.fake.Accept(openID, template)
	}
}

func (m *mini) remaining(t *testing.T) int {
	t.Helper()
	counted, err := m.grants.Mine(m.city.As(t, "chenjing"))
	if err != nil || len(counted) != 1 {
		t.Fatalf("%+v, %v", counted, err)
	}
	return counted[0].Remaining
}

// Who has no phone with the app is told in WeChat, as often as they accepted.
func TestWechatIsTheFallback(t *testing.T) {
	m := openMini(t)
	m.phones(t, "chenjing", "dead")
	m.script["dead"] = []push.Result{{Outcome: push.DropToken, Code: "UNREGISTERED"}}
	m.accept(t, true)
	m.work(t, m.notify(t, "chenjing", 1))
	m.want(t, map[string]string{"gone": "TOKEN_DROPPED 1 UNREGISTERED", "WECHAT": "DELIVERED 1"})
	if sent := m.fake.Sent(); len(sent) != 1 || sent[0].OpenID != openID || sent[0].Fields["thing1"] != "您的上报已受理" || sent[0].Page == "" {
		t.Errorf("sent %+v", sent)
	}
	if n := m.remaining(t); n != 0 {
		t.Errorf("%d grants are left", n)
	}
	m.phones(t, "chenjing", "phone")
	m.accept(t, true)
	m.work(t, m.notify(t, "chenjing", 2))
	if n := m.remaining(t); n != 1 || len(m.fake.Sent()) != 1 {
		t.Errorf("a phone that works does not keep WeChat quiet: %d grants are left", n)
	}
}

// However many notices come at once, as many are sent as were accepted.
func TestSendsNeverExceedGrants(t *testing.T) {
	m := openMini(t)
	const accepts, notices = 37, 100
	var all sync.WaitGroup
	for range accepts {
		all.Go(func() { m.accept(t, true) })
	}
	all.Wait()
	for range notices { // WeChat would take more
		m.fake.Accept(openID, template)
	}
	var told [notices]string
	for i := range told {
		told[i] = m.tell(t, "chenjing", int64(i+1))
	}
	for _, noticeID := range told {
		job := m.job(noticeID)
		all.Go(func() { m.work(t, job) })
	}
	all.Wait()
	if sent, left := len(m.fake.Sent()), m.remaining(t); sent != accepts || left != 0 {
		t.Errorf("%d sent for %d accepts, %d left", sent, accepts, left)
	}
	for outcome, want := range map[deliveryattempt.Outcome]int{deliveryattempt.OutcomeDelivered: accepts, deliveryattempt.OutcomeNoCredit: notices - accepts} {
		if n := m.city.DB.DeliveryAttempt.Query().Where(deliveryattempt.OutcomeEQ(outcome)).CountX(seedtest.System(t)); n != want {
			t.Errorf("%d are %s, want %d", n, outcome, want)
		}
	}
}

// A grant comes back only when the message certainly was not sent; 43101 takes them all.
func TestWhatBecomesOfAGrant(t *testing.T) {
	for name, tc := range map[string]struct {
		refusals []int
		there    bool
		left     int
		outcome  string
	}{
		"sent":                {nil, true, 1, "DELIVERED 1"},
		"refused by 43101":    {nil, false, 0, "NO_CREDIT 1 43101"},
		"wrong argument":      {[]int{47003}, true, 2, "REJECTED 1 47003"},
		"quota":               {[]int{45009}, true, 2, "RETRY 1 45009"},
		"token refused twice": {[]int{40001, 40001}, true, 2, "RETRY 1 40001"},
		"token refused once":  {[]int{42001}, true, 1, "DELIVERED 1"},
	} {
		t.Run(name, func(t *testing.T) {
			m := openMini(t)
			m.accept(t, tc.there)
			m.accept(t, tc.there)
			m.fake.RefuseSends(tc.refusals...)
			_ = m.Work(t.Context(), m.notify(t, "chenjing", 1)) // a retry puts the job off
			m.want(t, map[string]string{"WECHAT": tc.outcome})
			if n := m.remaining(t); n != tc.left {
				t.Errorf("%d grants are left, want %d", n, tc.left)
			}
		})
	}
}

// WeChat is left alone while its quota is used up, and the message is not lost.
func TestAUsedUpQuotaPutsTheMessageOff(t *testing.T) {
	m := openMini(t)
	m.accept(t, true)
	m.fake.RefuseSends(45009)
	job := m.notify(t, "chenjing", 1)
	m.waits(t, job)
	m.waits(t, m.notify(t, "chenjing", 2))
	if n := m.fake.Requests(wechatfake.SendPath); n != 1 {
		t.Errorf("%d requests while the quota is used up", n)
	}
	m.clock.Turn(time.Minute)
	m.work(t, job)
	if len(m.fake.Sent()) != 1 {
		t.Error("the message was lost")
	}
}
