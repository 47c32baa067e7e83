package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"citygraph/internal/fault"
)

const (
	maxAnswerBytes = 16 << 10
	maxErrmsgBytes = 200
)

// WeChat's error codes that mean something to us.
const (
	codeBusy        = -1
	codeOK          = 0
	codeBadCode     = 40029
	codeUsedCode    = 40163
	codeBlocked     = 40226 // WeChat holds the person for high-risk
	codeBadToken    = 40001
	codeWrongToken  = 40014
	codeTokenEnded  = 42001
	codeDailyQuota  = 45009
	codeMinuteQuota = 45011
)

// call is one request to WeChat.
type call struct {
	name, method, path string
	query              url.Values
	body               any
	hide               []string // the input WeChat's errmsg may repeat
}

// status is the part all answers have.
type status struct {
	Errcode int    `json:"errcode"`
	Errmsg  string `json:"errmsg"`
}

// Errcode is WeChat's own number for a refusal.
type Errcode int

// Error names the number.
func (e Errcode) Error() string { return "errcode " + strconv.Itoa(int(e)) }

// coded is an answer with a status.
type coded interface {
	code() int
	verdict(call string, scrub *strings.Replacer) error
	reset()
}

func (s *status) code() int { return s.Errcode }
func (s *status) reset()    { *s = status{} }

// verdict is what the client may see of the status; nil for success.
func (s *status) verdict(call string, scrub *strings.Replacer) error {
	if s.Errcode == codeOK {
		return nil
	}
	message := scrub.Replace(s.Errmsg)
	if len(message) > maxErrmsgBytes {
		message = strings.ToValidUTF8(message[:maxErrmsgBytes], "") + "…"
	}
	cause := fmt.Errorf("wechat: %s: %w: %q", call, Errcode(s.Errcode), message)
	switch s.Errcode {
	case codeBadCode, codeUsedCode:
		return badCode().Because(cause)
	case codeBlocked:
		return fault.New(fault.Forbidden).Because(cause)
	case codeMinuteQuota, codeDailyQuota:
		return fault.New(fault.RateLimited).After(time.Minute).Because(cause)
	default:
		return fault.Internal(cause)
	}
}

func badCode() *fault.Fault {
	return fault.BadInput("code", "微信登录凭证无效或已使用，请重新登录。", "This WeChat sign-in code is not valid or was already used. Please sign in again.")
}

// hidden pairs each secret, as it is and as it stands in a URL, with its replacement.
func hidden(secrets ...string) []string {
	var pairs []string
	for _, s := range secrets {
		if s != "" {
			pairs = append(pairs, s, redacted, url.QueryEscape(s), redacted)
		}
	}
	return pairs
}

// once sends the request and decodes the answer. Its errors carry neither the URL nor the answer.
func (c *Client) once(ctx context.Context, q call, answer coded) error {
	target := c.base.JoinPath(q.path)
	target.RawQuery = q.query.Encode()
	var body io.Reader
	if q.body != nil {
		encoded, err := json.Marshal(q.body)
		if err != nil {
			return errors.New("the request cannot be encoded")
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, target.String(), body)
	if err != nil {
		return errors.New("the request cannot be made")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return unsent(withoutURL(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes+1))
	if err != nil {
		return fmt.Errorf("reading the answer: %w", withoutURL(err))
	}
	if len(text) > maxAnswerBytes {
		return errors.New("the answer is too long")
	}
	answer.reset()
	if json.Unmarshal(text, answer) != nil {
		return fmt.Errorf("the answer of %d bytes is not understood", len(text))
	}
	return nil
}

// ErrNotSent says that the request never left: no connection was made.
var ErrNotSent = errors.New("not sent")

// unsent marks a failure to connect.
func unsent(err error) error {
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	return err
}

// withoutURL strips what net/http wraps around a failure: the URL, and so the secret in its query.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return withoutURL(wrapped.Err)
	}
	return err
}
