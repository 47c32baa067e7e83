package blobstore

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"citygraph/internal/fault"
	"citygraph/internal/lang"
)

// File is what is sent to whoever follows a link.
type File struct {
	Name    string // to save it under
	Type    string // media type
	Content io.ReadSeeker
	// Shown has browsers show the file, and clients keep it for as long as the link is good. It must be of a
	// type that runs nothing.
	Shown bool
}

// Source finds the file of a name; NOT_FOUND when it is not, or no longer, there. The link has been
// checked: whoever asks may have the file.
type Source func(ctx context.Context, name string) (*File, error)

// Files serves files by signed links: GET /files/<kind>/<name>?expires=…&signature=….
type Files struct {
	links   Links
	log     zerolog.Logger
	sources map[string]Source
}

// NewFiles serves the sources by the kind of their files, the first part of the path.
func NewFiles(links Links, log zerolog.Logger, sources map[string]Source) *Files {
	return &Files{links: links, log: log, sources: sources}
}

// ServeHTTP sends a file to whoever has a link that holds. An address made up is 404, whether there is such
// a file or not; a genuine one that has run out is 410. Nothing is to be kept on the way, and unless a file is to
// be shown browsers save it.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		refuse(w, r, http.StatusMethodNotAllowed, fault.New(fault.BadUserInput))
		return
	}
	path, _ := strings.CutPrefix(r.URL.Path, Root)
	switch f.links.check(path, r.URL.Query()) {
	case good:
		f.send(w, r, path)
	case expired:
		refuse(w, r, http.StatusGone, fault.New(fault.NotFound).Say("链接已过期，请重新获取。", "The link has expired. Ask for a fresh one."))
	case forged:
		refuse(w, r, http.StatusNotFound, fault.New(fault.NotFound))
	}
}

func (f *Files) send(w http.ResponseWriter, r *http.Request, path string) {
	kind, name, _ := strings.Cut(path, "/")
	source, ok := f.sources[kind]
	if !ok {
		refuse(w, r, http.StatusNotFound, fault.New(fault.NotFound))
		return
	}
	file, err := source(r.Context(), name)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		refuse(w, r, http.StatusNotFound, fault.From(err))
		return
	case err != nil:
		f.log.Error().Err(err).Str("kind", kind).Msg("file cannot be sent")
		refuse(w, r, http.StatusInternalServerError, fault.Internal(err))
		return
	}
	disposition := "attachment"
	if file.Shown {
		disposition = "inline"
		w.Header().Set("Cache-Control", "private, max-age="+strconv.Itoa(f.links.left(r.URL.Query())))
	}
	w.Header().Set("Content-Type", file.Type)
	w.Header().Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": file.Name}))
	http.ServeContent(w, r, "", time.Time{}, file.Content)
}

func refuse(w http.ResponseWriter, r *http.Request, status int, f *fault.Fault) {
	w.Header().Set("X-Error-Code", string(f.Code))
	http.Error(w, f.Sentence(lang.Negotiate(r.Header.Get("Accept-Language"))), status)
}
