package firebase

import (
	"errors"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

const maxUIDLength = 128

// Claims is what a genuine ID token says of its bearer.
type Claims struct {
	UID            string
	Phone          string // E.164, verified by Firebase; empty when the person signed in without one
	Email          string
	EmailVerified  bool   // an unverified address proves nothing
	SignInProvider string // "phone", "password", "apple.com", "anonymous", …
	AuthTime       time.Time
	IssuedAt       time.Time
	ExpiresAt      time.Time
}

// payload is the token's JSON.
type payload struct {
	jwt.RegisteredClaims
	AuthTime      *jwt.NumericDate `json:"auth_time"`
	Phone         string           `json:"phone_number"`
	Email         string           `json:"email"`
	EmailVerified bool             `json:"email_verified"`
	Firebase      struct {
		SignInProvider string `json:"sign_in_provider"`
	} `json:"firebase"`
}

// check adds Firebase's own rules to the registered claims the parser has checked.
func (p *payload) check(now time.Time) error {
	switch {
	case p.Subject == "":
		return errors.New("no subject")
	case utf8.RuneCountInString(p.Subject) > maxUIDLength:
		return errors.New("subject is too long")
	case len(p.Audience) != 1:
		return errors.New("more than one audience")
	case p.IssuedAt == nil:
		return errors.New("no issue time")
	case p.AuthTime == nil:
		return errors.New("no sign-in time")
	case p.AuthTime.After(now.Add(leeway)):
		return errors.New("sign-in time is in the future")
	}
	return nil
}

func (p *payload) claims() Claims {
	return Claims{
		UID:            p.Subject,
		Phone:          p.Phone,
		Email:          p.Email,
		EmailVerified:  p.EmailVerified,
		SignInProvider: p.Firebase.SignInProvider,
		AuthTime:       p.AuthTime.UTC(),
		IssuedAt:       p.IssuedAt.UTC(),
		ExpiresAt:      p.ExpiresAt.UTC(),
	}
}
