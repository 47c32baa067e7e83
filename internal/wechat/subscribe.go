package wechat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// SubscribeMessage is one message to one person, in words the template leaves open.
type SubscribeMessage struct {
	OpenID   string
	Template string
	Page     string            // of the mini-program, opened at a tap; none when empty
	Fields   map[string]string // by key, as in "thing1"; see push.Filled for the rules
}

// SendSubscribe sends a subscribe message; see API. An access token that WeChat no longer takes is fetched anew
// once, and the message sent once more: the refused try did not reach anybody.
func (c *Client) SendSubscribe(ctx context.Context, m SubscribeMessage) error {
	for fresh := false; ; fresh = true {
		token, err := c.tokens.GetOrFetch(ctx, c.tokenKey(), c.fetchToken)
		if err != nil {
			// The code is that of another call, and says nothing of the message.
			return fmt.Errorf("%w: %v", ErrNotSent, err) //nolint:errorlint // cut off on purpose
		}
		err = c.sendSubscribe(ctx, token, m)
		refusal, _ := errors.AsType[Errcode](err)
		if refusal != codeBadToken && refusal != codeWrongToken && refusal != codeTokenEnded {
			return err
		}
		c.tokens.Drop(ctx, c.tokenKey(), token)
		if fresh {
			return err
		}
	}
}

func (c *Client) sendSubscribe(ctx context.Context, token string, m SubscribeMessage) error {
	data := make(map[string]any, len(m.Fields))
	for key, value := range m.Fields {
		data[key] = map[string]string{"value": value}
	}
	body := map[string]any{"touser": m.OpenID, "template_id": m.Template, "data": data}
	if m.Page != "" {
		body["page"] = m.Page
	}
	var answer struct{ status }
	return c.call(ctx, call{
		name: "subscribe/send", method: http.MethodPost, path: "/cgi-bin/message/subscribe/send",
		query: url.Values{"access_token": {token}}, body: body, hide: []string{token, m.OpenID},
	}, &answer)
}
