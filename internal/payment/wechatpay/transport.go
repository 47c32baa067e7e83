package wechatpay

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
)

// maxAnswerBytes bounds what is read of an answer; the longest, a list of certificates, is a few kilobytes.
const maxAnswerBytes = 256 << 10

// elsewhere sends requests to another host than the one the SDK knows. Signatures are over paths, so they hold there too.
type elsewhere struct {
	base *url.URL
	next http.RoundTripper
}

// RoundTrip sends the request, and cuts what is too long off the answer.
func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	moved := r.Clone(r.Context())
	moved.URL.Scheme, moved.URL.Host, moved.Host = e.base.Scheme, e.base.Host, e.base.Host
	resp, err := e.next.RoundTrip(moved)
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswerBytes), resp.Body}
	return resp, nil
}

// refused is what may be logged of a failed call: the SDK's own errors have URLs, headers and whole answers in them.
func refused(call string, err error) error {
	if answer, ok := errors.AsType[*core.APIError](err); ok {
		return fmt.Errorf("wechat pay: %s: status %d, code %.40q", call, answer.StatusCode, answer.Code)
	}
	if sent, ok := errors.AsType[*url.Error](err); ok {
		err = sent.Err
	}
	return fmt.Errorf("wechat pay: %s: %w", call, err)
}

// answered reports whether WeChat Pay refused the call with one of the codes.
func answered(err error, codes ...string) bool {
	answer, ok := errors.AsType[*core.APIError](err)
	return ok && slices.Contains(codes, answer.Code)
}
