package wechatpay

import (
	"errors"

	"github.com/wechatpay-apiv3/wechatpay-go/utils"

	"citygraph/internal/wechat"
)

const (
	keyBytes   = 32 // of AES-256
	nonceBytes = 12 // of GCM; its panic over any other number is not for who sends one to cause
	algorithm  = "AEAD_AES_256_GCM"
)

// sealed is what WeChat Pay encrypts with the APIv3 key.
type sealed struct {
	Algorithm      string `json:"algorithm"`
	Ciphertext     string `json:"ciphertext"` // in base64, its tag at the end
	AssociatedData string `json:"associated_data"`
	Nonce          string `json:"nonce"`
}

func (s sealed) open(key wechat.Secret) ([]byte, error) {
	if s.Algorithm != algorithm || len(s.Nonce) != nonceBytes {
		return nil, errors.New("sealed in an unknown way")
	}
	opened, err := utils.DecryptAES256GCM(key.Reveal(), s.AssociatedData, s.Nonce, s.Ciphertext)
	if err != nil {
		return nil, errors.New("sealed with another key")
	}
	return []byte(opened), nil
}
