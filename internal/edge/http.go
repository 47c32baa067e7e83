package edge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"citygraph/internal/fault"
)

// serveRequest answers a GET or POST, in one piece or as an event stream.
func (h *Handler) serveRequest(w http.ResponseWriter, r *http.Request) {
	m, ok := accepted(r.Header.Values("Accept"))
	if !ok {
		h.refuse(w, r, mediaJSON, refused(http.StatusNotAcceptable, errNotAcceptable))
		return
	}
	q, refusal := h.read(w, r)
	if refusal != nil {
		h.refuse(w, r, m, refusal)
		return
	}
	op, refusal := h.documents.operation(q)
	if refusal == nil {
		refusal = fits(op.ast.Operation, r.Method, m)
	}
	keys := h.keysOf(r)
	if refusal != nil {
		if over := h.charge(r.Context(), caller{keys: keys}, 1); over != nil {
			refusal = over
		}
		h.refuse(w, r, m, refusal)
		return
	}
	ctx, who, err := h.authenticate(r.Context(), r.Header.Get("Authorization"), keys)
	if err != nil {
		h.refuse(w, r, m, unauthenticated(err))
		return
	}
	r = r.WithContext(ctx)
	if q.files != nil {
		release, refusal := h.receive(ctx, w, q, op, who)
		if refusal != nil {
			h.refuse(w, r, m, refusal)
			return
		}
		defer release()
	}
	if m == mediaStream {
		h.stream(w, r, q, op, who)
		return
	}
	job, refusal := h.admit(ctx, q, op, who, "http")
	if refusal != nil {
		h.refuse(w, r, m, refusal)
		return
	}
	h.answer(w, r, m, job, who)
}

// fits refuses an operation that the method or the answer's form cannot carry. A subscription in
// particular never starts for a client that expects one answer.
func fits(kind ast.Operation, method string, m media) *refusal {
	switch {
	case method == http.MethodGet && (kind == ast.Mutation || kind == ast.Subscription && m != mediaStream):
		return refused(http.StatusMethodNotAllowed, errOnlyQueries)
	case kind == ast.Subscription && m != mediaStream:
		return unfit(errNeedsStream)
	}
	return nil
}

func unauthenticated(err error) *refusal {
	f := fault.From(err)
	status := http.StatusInternalServerError
	switch f.Code {
	case fault.Unauthenticated:
		status = http.StatusUnauthorized
	case fault.Forbidden:
		status = http.StatusForbidden
	case fault.RateLimited:
		status = http.StatusTooManyRequests
	}
	return refused(status, f)
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request, m media, job *run, who caller) {
	var body []byte
	cache := cachePolicy{}
	ended := job.begin(r.Context()).answer(func(response *graphql.Response) bool {
		body = encode(response)
		if len(response.Errors) == 0 && r.Method == http.MethodGet {
			cache = job.op.cache
		}
		return true
	})
	if body == nil {
		h.refuse(w, r, m, ending500(r.Context(), ended))
		return
	}
	header := w.Header()
	header.Set("Cache-Control", cache.header(who.session != nil))
	if cache.maxAge > 0 {
		sum := sha256.Sum256(body)
		if revalidated(w, r, hex.EncodeToString(sum[:16])) {
			return
		}
	}
	send(w, r, http.StatusOK, m, body)
}

// ending500 is the answer when the executor itself gave up.
func ending500(ctx context.Context, errs gqlerror.List) *refusal {
	if len(errs) == 0 {
		return refused(http.StatusInternalServerError, fault.Internal(ctx.Err()))
	}
	return &refusal{status: http.StatusInternalServerError, errors: errs}
}

// revalidated sets the strong ETag of the answer, one for each encoding, and answers 304 when the
// client already has it.
func revalidated(w http.ResponseWriter, r *http.Request, tag string) bool {
	if encoding := encodingFor(r.Header.Values("Accept-Encoding")); encoding != "" {
		tag += "-" + encoding
	}
	tag = strconv.Quote(tag)
	w.Header().Set("ETag", tag)
	for _, known := range strings.Split(strings.Join(r.Header.Values("If-None-Match"), ","), ",") {
		known = strings.TrimPrefix(strings.TrimSpace(known), "W/")
		if known == tag || known == "*" {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

// refuse answers without data.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, m media, why *refusal) {
	if m == mediaStream {
		m = mediaJSON
	}
	status := why.status
	if status == 0 {
		status = m.status()
	}
	list := why.present(r.Context())
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	switch status {
	case http.StatusMethodNotAllowed:
		if header.Get("Allow") == "" {
			header.Set("Allow", http.MethodPost)
		}
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests:
		if wait, ok := list[0].Extensions["retryAfter"].(int); ok {
			header.Set("Retry-After", strconv.Itoa(wait))
		}
	}
	send(w, r, status, m, encode(&graphql.Response{Errors: list}))
}

// send writes a whole answer once, compressed when that pays.
func send(w http.ResponseWriter, r *http.Request, status int, m media, body []byte) {
	header := w.Header()
	header.Set("Content-Type", string(m)+"; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	if encoding := encodingFor(r.Header.Values("Accept-Encoding")); encoding != "" && len(body) >= compressFrom {
		body = compress(encoding, body)
		header.Set("Content-Encoding", encoding)
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone; there is nobody left to tell
}
