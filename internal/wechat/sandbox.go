package wechat

import (
	"context"
	"regexp"
)

var sandboxCode = regexp.MustCompile(`^dev:([a-z0-9-]{1,32})$`)

// Sandbox plays WeChat where no app id is configured: the code "dev:lin" signs in the openid "dev-lin".
// Anybody can make such a code, so it is for development only; the configuration refuses it in production.
type Sandbox struct{}

var _ API = Sandbox{}

// CodeToSession signs in the person the code names. Fault: BAD_USER_INPUT at "code" for any other code.
func (Sandbox) CodeToSession(_ context.Context, code string) (Session, error) {
	name := sandboxCode.FindStringSubmatch(code)
	if name == nil {
		return Session{}, badCode()
	}
	return Session{OpenID: "dev-" + name[1], SessionKey: NewSecret("sandbox")}, nil
}

// AccessToken returns a token no server takes.
func (Sandbox) AccessToken(context.Context) (Secret, error) { return NewSecret("sandbox"), nil }

// SendSubscribe takes every message.
func (Sandbox) SendSubscribe(context.Context, SubscribeMessage) error { return nil }

// CheckText lets every text pass.
func (Sandbox) CheckText(context.Context, string, string) (Suggestion, error) { return Pass, nil }
