package push

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"citygraph/internal/clock"
	"citygraph/internal/wechat"
)

// Subscriber sends one subscribe message; see wechat.API.
type Subscriber interface {
	SendSubscribe(ctx context.Context, m wechat.SubscribeMessage) error
}

const (
	firstQuotaPause   = time.Minute
	longestQuotaPause = time.Hour
)

// Wechat sends subscribe messages. The caller has taken the recipient's grant: a Result that is Unsent
// lets it be given back, and NoCredit says that WeChat knows of none.
type Wechat struct {
	API   Subscriber
	Clock clock.Clock

	mu    sync.Mutex
	pause time.Duration // of the present outage of the quota; 0 when there is none
	until time.Time
}

var _ Channel = (*Wechat)(nil)

// Codes that mean something to the sender, from the error table of subscribeMessage.send.
const (
	wechatBusy         = -1
	wechatBadToken     = 40001
	wechatBadOpenID    = 40003
	wechatInvalidToken = 40014
	wechatBadTemplate  = 40037
	wechatBadPage      = 41030
	wechatTokenExpired = 42001
	wechatRefused      = 43101
	wechatDailyQuota   = 45009
	wechatMinuteQuota  = 45011
	wechatBadArgument  = 47003
)

// Send sends the message's template once. While WeChat's quota is used up (45009) nothing is sent at all, for
// a pause that doubles up to an hour.
func (w *Wechat) Send(ctx context.Context, m Message) Result {
	if m.Template == nil {
		return Result{Outcome: Rejected, Unsent: true, Code: "NO_TEMPLATE", Err: errors.New("wechat: the message has no template")}
	}
	if err := m.Template.Check(); err != nil {
		return Result{Outcome: Rejected, Unsent: true, Code: "INVALID_TEMPLATE_DATA", Err: fmt.Errorf("wechat: %w", err)}
	}
	if wait := w.resting(); wait > 0 {
		return Result{Outcome: Retry, Unsent: true, Code: strconv.Itoa(wechatDailyQuota), RetryAfter: wait, Err: errors.New("wechat: the quota is used up")}
	}
	err := w.API.SendSubscribe(ctx, wechat.SubscribeMessage{
		OpenID: m.Token, Template: m.Template.ID, Page: m.Template.Page, Fields: m.Template.Fields,
	})
	return w.classify(err)
}

func (w *Wechat) classify(err error) Result {
	if err == nil {
		w.recovered()
		return Result{Outcome: Delivered}
	}
	refusal, answered := errors.AsType[wechat.Errcode](err)
	if !answered {
		// Whether WeChat has it nobody knows, unless no connection was made at all.
		return Result{Outcome: Retry, Unsent: errors.Is(err, wechat.ErrNotSent), Code: codeUnreachable, Err: err}
	}
	result := Result{Outcome: Rejected, Unsent: true, Code: strconv.Itoa(int(refusal)), Err: err}
	switch refusal {
	case wechatRefused:
		result.Outcome = NoCredit
	case wechatDailyQuota, wechatMinuteQuota:
		result.Outcome, result.RetryAfter = Retry, w.rest()
	case wechatBusy, wechatBadToken, wechatInvalidToken, wechatTokenExpired:
		result.Outcome = Retry
	case wechatBadOpenID, wechatBadTemplate, wechatBadPage, wechatBadArgument:
	}
	return result
}

// resting is how long nothing may be sent yet.
func (w *Wechat) resting() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.until.Sub(w.Clock.Now())
}

// rest begins a pause, twice as long as the last; answers that were under way when one began share it.
func (w *Wechat) rest() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.Clock.Now()
	if wait := w.until.Sub(now); wait > 0 {
		return wait
	}
	w.pause = min(max(2*w.pause, firstQuotaPause), longestQuotaPause)
	w.until = now.Add(w.pause)
	return w.pause
}

func (w *Wechat) recovered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.Clock.Now().Before(w.until) {
		w.pause = 0
	}
}
