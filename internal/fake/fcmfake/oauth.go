package fcmfake

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

const tokenPath = "/token"

// oauth plays Google's token endpoint: a signed assertion buys an access token. Until credentials are
// made, sends need no token.
type oauth struct {
	mu     sync.Mutex
	key    *rsa.PrivateKey
	tokens map[string]bool
	outage bool
}

// Credentials returns the key file of a service account of the project, whose token endpoint is the
// fake itself at baseURL. From then on the fake refuses sends without a token bought with it.
func (s *Server) Credentials(project, baseURL string) []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // the system's randomness does not fail
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err) // an RSA key always has a PKCS #8 form
	}
	file, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": project, "private_key_id": "fake",
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": "push@" + project + ".iam.gserviceaccount.com", "token_uri": baseURL + tokenPath,
	})
	if err != nil {
		panic(err) // a map of strings
	}
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	s.oauth.key, s.oauth.tokens = key, map[string]bool{}
	return file
}

// SetTokenOutage makes the token endpoint answer 503, or well again.
func (s *Server) SetTokenOutage(out bool) {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	s.oauth.outage = out
}

// TokensIssued returns how many access tokens were bought.
func (s *Server) TokensIssued() int {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	return len(s.oauth.tokens)
}

func (o *oauth) issue(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.outage {
		reply(w, http.StatusServiceUnavailable, map[string]string{"error": "internal_failure"})
		return
	}
	_, err := jwt.Parse(r.PostFormValue("assertion"), func(*jwt.Token) (any, error) { return &o.key.PublicKey, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired())
	if o.key == nil || err != nil {
		reply(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	token := "ya29." + rand.Text()
	o.tokens[token] = true
	reply(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3600})
}

func (o *oauth) allows(r *http.Request) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return o.key == nil || o.tokens[token]
}
