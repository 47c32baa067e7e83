package push

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"citygraph/internal/wechat"
)

// subscriber answers by script and counts.
type subscriber struct {
	answers []error
	asked   []wechat.SubscribeMessage
}

func (s *subscriber) SendSubscribe(_ context.Context, m wechat.SubscribeMessage) error {
	s.asked = append(s.asked, m)
	if len(s.answers) == 0 {
		return nil
	}
	err := s.answers[0]
	s.answers = s.answers[1:]
	return err
}

type watch struct{ now time.Time }

func (w *watch) Now() time.Time { return w.now }

func subscribeMessage() Message {
	return Message{Token: "openid", Template: &Filled{ID: "t", Page: "pages/case", Fields: map[string]string{"thing1": "已受理"}}}
}

func TestWechatsAnswersDecideWhatIsGivenBack(t *testing.T) {
	refused := func(code wechat.Errcode) error { return fmt.Errorf("wechat: %w", code) }
	for name, tc := range map[string]struct {
		answer  error
		outcome Outcome
		unsent  bool
		code    string
	}{
		"taken":            {nil, Delivered, false, ""},
		"no grant":         {refused(43101), NoCredit, true, "43101"},
		"token":            {refused(40001), Retry, true, "40001"},
		"token expired":    {refused(42001), Retry, true, "42001"},
		"busy":             {refused(-1), Retry, true, "-1"},
		"quota":            {refused(45009), Retry, true, "45009"},
		"no such person":   {refused(40003), Rejected, true, "40003"},
		"no such template": {refused(40037), Rejected, true, "40037"},
		"argument":         {refused(47003), Rejected, true, "47003"},
		"unknown code":     {refused(99999), Rejected, true, "99999"},
		"no connection":    {fmt.Errorf("dial: %w", wechat.ErrNotSent), Retry, true, codeUnreachable},
		"answer lost":      {errors.New("reset"), Retry, false, codeUnreachable},
	} {
		w := &Wechat{API: &subscriber{answers: []error{tc.answer}}, Clock: &watch{time.Now()}}
		got := w.Send(t.Context(), subscribeMessage())
		if got.Outcome != tc.outcome || got.Unsent != tc.unsent || got.Code != tc.code || (got.Err == nil) != (tc.answer == nil) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestWechatIsNotAskedWhatItWouldRefuse(t *testing.T) {
	api := &subscriber{}
	w := &Wechat{API: api, Clock: &watch{time.Now()}}
	long := subscribeMessage()
	long.Template.Fields["thing1"] = strings.Repeat("字", 21)
	for _, m := range []Message{long, {Token: "openid"}} {
		if got := w.Send(t.Context(), m); got.Outcome != Rejected || !got.Unsent || strings.Contains(fmt.Sprint(got.Err), "字") {
			t.Errorf("%+v", got)
		}
	}
	if len(api.asked) != 0 {
		t.Errorf("asked %+v", api.asked)
	}
}

// 45009 rests the channel, twice as long each time in a row, and an answer ends the row.
func TestAUsedUpQuotaRestsTheChannel(t *testing.T) {
	quota := wechat.Errcode(45009)
	api, clk := &subscriber{answers: []error{quota, quota, nil, quota}}, &watch{time.Now()}
	w := &Wechat{API: api, Clock: clk}
	send := func(asked int, outcome Outcome, wait time.Duration) {
		t.Helper()
		got := w.Send(t.Context(), subscribeMessage())
		if got.Outcome != outcome || got.RetryAfter != wait || len(api.asked) != asked {
			t.Fatalf("%+v after %d requests, want %s, %s, %d", got, len(api.asked), outcome, wait, asked)
		}
	}
	send(1, Retry, time.Minute)
	clk.now = clk.now.Add(20 * time.Second)
	send(1, Retry, 40*time.Second)
	clk.now = clk.now.Add(40 * time.Second)
	send(2, Retry, 2*time.Minute)
	clk.now = clk.now.Add(2 * time.Minute)
	send(3, Delivered, 0)
	send(4, Retry, time.Minute)
}

func TestTheSandboxOfTextMessagesKeepsTheNumberOutOfTheLog(t *testing.T) {
	var log bytes.Buffer
	s := SandboxSMS{Log: zerolog.New(&log)}
	if got := s.Send(t.Context(), Message{NotificationID: "notice_1", Token: "13800001234", Body: "请留在室内"}); got.Outcome != Delivered {
		t.Errorf("%+v", got)
	}
	if got := s.Send(t.Context(), Message{NotificationID: "notice_1", Body: "x"}); got.Outcome != Rejected {
		t.Errorf("without a number: %+v", got)
	}
	if said := log.String(); !strings.Contains(said, "notice_1") || strings.Contains(said, "1380000") || strings.Contains(said, "室内") {
		t.Errorf("the log says %s", said)
	}
}
