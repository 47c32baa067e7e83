package wechat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"citygraph/internal/fault"
)

// Suggestion is what WeChat suggests to do with a text.
type Suggestion string

// The suggestions.
const (
	Pass   Suggestion = "pass"
	Review Suggestion = "review"
	Risky  Suggestion = "risky"
)

// sceneComment is WeChat's number for what people write to one another; the others are profiles, forums and social logs.
const sceneComment = 2

// CheckText asks WeChat about a text; see API. An access token that WeChat no longer takes is fetched anew once.
func (c *Client) CheckText(ctx context.Context, openID, text string) (Suggestion, error) {
	for fresh := false; ; fresh = true {
		token, err := c.tokens.GetOrFetch(ctx, c.tokenKey(), c.fetchToken)
		if err != nil {
			return "", fault.From(err)
		}
		suggestion, err := c.checkText(ctx, token, openID, text)
		refusal, _ := errors.AsType[Errcode](err)
		if refusal != codeBadToken && refusal != codeWrongToken && refusal != codeTokenEnded {
			return suggestion, err
		}
		c.tokens.Drop(ctx, c.tokenKey(), token)
		if fresh {
			return "", err
		}
	}
}

func (c *Client) checkText(ctx context.Context, token, openID, text string) (Suggestion, error) {
	var answer struct {
		status
		Result struct {
			Suggest Suggestion `json:"suggest"`
		} `json:"result"`
	}
	err := c.call(ctx, call{
		name: "msg_sec_check", method: http.MethodPost, path: "/wxa/msg_sec_check", query: url.Values{"access_token": {token}},
		body: map[string]any{"version": 2, "scene": sceneComment, "openid": openID, "content": text}, hide: []string{token, openID, text},
	}, &answer)
	if err != nil {
		return "", err
	}
	switch answer.Result.Suggest {
	case Pass, Review, Risky:
		return answer.Result.Suggest, nil
	}
	return "", fault.Internal(fmt.Errorf("wechat: msg_sec_check: an answer without a suggestion"))
}
