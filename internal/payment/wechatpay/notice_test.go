package wechatpay_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db/topup"
	"citygraph/internal/fake/wechatpayfake"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
)

// One notice, posted fifty times at once, is one posting.
func TestANoticeToldFiftyTimesAtOnceIsOnePosting(t *testing.T) {
	c := openCounter(t)
	before, order := c.balance(t), c.paid(t, 12_34)
	n := c.fake.Paid(order)
	var all sync.WaitGroup
	for range 50 {
		r := c.fake.Request(n, wechatpayfake.None)
		all.Go(func() {
			if w := c.tell(r); w.Code != http.StatusNoContent || w.Body.Len() > 0 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	all.Wait()
	c.stands(t, order, topup.StatusPaid)
	c.holds(t, before, 12_34)
	c.follow(t)
	c.told(t, "told after the round", n, http.StatusNoContent)
	c.holds(t, before, 12_34)
	silent(t, c.log.String())
}

// Closed here first, then told of as paid: the money goes back once, and its arrival is told by either way.
func TestAPaymentToldOfAfterTheClose(t *testing.T) {
	c := openCounter(t)
	before, order := c.balance(t), c.top(t, 100)
	c.fake.HoldRefunds()
	if err := c.fake.Pay(order); err != nil {
		t.Fatal(err)
	}
	c.city.DB.TopUp.UpdateOneID(order).SetStatus(topup.StatusClosed).ExecX(seedtest.System(t))
	late := c.fake.Paid(order)
	c.told(t, "late", late, http.StatusNoContent)
	c.stands(t, order, topup.StatusFailed)
	for range 2 {
		c.follow(t)
	}
	c.stands(t, order, topup.StatusFailed) // the refund is under way
	c.fake.Arrive(order, "SUCCESS")
	for range 2 {
		c.told(t, "back", c.fake.GaveBack(order), http.StatusNoContent)
	}
	c.stands(t, order, topup.StatusRefunded)
	c.told(t, "paid, out of order", late, http.StatusNoContent)
	c.follow(t)
	c.stands(t, order, topup.StatusRefunded)
	c.holds(t, before, 0)
	if n := c.fake.Refunds(); n != 1 {
		t.Errorf("%d refunds", n)
	}
}

// What is signed and is not what was ordered changes nothing, and the log has it without a secret.
func TestNoticesOfWhatWasNotOrdered(t *testing.T) {
	c := openCounter(t)
	before, order := c.balance(t), c.paid(t, 100)
	with := func(key string, value any) wechatpayfake.Notice {
		n := c.fake.Paid(order)
		n.Resource[key] = value
		return n
	}
	money := func(total int64, currency string) map[string]any {
		return map[string]any{"total": total, "payer_total": total, "currency": currency}
	}
	for what, one := range map[string]struct {
		notice wechatpayfake.Notice
		status int
		logged string
	}{
		"another amount":      {with("amount", money(101, "CNY")), http.StatusNoContent, "not what was ordered"},
		"no amount":           {with("amount", nil), http.StatusNoContent, "not what was ordered"},
		"another currency":    {with("amount", money(100, "USD")), http.StatusNoContent, `"currency":"USD"`},
		"an unknown order":    {with("out_trade_no", id.New(id.TopUp)), http.StatusNoContent, "of no order here"},
		"no order":            {with("out_trade_no", ""), http.StatusNoContent, "of no order here"},
		"another merchant":    {with("mchid", "1900000110"), http.StatusForbidden, "another merchant or app"},
		"another app":         {with("appid", "wx-another"), http.StatusForbidden, "another merchant or app"},
		"not paid":            {with("trade_state", "NOTPAY"), http.StatusBadRequest, "refused"},
		"of an unknown kind":  {wechatpayfake.Notice{Event: "COUPON.USE", About: "coupon", Resource: map[string]any{}}, http.StatusNoContent, "COUPON.USE"},
		"a refund by hand":    {refund(order, "by-hand", merchant, "SUCCESS"), http.StatusNoContent, "not asked for"},
		"a refund that fails": {refund(order, order, merchant, "ABNORMAL"), http.StatusNoContent, "ABNORMAL"},
		"another's refund":    {refund(order, order, "1900000110", "SUCCESS"), http.StatusForbidden, "another merchant"},
		"a refund of nothing": {refund("topup_none", "topup_none", merchant, "SUCCESS"), http.StatusNoContent, "of no order here"},
	} {
		told := len(c.log.String())
		c.told(t, what, one.notice, one.status)
		if text := c.log.String()[told:]; !strings.Contains(text, one.logged) {
			t.Errorf("%s: logged %q", what, text)
		}
	}
	c.stands(t, order, topup.StatusPending)
	c.holds(t, before, 0)
	silent(t, c.log.String())
	c.told(t, "what was ordered", c.fake.Paid(order), http.StatusNoContent)
	c.holds(t, before, 100)
}

func refund(order, number, by, status string) wechatpayfake.Notice {
	return wechatpayfake.Notice{Event: "REFUND." + status, About: "refund", Resource: map[string]any{
		"mchid": by, "out_trade_no": order, "out_refund_no": number, "refund_status": status,
	}}
}

// What WeChat Pay has not signed, sealed and kept short is refused in the protocol's words, and changes nothing.
func TestNoticesThatAreForged(t *testing.T) {
	c := openCounter(t)
	before, order := c.balance(t), c.paid(t, 100)
	good := c.fake.Paid(order)
	altered := func(change func(*http.Request)) *http.Request {
		r := c.fake.Request(good, wechatpayfake.None)
		change(r)
		return r
	}
	long := strings.Repeat(" ", 64<<10) + "{}"
	sealedWith := func(nonce, algorithm string) string {
		return `{"id":"x","event_type":"TRANSACTION.SUCCESS","resource":{"algorithm":"` + algorithm + `","nonce":"` + nonce + `","ciphertext":"AAAA","associated_data":""}}`
	}
	for what, one := range map[string]struct {
		request *http.Request
		status  int
	}{
		"another text":        {c.fake.Request(good, wechatpayfake.WrongSignature), http.StatusUnauthorized},
		"an old one":          {c.fake.Request(good, wechatpayfake.StaleTimestamp), http.StatusUnauthorized},
		"another certificate": {c.fake.Request(good, wechatpayfake.OtherCertificate), http.StatusUnauthorized},
		"no signature":        {altered(func(r *http.Request) { r.Header.Del("Wechatpay-Signature") }), http.StatusUnauthorized},
		"no timestamp":        {altered(func(r *http.Request) { r.Header.Del("Wechatpay-Timestamp") }), http.StatusUnauthorized},
		"words for a time":    {altered(func(r *http.Request) { r.Header.Set("Wechatpay-Timestamp", "now") }), http.StatusUnauthorized},
		"another nonce":       {altered(func(r *http.Request) { r.Header.Set("Wechatpay-Nonce", "n") }), http.StatusUnauthorized},
		"no serial":           {altered(func(r *http.Request) { r.Header.Del("Wechatpay-Serial") }), http.StatusUnauthorized},
		"a probe":             {altered(func(r *http.Request) { r.Header.Set("Wechatpay-Signature", "WECHATPAY/SIGNTEST/AAAA") }), http.StatusUnauthorized},
		"nothing":             {c.fake.Signed(address, nil, wechatpayfake.None), http.StatusBadRequest},
		"no JSON":             {c.fake.Signed(address, []byte("<xml/>"), wechatpayfake.None), http.StatusBadRequest},
		"not sealed":          {c.fake.Signed(address, []byte("{}"), wechatpayfake.None), http.StatusBadRequest},
		"a short nonce":       {c.fake.Signed(address, []byte(sealedWith("n", "AEAD_AES_256_GCM")), wechatpayfake.None), http.StatusBadRequest},
		"another cipher":      {c.fake.Signed(address, []byte(sealedWith("123456789012", "AEAD_SM4_GCM")), wechatpayfake.None), http.StatusBadRequest},
		"another key":         {c.fake.Signed(address, []byte(sealedWith("123456789012", "AEAD_AES_256_GCM")), wechatpayfake.None), http.StatusBadRequest},
		"too long":            {c.fake.Signed(address, []byte(long), wechatpayfake.None), http.StatusRequestEntityTooLarge},
	} {
		w := c.tell(one.request)
		if w.Code != one.status || !strings.HasPrefix(w.Body.String(), `{"code":"FAIL","message":"`) || strings.Contains(w.Body.String(), order) {
			t.Errorf("%s: %d %s, want %d", what, w.Code, w.Body, one.status)
		}
	}
	c.stands(t, order, topup.StatusPending)
	c.holds(t, before, 0)
	silent(t, c.log.String())
}

// Nobody told of the payment: the round finds it. What is then said to be another amount is closed, and told of once.
func TestTheRoundAsksWeChatPay(t *testing.T) {
	c := openCounter(t)
	before, paid, odd, left := c.balance(t), c.paid(t, 100), c.paid(t, 50), c.top(t, 25)
	c.fake.Alter(odd, func(o *wechatpayfake.Order) { o.Amount.Total = 51 })
	for range 3 {
		c.follow(t)
	}
	c.stands(t, paid, topup.StatusPaid)
	c.stands(t, odd, topup.StatusClosed)
	c.stands(t, left, topup.StatusPending)
	if told := strings.Count(c.log.String(), `"topUp":"`+odd); told != 1 {
		t.Errorf("told %d times of another amount", told)
	}
	c.clock.Turn(30 * time.Minute)
	c.follow(t)
	c.stands(t, left, topup.StatusClosed)
	if o, _ := c.fake.Order(left); o.State != "CLOSED" {
		t.Errorf("WeChat Pay has it as %s", o.State)
	}
	c.holds(t, before, 100)
}
