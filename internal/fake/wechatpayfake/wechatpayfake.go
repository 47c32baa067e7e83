// Package wechatpayfake speaks the part of WeChat Pay's API v3 that top-ups need, with real cryptography: JSAPI orders, their
// refunds, platform certificates, and notices. It believes nothing that the merchant has not signed, and signs what it says.
package wechatpayfake

import (
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"sync"
	"time"

	"citygraph/internal/clock"
)

// Options name the merchant that the server knows.
type Options struct {
	MerchantID, AppID string
	Serial            string         // of the merchant's certificate
	Key               *rsa.PublicKey // of the merchant's certificate
	APIv3Key          string
	Clock             clock.Clock // of orders and certificates; signatures go by the machine's
}

// Server is one merchant's view of WeChat Pay. It is safe for concurrent use.
type Server struct {
	options Options

	mu        sync.Mutex
	platforms []platform // the last signs
	orders    map[string]*Order
	refunds   map[string]*Refund
	slow      bool // refunds stay under way until Arrive
	faults    []Fault
	asked     map[string]int
	notifyTo  string
	payments  int
}

// Order is what the merchant asked to be paid.
type Order struct {
	AppID       string    `json:"appid"`
	MerchantID  string    `json:"mchid"`
	Description string    `json:"description"`
	OutTradeNo  string    `json:"out_trade_no"`
	TimeExpire  time.Time `json:"time_expire"`
	NotifyURL   string    `json:"notify_url"`
	Amount      struct {
		Total    int64  `json:"total"`
		Currency string `json:"currency"`
	} `json:"amount"`
	Payer struct {
		OpenID string `json:"openid"`
	} `json:"payer"`

	PrepayID      string `json:"-"`
	State         string `json:"-"` // NOTPAY, SUCCESS, CLOSED or REFUND
	TransactionID string `json:"-"`
}

// Refund is money on its way back.
type Refund struct {
	OutTradeNo  string `json:"out_trade_no"`
	OutRefundNo string `json:"out_refund_no"`
	NotifyURL   string `json:"notify_url"`
	Amount      struct {
		Refund   int64  `json:"refund"`
		Total    int64  `json:"total"`
		Currency string `json:"currency"`
	} `json:"amount"`

	Status string `json:"-"` // PROCESSING, SUCCESS or ABNORMAL
}

// Paths of the API.
const (
	OrderPath        = "/v3/pay/transactions/jsapi"
	NumberPath       = "/v3/pay/transactions/out-trade-no/"
	RefundPath       = "/v3/refund/domestic/refunds"
	CertificatesPath = "/v3/certificates"
)

// New returns the WeChat Pay of the merchant, with one platform certificate.
func New(o Options) *Server {
	s := &Server{options: o, orders: map[string]*Order{}, refunds: map[string]*Refund{}, asked: map[string]int{}}
	s.Rotate(5 * 365 * 24 * time.Hour)
	return s
}

// Requests returns how often a path was asked, by its constant, failures included.
func (s *Server) Requests(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// Order returns an order as it stands; false when there is none of the number.
func (s *Server) Order(outTradeNo string) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.orders[outTradeNo]
	if !ok {
		return Order{}, false
	}
	return *o, true
}

// Refunds returns how many refunds there are.
func (s *Server) Refunds() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.refunds)
}

// Handler serves the paths.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+OrderPath, s.guarded(OrderPath, s.order))
	mux.HandleFunc("GET "+NumberPath+"{number}", s.guarded(NumberPath, s.query))
	mux.HandleFunc("POST "+NumberPath+"{number}/close", s.guarded(NumberPath, s.close))
	mux.HandleFunc("POST "+RefundPath, s.guarded(RefundPath, s.refund))
	mux.HandleFunc("GET "+CertificatesPath, s.guarded(CertificatesPath, s.certificates))
	return mux
}

// reply is an answer before it is signed.
type reply struct {
	status int
	body   any
}

func refuse(status int, code string) reply {
	return reply{status, map[string]string{"code": code, "message": "refused, as " + code}}
}

// guarded counts a request, has the next fault happen to it, checks who sent it, and signs the answer.
func (s *Server) guarded(path string, do func(*http.Request, []byte) reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked[path]++
		fault := s.nextFault()
		switch fault {
		case Slow: // until the client has had enough
			s.mu.Unlock()
			<-r.Context().Done()
			s.mu.Lock()
			return
		case Broken:
			s.answer(w, None, refuse(http.StatusInternalServerError, "SYSTEM_ERROR"))
			return
		}
		if !s.signedByMerchant(r, body) {
			s.answer(w, fault, refuse(http.StatusUnauthorized, "SIGN_ERROR"))
			return
		}
		s.answer(w, fault, do(r, body))
	}
}

var number = regexp.MustCompile(`^[A-Za-z0-9_\-|*]{6,32}$`)

func (s *Server) order(_ *http.Request, body []byte) reply {
	var o Order
	if json.Unmarshal(body, &o) != nil || !number.MatchString(o.OutTradeNo) || o.Amount.Total < 1 || o.Amount.Currency != "CNY" ||
		o.Description == "" || o.NotifyURL == "" || o.Payer.OpenID == "" || o.TimeExpire.Sub(s.options.Clock.Now()) < time.Minute {
		return refuse(http.StatusBadRequest, "PARAM_ERROR")
	}
	if o.MerchantID != s.options.MerchantID || o.AppID != s.options.AppID {
		return refuse(http.StatusBadRequest, "APPID_MCHID_NOT_MATCH")
	}
	o.State, o.PrepayID = "NOTPAY", "wx-prepay-"+o.OutTradeNo
	before, found := s.orders[o.OutTradeNo]
	switch {
	case !found:
		s.orders[o.OutTradeNo] = &o
	case before.State == "CLOSED":
		return refuse(http.StatusBadRequest, "ORDER_CLOSED")
	case before.State != "NOTPAY":
		return refuse(http.StatusBadRequest, "ORDERPAID")
	case before.Amount != o.Amount || before.Payer != o.Payer || !before.TimeExpire.Equal(o.TimeExpire) || before.Description != o.Description:
		return refuse(http.StatusForbidden, "OUT_TRADE_NO_USED")
	}
	return reply{http.StatusOK, map[string]string{"prepay_id": o.PrepayID}}
}

func (s *Server) query(r *http.Request, _ []byte) reply {
	o, found := s.orders[r.PathValue("number")]
	if !found || r.URL.Query().Get("mchid") != s.options.MerchantID {
		return refuse(http.StatusNotFound, "ORDER_NOT_EXIST")
	}
	return reply{http.StatusOK, o.transaction()}
}

func (s *Server) close(r *http.Request, _ []byte) reply {
	o, found := s.orders[r.PathValue("number")]
	switch {
	case !found:
		return refuse(http.StatusNotFound, "ORDER_NOT_EXIST")
	case o.State == "CLOSED":
		return refuse(http.StatusBadRequest, "ORDER_CLOSED")
	case o.State != "NOTPAY":
		return refuse(http.StatusBadRequest, "ORDERPAID")
	}
	o.State = "CLOSED"
	return reply{http.StatusNoContent, nil}
}

func (s *Server) refund(_ *http.Request, body []byte) reply {
	var asked Refund
	if json.Unmarshal(body, &asked) != nil || !number.MatchString(asked.OutRefundNo) {
		return refuse(http.StatusBadRequest, "PARAM_ERROR")
	}
	o, found := s.orders[asked.OutTradeNo]
	if !found || o.TransactionID == "" {
		return refuse(http.StatusNotFound, "RESOURCE_NOT_EXISTS")
	}
	if asked.Amount.Total != o.Amount.Total || asked.Amount.Refund > o.Amount.Total || asked.Amount.Currency != o.Amount.Currency {
		return refuse(http.StatusBadRequest, "INVALID_REQUEST")
	}
	if _, again := s.refunds[asked.OutRefundNo]; !again {
		asked.Status, o.State = "SUCCESS", "REFUND"
		if s.slow {
			asked.Status = "PROCESSING"
		}
		s.refunds[asked.OutRefundNo] = &asked
	}
	return reply{http.StatusOK, map[string]any{
		"refund_id": "refund-" + asked.OutRefundNo, "out_refund_no": asked.OutRefundNo, "out_trade_no": o.OutTradeNo, "transaction_id": o.TransactionID,
		"status": s.refunds[asked.OutRefundNo].Status, "amount": map[string]any{"total": o.Amount.Total, "refund": asked.Amount.Refund, "currency": "CNY"},
	}}
}

// transaction is the order as WeChat Pay tells of it.
func (o *Order) transaction() map[string]any {
	t := map[string]any{
		"appid": o.AppID, "mchid": o.MerchantID, "out_trade_no": o.OutTradeNo, "trade_state": o.State, "trade_state_desc": "as " + o.State,
		"trade_type": "JSAPI", "payer": map[string]string{"openid": o.Payer.OpenID},
		"amount": map[string]any{"total": o.Amount.Total, "payer_total": o.Amount.Total, "currency": o.Amount.Currency, "payer_currency": "CNY"},
	}
	if o.TransactionID != "" {
		t["transaction_id"] = o.TransactionID
	}
	return t
}
