package wechatpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/rs/zerolog"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments"

	"citygraph/ent/db/topup"
	"citygraph/internal/fault"
	"citygraph/internal/payment"
)

// NotifyPath is where WeChat Pay tells of payments and refunds, by POST.
const NotifyPath = "/payments/wechat/notify"

// maxNoticeBytes is far more than any notice has.
const maxNoticeBytes = 64 << 10

// Books take in what WeChat Pay tells; payment.TopUps do.
type Books interface {
	Settle(ctx context.Context, from topup.Provider, topUpID string, p payment.Payment) error
	Refunded(ctx context.Context, from topup.Provider, topUpID string) error
}

// errForeign says that a notice is signed and not ours.
var errForeign = errors.New("of another merchant or app")

// notice is what WeChat Pay posts.
type notice struct {
	ID        string `json:"id"`
	EventType string `json:"event_type"`
	Resource  sealed `json:"resource"`
}

// refund is what a notice of a refund has sealed in it.
type refund struct {
	MerchantID  string `json:"mchid"`
	OutTradeNo  string `json:"out_trade_no"`
	OutRefundNo string `json:"out_refund_no"`
	Status      string `json:"refund_status"`
}

// Notices answers WeChat Pay's notices: 204 for what is taken in, told before, or no order of ours, which the log has; 400 for
// what is not understood, 401 for what WeChat Pay has not signed within five minutes, 403 for another merchant's, 413 for what
// is too long, and 500 when it should be told again. Whoever is not WeChat Pay learns nothing of any order.
func (p *Provider) Notices(books Books) http.Handler {
	strangers := p.options.Log.Sample(&zerolog.BurstSampler{Burst: 1, Period: time.Minute}) // anybody can post
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxNoticeBytes)
		status, err := p.receive(r, books)
		if err != nil {
			log := &p.options.Log
			if status == http.StatusUnauthorized {
				log = &strangers
			}
			log.Warn().Err(err).Int("status", status).Msg("wechat pay: a notice is refused")
		}
		answer(w, status)
	})
}

// receive checks a notice and takes it in; the status is the answer.
func (p *Provider) receive(r *http.Request, books Books) (int, error) {
	body, err := io.ReadAll(r.Body)
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return http.StatusRequestEntityTooLarge, err
	}
	if err != nil {
		return http.StatusBadRequest, errors.New("cut off")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err := p.notices.Validate(r.Context(), r); err != nil {
		return http.StatusUnauthorized, fmt.Errorf("%.300s", err.Error()) // it repeats headers that anybody can send
	}
	var n notice
	if json.Unmarshal(body, &n) != nil {
		return http.StatusBadRequest, errors.New("not a notice")
	}
	opened, err := n.Resource.open(p.options.APIv3Key)
	if err != nil {
		return http.StatusBadRequest, err
	}
	err = p.take(r.Context(), n, opened, books)
	switch {
	case err == nil:
		return http.StatusNoContent, nil
	case errors.Is(err, errForeign):
		return http.StatusForbidden, err
	case fault.CodeOf(err) == fault.BadUserInput:
		return http.StatusBadRequest, err
	case fault.CodeOf(err) == fault.NotFound: // to be told again helps nobody
		p.options.Log.Error().Str("notice", n.ID).Str("event", n.EventType).Msg("wechat pay: of no order here; an operator must look")
		return http.StatusNoContent, nil
	default:
		return http.StatusInternalServerError, err
	}
}

func (p *Provider) take(ctx context.Context, n notice, opened []byte, books Books) error {
	switch n.EventType {
	case "TRANSACTION.SUCCESS":
		return p.takePayment(ctx, opened, books)
	case "REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED":
		return p.takeRefund(ctx, opened, books)
	default:
		p.options.Log.Warn().Str("notice", n.ID).Str("event", n.EventType).Msg("wechat pay: a notice of a kind that changes nothing")
		return nil
	}
}

func (p *Provider) takePayment(ctx context.Context, opened []byte, books Books) error {
	var t payments.Transaction
	if json.Unmarshal(opened, &t) != nil {
		return fault.New(fault.BadUserInput)
	}
	if text(t.Mchid) != p.options.MerchantID || text(t.Appid) != p.options.AppID {
		return errForeign
	}
	paid := paymentOf(&t)
	if !paid.Paid {
		return fault.New(fault.BadUserInput)
	}
	return books.Settle(ctx, p.Name(), text(t.OutTradeNo), paid)
}

func (p *Provider) takeRefund(ctx context.Context, opened []byte, books Books) error {
	var back refund
	if json.Unmarshal(opened, &back) != nil {
		return fault.New(fault.BadUserInput)
	}
	if back.MerchantID != p.options.MerchantID {
		return errForeign
	}
	// Ours has the number of its order. Others are made by hand on the platform, and are not in the book.
	if back.Status != "SUCCESS" || back.OutRefundNo != back.OutTradeNo {
		p.options.Log.Error().Str("topUp", back.OutTradeNo).Str("refund", back.OutRefundNo).Str("status", back.Status).
			Msg("wechat pay: a refund that did not arrive or was not asked for here; an operator must look")
		return nil
	}
	return books.Refunded(ctx, p.Name(), back.OutTradeNo)
}

// answer says it in the form WeChat Pay wants; anything but 2xx has it tell again later.
func answer(w http.ResponseWriter, status int) {
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"code": "FAIL", "message": http.StatusText(status)}) // nobody is left to tell
}
