package journey_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"

	"citygraph/internal/fake/wechatfake"
	"citygraph/server/citytest"
)

// mini is a city with a mini-program, and somebody who has signed in there and nowhere else.
func mini(t *testing.T) (*citytest.City, *wechatfake.Server, *citytest.Client) {
	t.Helper()
	fake, option := withWechat(t)
	city := citytest.Start(t, option)
	tokens, err := city.Accounts.SignInWithWechat(t.Context(), fake.IssueCode("openid-lin", ""))
	if err != nil {
		t.Fatal(err)
	}
	return city, fake, city.With(t, tokens.AccessToken)
}

type granted struct {
	Template  string
	Remaining int
}

// allow records an accept, as the mini-program does.
func allow(t *testing.T, c *citytest.Client, key, template string) (*granted, []problem) {
	t.Helper()
	var answer struct {
		RecordWechatGrant struct {
			WechatGrant *granted
			UserErrors  []problem
		}
	}
	c.DoFor("wechat-miniprogram", "RecordWechatGrant", citytest.Vars{
		"input": citytest.Vars{"idempotencyKey": key, "template": template},
	}).Decode(t, &answer)
	return answer.RecordWechatGrant.WechatGrant, answer.RecordWechatGrant.UserErrors
}

func grants(t *testing.T, c *citytest.Client) []granted {
	t.Helper()
	var answer struct{ WechatGrants []granted }
	c.DoFor("wechat-miniprogram", "WechatGrants", nil).Decode(t, &answer)
	return answer.WechatGrants
}

// Whoever uses the mini-program alone is told there, once for each accept.
func TestOneAcceptBuysOneMessageInWechat(t *testing.T) {
	city, fake, citizen := mini(t)
	template := citytest.CaseTemplate.ID
	if got := grants(t, citizen); len(got) != 0 {
		t.Errorf("before any accept: %+v", got)
	}
	fake.Accept("openid-lin", template)
	key := uuid.NewString()
	for range 3 { // a phone in a lift
		if got, found := allow(t, citizen, key, template); got == nil || got.Remaining != 1 || len(found) > 0 {
			t.Fatalf("%+v %+v", got, found)
		}
	}
	told(t, city, citizen)
	citytest.Eventually(t, "WeChat has the message", func() bool { return len(fake.Sent()) == 1 })
	sent := fake.Sent()[0]
	if sent.OpenID != "openid-lin" || sent.Template != template || sent.Fields["thing1"] == "" || sent.Fields["time3"] == "" || sent.Page == "" {
		t.Errorf("sent %+v", sent)
	}
	told(t, city, citizen)
	citytest.Eventually(t, "the second notice finds no grant", func() bool {
		return counted(t, city, "SELECT count(*) FROM delivery_attempts WHERE channel = 'WECHAT' AND outcome = 'NO_CREDIT'") == 1
	})
	if got := grants(t, citizen); len(got) != 1 || got[0] != (granted{template, 0}) || len(fake.Sent()) != 1 {
		t.Errorf("%+v, %d sent", got, len(fake.Sent()))
	}
}

// Two replicas and many accepts at once count each once.
func TestAcceptsAtOnceAreAllCounted(t *testing.T) {
	city, _, citizen := mini(t)
	replicas := []*citytest.City{city, city.Replica(t)}
	var all sync.WaitGroup
	for i := range 24 {
		key := uuid.NewString()
		for range 2 { // each is sent twice
			all.Go(func() {
				if got, found := allow(t, citizen.On(replicas[i%2]), key, citytest.CaseTemplate.ID); got == nil && len(found) > 0 {
					t.Errorf("%+v", found)
				}
			})
		}
	}
	all.Wait()
	if got := grants(t, citizen); len(got) != 1 || got[0].Remaining != 24 {
		t.Errorf("%+v", got)
	}
}

func TestAnAcceptThatCannotBeOneIsRefused(t *testing.T) {
	city, _, citizen := mini(t)
	key := uuid.NewString()
	if got, found := allow(t, citizen, key, "another city's"); got != nil || len(found) != 1 || found[0].Code != "BAD_USER_INPUT" {
		t.Errorf("a template nobody sends: %+v %+v", got, found)
	}
	if got, found := allow(t, citizen, key, citytest.CaseTemplate.ID); got == nil || len(found) > 0 {
		t.Errorf("a refused key was used up: %+v", found)
	}
	vars := citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "template": citytest.CaseTemplate.ID}}
	if answer := city.Visitor(t).DoFor("wechat-miniprogram", "RecordWechatGrant", vars); answer.Code() != "UNAUTHENTICATED" {
		t.Errorf("a visitor: %s", answer.Body)
	}
	if answer := city.Visitor(t).DoFor("wechat-miniprogram", "WechatGrants", nil); answer.Code() != "UNAUTHENTICATED" {
		t.Errorf("a visitor: %s", answer.Body)
	}
}
