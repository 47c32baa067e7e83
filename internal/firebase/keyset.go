package firebase

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	maxKeySetBytes = 256 << 10
	minModulusBits = 2048
	// The endpoint's max-age is kept within these: too short hammers it, too long hides a revocation.
	minAge     = time.Minute
	maxAge     = 24 * time.Hour
	defaultAge = time.Hour
)

// fetcher reads the key endpoint.
type fetcher struct {
	url    string
	client *http.Client
}

func (f fetcher) fetch(ctx context.Context) (map[string]*rsa.PublicKey, time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("key endpoint: %w", err)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, 0, fmt.Errorf("key endpoint: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("key endpoint: status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySetBytes))
	if err != nil {
		return nil, 0, fmt.Errorf("key endpoint: %w", err)
	}
	keys, err := parseKeys(body)
	if err != nil {
		return nil, 0, fmt.Errorf("key endpoint: %w", err)
	}
	return keys, freshness(resp.Header), nil
}

// parseKeys reads both forms Google publishes: {"keys":[JWK…]} and {"<kid>":"<x509 PEM>"}. One bad key
// spoils the set, so that a broken answer never replaces a good one.
func parseKeys(body []byte) (map[string]*rsa.PublicKey, error) {
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("not a key set: %w", err)
	}
	parse := certificates
	if set, ok := doc["keys"]; ok && strings.HasPrefix(string(set), "[") {
		parse = func(doc map[string]json.RawMessage) (map[string]*rsa.PublicKey, error) { return jwks(doc["keys"]) }
	}
	keys, err := parse(doc)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, errors.New("the key set is empty")
	}
	for kid, key := range keys {
		if kid == "" || key.N.BitLen() < minModulusBits || key.E < 3 {
			return nil, fmt.Errorf("key %q is too weak or has no id", kid)
		}
	}
	return keys, nil
}

func certificates(doc map[string]json.RawMessage) (map[string]*rsa.PublicKey, error) {
	keys := make(map[string]*rsa.PublicKey, len(doc))
	for kid, raw := range doc {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, fmt.Errorf("certificate %q: %w", kid, err)
		}
		key, err := jwt.ParseRSAPublicKeyFromPEM([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("certificate %q: %w", kid, err)
		}
		keys[kid] = key
	}
	return keys, nil
}

func jwks(raw json.RawMessage) (map[string]*rsa.PublicKey, error) {
	var set []struct{ Kid, Kty, Alg, Use, N, E string }
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, fmt.Errorf("not a JWK set: %w", err)
	}
	keys := make(map[string]*rsa.PublicKey, len(set))
	for _, jwk := range set {
		if jwk.Kty != "RSA" || jwk.Alg != "" && jwk.Alg != "RS256" || jwk.Use != "" && jwk.Use != "sig" {
			continue // a set may hold keys for other purposes
		}
		n, err := base64.RawURLEncoding.DecodeString(jwk.N)
		if err != nil {
			return nil, fmt.Errorf("key %q: modulus: %w", jwk.Kid, err)
		}
		e, err := base64.RawURLEncoding.DecodeString(jwk.E)
		if err != nil || len(e) > 3 {
			return nil, fmt.Errorf("key %q: bad exponent", jwk.Kid)
		}
		keys[jwk.Kid] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	}
	return keys, nil
}

// freshness is how long the answer may be kept: Cache-Control's max-age less the Age it already has.
func freshness(h http.Header) time.Duration {
	age := defaultAge
	for directive := range strings.SplitSeq(h.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if seconds, err := strconv.ParseUint(value, 10, 31); err == nil && strings.EqualFold(name, "max-age") {
			age = time.Duration(seconds) * time.Second
		}
	}
	if spent, err := strconv.ParseUint(h.Get("Age"), 10, 31); err == nil {
		age -= time.Duration(spent) * time.Second
	}
	return min(max(age, minAge), maxAge)
}
