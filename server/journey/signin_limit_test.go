package journey_test

import (
	"testing"

	"citygraph/internal/redisx/redistest"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

func limited(o *wiring.Options) { o.Unlimited = false }

// Whoever tries codes gets five tries, on all replicas together, and is told when to come again. The rest of
// the city stays open to them.
func TestSignInIsHeldToItsRateAcrossReplicas(t *testing.T) {
	fake, wechat := withWechat(t)
	here := citytest.Start(t, wechat, limited, citytest.Redis(redistest.Start(t)))
	replicas := []*citytest.City{here, here.Replica(t)}
	for i := range 5 {
		if answer := signInWithWechat(replicas[i%2].Visitor(t), "0guess"); answer.Code() != "" {
			t.Fatalf("try %d: %s", i+1, answer.Body)
		}
	}
	good := fake.IssueCode("openid-lin", "")
	for _, at := range replicas {
		answer := signInWithWechat(at.Visitor(t), good)
		wait := 0.0
		if len(answer.Errors) > 0 {
			wait, _ = answer.Errors[0].Extensions["retryAfter"].(float64)
		}
		if answer.Code() != "RATE_LIMITED" || wait < 1 || wait > 12 {
			t.Errorf("one try too many: %s", answer.Body)
		}
	}
	if asked := fake.Requests("/sns/jscode2session"); asked != 5 {
		t.Errorf("WeChat was asked %d times", asked)
	}
	if answer := here.Visitor(t).Do("Districts", nil); answer.Code() != "" {
		t.Errorf("the catalogue: %s", answer.Body)
	}
	if home := here.As(t, "chenjing").Do("HomeScreen", nil); home.Code() != "" {
		t.Errorf("the home screen: %s", home.Body)
	}
}
