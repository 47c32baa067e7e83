package wechatpay

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/wechatpay-apiv3/wechatpay-go/services/payments"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/jsapi"
	"github.com/wechatpay-apiv3/wechatpay-go/services/refunddomestic"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"

	"citygraph/internal/clock"
	"citygraph/internal/payment"
)

// description is what the payer sees in WeChat. It is always the same: an order that is sent again must not differ.
const description = "市民卡充值"

// Codes of WeChat Pay, in the spellings of its documents over time.
var (
	noSuchOrder = []string{"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"}
	orderClosed = []string{"ORDER_CLOSED", "ORDERCLOSED"}
	orderPaid   = []string{"ORDERPAID", "ORDER_PAID"}
)

// Prepay orders the payment, and signs what wx.requestPayment is called with. Nil for an order that is paid or closed there.
func (p *Provider) Prepay(ctx context.Context, o payment.Order, openID string) (*payment.Prepay, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	service := jsapi.JsapiApiService{Client: p.client}
	answer, _, err := service.Prepay(ctx, jsapi.PrepayRequest{
		Appid: &p.options.AppID, Mchid: &p.options.MerchantID, Description: new(description), OutTradeNo: &o.ID,
		TimeExpire: new(o.ExpiresAt.In(clock.Shanghai)), NotifyUrl: &p.options.NotifyURL,
		Amount: &jsapi.Amount{Total: &o.Amount, Currency: new(payment.CNY)}, Payer: &jsapi.Payer{Openid: &openID},
	})
	if answered(err, append(orderPaid, orderClosed...)...) {
		return nil, nil //nolint:nilnil // nothing to pay with is an answer
	}
	if err != nil {
		return nil, refused("order", err)
	}
	if answer.PrepayId == nil || *answer.PrepayId == "" {
		return nil, errors.New("wechat pay: order: no prepay id in the answer")
	}
	return p.signed(ctx, *answer.PrepayId)
}

// signed is what the mini-program shows WeChat to have its user pay.
func (p *Provider) signed(ctx context.Context, prepayID string) (*payment.Prepay, error) {
	nonce, err := utils.GenerateNonce()
	if err != nil {
		return nil, fmt.Errorf("wechat pay: make a nonce: %w", err)
	}
	made := &payment.Prepay{
		TimeStamp: strconv.FormatInt(p.options.Clock.Now().Unix(), 10), NonceStr: nonce, Package: "prepay_id=" + prepayID, SignType: "RSA",
	}
	signature, err := p.client.Sign(ctx, p.options.AppID+"\n"+made.TimeStamp+"\n"+made.NonceStr+"\n"+made.Package+"\n")
	if err != nil {
		return nil, fmt.Errorf("wechat pay: sign for the app: %w", err)
	}
	made.PaySign = signature.Signature
	return made, nil
}

// Query asks for the order by its number here. One that WeChat Pay never heard of is not paid yet.
func (p *Provider) Query(ctx context.Context, o payment.Order) (payment.Payment, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	service := jsapi.JsapiApiService{Client: p.client}
	answer, _, err := service.QueryOrderByOutTradeNo(ctx, jsapi.QueryOrderByOutTradeNoRequest{OutTradeNo: &o.ID, Mchid: &p.options.MerchantID})
	if answered(err, noSuchOrder...) {
		return payment.Payment{}, nil
	}
	if err != nil {
		return payment.Payment{}, refused("query", err)
	}
	if text(answer.OutTradeNo) != o.ID || text(answer.Mchid) != p.options.MerchantID {
		return payment.Payment{}, errors.New("wechat pay: query: the answer is of another order")
	}
	return paymentOf(answer), nil
}

// paymentOf is what WeChat Pay says of an order. What was refunded on its platform by hand is nobody's to credit.
func paymentOf(t *payments.Transaction) payment.Payment {
	switch text(t.TradeState) {
	case "SUCCESS":
		paid := payment.Payment{Paid: true, TransactionID: text(t.TransactionId)}
		if t.Amount != nil && t.Amount.Total != nil {
			paid.Amount, paid.Currency = *t.Amount.Total, text(t.Amount.Currency)
		}
		return paid
	case "CLOSED", "REVOKED", "REFUND", "PAYERROR":
		return payment.Payment{Closed: true}
	default:
		return payment.Payment{}
	}
}

// Close has WeChat Pay take no money for the order. One that is closed, or that never got there, is closed.
func (p *Provider) Close(ctx context.Context, o payment.Order) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	service := jsapi.JsapiApiService{Client: p.client}
	_, err := service.CloseOrder(ctx, jsapi.CloseOrderRequest{OutTradeNo: &o.ID, Mchid: &p.options.MerchantID})
	if err == nil || answered(err, append(noSuchOrder, orderClosed...)...) {
		return nil
	}
	return refused("close", err)
}

// Refund gives the whole order back, under its own number, so that asking again makes no second one. A refund that WeChat
// Pay cannot bring home waits for an operator on its platform, and the log says so.
func (p *Provider) Refund(ctx context.Context, o payment.Order) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	service := refunddomestic.RefundsApiService{Client: p.client}
	answer, _, err := service.Create(ctx, refunddomestic.CreateRequest{
		OutTradeNo: &o.ID, OutRefundNo: &o.ID, NotifyUrl: &p.options.NotifyURL,
		Amount: &refunddomestic.AmountReq{Refund: &o.Amount, Total: &o.Amount, Currency: new(payment.CNY)},
	})
	if err != nil {
		return false, refused("refund", err)
	}
	if text(answer.OutRefundNo) != o.ID || answer.Status == nil {
		return false, errors.New("wechat pay: refund: the answer is of another refund")
	}
	switch *answer.Status {
	case refunddomestic.STATUS_SUCCESS:
		return true, nil
	case refunddomestic.STATUS_PROCESSING:
	default:
		p.quiet.Error().Str("topUp", o.ID).Str("status", string(*answer.Status)).Msg("wechat pay: a refund does not arrive; an operator must look")
	}
	return false, nil
}

// text is what is there, empty when nothing is.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
