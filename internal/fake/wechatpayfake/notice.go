package wechatpayfake

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Parameters are what a mini-program calls wx.requestPayment with.
type Parameters struct{ TimeStamp, NonceStr, Package, SignType, PaySign string }

// RequestPayment plays the person who is shown the order and pays it. It tells nobody; see Notice. An error is what
// WeChat would show instead.
func (s *Server) RequestPayment(p Parameters) (outTradeNo string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.SignType != "RSA" || !s.verifies(s.options.AppID+"\n"+p.TimeStamp+"\n"+p.NonceStr+"\n"+p.Package+"\n", p.PaySign) {
		return "", errors.New("the merchant has not signed this")
	}
	for _, o := range s.orders {
		if p.Package == "prepay_id="+o.PrepayID {
			return o.OutTradeNo, s.pay(o)
		}
	}
	return "", errors.New("no such order")
}

// Pay has an order paid by whoever it is for.
func (s *Server) Pay(outTradeNo string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, found := s.orders[outTradeNo]
	if !found {
		return errors.New("no such order")
	}
	return s.pay(o)
}

func (s *Server) pay(o *Order) error {
	if o.State != "NOTPAY" || !s.options.Clock.Now().Before(o.TimeExpire) {
		return fmt.Errorf("the order is %s and ends at %s", o.State, o.TimeExpire)
	}
	s.payments++
	o.State, o.TransactionID = "SUCCESS", fmt.Sprintf("42000%022d", s.payments)
	return nil
}

// Alter changes an order as no merchant could: what WeChat Pay says of it from now on is another matter.
func (s *Server) Alter(outTradeNo string, change func(*Order)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.orders[outTradeNo])
}

// HoldRefunds leaves the refunds that are asked for under way.
func (s *Server) HoldRefunds() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow = true
}

// Arrive ends a refund: SUCCESS or ABNORMAL.
func (s *Server) Arrive(outRefundNo, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refunds[outRefundNo].Status = status
}

// NotifyAt has notices go to an address instead of the one that the merchant named, which tests may not be able to serve.
func (s *Server) NotifyAt(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notifyTo = address
}

// Paid is a notice that the order is paid, as it stands.
func (s *Server) Paid(outTradeNo string) Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[outTradeNo]
	return Notice{Event: "TRANSACTION.SUCCESS", About: "transaction", Resource: o.transaction(), To: o.NotifyURL}
}

// GaveBack is a notice of a refund, as it stands.
func (s *Server) GaveBack(outRefundNo string) Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.refunds[outRefundNo]
	return Notice{Event: "REFUND." + r.Status, About: "refund", To: r.NotifyURL, Resource: map[string]any{
		"mchid": s.options.MerchantID, "out_trade_no": r.OutTradeNo, "transaction_id": s.orders[r.OutTradeNo].TransactionID,
		"out_refund_no": r.OutRefundNo, "refund_id": "refund-" + r.OutRefundNo, "refund_status": r.Status,
		"amount": map[string]any{"total": r.Amount.Total, "refund": r.Amount.Refund},
	}}
}

// Notice is what WeChat Pay tells the merchant. Tests change what is in it before it is sent.
type Notice struct {
	Event, About, To string
	Resource         map[string]any
}

// Request is the notice as it is posted, sealed and signed, with a fault in it.
func (s *Server) Request(n Notice, fault Fault) *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	plain, err := json.Marshal(n.Resource)
	must(err)
	body, err := json.Marshal(map[string]any{
		"id": strings.ToLower(rand.Text()), "create_time": time.Now().Format(time.RFC3339), "event_type": n.Event,
		"resource_type": "encrypt-resource", "summary": "as " + n.Event, "resource": s.seal(plain, n.About),
	})
	must(err)
	if s.notifyTo != "" {
		n.To = s.notifyTo
	}
	return s.signed(n.To, body, fault)
}

// Signed is any body as WeChat Pay would post it.
func (s *Server) Signed(to string, body []byte, fault Fault) *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signed(to, body, fault)
}

func (s *Server) signed(to string, body []byte, fault Fault) *http.Request {
	r, err := http.NewRequest(http.MethodPost, to, bytes.NewReader(body))
	must(err)
	r.Header.Set("Content-Type", "application/json")
	s.sign(r.Header, fault, body)
	return r
}

// Send posts a notice, and returns the status and the body of the answer.
func (s *Server) Send(n Notice) (status int, body string, err error) {
	resp, err := http.DefaultClient.Do(s.Request(n, None))
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}
