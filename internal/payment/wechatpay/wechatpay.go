// Package wechatpay takes payments through WeChat Pay's API v3: JSAPI orders of the mini-program, their refunds, and
// the notices in which WeChat Pay tells of both.
package wechatpay

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/rs/zerolog"
	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/validators"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"

	"citygraph/ent/db/topup"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/payment"
	"citygraph/internal/wechat"
)

// DefaultBaseURL is WeChat Pay's own server.
const DefaultBaseURL = "https://api.mch.weixin.qq.com"

// callTimeout is how long one call may take; a request of a client waits for one.
const callTimeout = 5 * time.Second

// Options name the merchant account and where WeChat Pay is.
type Options struct {
	MerchantID string
	AppID      string          // of the mini-program that is bound to the merchant
	Serial     string          // of the merchant's certificate
	Key        *rsa.PrivateKey // of the merchant's certificate
	APIv3Key   wechat.Secret   // 32 bytes

	// PublicKey is WeChat Pay's own, for merchants that were given one; nil relies on platform certificates alone.
	PublicKey   *rsa.PublicKey
	PublicKeyID string // begins with PUB_KEY_ID_

	NotifyURL string // where WeChat Pay finds NotifyPath
	BaseURL   string // DefaultBaseURL when empty

	// OpenID is the WeChat account of a person within the mini-program, empty for who has none.
	OpenID func(ctx context.Context, personID string) (string, error)
	Clock  clock.Clock
	Log    zerolog.Logger
}

// Provider is a merchant account at WeChat Pay. It is safe for concurrent use.
type Provider struct {
	options      Options
	client       *core.Client
	certificates *certificates
	notices      *validators.WechatPayNotifyValidator
	quiet        zerolog.Logger // for what is found again in every round
}

var _ payment.Provider = (*Provider)(nil)

// New returns a provider. It contacts nobody yet.
func New(o Options) (*Provider, error) {
	if o.MerchantID == "" || o.AppID == "" || o.Serial == "" || o.Key == nil || o.NotifyURL == "" {
		return nil, errors.New("wechat pay: the merchant, its app, its certificate's serial and key and the address of notices are all needed")
	}
	if len(o.APIv3Key.Reveal()) != keyBytes {
		return nil, errors.New("wechat pay: the APIv3 key must be 32 bytes")
	}
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" {
		return nil, errors.New("wechat pay: the base URL is not a URL")
	}
	transport := &http.Client{
		Timeout: callTimeout, Transport: elsewhere{base: base, next: http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	signed := option.WithMerchantCredential(o.MerchantID, o.Serial, o.Key)
	bare, err := core.NewClient(context.Background(), signed, option.WithoutValidator(), option.WithHTTPClient(transport))
	if err != nil {
		return nil, fmt.Errorf("wechat pay: %w", err)
	}
	p := &Provider{options: o, certificates: &certificates{client: bare, key: o.APIv3Key, clock: o.Clock, log: o.Log}}
	p.quiet = o.Log.Sample(&zerolog.BurstSampler{Burst: 1, Period: time.Hour})
	verifier := p.verifier()
	p.client = core.NewClientWithValidator(bare, validators.NewWechatPayResponseValidator(verifier))
	p.notices = validators.NewWechatPayNotifyValidator(verifier)
	return p, nil
}

// verifier knows WeChat Pay's signatures. A merchant that moves to the public key sees both kinds for a while.
func (p *Provider) verifier() auth.Verifier {
	if p.options.PublicKey == nil {
		return verifiers.NewSHA256WithRSAVerifier(p.certificates)
	}
	return verifiers.NewSHA256WithRSACombinedVerifier(p.certificates, p.options.PublicKeyID, *p.options.PublicKey)
}

// Name is WeChat Pay's.
func (*Provider) Name() topup.Provider { return topup.ProviderWechatPay }

// Payer is the person's account in the mini-program. BAD_USER_INPUT for who has none.
func (p *Provider) Payer(ctx context.Context, personID string) (string, error) {
	openID, err := p.options.OpenID(ctx, personID)
	if err == nil && openID == "" {
		err = fault.BadInput("provider", "请先在微信小程序中登录，再用微信支付充值。", "To pay with WeChat, sign in through the WeChat mini-program first.")
	}
	return openID, err
}

// PrivateKey reads a merchant's key, in PEM as PKCS #8. Its errors say nothing of the key.
func PrivateKey(pem []byte) (*rsa.PrivateKey, error) {
	key, err := utils.LoadPrivateKey(string(pem))
	if err != nil {
		return nil, errors.New("not an RSA key in PEM as PKCS #8")
	}
	return key, nil
}

// PublicKey reads WeChat Pay's public key, in PEM.
func PublicKey(pem []byte) (*rsa.PublicKey, error) {
	key, err := utils.LoadPublicKey(string(pem))
	if err != nil {
		return nil, errors.New("not an RSA public key in PEM")
	}
	return key, nil
}
