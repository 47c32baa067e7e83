package fault

import (
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/internal/lang"
)

// Code is a stable error code of the contract. The list is closed: clients switch on it.
type Code string

// The codes in use, in the contract's order.
const (
	Unauthenticated       Code = "UNAUTHENTICATED"
	Forbidden             Code = "FORBIDDEN"
	NotFound              Code = "NOT_FOUND"
	BadUserInput          Code = "BAD_USER_INPUT"
	OutOfArea             Code = "OUT_OF_AREA"
	IdempotencyKeyReused  Code = "IDEMPOTENCY_KEY_REUSED"
	IdempotencyInProgress Code = "IDEMPOTENCY_IN_PROGRESS"
	RateLimited           Code = "RATE_LIMITED"
	QueryTooComplex       Code = "QUERY_TOO_COMPLEX"
	InvalidTransition     Code = "INVALID_TRANSITION"
	DeviceUnknown         Code = "DEVICE_UNKNOWN"
	InternalError         Code = "INTERNAL"
)

var sentences = map[Code]lang.Text{
	Unauthenticated:       {ZH: "请先登录。", EN: "Please sign in."},
	Forbidden:             {ZH: "您没有权限执行此操作。", EN: "You are not allowed to do this."},
	NotFound:              {ZH: "没有找到。", EN: "Not found."},
	BadUserInput:          {ZH: "输入有误。", EN: "The input is not valid."},
	OutOfArea:             {ZH: "该位置不在杭州市范围内。", EN: "This place is outside Hangzhou."},
	IdempotencyKeyReused:  {ZH: "该幂等键已用于另一个请求。", EN: "This idempotency key was used for another request."},
	IdempotencyInProgress: {ZH: "相同的请求正在处理中，请稍候。", EN: "The same request is still being processed."},
	RateLimited:           {ZH: "操作过于频繁，请稍后再试。", EN: "Too many requests. Please try again later."},
	QueryTooComplex:       {ZH: "查询过于复杂。", EN: "The query is too complex."},
	InvalidTransition:     {ZH: "当前状态不允许此操作。", EN: "The current status does not allow this."},
	DeviceUnknown:         {ZH: "设备未登记。", EN: "This device is not registered."},
	InternalError:         {ZH: "服务暂时不可用，请稍后再试。", EN: "Something went wrong. Please try again later."},
}

// Codes returns every code in use, in the order of the alphabet.
func Codes() []Code { return slices.Sorted(maps.Keys(sentences)) }

// IsValid reports whether c is in use.
func (c Code) IsValid() bool { _, ok := sentences[c]; return ok }

// MarshalGQL writes the enum value.
func (c Code) MarshalGQL(w io.Writer) { graphql.MarshalString(string(c)).MarshalGQL(w) }

// UnmarshalGQL refuses: an error code is never an input.
func (c *Code) UnmarshalGQL(any) error { return errors.New("an error code is not an input") }
