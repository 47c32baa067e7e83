// Package wechat talks to WeChat's servers for the mini-programs: it exchanges sign-in codes and holds
// the access token. WeChat wants the app's secret in URLs, so nothing here lets a URL or an answer
// into an error: secrets are of type Secret, and causes are scrubbed.
package wechat

import (
	"context"
	"fmt"
	"io"
)

// API is what the mini-programs need of WeChat. Client speaks to WeChat; Sandbox plays it in development.
type API interface {
	// CodeToSession exchanges the code of wx.login for the person's session. Faults: BAD_USER_INPUT at
	// "code" for one that is wrong, spent or expired; RATE_LIMITED; FORBIDDEN when WeChat blocks the
	// person; INTERNAL.
	CodeToSession(ctx context.Context, code string) (Session, error)

	// AccessToken returns the app's access token, for calls on its own behalf. Faults: RATE_LIMITED, INTERNAL.
	AccessToken(ctx context.Context) (Secret, error)

	// SendSubscribe sends a subscribe message. A refusal has an Errcode in its chain; ErrNotSent says that
	// WeChat was never reached.
	SendSubscribe(ctx context.Context, m SubscribeMessage) error

	// CheckText asks what to do with a text by a person who has used the mini-program in the last two hours (msg_sec_check). It has
	// 2,500 characters at most. Faults: RATE_LIMITED, INTERNAL.
	CheckText(ctx context.Context, openID, text string) (Suggestion, error)
}

// Session is who signed in.
type Session struct {
	OpenID     string // the person within this mini-program
	UnionID    string // the person across the city's WeChat apps; empty until the apps are bound together
	SessionKey Secret // decrypts what wx APIs encrypt; it stays on the server
}

const redacted = "[redacted]"

// Secret is text that prints, logs and marshals as "[redacted]".
type Secret struct{ text string }

// NewSecret hides the text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the text, for the one request that needs it.
func (s Secret) Reveal() string { return s.text }

// String hides the text from loggers.
func (Secret) String() string { return redacted }

// Format hides the text from every verb of fmt.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText hides the text from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
