package wechatpay

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/validators"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/consts"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"

	"citygraph/internal/clock"
	"citygraph/internal/wechat"
)

const (
	// staleAfter is how old the certificates may be; WeChat Pay wants them looked for twice a day.
	staleAfter = 10 * time.Hour
	// betweenDownloads bounds what serials that nobody knows can cause.
	betweenDownloads = 5 * time.Minute
	// betweenTries is the same while there is no certificate at all.
	betweenTries = 10 * time.Second
)

// certificates are the platform's: what it signs with. They are fetched when one is needed that is not there, and when
// they are old; no goroutine watches over them.
type certificates struct {
	client *core.Client // believes every answer: the first cannot be checked otherwise
	key    wechat.Secret
	clock  clock.Clock
	log    zerolog.Logger

	fetching sync.Mutex // held by the one who downloads

	mu     sync.Mutex
	known  map[string]*x509.Certificate // by serial
	asked  time.Time                    // when a download was last begun
	loaded time.Time                    // when one last succeeded
}

var _ core.CertificateGetter = (*certificates)(nil)

// Get returns the certificate of the serial if it is valid now, and looks for it at WeChat Pay if need be.
func (c *certificates) Get(ctx context.Context, serial string) (*x509.Certificate, bool) {
	if c.wanting(serial) {
		c.renew(ctx, serial)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.known[serial]
	return found, ok && utils.IsCertificateValid(*found, c.clock.Now())
}

// GetAll returns those that are in memory.
func (c *certificates) GetAll(context.Context) map[string]*x509.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.known)
}

// GetNewestSerial names the valid one that began last, empty when there is none.
func (c *certificates) GetNewestSerial(ctx context.Context) string {
	if len(c.GetAll(ctx)) == 0 {
		c.renew(ctx, "")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	newest, began, now := "", time.Time{}, c.clock.Now()
	for serial, one := range c.known {
		if utils.IsCertificateValid(*one, now) && one.NotBefore.After(began) {
			newest, began = serial, one.NotBefore
		}
	}
	return newest
}

// wanting reports whether the serial is reason to ask WeChat Pay now.
func (c *certificates) wanting(serial string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, pause := c.clock.Now(), betweenDownloads
	if len(c.known) == 0 {
		pause = betweenTries
	}
	_, found := c.known[serial]
	return (!found || now.Sub(c.loaded) > staleAfter) && (c.asked.IsZero() || now.Sub(c.asked) >= pause)
}

// renew downloads the certificates, once however many wait for it. What cannot be renewed stays as it was.
func (c *certificates) renew(ctx context.Context, serial string) {
	c.fetching.Lock()
	defer c.fetching.Unlock()
	if !c.wanting(serial) {
		return // whoever was first has asked
	}
	c.mu.Lock()
	c.asked = c.clock.Now()
	c.mu.Unlock()
	// Others wait for the same answer, so the caller's hanging up does not end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	fetched, err := c.download(ctx)
	if err != nil {
		c.log.Error().Err(refused("certificates", err)).Msg("wechat pay: the platform's certificates cannot be renewed")
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known, c.loaded = fetched, c.clock.Now()
}

// download fetches the certificates, which only who has the APIv3 key could have sealed, and checks that the answer is
// signed with one of them.
func (c *certificates) download(ctx context.Context) (map[string]*x509.Certificate, error) {
	result, err := c.client.Get(ctx, consts.WechatPayAPIServer+"/v3/certificates")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data []struct {
			SerialNo           string `json:"serial_no"`
			EncryptCertificate sealed `json:"encrypt_certificate"`
		} `json:"data"`
	}
	if core.UnMarshalResponse(result.Response, &answer) != nil {
		return nil, errors.New("the answer is not understood")
	}
	fetched := make(map[string]*x509.Certificate, len(answer.Data))
	for _, one := range answer.Data {
		opened, err := one.EncryptCertificate.open(c.key)
		if err != nil {
			return nil, err
		}
		certificate, err := utils.LoadCertificate(string(opened))
		if err != nil {
			return nil, errors.New("a certificate cannot be read")
		}
		if _, ok := certificate.PublicKey.(*rsa.PublicKey); !ok {
			return nil, errors.New("a certificate is not of an RSA key")
		}
		fetched[one.SerialNo] = certificate
	}
	signed := validators.NewWechatPayResponseValidator(verifiers.NewSHA256WithRSAVerifier(core.NewCertificateMap(fetched)))
	if err := signed.Validate(ctx, result.Response); err != nil {
		return nil, fmt.Errorf("the answer is not signed: %w", err)
	}
	return fetched, nil
}
