package transit

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"citygraph/internal/fault"
	"citygraph/internal/lang"
)

// Path is where operators upload scans.
const Path = "/transit/v1/rides"

// bodyLimit is the most an upload may have, in bytes: so many scans with all that each may say.
const bodyLimit = MostScans * 1024

// Uploads takes scans from operators: POST with `Authorization: Bearer KEY` and {"scans": […]}, answered by
// {"rides": […]}. What is refused as a whole is answered by {"error": {"code", "message"}}: 401 without a key that the
// city knows, 405, 413, 415, 429, and 400 for what is not 1 to 500 scans, with nothing changed.
type Uploads struct {
	Office    *Office
	Operators Operators
	// Limit holds a caller to a rate: RATE_LIMITED. May be nil.
	Limit func(r *http.Request) error
	Log   zerolog.Logger
}

// ServeHTTP implements http.Handler.
func (u *Uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	r = r.WithContext(lang.With(r.Context(), lang.Negotiate(honest(r.Header.Get("Accept-Language")))))
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		u.refuse(w, r, http.StatusMethodNotAllowed, fault.New(fault.BadUserInput))
		return
	}
	if u.Limit != nil {
		if err := u.Limit(r); err != nil {
			u.refuse(w, r, http.StatusTooManyRequests, err)
			return
		}
	}
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	operator := u.Operators.Keyed(key)
	if operator == nil {
		w.Header().Set("WWW-Authenticate", `Bearer realm="transit"`)
		u.refuse(w, r, http.StatusUnauthorized, fault.New(fault.Unauthenticated))
		return
	}
	scans, status, err := read(w, r)
	if err != nil {
		u.refuse(w, r, status, err)
		return
	}
	answers, err := u.Office.Settle(r.Context(), operator, scans)
	if err != nil {
		status := http.StatusBadRequest
		if fault.CodeOf(err) == fault.InternalError {
			status = http.StatusInternalServerError
		}
		u.refuse(w, r, status, err)
		return
	}
	u.write(w, http.StatusOK, struct {
		Rides []Answer `json:"rides"`
	}{answers})
}

// longestAccept is the most that an honest Accept-Language has, in bytes.
const longestAccept = 256

func honest(accept string) string {
	if len(accept) > longestAccept {
		return ""
	}
	return accept
}

// read is the scans of a request, or the status to refuse it with.
func read(w http.ResponseWriter, r *http.Request) (scans []Scan, status int, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, http.StatusUnsupportedMediaType, fault.BadInput("Content-Type", "请求类型应为application/json。", "The request is application/json.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, http.StatusRequestEntityTooLarge, fault.BadInput("scans", "请求过大。", "The request is too large.")
	}
	var upload struct {
		Scans []Scan `json:"scans"`
	}
	if err == nil {
		err = json.Unmarshal(body, &upload)
	}
	if err != nil {
		return nil, http.StatusBadRequest, fault.BadInput("scans", "请求不是有效的扫码记录。", "The request is no list of scans.").Because(err)
	}
	return upload.Scans, http.StatusOK, nil
}

// problem is why an upload is refused as a whole.
type problem struct {
	Code    fault.Code `json:"code"`
	Message string     `json:"message"`
	Field   []string   `json:"field,omitempty"`
}

func (u *Uploads) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	f := fault.From(err)
	if f.Code == fault.InternalError {
		u.Log.Error().Err(err).Msg("transit: rides are not settled")
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())+1))
	}
	u.write(w, status, struct {
		Error problem `json:"error"`
	}{problem{f.Code, f.Sentence(lang.From(r.Context())), f.Field}})
}

func (u *Uploads) write(w http.ResponseWriter, status int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		u.Log.Error().Err(err).Msg("transit: an answer cannot be written")
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(encoded, '\n')) // an operator that has gone asks again
}
