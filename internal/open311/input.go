package open311

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"citygraph/internal/fault"
)

const (
	span       = 90 * 24 * time.Hour // of one list, by the protocol
	pageSize   = 50
	mostInPage = 1000 // by the protocol
	mostIDs    = 100
)

// readForm reads the query and, of a POST, the body.
func readForm(r *http.Request) error {
	if r.Method == http.MethodPost {
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || media != "application/x-www-form-urlencoded" {
			return fault.BadInput("Content-Type", "请使用 application/x-www-form-urlencoded。", "Send application/x-www-form-urlencoded.")
		}
	}
	err := r.ParseForm()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.New(fault.BadUserInput).Say("请求过大。", "The request is too large.")
	}
	if err != nil {
		return fault.New(fault.BadUserInput).Say("无法读取表单。", "The form cannot be read.").Because(err)
	}
	return nil
}

// keyOf is the caller's access token: an api_key, as the protocol has it, or a bearer token.
func keyOf(r *http.Request) string {
	if key := r.Form.Get("api_key"); key != "" {
		return key
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return ""
}

// reportOf reads a report. A client that may send it twice names it by an Idempotency-Key, a UUID.
func reportOf(r *http.Request) (Report, error) {
	in := Report{
		Key: uuid.New(), ServiceCode: r.PostForm.Get("service_code"),
		Address: r.PostForm.Get("address_string"), Description: r.PostForm.Get("description"),
		Attributes: attributesOf(r.PostForm),
	}
	if in.ServiceCode == "" {
		return in, fault.BadInput("service_code", "请填写服务代码。", "Give a service_code.")
	}
	var err error
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		if in.Key, err = uuid.Parse(key); err != nil {
			return in, fault.BadInput("Idempotency-Key", "幂等键应为UUID。", "An Idempotency-Key is a UUID.")
		}
	}
	if in.Lat, err = strconv.ParseFloat(r.PostForm.Get("lat"), 64); err != nil {
		return in, fault.BadInput("lat", "请提供纬度（WGS-84，度）；不支持仅凭地址上报。", "Give the latitude in degrees, WGS-84; an address alone is not enough.")
	}
	if in.Long, err = strconv.ParseFloat(r.PostForm.Get("long"), 64); err != nil {
		return in, fault.BadInput("long", "请提供经度（WGS-84，度）。", "Give the longitude in degrees, WGS-84.")
	}
	return in, nil
}

// attributesOf reads attribute[CODE]=value and attribute[CODE][]=value.
func attributesOf(form url.Values) map[string][]string {
	found := map[string][]string{}
	for name, values := range form {
		code, ok := strings.CutPrefix(name, "attribute[")
		if !ok {
			continue
		}
		if code, ok = strings.CutSuffix(strings.TrimSuffix(code, "[]"), "]"); ok && code != "" {
			found[code] = append(found[code], values...)
		}
	}
	return found
}

// filterOf reads what narrows a list: ninety days at most, up to now unless said otherwise.
func filterOf(form url.Values, now time.Time) (Filter, error) {
	f := Filter{IDs: split(form.Get("service_request_id")), ServiceCodes: split(form.Get("service_code"))}
	if len(f.IDs) > mostIDs || len(f.ServiceCodes) > mostIDs {
		return f, fault.BadInput("service_request_id", "一次最多查询100个。", "At most 100 at once.")
	}
	for _, s := range split(form.Get("status")) {
		if !slices.Contains([]Status{StatusOpen, StatusClosed}, Status(s)) {
			return f, fault.BadInput("status", "状态只能是 open 或 closed。", "A status is open or closed.")
		}
		f.Status = append(f.Status, Status(s))
	}
	if err := f.between(form, now); err != nil {
		return f, err
	}
	return f, f.page(form)
}

// between reads the time range. A request named by its id is found however old it is.
func (f *Filter) between(form url.Values, now time.Time) (err error) {
	from, to := form.Get("start_date"), form.Get("end_date")
	if from == "" && to == "" && len(f.IDs) > 0 {
		return nil
	}
	if f.To, err = instant("end_date", to, now); err != nil {
		return err
	}
	if f.From, err = instant("start_date", from, f.To.Add(-span)); err != nil {
		return err
	}
	if to == "" && from != "" && f.From.Add(span).Before(f.To) {
		f.To = f.From.Add(span)
	}
	switch {
	case f.From.After(f.To):
		return fault.BadInput("end_date", "结束时间早于开始时间。", "The end is before the start.")
	case f.To.Sub(f.From) > span:
		return fault.BadInput("end_date", "时间范围不能超过90天。", "The range is longer than 90 days.")
	}
	return nil
}

func instant(name, text string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fault.BadInput(name, "时间格式应为 2026-01-01T00:00:00Z。", "A time looks like 2026-01-01T00:00:00Z.")
	}
	return at, nil
}

// page reads the common extension page and page_size.
func (f *Filter) page(form url.Values) error {
	f.Limit = pageSize
	number := 1
	for name, into := range map[string]*int{"page": &number, "page_size": &f.Limit} {
		text := form.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostInPage {
			return fault.BadInput(name, "应为1到1000的整数。", "It is a whole number from 1 to 1000.")
		}
		*into = n
	}
	f.Offset = (number - 1) * f.Limit
	return nil
}

func split(text string) []string {
	var parts []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
