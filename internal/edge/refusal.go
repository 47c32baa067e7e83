package edge

import (
	"context"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"citygraph/internal/fault"
)

// What the edge refuses before any resolver runs. The sentences never contain what was sent.
var (
	errForeignOrigin = fault.New(fault.Forbidden).Say("不允许来自该网站的请求。", "Requests from this website are not allowed.")
	errMethod        = fault.New(fault.BadUserInput).Say("请使用 GET 或 POST。", "Use GET or POST.")
	errOnlyQueries   = fault.New(fault.BadUserInput).Say("GET 只能执行查询。", "GET runs queries only. Use POST.")
	errContentType   = fault.New(fault.BadUserInput).Say("请求体必须是 application/json；上传文件用 multipart/form-data。", "Send the request as application/json, plain or gzip, or as multipart/form-data with files.")
	errPreflight     = fault.New(fault.Forbidden).Say("上传文件的请求须带 Apollo-Require-Preflight 请求头。", "A request with files needs the header Apollo-Require-Preflight.")
	errNotAcceptable = fault.New(fault.BadUserInput).Say("无法以所要求的格式应答。", "The answer is available as JSON or as an event stream.")
	errTooLarge      = fault.New(fault.BadUserInput).Say("请求过大。", "The request is too large.")
	errFileTooLarge  = fault.New(fault.PhotoTooLarge)
	errTooManyFiles  = fault.New(fault.BadUserInput).Say("一次上传的文件过多。", "Too many files at once.")
	errFileFit       = fault.New(fault.BadUserInput).Say("只有变更操作可以上传文件。", "Only a mutation takes files.")
	errMalformed     = fault.New(fault.BadUserInput).Say("请求格式有误。", "The request is not well-formed.")
	errBatch         = fault.New(fault.BadUserInput).Say("每个请求只能包含一个操作。", "Send one operation per request.")
	errNoDocument    = fault.New(fault.BadUserInput).Say("请求中没有查询文档。", "The request names no document.")

	errUnknownDocument = fault.New(fault.BadUserInput).Say("没有此编号的查询文档。", "No document has this id.")
	errOnlyTrusted     = fault.New(fault.BadUserInput).Say("只接受已登记的查询文档。", "Only registered documents are accepted.")
	errSyntax          = fault.New(fault.BadUserInput).Say("查询文档的语法有误。", "The document has a syntax error.")
	errInvalid         = fault.New(fault.BadUserInput).Say("查询文档与接口定义不符。", "The document does not fit the schema.")
	errCycle           = fault.New(fault.BadUserInput).Say("片段不能引用自身。", "A fragment cannot contain itself.")
	errIntrospection   = fault.New(fault.BadUserInput).Say("未开放接口自省。", "Introspection is off.")
	errOperationName   = fault.New(fault.BadUserInput).Say("请指明要执行文档中的哪个操作。", "Name one operation of the document.")
	errNumber          = fault.New(fault.BadUserInput).Say("数字超出范围。", "A number is out of range.")
	errListSize        = fault.New(fault.BadUserInput).Say("列表长度超出允许范围。", "A list size is outside the allowed range.")
	errVariable        = fault.New(fault.BadUserInput).Say("变量的值有误。", "A variable has a wrong value.")
	errOneOf           = fault.New(fault.BadUserInput).Say("请只填写其中一项。", "Give exactly one of the choices.")
	errNeedsStream     = fault.New(fault.BadUserInput).Say("订阅请使用 WebSocket 或事件流。", "Subscribe over WebSocket or an event stream.")

	errTooComplex = fault.New(fault.QueryTooComplex)
	errToken      = fault.New(fault.Unauthenticated)
	errTooMany    = fault.New(fault.RateLimited).Say("同时进行的操作过多。", "Too many operations at once.")
	errClosing    = fault.New(fault.InternalError)
)

// refusal is an answer without data: the request never reached a resolver, or was not let in.
type refusal struct {
	status int // of the HTTP answer; 0 leaves it to the media type
	errors []*gqlerror.Error
}

func refused(status int, f *fault.Fault) *refusal {
	return &refusal{status: status, errors: []*gqlerror.Error{{Err: f}}}
}

// unfit refuses a well-formed request for its document or variables.
func unfit(f *fault.Fault) *refusal { return refused(0, f) }

// Bounds on the answer to a refused request.
const (
	maxRefusalErrors = 5
	maxRefusalBytes  = 800
	maxLocations     = 3
)

// present puts the refusal into the language of ctx and within its bounds: a document with a
// thousand mistakes gets the first few of them back.
func (r *refusal) present(ctx context.Context) gqlerror.List {
	var list gqlerror.List
	size := 0
	for _, err := range r.errors {
		if len(list) == maxRefusalErrors {
			break
		}
		e := Present(ctx, err)
		e.Locations = e.Locations[:min(len(e.Locations), maxLocations)]
		size += len(encodeErrors(gqlerror.List{e}))
		if len(list) > 0 && size > maxRefusalBytes {
			break
		}
		list = append(list, e)
	}
	return list
}
