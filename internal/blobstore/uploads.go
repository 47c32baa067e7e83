package blobstore

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"citygraph/internal/fault"
)

// Sink takes a file of a name, and reads no more of it than it needs to. The address has been checked: whoever
// sends may.
type Sink func(ctx context.Context, name string, content io.Reader) error

// Uploads takes files by signed addresses: PUT /uploads/<kind>/<name>?expires=…&signature=….
type Uploads struct {
	links Links
	log   zerolog.Logger
	sinks map[string]Sink
	busy  chan struct{}
}

const (
	// uploadsAtOnce is how many files are received at once: each is held in memory until it is whole.
	uploadsAtOnce = 8
	// uploadTime is how long one may take, from a phone on a poor line.
	uploadTime = time.Minute
)

// NewUploads takes files into the sinks by their kind, the first part of the path.
func NewUploads(links Links, log zerolog.Logger, sinks map[string]Sink) *Uploads {
	return &Uploads{links: links, log: log, sinks: sinks, busy: make(chan struct{}, uploadsAtOnce)}
}

// statuses are those of the faults a sink refuses with; any other is 422.
var statuses = map[fault.Code]int{
	fault.NotFound: http.StatusNotFound, fault.PhotoTooLarge: http.StatusRequestEntityTooLarge,
	fault.AttachmentTooLarge: http.StatusRequestEntityTooLarge, fault.AttachmentUnsupported: http.StatusUnsupportedMediaType,
	fault.PhotoTypeUnsupported: http.StatusUnsupportedMediaType, fault.RateLimited: http.StatusTooManyRequests,
	fault.InternalError: http.StatusInternalServerError,
}

// ServeHTTP takes a file from whoever has an address that holds, and answers 204. An address made up is
// 404; a genuine one that has run out is 410. A refusal has its code in the header X-Error-Code.
func (u *Uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodPut {
		h.Set("Allow", http.MethodPut)
		refuse(w, r, http.StatusMethodNotAllowed, fault.New(fault.BadUserInput))
		return
	}
	path, _ := strings.CutPrefix(r.URL.Path, Inbox)
	switch u.links.check(inward(path), r.URL.Query()) {
	case good:
		u.take(w, r, path)
	case expired:
		refuse(w, r, http.StatusGone, fault.New(fault.NotFound).Say("上传地址已过期，请重新获取。", "The address has expired. Ask for a fresh one."))
	case forged:
		refuse(w, r, http.StatusNotFound, fault.New(fault.NotFound))
	}
}

func (u *Uploads) take(w http.ResponseWriter, r *http.Request, path string) {
	kind, name, _ := strings.Cut(path, "/")
	sink, ok := u.sinks[kind]
	if !ok {
		refuse(w, r, http.StatusNotFound, fault.New(fault.NotFound))
		return
	}
	select {
	case u.busy <- struct{}{}:
		defer func() { <-u.busy }()
	default:
		w.Header().Set("Retry-After", "1")
		refuse(w, r, http.StatusTooManyRequests, fault.New(fault.RateLimited))
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTime)) // else that of the server stands
	err := sink(r.Context(), name, r.Body)
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	f := fault.From(err)
	status, known := statuses[f.Code]
	if !known {
		status = http.StatusUnprocessableEntity
	}
	if f.Code == fault.InternalError {
		u.log.Error().Err(err).Str("kind", kind).Msg("file cannot be taken")
	}
	refuse(w, r, status, f)
}
