package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// files are those of a multipart request: announced at its beginning, and not read before it is known
// who sends them.
type files struct {
	parts  *multipart.Reader
	places map[string][]place // by the name of the part
}

// place is where in the variables a file belongs.
type place func(graphql.Upload)

const (
	maxMapBytes   = 4 << 10
	maxPartsBytes = 16 << 10 // the heads of all parts
	maxPathSteps  = 10
)

// readForm reads the beginning of a multipart request: the operation, and which of its variables are
// files. A page of another origin can send such a form without asking, so a header it cannot set must be
// there.
func (h *Handler) readForm(w http.ResponseWriter, r *http.Request) (*request, *refusal) {
	if !preflighted(r) {
		return nil, refused(http.StatusForbidden, errPreflight)
	}
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" || r.Header.Get("Content-Encoding") != "" {
		return nil, refused(http.StatusUnsupportedMediaType, errContentType)
	}
	most := int64(h.Limits.BodyBytes + maxMapBytes + maxPartsBytes + h.Limits.Files*h.Limits.FileBytes)
	form := &files{parts: multipart.NewReader(http.MaxBytesReader(w, r.Body, most), params["boundary"]), places: map[string][]place{}}
	operations, refusal := form.text("operations", h.Limits.BodyBytes)
	if refusal != nil {
		return nil, refusal
	}
	q, refusal := decodeRequest(operations)
	if refusal != nil {
		return nil, refusal
	}
	mapping, refusal := form.text("map", maxMapBytes)
	if refusal != nil {
		return nil, refusal
	}
	if refusal := form.announce(mapping, q.variables, h.Limits.Files); refusal != nil {
		return nil, refusal
	}
	q.files = form
	return q, nil
}

// preflighted reports whether the request has a header for which a browser asks first.
func preflighted(r *http.Request) bool {
	for _, name := range preflightHeaders {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}

// text reads the next part, which must have the name.
func (f *files) text(name string, most int) ([]byte, *refusal) {
	part, err := f.parts.NextRawPart()
	if err != nil || part.FormName() != name {
		return nil, unreadableForm(err)
	}
	return within(part, most)
}

// within reads a part up to its bound.
func within(part io.Reader, most int) ([]byte, *refusal) {
	content, err := io.ReadAll(io.LimitReader(part, int64(most)+1))
	switch {
	case len(content) > most:
		return nil, refused(http.StatusRequestEntityTooLarge, errTooLarge)
	case err != nil:
		return nil, unreadableForm(err)
	}
	return content, nil
}

func unreadableForm(err error) *refusal {
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return refused(http.StatusRequestEntityTooLarge, errTooLarge)
	}
	return refused(http.StatusBadRequest, errMalformed)
}

// announce notes where the files belong. Each belongs in one place at least, where null stands.
func (f *files) announce(mapping []byte, variables map[string]any, most int) *refusal {
	var paths map[string][]string
	if json.Unmarshal(mapping, &paths) != nil || len(paths) == 0 {
		return refused(http.StatusBadRequest, errMalformed)
	}
	n := 0
	for name, list := range paths {
		if n += len(list); n > most {
			return refused(http.StatusRequestEntityTooLarge, errTooManyFiles)
		}
		for _, path := range list {
			at, ok := placeOf(variables, path)
			if !ok {
				return refused(http.StatusBadRequest, errMalformed)
			}
			f.places[name] = append(f.places[name], at)
		}
		if len(list) == 0 {
			return refused(http.StatusBadRequest, errMalformed)
		}
	}
	return nil
}

// placeOf finds the null a path such as variables.input.photo leads to.
func placeOf(variables map[string]any, path string) (place, bool) {
	steps := strings.Split(path, ".")
	if len(steps) < 2 || len(steps) > maxPathSteps || steps[0] != "variables" {
		return nil, false
	}
	var at any = variables
	for i, step := range steps[1:] {
		var next any
		var set place
		switch in := at.(type) {
		case map[string]any:
			value, there := in[step]
			if !there {
				return nil, false
			}
			next, set = value, func(u graphql.Upload) { in[step] = u }
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(in) {
				return nil, false
			}
			next, set = in[n], func(u graphql.Upload) { in[n] = u }
		default:
			return nil, false
		}
		if i == len(steps)-2 {
			return set, next == nil
		}
		at = next
	}
	return nil, false
}

// receive reads the files of a signed-in caller into the variables, a few callers at a time: each file is
// held in memory until the operation ends. The caller calls release when it has.
func (h *Handler) receive(ctx context.Context, w http.ResponseWriter, q *request, op *operation, who caller) (release func(), refusal *refusal) {
	switch {
	case op.ast.Operation != ast.Mutation:
		return nil, unfit(errFileFit)
	case who.session == nil:
		return nil, refused(http.StatusUnauthorized, errToken)
	}
	if refusal := h.charge(ctx, who, h.Limits.FileCost*len(q.files.places)); refusal != nil {
		return nil, refusal
	}
	all, own := "files", "files of "+who.keys[0]
	if !h.usage.take(all, h.Limits.UploadsAtOnce) {
		return nil, refused(http.StatusTooManyRequests, errTooMany)
	}
	if !h.usage.take(own, h.Limits.UploadsPerUser) {
		h.usage.release(all)
		return nil, refused(http.StatusTooManyRequests, errTooMany)
	}
	release = func() { h.usage.release(own); h.usage.release(all) }
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.Limits.UploadTimeout)) // else that of the server stands
	if refusal := q.files.read(h.Limits.FileBytes); refusal != nil {
		release()
		return nil, refusal
	}
	return release, nil
}

// read puts every announced file in its place. What a part says of its name and its type goes no further.
func (f *files) read(most int) *refusal {
	for len(f.places) > 0 {
		part, err := f.parts.NextRawPart()
		if err != nil {
			return unreadableForm(err)
		}
		name := part.FormName()
		places, announced := f.places[name]
		if !announced {
			return refused(http.StatusBadRequest, errMalformed)
		}
		delete(f.places, name)
		content, err := io.ReadAll(io.LimitReader(part, int64(most)+1))
		switch {
		case len(content) > most:
			return refused(http.StatusRequestEntityTooLarge, errFileTooLarge)
		case err != nil:
			return unreadableForm(err)
		}
		for _, set := range places {
			set(graphql.Upload{File: bytes.NewReader(content), Size: int64(len(content))})
		}
	}
	return nil
}
