package push

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"firebase.google.com/go/v4/errorutils"
	"firebase.google.com/go/v4/messaging"
)

// Our own codes, for what never got an answer of the provider's.
const (
	codeExpired         = "EXPIRED"
	codeUnknownPlatform = "UNKNOWN_PLATFORM"
	codeInvalidMessage  = "INVALID_MESSAGE"
	codeTimeout         = "TIMEOUT"
	codeUnreachable     = "UNREACHABLE"
)

const (
	longestRetryAfter = 24 * time.Hour
	longestCause      = 300
)

// classes maps FCM's answers to outcomes; the first that fits decides. What fits none is Retry: our
// own credentials, a proxy in between, or a code FCM has yet to invent.
var classes = [...]struct {
	fits    func(error) bool
	code    string
	outcome Outcome
}{
	{messaging.IsUnregistered, "UNREGISTERED", DropToken},
	{messaging.IsSenderIDMismatch, "SENDER_ID_MISMATCH", DropToken},
	{blamesToken, "INVALID_TOKEN", DropToken},
	{messaging.IsInvalidArgument, "INVALID_ARGUMENT", Rejected},
	{messaging.IsQuotaExceeded, "QUOTA_EXCEEDED", Retry},
	{messaging.IsUnavailable, "UNAVAILABLE", Retry},
	{messaging.IsInternal, "INTERNAL", Retry},
	{messaging.IsThirdPartyAuthError, "THIRD_PARTY_AUTH_ERROR", Retry},
	{errorutils.IsInvalidArgument, "INVALID_ARGUMENT", Rejected},
	{bareNotFound, "NOT_FOUND", DropToken},
}

func classify(name string, err error, seen *observation, now time.Time) Result {
	switch {
	case errors.Is(seen.err, context.DeadlineExceeded):
		return Result{Outcome: Retry, Code: codeTimeout, Err: fmt.Errorf("fcm: %w", seen.err)}
	case seen.err != nil:
		return Result{Outcome: Retry, Code: codeUnreachable, Err: fmt.Errorf("fcm: %w", seen.err)}
	case seen.status == 0:
		return Result{Outcome: Rejected, Code: codeInvalidMessage, Err: fmt.Errorf("fcm: %w", err)}
	case err == nil && name != "":
		return Result{Outcome: Delivered, ProviderID: name}
	}
	result := Result{
		Outcome:    Retry,
		Code:       fmt.Sprintf("HTTP_%d", seen.status),
		RetryAfter: parseRetryAfter(seen.retryAfter, now),
		Err:        fmt.Errorf("fcm: status %d: %s", seen.status, shorten(err)),
	}
	for _, class := range classes {
		if class.fits(err) {
			result.Code, result.Outcome = class.code, class.outcome
			break
		}
	}
	return result
}

// blamesToken reports an INVALID_ARGUMENT that is about the token and nothing else in the message.
func blamesToken(err error) bool {
	resp := errorutils.HTTPResponse(err) //nolint:bodyclose // the SDK has read and closed it
	if resp == nil || resp.StatusCode != http.StatusBadRequest {
		return false
	}
	var answer struct {
		Error struct {
			Details []struct {
				FieldViolations []struct{ Field string } `json:"fieldViolations"`
			} `json:"details"`
		} `json:"error"`
	}
	if json.NewDecoder(resp.Body).Decode(&answer) != nil {
		return false
	}
	blamed := false
	for _, detail := range answer.Error.Details {
		for _, violation := range detail.FieldViolations {
			if violation.Field != "message.token" {
				return false
			}
			blamed = true
		}
	}
	return blamed
}

// bareNotFound reports FCM's own 404. One in HTML is a wrong endpoint or a proxy, and must not cost
// every citizen their token.
func bareNotFound(err error) bool {
	resp := errorutils.HTTPResponse(err) //nolint:bodyclose // the SDK has read and closed it
	if resp == nil || resp.StatusCode != http.StatusNotFound {
		return false
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return kind == "application/json"
}

// parseRetryAfter reads both forms of the header; anything else is 0.
func parseRetryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), longestRetryAfter)
}

func shorten(err error) string {
	if err == nil {
		return "no message name in the answer"
	}
	text := err.Error()
	if len(text) > longestCause {
		text = strings.ToValidUTF8(text[:longestCause], "") + "…"
	}
	return text
}
