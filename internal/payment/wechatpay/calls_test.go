package wechatpay_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"citygraph/internal/fake/wechatpayfake"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/payment"
	"citygraph/internal/payment/wechatpay"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/wechat"
)

// An order goes to WeChat Pay as it is here, and its payer can pay with what comes back, however often it is asked for.
func TestAnOrderIsPrepaidAndPaid(t *testing.T) {
	d := openDesk(t, seedtest.NewClock())
	first, again := d.prepay(t), d.prepay(t)
	if first.Package != again.Package || first.NonceStr == again.NonceStr {
		t.Errorf("asked again: %+v after %+v", again, first)
	}
	got, _ := d.fake.Order(number)
	want := d.order()
	if got.Amount.Total != want.Amount || got.Amount.Currency != "CNY" || !got.TimeExpire.Equal(want.ExpiresAt.Truncate(time.Second)) || got.NotifyURL != address || got.Payer.OpenID != openID {
		t.Errorf("ordered %+v", got)
	}
	forged := wechatpayfake.Parameters(*again)
	forged.Package = "prepay_id=another"
	if _, err := d.fake.RequestPayment(forged); err == nil {
		t.Error("the signature is not of the package")
	}
	if _, err := d.fake.RequestPayment(wechatpayfake.Parameters(*again)); err != nil {
		t.Fatal(err)
	}
	if late, err := d.Prepay(t.Context(), d.order(), openID); late != nil || err != nil {
		t.Errorf("once paid: %+v, %v", late, err)
	}
	paid, err := d.Query(t.Context(), d.order())
	if err != nil || !paid.Paid || paid.Amount != want.Amount || paid.Currency != payment.CNY || paid.TransactionID == "" {
		t.Errorf("%+v, %v", paid, err)
	}
	if err := d.Close(t.Context(), d.order()); err == nil {
		t.Error("a paid order is closed")
	}
	for range 2 {
		if back, err := d.Refund(t.Context(), d.order()); !back || err != nil {
			t.Errorf("refund: %v, %v", back, err)
		}
	}
	if n := d.fake.Refunds(); n != 1 {
		t.Errorf("%d refunds", n)
	}
	// Refunded, it is nobody's to credit.
	if after, err := d.Query(t.Context(), d.order()); err != nil || after.Paid || !after.Closed {
		t.Errorf("%+v, %v", after, err)
	}
	silent(t, d.log.String())
}

func TestWhatIsNotThereIsNotPaid(t *testing.T) {
	d := openDesk(t, seedtest.NewClock())
	if got, err := d.Query(t.Context(), d.order()); err != nil || got != (payment.Payment{}) {
		t.Errorf("%+v, %v", got, err)
	}
	if err := d.Close(t.Context(), d.order()); err != nil {
		t.Error(err)
	}
	if _, err := d.Refund(t.Context(), d.order()); err == nil {
		t.Error("refunded")
	}
	d.prepay(t)
	if got, err := d.Query(t.Context(), d.order()); err != nil || got != (payment.Payment{}) {
		t.Errorf("%+v, %v", got, err)
	}
	for range 2 {
		if err := d.Close(t.Context(), d.order()); err != nil {
			t.Error(err)
		}
	}
	if got, err := d.Query(t.Context(), d.order()); err != nil || !got.Closed {
		t.Errorf("%+v, %v", got, err)
	}
	if late, err := d.Prepay(t.Context(), d.order(), openID); late != nil || err != nil {
		t.Errorf("once closed: %+v, %v", late, err)
	}
}

// A refund that is under way is not there, and one that cannot arrive is told of once an hour.
func TestARefundThatDoesNotArrive(t *testing.T) {
	d := openDesk(t, seedtest.NewClock())
	d.prepay(t)
	d.fake.HoldRefunds()
	if err := d.fake.Pay(number); err != nil {
		t.Fatal(err)
	}
	ask := func(want bool) {
		t.Helper()
		if back, err := d.Refund(t.Context(), d.order()); back != want || err != nil {
			t.Errorf("%v, %v; want %v", back, err, want)
		}
	}
	ask(false)
	if text := d.log.String(); text != "" {
		t.Errorf("logged %s", text)
	}
	d.fake.Arrive(number, "ABNORMAL")
	ask(false)
	told := d.log.String()
	ask(false)
	if told == "" || d.log.String() != told {
		t.Errorf("logged %s", d.log.String())
	}
	d.fake.Arrive(number, "SUCCESS")
	ask(true)
}

// Whatever goes wrong with an answer is an error that gives no secret away, and the next one is believed.
func TestAnswersThatAreNotBelieved(t *testing.T) {
	d := openDesk(t, seedtest.NewClock())
	d.prepay(t)
	if err := d.fake.Pay(number); err != nil {
		t.Fatal(err)
	}
	for what, fault := range map[string]wechatpayfake.Fault{
		"500": wechatpayfake.Broken, "a wrong signature": wechatpayfake.WrongSignature,
		"an old one": wechatpayfake.StaleTimestamp, "another's": wechatpayfake.OtherCertificate,
	} {
		d.fake.FailNext(fault)
		got, err := d.Query(t.Context(), d.order())
		if err == nil || got.Paid {
			t.Errorf("%s is believed", what)
			continue
		}
		silent(t, err.Error())
	}
	d.fake.FailNext(wechatpayfake.Slow)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.Query(ctx, d.order()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: %v", err)
	}
	if got, err := d.Query(t.Context(), d.order()); err != nil || !got.Paid {
		t.Errorf("%+v, %v", got, err)
	}
	silent(t, d.log.String())
}

// A merchant whose key WeChat Pay does not know is refused, and the error says so without what was sent.
func TestAMerchantWithAnotherKey(t *testing.T) {
	d := openDesk(t, seedtest.NewClock(), func(o *wechatpay.Options) { o.Serial = "ANOTHER" })
	_, err := d.Prepay(t.Context(), d.order(), openID)
	if err == nil {
		t.Fatal("taken")
	}
	silent(t, err.Error())
}

func TestWhoHasNoAccountCannotPay(t *testing.T) {
	d := openDesk(t, seedtest.NewClock(), func(o *wechatpay.Options) {
		o.OpenID = func(context.Context, string) (string, error) { return "", nil }
	})
	_, err := d.Payer(t.Context(), "person")
	faulttest.Refused(t, "no account", err, fault.BadUserInput)
}

func TestAnAccountThatIsNotWhole(t *testing.T) {
	whole := wechatpay.Options{MerchantID: merchant, AppID: app, Serial: serial, Key: merchantKey(), APIv3Key: wechat.NewSecret(apiv3), NotifyURL: address}
	if _, err := wechatpay.New(whole); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*wechatpay.Options){
		"no merchant": func(o *wechatpay.Options) { o.MerchantID = "" }, "no app": func(o *wechatpay.Options) { o.AppID = "" },
		"no serial": func(o *wechatpay.Options) { o.Serial = "" }, "no key": func(o *wechatpay.Options) { o.Key = nil },
		"a short APIv3 key": func(o *wechatpay.Options) { o.APIv3Key = wechat.NewSecret("short") },
		"no notices":        func(o *wechatpay.Options) { o.NotifyURL = "" }, "no place": func(o *wechatpay.Options) { o.BaseURL = "nowhere" },
	} {
		o := whole
		change(&o)
		if _, err := wechatpay.New(o); err == nil {
			t.Errorf("%s will do", what)
		}
	}
	for _, pem := range []string{"", "not PEM", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"} {
		if _, err := wechatpay.PrivateKey([]byte(pem)); err == nil {
			t.Errorf("%q is a key", pem)
		}
		if _, err := wechatpay.PublicKey([]byte(pem)); err == nil {
			t.Errorf("%q is a public key", pem)
		}
	}
}
