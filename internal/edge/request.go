package edge

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// request is what a client asks, whatever carried it.
type request struct {
	documentID    string
	text          string
	operationName string
	variables     map[string]any
	files         *files // nil unless some of the variables are files
}

// decodeRequest reads the JSON form. Unknown members are ignored, known ones must have their type.
func decodeRequest(body []byte) (*request, *refusal) {
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		return nil, refused(http.StatusBadRequest, errBatch)
	}
	var wire struct {
		Query         string         `json:"query"`
		OperationName string         `json:"operationName"`
		Variables     map[string]any `json:"variables"`
		Extensions    extensions     `json:"extensions"`
		DocumentID    string         `json:"documentId"`
		ID            string         `json:"id"`
	}
	if err := unmarshal(body, &wire); err != nil {
		return nil, refused(http.StatusBadRequest, errMalformed)
	}
	return asked(&request{
		documentID:    firstOf(wire.DocumentID, wire.ID, wire.Extensions.PersistedQuery.Sha256Hash),
		text:          wire.Query,
		operationName: wire.OperationName,
		variables:     wire.Variables,
	})
}

// decodeQuery reads the query-string form.
func decodeQuery(raw string) (*request, *refusal) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, refused(http.StatusBadRequest, errMalformed)
	}
	q := &request{text: values.Get("query"), operationName: values.Get("operationName")}
	var ext extensions
	if s := values.Get("variables"); s != "" && unmarshal([]byte(s), &q.variables) != nil {
		return nil, refused(http.StatusBadRequest, errMalformed)
	}
	if s := values.Get("extensions"); s != "" && unmarshal([]byte(s), &ext) != nil {
		return nil, refused(http.StatusBadRequest, errMalformed)
	}
	q.documentID = firstOf(values.Get("documentId"), values.Get("id"), ext.PersistedQuery.Sha256Hash)
	return asked(q)
}

type extensions struct {
	PersistedQuery struct {
		Sha256Hash string `json:"sha256Hash"`
	} `json:"persistedQuery"`
}

// asked returns q when it asks for something.
func asked(q *request) (*request, *refusal) {
	if q.text == "" && q.documentID == "" {
		return nil, refused(http.StatusBadRequest, errNoDocument)
	}
	return q, nil
}

func firstOf(candidates ...string) string {
	for _, s := range candidates {
		if s != "" {
			return s
		}
	}
	return ""
}

// unmarshal reads exactly one JSON value and keeps numbers as they were written.
func unmarshal(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// read takes the request from the query string of a GET or the body of a POST.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (*request, *refusal) {
	if r.Method == http.MethodGet {
		if len(r.URL.RawQuery) > h.Limits.BodyBytes {
			return nil, refused(http.StatusRequestURITooLong, errTooLarge)
		}
		return decodeQuery(r.URL.RawQuery)
	}
	switch mediaType(r.Header.Get("Content-Type")) {
	case "application/json":
	case "multipart/form-data":
		return h.readForm(w, r)
	default:
		return nil, refused(http.StatusUnsupportedMediaType, errContentType)
	}
	body, refusal := h.body(w, r)
	if refusal != nil {
		return nil, refusal
	}
	return decodeRequest(body)
}

// body reads the request body, inflated. No more than the limit is ever held, so that a small body
// that inflates to a large one costs no more than any other.
func (h *Handler) body(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	limit := int64(h.Limits.BodyBytes)
	var src io.Reader = http.MaxBytesReader(w, r.Body, limit)
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip":
		inflated, err := gzip.NewReader(src)
		if err != nil {
			return nil, refused(http.StatusBadRequest, errMalformed)
		}
		src = inflated
	default:
		return nil, refused(http.StatusUnsupportedMediaType, errContentType)
	}
	body, err := io.ReadAll(io.LimitReader(src, limit+1))
	if _, over := errors.AsType[*http.MaxBytesError](err); over || int64(len(body)) > limit {
		return nil, refused(http.StatusRequestEntityTooLarge, errTooLarge)
	}
	if err != nil {
		return nil, refused(http.StatusBadRequest, errMalformed)
	}
	return body, nil
}
