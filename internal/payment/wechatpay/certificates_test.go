package wechatpay_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"testing"
	"time"

	"citygraph/internal/fake/wechatpayfake"
	"citygraph/internal/payment/wechatpay"
	"citygraph/internal/seed/seedtest"
)

// While WeChat Pay changes its certificate, the old and the new one are both believed; the old one is not when it has expired.
// They are asked for when an unknown one appears, and not more often than every five minutes.
func TestCertificatesRotate(t *testing.T) {
	clock := seedtest.NewClock()
	d := openDesk(t, clock)
	believed := func(what string, want bool) {
		t.Helper()
		if _, err := d.Query(t.Context(), d.order()); (err == nil) != want {
			t.Errorf("%s: %v", what, err)
		}
	}
	downloads := func(want int) {
		t.Helper()
		if got := d.fake.Requests(wechatpayfake.CertificatesPath); got != want {
			t.Errorf("%d downloads, want %d", got, want)
		}
	}
	old := d.fake.Rotate(24 * time.Hour)
	d.prepay(t)
	believed("the old one", true)
	downloads(1)
	fresh := d.fake.Rotate(5 * 365 * 24 * time.Hour)
	for range 3 { // less than five minutes after the last time
		believed("a new one, too early", false)
	}
	downloads(1)
	clock.Turn(5 * time.Minute)
	believed("the new one", true)
	downloads(2)
	d.fake.SignWith(old)
	believed("the old one beside it", true)
	d.fake.SignWith(fresh)
	believed("the new one again", true)
	downloads(2)
	clock.Turn(24 * time.Hour)
	d.fake.SignWith(old)
	believed("an expired one", false)
	d.fake.SignWith(fresh)
	believed("the new one a day later", true)
	downloads(3) // as they had become old
}

// Certificates that cannot be downloaded are tried again soon, and those that are there stay.
func TestCertificatesThatCannotBeDownloaded(t *testing.T) {
	clock := seedtest.NewClock()
	d := openDesk(t, clock)
	d.fake.FailNext(wechatpayfake.Broken)
	order := d.order()
	if _, err := d.Prepay(t.Context(), order, openID); err == nil {
		t.Error("believed without a certificate")
	}
	clock.Turn(10 * time.Second)
	if _, err := d.Prepay(t.Context(), order, openID); err != nil {
		t.Fatal(err)
	}
	clock.Turn(11 * time.Hour)
	for _, fault := range []wechatpayfake.Fault{wechatpayfake.Broken, wechatpayfake.WrongSignature, wechatpayfake.OtherCertificate} {
		d.fake.FailNext(wechatpayfake.None, fault) // the query is answered, and has the certificates looked for
		if _, err := d.Query(t.Context(), d.order()); err != nil {
			t.Errorf("fault %d: %v", fault, err)
		}
		clock.Turn(5 * time.Minute)
	}
	if got := d.fake.Requests(wechatpayfake.CertificatesPath); got != 5 {
		t.Errorf("%d downloads", got)
	}
	silent(t, d.log.String())
}

// A merchant with a public key of WeChat Pay's needs no certificate, and believes those that still come.
func TestAPublicKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	const id = "PUB_KEY_ID_0119000001092026000000000001"
	d := openDesk(t, seedtest.NewClock(), func(o *wechatpay.Options) { o.PublicKeyID, o.PublicKey = id, &key.PublicKey })
	certificate := d.fake.Rotate(time.Hour)
	d.fake.Adopt(id, key)
	d.prepay(t)
	if got := d.fake.Requests(wechatpayfake.CertificatesPath); got != 0 {
		t.Errorf("%d downloads", got)
	}
	d.fake.SignWith(certificate)
	if _, err := d.Query(t.Context(), d.order()); err != nil {
		t.Error(err)
	}
	if got := d.fake.Requests(wechatpayfake.CertificatesPath); got != 1 {
		t.Errorf("%d downloads", got)
	}
}

// Serials that nobody knows cost WeChat Pay one download in five minutes, however many strangers make them up.
func TestStrangersCannotHaveCertificatesDownloaded(t *testing.T) {
	c := openCounter(t)
	id := c.paid(t, 100)
	before := c.fake.Requests(wechatpayfake.CertificatesPath)
	c.clock.Turn(6 * time.Minute)
	for range 5 {
		if w := c.tell(c.fake.Request(c.fake.Paid(id), wechatpayfake.OtherCertificate)); w.Code != http.StatusUnauthorized {
			t.Errorf("%d", w.Code)
		}
	}
	if got := c.fake.Requests(wechatpayfake.CertificatesPath) - before; got != 1 {
		t.Errorf("%d downloads", got)
	}
}
