package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"citygraph/internal/clock"
)

// issuer stands in access tokens, and tells them from Firebase's.
const issuer = "citygraph"

// Mint makes and checks the tokens of sessions.
type Mint struct {
	Key        []byte // at least 32 bytes; access and refresh tokens use keys derived from it
	Clock      clock.Clock
	AccessTTL  time.Duration
	RefreshTTL time.Duration
}

// Tokens is what a client holds after signing in.
type Tokens struct {
	AccessToken           string
	AccessTokenExpiresAt  time.Time
	RefreshToken          string
	RefreshTokenExpiresAt time.Time
}

// accessClaims are what an access token says: who, in which session, until when.
type accessClaims struct {
	SessionID string `json:"sid"`
	jwt.RegisteredClaims
}

// tokens makes the pair for one generation of a session.
func (m Mint) tokens(sessionID, personID string, generation int) (*Tokens, error) {
	now := m.Clock.Now()
	expires := now.Add(m.AccessTTL).Truncate(time.Second)
	access, err := jwt.NewWithClaims(jwt.SigningMethodHS256, accessClaims{
		SessionID: sessionID,
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: personID,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
	}).SignedString(m.derive("access"))
	if err != nil {
		return nil, fmt.Errorf("sign access token: %w", err)
	}
	return &Tokens{
		AccessToken: access, AccessTokenExpiresAt: expires,
		RefreshToken: m.refreshToken(sessionID, generation), RefreshTokenExpiresAt: now.Add(m.RefreshTTL),
	}, nil
}

var errSpelling = errors.New("line breaks, which base64 decoders pass over")

// access checks an access token of ours. A token is good in one spelling only.
func (m Mint) access(token string) (*accessClaims, error) {
	if strings.ContainsAny(token, "\r\n") {
		return nil, errSpelling
	}
	var claims accessClaims
	_, err := jwt.ParseWithClaims(token, &claims,
		func(*jwt.Token) (any, error) { return m.derive("access"), nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), // no other algorithm, "none" included
		jwt.WithIssuer(issuer), jwt.WithExpirationRequired(), jwt.WithTimeFunc(m.Clock.Now), jwt.WithStrictDecoding())
	if err != nil {
		return nil, err
	}
	return &claims, nil
}

// ours reports whether a token claims to be of this issuer, without believing it.
func ours(token string) bool {
	var claims jwt.RegisteredClaims
	_, _, err := jwt.NewParser().ParseUnverified(token, &claims)
	return err == nil && claims.Issuer == issuer
}

func (m Mint) refreshToken(sessionID string, generation int) string {
	body := sessionID + "." + strconv.Itoa(generation)
	return body + "." + m.seal(body)
}

var errRefreshToken = errors.New("not a refresh token of ours")

// refresh reads a refresh token; it does not know whether the token is spent.
func (m Mint) refresh(token string) (sessionID string, generation int, err error) {
	end := strings.LastIndexByte(token, '.')
	if end < 0 || len(token) > 256 || !hmac.Equal([]byte(token[end+1:]), []byte(m.seal(token[:end]))) {
		return "", 0, errRefreshToken
	}
	sessionID, number, _ := strings.Cut(token[:end], ".")
	generation, err = strconv.Atoi(number)
	return sessionID, generation, err
}

func (m Mint) seal(body string) string {
	mac := hmac.New(sha256.New, m.derive("refresh"))
	mac.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (m Mint) derive(purpose string) []byte {
	mac := hmac.New(sha256.New, m.Key)
	mac.Write([]byte("citygraph " + purpose + " token"))
	return mac.Sum(nil)
}
