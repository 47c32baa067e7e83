package journey_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/identity"
	"citygraph/internal/clock"
	"citygraph/internal/fake/wechatpayfake"
	"citygraph/internal/payment/wechatpay"
	"citygraph/internal/wechat"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// withWechatPay gives a city an account at a fake WeChat Pay, which is told the address of notices once the city has one.
func withWechatPay(t *testing.T) (*wechatpayfake.Server, citytest.Option) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	const merchant, app, serial, apiv3 = "1900000109", "wx-citygraph", "5157F09EFDC096DE15EBE81A47057A72", "0123456789abcdef0123456789ABCDEF"
	fake := wechatpayfake.New(wechatpayfake.Options{
		MerchantID: merchant, AppID: app, Serial: serial, Key: &key.PublicKey, APIv3Key: apiv3, Clock: clock.System{},
	})
	server := httptest.NewServer(fake.Handler())
	t.Cleanup(server.Close)
	return fake, func(o *wiring.Options) {
		o.WechatPay = &wechatpay.Options{
			MerchantID: merchant, AppID: app, Serial: serial, Key: key, APIv3Key: wechat.NewSecret(apiv3),
			NotifyURL: "https://city.example.cn" + wechatpay.NotifyPath, BaseURL: server.URL,
		}
	}
}

// prepaid is what the mini-program is told of a top-up.
type prepaid struct {
	TopUp struct {
		TopUp      *struct{ ID, Status, Provider string }
		Prepay     *wechatpayfake.Parameters
		UserErrors []problem
	}
}

// A citizen tops her card up in the mini-program: the order, the payment in WeChat, the notice of it, and the money on the card;
// what is sent twice, by her or by WeChat Pay, is one.
func TestACitizenPaysWithWeChat(t *testing.T) {
	accounts, signIn := withWechat(t)
	pay, merchant := withWechatPay(t)
	city := citytest.Start(t, signIn, merchant)
	pay.NotifyAt(city.URL + wechatpay.NotifyPath)
	city.DB.Identity.Create().SetProvider(identity.ProviderWechat).SetSubject("openid-chenjing").SetPersonID(me(t, city.As(t, "chenjing"))).
		ExecX(system(t))
	tokens, found := opened(t, signInWithWechat(city.Visitor(t), accounts.IssueCode("openid-chenjing", "")))
	if len(found) > 0 {
		t.Fatalf("sign in: %+v", found)
	}
	holder := city.With(t, tokens.AccessToken)
	before := transactions(t, holder, nil).Card.Balance
	rows, _ := inboxPage(t, holder, nil)
	told := len(rows)

	input := citytest.Vars{"input": citytest.Vars{"idempotencyKey": uuid.NewString(), "amount": 12_34}}
	ask := func() (answer prepaid) {
		t.Helper()
		holder.DoFor("wechat-miniprogram", "TopUp", input).Decode(t, &answer)
		if answer.TopUp.TopUp == nil || answer.TopUp.TopUp.Provider != "WECHAT_PAY" {
			t.Fatalf("refused: %+v", answer.TopUp)
		}
		return answer
	}
	first, again := ask(), ask()
	id := first.TopUp.TopUp.ID
	if first.TopUp.Prepay == nil || again.TopUp.Prepay == nil || again.TopUp.TopUp.ID != id || first.TopUp.TopUp.Status != "PENDING" {
		t.Fatalf("%+v, then %+v", first.TopUp, again.TopUp)
	}
	if order, _ := pay.Order(id); order.Payer.OpenID != "openid-chenjing" || order.Amount.Total != 12_34 {
		t.Errorf("WeChat Pay has %+v", order)
	}
	if _, err := pay.RequestPayment(*again.TopUp.Prepay); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if status, body, err := pay.Send(pay.Paid(id)); status != http.StatusNoContent || body != "" || err != nil {
			t.Errorf("WeChat Pay is answered %d %s, %v", status, body, err)
		}
	}
	var seen struct {
		TopUp struct{ Status string }
		Card  struct{ Balance int64 }
	}
	holder.DoFor("wechat-miniprogram", "TopUpStatus", citytest.Vars{"id": id}).Decode(t, &seen)
	if seen.TopUp.Status != "PAID" || seen.Card.Balance != before+12_34 {
		t.Errorf("%+v after %d fen", seen, before)
	}
	if rows, _ := inboxPage(t, holder, nil); len(rows) != told+1 || rows[0].Title != "市民卡充值¥12.34" {
		t.Errorf("she is told %+v", rows)
	}
	if paid := ask(); paid.TopUp.Prepay != nil || paid.TopUp.TopUp.Status != "PAID" {
		t.Errorf("sent once more: %+v", paid.TopUp)
	}
}

// Two providers stand side by side: who has no WeChat account is told so, leaves no order, and pays in another way.
func TestWhoHasNoWeChatPaysAnotherWay(t *testing.T) {
	pay, merchant := withWechatPay(t)
	city := citytest.Start(t, merchant)
	holder := city.As(t, "chenjing")
	ask := func(provider any) (answer prepaid) {
		t.Helper()
		input := citytest.Vars{"idempotencyKey": uuid.NewString(), "amount": 1, "provider": provider}
		holder.DoFor("wechat-miniprogram", "TopUp", citytest.Vars{"input": input}).Decode(t, &answer)
		return answer
	}
	for _, provider := range []any{nil, "WECHAT_PAY"} {
		refused := ask(provider).TopUp
		if refused.TopUp != nil || refused.Prepay != nil || len(refused.UserErrors) != 1 || refused.UserErrors[0].Code != "BAD_USER_INPUT" {
			t.Errorf("%v: %+v", provider, refused)
		}
	}
	if n := city.DB.TopUp.Query().CountX(system(t)); n != 0 || pay.Requests(wechatpayfake.OrderPath) != 0 {
		t.Errorf("%d orders", n)
	}
	if taken := ask("SANDBOX").TopUp; taken.TopUp == nil || taken.Prepay != nil {
		t.Errorf("%+v", taken)
	}
	// The address of notices is nobody else's to use.
	resp, err := http.Post(city.URL+wechatpay.NotifyPath, "application/json", strings.NewReader("{}"))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger is answered %v, %v", resp, err)
	}
}
