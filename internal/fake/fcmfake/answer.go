package fcmfake

import (
	"net/http"
	"time"
)

// Answer is how FCM treats one message. The zero Answer accepts it.
type Answer struct {
	Status     int           `json:"status,omitempty"`     // 200 when 0
	State      string        `json:"state,omitempty"`      // google.rpc status, such as "NOT_FOUND"
	Code       string        `json:"code,omitempty"`       // FcmError code, such as "UNREGISTERED"; none when empty
	Field      string        `json:"field,omitempty"`      // the field a BadRequest detail blames
	RetryAfter string        `json:"retryAfter,omitempty"` // the header, verbatim
	Delay      time.Duration `json:"delay,omitempty"`      // time passed before answering, in nanoseconds
}

// The answers FCM documents.
var (
	OK               = Answer{}
	Unregistered     = Answer{Status: http.StatusNotFound, State: "NOT_FOUND", Code: "UNREGISTERED"}
	SenderIDMismatch = Answer{Status: http.StatusForbidden, State: "PERMISSION_DENIED", Code: "SENDER_ID_MISMATCH"}
	Invalid          = Answer{Status: http.StatusBadRequest, State: "INVALID_ARGUMENT", Code: "INVALID_ARGUMENT"}
	InvalidToken     = Answer{Status: http.StatusBadRequest, State: "INVALID_ARGUMENT", Code: "INVALID_ARGUMENT", Field: "message.token"}
	InternalError    = Answer{Status: http.StatusInternalServerError, State: "INTERNAL", Code: "INTERNAL"}
	ThirdPartyAuth   = Answer{Status: http.StatusUnauthorized, State: "UNAUTHENTICATED", Code: "THIRD_PARTY_AUTH_ERROR"}
)

// Unavailable is FCM overloaded, asking to be left alone for a while.
func Unavailable(retryAfter string) Answer {
	return Answer{Status: http.StatusServiceUnavailable, State: "UNAVAILABLE", Code: "UNAVAILABLE", RetryAfter: retryAfter}
}

// QuotaExceeded is too many messages to the device, the topic or for the project.
func QuotaExceeded(retryAfter string) Answer {
	return Answer{Status: http.StatusTooManyRequests, State: "RESOURCE_EXHAUSTED", Code: "QUOTA_EXCEEDED", RetryAfter: retryAfter}
}

// Slow accepts the message after the delay.
func Slow(delay time.Duration) Answer { return Answer{Delay: delay} }

func (a Answer) ok() bool { return a.Status == 0 || a.Status == http.StatusOK }

func (a Answer) write(w http.ResponseWriter) {
	if a.RetryAfter != "" {
		w.Header().Set("Retry-After", a.RetryAfter)
	}
	var details []any
	if a.Code != "" {
		details = append(details, map[string]string{
			"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": a.Code,
		})
	}
	if a.Field != "" {
		details = append(details, map[string]any{
			"@type":           "type.googleapis.com/google.rpc.BadRequest",
			"fieldViolations": []map[string]string{{"field": a.Field, "description": "is not valid"}},
		})
	}
	reply(w, a.Status, map[string]any{"error": map[string]any{
		"code": a.Status, "status": a.State, "message": "scripted " + a.State, "details": details,
	}})
}
