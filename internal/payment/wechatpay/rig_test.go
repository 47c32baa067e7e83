package wechatpay_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/topup"
	"citygraph/internal/event"
	"citygraph/internal/fake/wechatpayfake"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/payment"
	"citygraph/internal/payment/wechatpay"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/wechat"
)

const (
	merchant = "1900000109"
	app      = "wx0123456789abcdef"
	serial   = "5157F09EFDC096DE15EBE81A47057A72"
	apiv3    = "0123456789abcdef0123456789ABCDEF"
	address  = "https://city.example.cn" + wechatpay.NotifyPath
	openID   = "o-of-chenjing"
)

// merchantKey signs for the city in all tests.
var merchantKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// desk is a merchant account, its WeChat Pay, and a log.
type desk struct {
	*wechatpay.Provider
	fake  *wechatpayfake.Server
	clock *seedtest.Clock
	log   *log
}

// log is a log that can be read while it is written.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func openDesk(t *testing.T, clock *seedtest.Clock, changes ...func(*wechatpay.Options)) *desk {
	t.Helper()
	d := &desk{clock: clock, log: &log{}}
	d.fake = wechatpayfake.New(wechatpayfake.Options{
		MerchantID: merchant, AppID: app, Serial: serial, Key: &merchantKey().PublicKey, APIv3Key: apiv3, Clock: clock,
	})
	server := httptest.NewServer(d.fake.Handler())
	t.Cleanup(server.Close)
	o := wechatpay.Options{
		MerchantID: merchant, AppID: app, Serial: serial, Key: merchantKey(), APIv3Key: wechat.NewSecret(apiv3),
		NotifyURL: address, BaseURL: server.URL, Clock: clock, Log: zerolog.New(d.log),
		OpenID: func(context.Context, string) (string, error) { return openID, nil },
	}
	for _, change := range changes {
		change(&o)
	}
	var err error
	if d.Provider, err = wechatpay.New(o); err != nil {
		t.Fatal(err)
	}
	return d
}

// number is the order's that tests of single calls make.
const number = "topup_01J9ZQ4M1W6Y8Q3V5T7R2N0KXB"

func (d *desk) order() payment.Order {
	return payment.Order{ID: number, Amount: 12_34, ExpiresAt: d.clock.Now().Add(30 * time.Minute)}
}

// prepay has WeChat Pay take the order.
func (d *desk) prepay(t *testing.T) *payment.Prepay {
	t.Helper()
	made, err := d.Prepay(t.Context(), d.order(), openID)
	if err != nil || made == nil {
		t.Fatalf("%+v, %v", made, err)
	}
	return made
}

// silent fails the test if a secret is in the text.
func silent(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{apiv3, openID, "WECHATPAY2-SHA256-RSA2048 mchid", "BEGIN"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in %s", secret, text)
		}
	}
}

// counter is a city in which chenjing tops up through the desk.
type counter struct {
	*desk
	tops    *payment.TopUps
	city    *seedtest.City
	me      context.Context
	account string
	notices http.Handler
}

func openCounter(t *testing.T) *counter {
	t.Helper()
	city, clock := seedtest.Open(t), seedtest.NewClock()
	c := &counter{desk: openDesk(t, clock), city: city, me: city.As(t, "chenjing")}
	c.account = city.DB.CitizenCard.Query().Where(citizencard.PersonID(seedtest.Person(t, "chenjing"))).OnlyX(seedtest.System(t)).AccountID
	c.tops = &payment.TopUps{
		DB: city.DB, Store: city.Store, Clock: clock, Once: idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock},
		Book: &ledger.Book{DB: city.DB, Store: city.Store, Clock: clock}, Providers: []payment.Provider{c.Provider}, Most: 500_00,
		Life: 30 * time.Minute, Log: zerolog.New(c.log), Events: event.New(), Soon: func(context.Context, string) error { return nil },
	}
	c.notices = c.Notices(c.tops)
	return c
}

func (c *counter) top(t *testing.T, fen int64) string {
	t.Helper()
	row, prepay, err := c.tops.TopUp(c.me, payment.Request{Key: uuid.New(), Amount: fen})
	if err != nil || prepay == nil {
		t.Fatalf("%+v, %v", prepay, err)
	}
	return row.ID
}

// paid orders and pays so much.
func (c *counter) paid(t *testing.T, fen int64) string {
	t.Helper()
	id := c.top(t, fen)
	if err := c.fake.Pay(id); err != nil {
		t.Fatal(err)
	}
	return id
}

// tell posts a notice, and is the answer.
func (c *counter) tell(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	c.notices.ServeHTTP(w, r)
	return w
}

// told fails the test unless the notice is answered so.
func (c *counter) told(t *testing.T, what string, n wechatpayfake.Notice, status int) {
	t.Helper()
	if w := c.tell(c.fake.Request(n, wechatpayfake.None)); w.Code != status {
		t.Errorf("%s: %d %s, want %d", what, w.Code, w.Body, status)
	}
}

func (c *counter) balance(t *testing.T) int64 {
	t.Helper()
	return c.city.DB.LedgerAccount.GetX(seedtest.System(t), c.account).Balance
}

// holds fails the test unless the card has so much, all of what came is WeChat Pay's, and the book is sound.
func (c *counter) holds(t *testing.T, before, fen int64) {
	t.Helper()
	if got := c.balance(t) - before; got != fen {
		t.Errorf("%d fen came onto the card, want %d", got, fen)
	}
	var cleared int64
	for _, a := range c.city.DB.LedgerAccount.Query().Where(ledgeraccount.KindEQ(ledgeraccount.KindProviderClearing)).AllX(seedtest.System(t)) {
		cleared -= a.Balance
	}
	if cleared != fen {
		t.Errorf("%d fen came from the provider, want %d", cleared, fen)
	}
	if _, err := c.tops.Book.Verify(context.WithoutCancel(t.Context()), func(v ledger.Violation) { t.Errorf("%s %s: %s", v.Rule, v.ID, v.Detail) }); err != nil {
		t.Error(err)
	}
}

func (c *counter) stands(t *testing.T, id string, want topup.Status) {
	t.Helper()
	if got := c.city.DB.TopUp.GetX(seedtest.System(t), id).Status; got != want {
		t.Errorf("the top-up is %s, want %s", got, want)
	}
}

func (c *counter) follow(t *testing.T) {
	t.Helper()
	if err := c.tops.FollowDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}
