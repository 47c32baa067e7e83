package open311

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"

	"citygraph/internal/fault"
	"citygraph/internal/lang"
)

// format is how an answer is written.
type format string

const (
	formatJSON format = "json"
	formatXML  format = "xml"
)

var contentTypes = map[format]string{
	formatJSON: "application/json; charset=utf-8",
	formatXML:  "text/xml; charset=utf-8",
}

// list is an answer: an array in JSON, and in XML an element around its items.
type list struct {
	element string
	items   any
}

// problem is one error of the protocol.
type problem struct {
	XMLName     xml.Name `json:"-" xml:"error"`
	Code        int      `json:"code" xml:"code"`
	Description string   `json:"description" xml:"description"`
}

// statuses are the protocol's codes of what can go wrong; the rest is 400.
var statuses = map[fault.Code]int{
	fault.Unauthenticated: http.StatusForbidden, // the protocol knows no 401
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.RateLimited:     http.StatusTooManyRequests,
	fault.InternalError:   http.StatusInternalServerError,
}

// refuse answers with what went wrong, in the caller's language.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, f format, err error) {
	flaw := fault.From(err)
	status, known := statuses[flaw.Code]
	if !known {
		status = http.StatusBadRequest
	}
	if status == http.StatusInternalServerError {
		h.Log.Error().Err(err).Msg("open311 request failed")
	}
	if flaw.RetryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(flaw.RetryAfter.Seconds())+1))
	}
	sentence := flaw.Sentence(lang.From(r.Context()))
	if len(flaw.Field) > 0 {
		sentence = flaw.Field[len(flaw.Field)-1] + ": " + sentence
	}
	h.answer(w, f, status, list{"errors", []problem{{Code: status, Description: sentence}}})
}

// answer writes a body whole or not at all.
func (h *Handler) answer(w http.ResponseWriter, f format, status int, body any) {
	var out bytes.Buffer
	if err := write(&out, f, body); err != nil {
		h.Log.Error().Err(err).Msg("open311 answer cannot be written")
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentTypes[f])
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // a client that has gone needs no answer
}

func write(out *bytes.Buffer, f format, body any) error {
	wrapped, isList := body.(list)
	if f == formatJSON {
		if isList {
			body = wrapped.items
		}
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(body)
	}
	out.WriteString(xml.Header)
	encoder := xml.NewEncoder(out)
	if !isList {
		return encoder.Encode(body)
	}
	start := xml.StartElement{Name: xml.Name{Local: wrapped.element}}
	if err := encoder.EncodeToken(start); err != nil {
		return err
	}
	if err := encoder.Encode(wrapped.items); err != nil {
		return err
	}
	if err := encoder.EncodeToken(start.End()); err != nil {
		return err
	}
	return encoder.Flush()
}
