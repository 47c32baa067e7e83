// Package jwksfake plays Google's key endpoint and mints the ID tokens its keys sign.
package jwksfake

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"citygraph/internal/clock"
)

// Paths of the two forms of the key set, and of the mint for tests in another process.
const (
	JWKPath  = "/jwk"
	X509Path = "/x509"
	MintPath = "/_fake/mint"
)

// Server is the endpoint. It is safe for concurrent use.
type Server struct {
	project string
	clock   clock.Clock

	mu      sync.Mutex
	keys    []signer // the newest last; the last two are published, as Google does
	maxAge  time.Duration
	outage  bool
	fetches int
}

type signer struct {
	kid     string
	private *rsa.PrivateKey
	cert    string
}

// New returns an endpoint with one key, whose tokens are for the Firebase project.
func New(project string, c clock.Clock) *Server {
	s := &Server{project: project, clock: c, maxAge: time.Hour}
	s.Rotate()
	return s
}

// Rotate makes a new key the signing one and returns its id. The key before it stays published; older
// ones are withdrawn.
func (s *Server) Rotate() string {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // the system's randomness does not fail
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kid := fmt.Sprintf("key-%d", len(s.keys)+1)
	s.keys = append(s.keys, signer{kid: kid, private: private, cert: certificate(private, s.clock.Now())})
	return kid
}

// SetOutage makes the endpoint answer 503, or well again.
func (s *Server) SetOutage(out bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outage = out
}

// SetMaxAge sets the Cache-Control max-age of the answers; it is an hour at first.
func (s *Server) SetMaxAge(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.maxAge = d
}

// Fetches returns how often the key set was asked for, outages included.
func (s *Server) Fetches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetches
}

// SigningKey returns the current key and its id, for tokens that Mint would not make.
func (s *Server) SigningKey() (kid string, key *rsa.PrivateKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.keys[len(s.keys)-1]
	return last.kid, last.private
}

// Claims returns the claims of a fresh, genuine token of a person signed in by phone. A change
// replaces a claim; nil removes it.
func (s *Server) Claims(changes map[string]any) jwt.MapClaims {
	now := s.clock.Now().Unix()
	claims := jwt.MapClaims{
		"iss": "https://securetoken.google.com/" + s.project, "aud": s.project,
		"sub": "uid-1", "user_id": "uid-1", "phone_number": "+8613800000001",
		"iat": now, "auth_time": now, "exp": now + 3600,
		"firebase": map[string]any{"sign_in_provider": "phone"},
	}
	for name, value := range changes {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	return claims
}

// Mint signs Claims(changes) with the current key.
func (s *Server) Mint(changes map[string]any) string {
	kid, key := s.SigningKey()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, s.Claims(changes))
	token.Header["kid"] = kid
	text, err := token.SignedString(key)
	if err != nil {
		panic(err) // claims are plain JSON and the key is ours
	}
	return text
}

// Handler serves JWKPath and X509Path, and MintPath: POST the changes as JSON, receive a token.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+JWKPath, func(w http.ResponseWriter, _ *http.Request) {
		s.publish(w, func(keys []signer) any {
			set := make([]map[string]string, len(keys))
			for i, k := range keys {
				set[i] = map[string]string{
					"kid": k.kid, "kty": "RSA", "alg": "RS256", "use": "sig", "e": "AQAB",
					"n": base64.RawURLEncoding.EncodeToString(k.private.N.Bytes()),
				}
			}
			return map[string]any{"keys": set}
		})
	})
	mux.HandleFunc("GET "+X509Path, func(w http.ResponseWriter, _ *http.Request) {
		s.publish(w, func(keys []signer) any {
			set := make(map[string]string, len(keys))
			for _, k := range keys {
				set[k.kid] = k.cert
			}
			return set
		})
	})
	mux.HandleFunc("POST "+MintPath, func(w http.ResponseWriter, r *http.Request) {
		var changes map[string]any
		if err := json.NewDecoder(r.Body).Decode(&changes); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, s.Mint(changes))
	})
	return mux
}

func (s *Server) publish(w http.ResponseWriter, form func([]signer) any) {
	s.mu.Lock()
	s.fetches++
	outage, keys, age := s.outage, s.keys[max(0, len(s.keys)-2):], int(s.maxAge.Seconds())
	s.mu.Unlock()
	if outage {
		http.Error(w, "backend error", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(age)+", must-revalidate, no-transform")
	_ = json.NewEncoder(w).Encode(form(keys)) // the client is gone; nobody is left to tell
}

func certificate(key *rsa.PrivateKey, now time.Time) string {
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "securetoken.system.gserviceaccount.com"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(30 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		panic(err) // the template is constant
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
