package wechatpayfake

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// Fault is what goes wrong with an answer or a notice.
type Fault int

// The faults.
const (
	None             Fault = iota
	Slow                   // no answer until the client gives up
	Broken                 // 500 and nothing done
	WrongSignature         // of another text
	StaleTimestamp         // signed six minutes ago
	OtherCertificate       // signed with a key that nobody published
)

// FailNext has these faults happen to the next requests, one each.
func (s *Server) FailNext(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

func (s *Server) nextFault() Fault {
	if len(s.faults) == 0 {
		return None
	}
	next := s.faults[0]
	s.faults = s.faults[1:]
	return next
}

// platform is a certificate of WeChat Pay's, and its key.
type platform struct {
	serial string
	key    *rsa.PrivateKey
	der    []byte
	ends   time.Time
}

// Rotate has a new certificate sign from now on. The ones before are published as long as they live. Its serial comes back.
func (s *Server) Rotate(life time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := s.certificate(life)
	s.platforms = append(s.platforms, made)
	return made.serial
}

// Adopt has a key without a certificate sign from now on, as WeChat Pay does for merchants that have its public key.
func (s *Server) Adopt(id string, key *rsa.PrivateKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.platforms = append(s.platforms, platform{serial: id, key: key})
}

// SignWith has an earlier certificate sign again, as servers do that have not heard of the new one.
func (s *Server) SignWith(serial string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range s.platforms {
		if p.serial == serial {
			s.platforms = append(append(s.platforms[:i:i], s.platforms[i+1:]...), p)
			return
		}
	}
}

func (s *Server) certificate(life time.Duration) platform {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 150))
	must(err)
	now := s.options.Clock.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Tenpay.com sign"}, NotBefore: now.Add(-time.Minute), NotAfter: now.Add(life),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(err)
	return platform{serial: fmt.Sprintf("%X", serial), key: key, der: der, ends: template.NotAfter}
}

// must holds for what only fails when the machine has no randomness left.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// certificates publishes those that live, sealed with the APIv3 key.
func (s *Server) certificates(*http.Request, []byte) reply {
	var data []any
	for _, p := range s.platforms {
		if s.options.Clock.Now().After(p.ends) {
			continue
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.der})
		data = append(data, map[string]any{"serial_no": p.serial, "encrypt_certificate": s.seal(text, "certificate")})
	}
	return reply{http.StatusOK, map[string]any{"data": data}}
}

// seal encrypts with the merchant's APIv3 key.
func (s *Server) seal(text []byte, about string) map[string]string {
	block, err := aes.NewCipher([]byte(s.options.APIv3Key))
	must(err)
	gcm, err := cipher.NewGCM(block)
	must(err)
	nonce := rand.Text()[:gcm.NonceSize()]
	return map[string]string{
		"algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": about,
		"ciphertext": base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(nonce), text, []byte(about))),
	}
}

// sign sets the headers in which WeChat Pay signs a body.
func (s *Server) sign(h http.Header, fault Fault, body []byte) {
	signer, at, signed := s.platforms[len(s.platforms)-1], time.Now(), string(body)
	switch fault {
	case StaleTimestamp:
		at = at.Add(-6 * time.Minute)
	case WrongSignature:
		signed += " "
	case OtherCertificate:
		signer = s.certificate(time.Hour)
	}
	stamp, nonce := strconv.FormatInt(at.Unix(), 10), rand.Text()
	sum := sha256.Sum256([]byte(stamp + "\n" + nonce + "\n" + signed + "\n"))
	signature, err := rsa.SignPKCS1v15(rand.Reader, signer.key, crypto.SHA256, sum[:])
	must(err)
	h.Set("Wechatpay-Timestamp", stamp)
	h.Set("Wechatpay-Nonce", nonce)
	h.Set("Wechatpay-Serial", signer.serial)
	h.Set("Wechatpay-Signature", base64.StdEncoding.EncodeToString(signature))
	h.Set("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048")
	h.Set("Request-Id", "fake-"+nonce)
}

func (s *Server) answer(w http.ResponseWriter, fault Fault, r reply) {
	var body []byte
	if r.body != nil {
		var err error
		body, err = json.Marshal(r.body)
		must(err)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	s.sign(w.Header(), fault, body)
	w.WriteHeader(r.status)
	_, _ = w.Write(body) // the client is gone; nobody is left to tell
}

var authorization = regexp.MustCompile(`^WECHATPAY2-SHA256-RSA2048 mchid="([^"]*)",nonce_str="([^"]*)",timestamp="(\d+)",serial_no="([^"]*)",signature="([^"]*)"$`)

// signedByMerchant reports whether the merchant has signed the request within five minutes.
func (s *Server) signedByMerchant(r *http.Request, body []byte) bool {
	parts := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if len(parts) == 0 || parts[1] != s.options.MerchantID || parts[4] != s.options.Serial {
		return false
	}
	seconds, err := strconv.ParseInt(parts[3], 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	return s.verifies(r.Method+"\n"+r.URL.RequestURI()+"\n"+parts[3]+"\n"+parts[2]+"\n"+string(body)+"\n", parts[5])
}

// verifies reports whether the merchant's key made the signature of the text.
func (s *Server) verifies(text, signature string) bool {
	decoded, err := base64.StdEncoding.DecodeString(signature)
	sum := sha256.Sum256([]byte(text))
	return err == nil && rsa.VerifyPKCS1v15(s.options.Key, crypto.SHA256, sum[:], decoded) == nil
}
