package main

import (
	"crypto/rsa"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"citygraph/internal/payment/wechatpay"
	"citygraph/internal/wechat"
)

// leastToPayIn is how long a WeChat order lives at least: it takes none that is younger to be closed.
const leastToPayIn = 5 * time.Minute

// checkWechatPay holds the merchant account to be whole: an order that cannot be settled must not be taken.
func (c Config) checkWechatPay(k *checker) {
	w := c.WechatPay
	k.require(isRemote(w.APIAddress, "http", "https"), "WECHAT_PAY_BASE_URL", "must be an http(s) address")
	if w.MerchantID == "" {
		return
	}
	k.require(c.Wechat.AppID != "", "WECHAT_APP_ID", "must be set with WECHAT_PAY_MCH_ID: people pay in the mini-program")
	k.require(w.Serial != "", "WECHAT_PAY_SERIAL", "must be set with WECHAT_PAY_MCH_ID")
	k.require((w.KeyFile == "") != (w.KeyPEM == ""), "WECHAT_PAY_PRIVATE_KEY_FILE", "must be set with WECHAT_PAY_MCH_ID, or WECHAT_PAY_PRIVATE_KEY, and not both")
	if w.KeyPEM != "" {
		_, err := wechatpay.PrivateKey([]byte(w.KeyPEM))
		k.require(err == nil, "WECHAT_PAY_PRIVATE_KEY", "must be an RSA key in PEM as PKCS #8")
	}
	k.require(len(w.APIv3Key) == minKey, "WECHAT_PAY_APIV3_KEY", "must be the 32 bytes set on the merchant platform")
	k.require((w.PublicKeyID == "") == (w.PublicKeyFile == ""), "WECHAT_PAY_PUBLIC_KEY_FILE", "must be set together with WECHAT_PAY_PUBLIC_KEY_ID")
	k.require(w.PublicKeyID == "" || strings.HasPrefix(w.PublicKeyID, "PUB_KEY_ID_"), "WECHAT_PAY_PUBLIC_KEY_ID", "must begin with PUB_KEY_ID_")
	address, err := url.Parse(c.notifyURL())
	k.require(err == nil && address.Host != "" && address.RawQuery == "" && strings.HasSuffix(address.Path, wechatpay.NotifyPath),
		"WECHAT_PAY_NOTIFY_URL", "must end in "+wechatpay.NotifyPath+" without a query, or PUBLIC_URL must be set")
	k.require(c.Card.TopUpLife >= leastToPayIn, "TOP_UP_TTL", "must be at least 5m with WECHAT_PAY_MCH_ID")
}

// notifyURL is where WeChat Pay is to tell of payments.
func (c Config) notifyURL() string {
	if c.WechatPay.NotifyURL == "" && c.HTTP.PublicURL != "" {
		return c.HTTP.PublicURL + wechatpay.NotifyPath
	}
	return c.WechatPay.NotifyURL
}

// wechatPay is the merchant account, nil where there is none.
func wechatPay(cfg Config) (*wechatpay.Options, error) {
	w := cfg.WechatPay
	if w.MerchantID == "" {
		return nil, nil //nolint:nilnil // no account is a way to run
	}
	o := &wechatpay.Options{
		MerchantID: w.MerchantID, AppID: cfg.Wechat.AppID, Serial: w.Serial, APIv3Key: wechat.NewSecret(string(w.APIv3Key)),
		PublicKeyID: w.PublicKeyID, NotifyURL: cfg.notifyURL(), BaseURL: w.APIAddress,
	}
	var err error
	pem := []byte(w.KeyPEM)
	if w.KeyFile != "" {
		if pem, err = os.ReadFile(w.KeyFile); err != nil {
			return nil, fmt.Errorf("WECHAT_PAY_PRIVATE_KEY_FILE: %w", err)
		}
	}
	if o.Key, err = wechatpay.PrivateKey(pem); err != nil {
		return nil, fmt.Errorf("WECHAT_PAY_PRIVATE_KEY_FILE: %w", err)
	}
	if o.PublicKey, err = platformKey(w); err != nil {
		return nil, fmt.Errorf("WECHAT_PAY_PUBLIC_KEY_FILE: %w", err)
	}
	return o, nil
}

func platformKey(w WechatPayConfig) (*rsa.PublicKey, error) {
	if w.PublicKeyFile == "" {
		return nil, nil //nolint:nilnil // platform certificates do without
	}
	pem, err := os.ReadFile(w.PublicKeyFile)
	if err != nil {
		return nil, err
	}
	return wechatpay.PublicKey(pem)
}
