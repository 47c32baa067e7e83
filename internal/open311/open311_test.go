package open311_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/open311"
)

// office is a city with one service and one request, which remembers what it was asked.
type office struct {
	fails  error
	report open311.Report
	filter open311.Filter
	key    string
}

var at = open311.Time(time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC))

func (o *office) Services(context.Context) ([]open311.Service, error) {
	return []open311.Service{{Code: "0301", Name: "路灯 <街灯>", Metadata: true, Type: open311.Realtime, Group: "公用设施"}}, o.fails
}

func (o *office) Definition(_ context.Context, code string) (open311.Definition, error) {
	if code != "0301" {
		return open311.Definition{}, fault.New(fault.NotFound)
	}
	return open311.Definition{Code: code, Attributes: []open311.Attribute{{
		Variable: true, Code: "POLE", Datatype: "singlevaluelist", Required: true, Order: 1, Description: "灯杆",
		Values: []open311.Value{{Key: "1", Name: "单臂"}, {Key: "2", Name: "双臂"}},
	}}}, o.fails
}

func (o *office) Open(_ context.Context, r open311.Report) (open311.Receipt, error) {
	o.report = r
	return open311.Receipt{RequestID: "HZ-1", Notice: "三个工作日内处理"}, o.fails
}

func (o *office) Request(_ context.Context, id string) (open311.Request, error) {
	if id != "HZ-1" {
		return open311.Request{}, fault.New(fault.NotFound)
	}
	return request(), o.fails
}

func request() open311.Request {
	return open311.Request{
		ID: "HZ-1", Status: open311.StatusOpen, ServiceCode: "0301", ServiceName: "路灯",
		Requested: at, Updated: at, Expected: &at, Lat: 30.25, Long: 120.125,
	}
}

func (o *office) Requests(_ context.Context, f open311.Filter) ([]open311.Request, error) {
	o.filter = f
	if len(f.ServiceCodes) > 0 {
		return nil, o.fails
	}
	return []open311.Request{request(), request()}, o.fails
}

type still struct{}

func (still) Now() time.Time { return time.Time(at) }

func serve(o *office, r *http.Request) *httptest.ResponseRecorder {
	h := open311.New(open311.Options{
		Office: o, Jurisdiction: "hangzhou.gov.cn", Root: "https://api.example.cn/open311/v2", Contact: "12345",
		Authenticate: func(ctx context.Context, key string) (context.Context, error) {
			o.key = key
			if key == "wrong" {
				return nil, fault.New(fault.Unauthenticated)
			}
			return ctx, nil
		},
		Clock: still{}, Log: zerolog.Nop(),
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(o *office, path string) *httptest.ResponseRecorder {
	return serve(o, httptest.NewRequest(http.MethodGet, path, nil))
}

func post(o *office, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/requests.json", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return serve(o, r)
}

// The shapes are those of the standard's examples: arrays in JSON, elements around items in XML.
func TestBothFormats(t *testing.T) {
	const head = xml.Header
	for path, want := range map[string]string{
		"/services.json": `[{"service_code":"0301","service_name":"路灯 <街灯>","description":"","metadata":true,"type":"realtime","keywords":"","group":"公用设施"}]` + "\n",
		"/services.xml": head + `<services><service><service_code>0301</service_code><service_name>路灯 &lt;街灯&gt;</service_name><description></description>` +
			`<metadata>true</metadata><type>realtime</type><keywords></keywords><group>公用设施</group></service></services>`,
		"/services/0301.json": `{"service_code":"0301","attributes":[{"variable":true,"code":"POLE","datatype":"singlevaluelist","required":true,` +
			`"datatype_description":"","order":1,"description":"灯杆","values":[{"key":"1","name":"单臂"},{"key":"2","name":"双臂"}]}]}` + "\n",
		"/services/0301.xml": head + `<service_definition><service_code>0301</service_code><attributes><attribute><variable>true</variable><code>POLE</code>` +
			`<datatype>singlevaluelist</datatype><required>true</required><datatype_description></datatype_description><order>1</order><description>灯杆</description>` +
			`<values><value><key>1</key><name>单臂</name></value><value><key>2</key><name>双臂</name></value></values></attribute></attributes></service_definition>`,
		"/tokens/HZ-1.json":                `[{"service_request_id":"HZ-1","token":"HZ-1"}]` + "\n",
		"/tokens/HZ-1.xml":                 head + `<service_requests><request><service_request_id>HZ-1</service_request_id><token>HZ-1</token></request></service_requests>`,
		"/requests.json?service_code=x":    "[]\n",
		"/requests.xml?service_code=x":     head + `<service_requests></service_requests>`,
		"/requests/nothing.json":           `[{"code":404,"description":"没有找到。"}]` + "\n",
		"/requests/nothing.xml":            head + `<errors><error><code>404</code><description>没有找到。</description></error></errors>`,
		"/services.yaml":                   `[{"code":404,"description":"没有找到。"}]` + "\n",
		"/elsewhere":                       `[{"code":404,"description":"没有找到。"}]` + "\n",
		"/services.json?jurisdiction_id=":  `[{"service_code":"0301","service_name":"路灯 <街灯>","description":"","metadata":true,"type":"realtime","keywords":"","group":"公用设施"}]` + "\n",
		"/services.json?jurisdiction_id=x": `[{"code":404,"description":"jurisdiction_id: 没有找到。"}]` + "\n",
	} {
		got := get(&office{}, path)
		if diff := cmp.Diff(want, got.Body.String()); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
		media := "application/json; charset=utf-8"
		if strings.Contains(path, ".xml") {
			media = "text/xml; charset=utf-8"
		}
		if got.Header().Get("Content-Type") != media || got.Header().Get("Cache-Control") == "public" {
			t.Errorf("%s is %v", path, got.Header())
		}
	}
}

// What one format says the other says too.
func TestARequestReadsTheSameInBothFormats(t *testing.T) {
	var byJSON []open311.Request
	if err := json.Unmarshal(get(&office{}, "/requests.json").Body.Bytes(), &byJSON); err != nil {
		t.Fatal(err)
	}
	var byXML struct {
		Requests []open311.Request `xml:"request"`
	}
	body := get(&office{}, "/requests.xml").Body.Bytes()
	if err := xml.Unmarshal(body, &byXML); err != nil {
		t.Fatal(err)
	}
	if len(byJSON) != 2 || len(byXML.Requests) != 2 {
		t.Fatalf("%d and %d requests", len(byJSON), len(byXML.Requests))
	}
	byXML.Requests[0].XMLName = xml.Name{}
	same := cmp.Comparer(func(a, b open311.Time) bool { return time.Time(a).Equal(time.Time(b)) })
	if diff := cmp.Diff(byJSON[0], byXML.Requests[0], same); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(string(body), "<requested_datetime>2026-11-27T12:00:00+08:00</requested_datetime>") {
		t.Errorf("times are written %s", body)
	}
}

func TestAReportIsRead(t *testing.T) {
	o, key := &office{}, uuid.NewString()
	got := post(o, url.Values{
		"api_key": {"token"}, "service_code": {"0301"}, "lat": {"30.25"}, "long": {"120.125"},
		"description": {"不亮"}, "address_string": {"北山街"}, "attribute[POLE]": {"1"}, "attribute[SIDE][]": {"a", "b"}, "attribute[": {"x"},
	}, "Idempotency-Key", key)
	if got.Code != http.StatusCreated || got.Body.String() != `[{"service_request_id":"HZ-1","service_notice":"三个工作日内处理","account_id":null}]`+"\n" {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	want := open311.Report{
		Key: uuid.MustParse(key), ServiceCode: "0301", Lat: 30.25, Long: 120.125, Description: "不亮", Address: "北山街",
		Attributes: map[string][]string{"POLE": {"1"}, "SIDE": {"a", "b"}},
	}
	if diff := cmp.Diff(want, o.report); diff != "" || o.key != "token" {
		t.Errorf("by %q: %s", o.key, diff)
	}
	if first := o.report.Key; post(o, url.Values{"service_code": {"1"}, "lat": {"1"}, "long": {"1"}}).Code != 201 || o.report.Key == first {
		t.Error("reports without a key share one")
	}
	post(o, url.Values{"service_code": {"1"}, "lat": {"1"}, "long": {"1"}}, "Authorization", "Bearer other")
	if o.key != "other" {
		t.Errorf("the bearer is %q", o.key)
	}
}

func TestBadReports(t *testing.T) {
	good := func() url.Values { return url.Values{"service_code": {"0301"}, "lat": {"30"}, "long": {"120"}} }
	for name, tt := range map[string]struct {
		spoil  func(url.Values)
		header []string
		fails  error
		status int
		says   string
	}{
		"no service":     {func(f url.Values) { f.Del("service_code") }, nil, nil, 400, "service_code"},
		"no latitude":    {func(f url.Values) { f.Del("lat") }, nil, nil, 400, "lat"},
		"no longitude":   {func(f url.Values) { f.Set("long", "east") }, nil, nil, 400, "long"},
		"no UUID":        {func(url.Values) {}, []string{"Idempotency-Key", "1"}, nil, 400, "Idempotency-Key"},
		"a wrong key":    {func(f url.Values) { f.Set("api_key", "wrong") }, nil, nil, 403, "登录"},
		"not a form":     {func(url.Values) {}, []string{"Content-Type", "application/json"}, nil, 400, "Content-Type"},
		"a broken type":  {func(url.Values) {}, []string{"Content-Type", ";"}, nil, 400, "Content-Type"},
		"too much":       {func(f url.Values) { f.Set("description", strings.Repeat("x", 70<<10)) }, nil, nil, 400, "过大"},
		"another city":   {func(f url.Values) { f.Set("jurisdiction_id", "ningbo.gov.cn") }, nil, nil, 404, "jurisdiction_id"},
		"out of area":    {func(url.Values) {}, nil, fault.New(fault.OutOfArea).At("location"), 400, "杭州"},
		"nobody":         {func(url.Values) {}, nil, fault.New(fault.Unauthenticated), 403, "登录"},
		"too often":      {func(url.Values) {}, nil, fault.New(fault.RateLimited).After(2 * time.Second), 429, "频繁"},
		"our own fault":  {func(url.Values) {}, nil, errors.New("pq: secret"), 500, "暂时"},
		"in their words": {func(f url.Values) { f.Del("lat") }, []string{"Accept-Language", "en"}, nil, 400, "latitude"},
	} {
		o, form := &office{fails: tt.fails}, good()
		tt.spoil(form)
		got := post(o, form, tt.header...)
		if got.Code != tt.status || !strings.Contains(got.Body.String(), tt.says) || strings.Contains(got.Body.String(), "secret") {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
		if tt.fails == nil && o.report.ServiceCode != "" {
			t.Errorf("%s reached the office", name)
		}
		if wait := got.Header().Get("Retry-After"); (wait != "") != (tt.status == 429) {
			t.Errorf("%s: retry after %q", name, wait)
		}
	}
}

func TestFilters(t *testing.T) {
	now, day := time.Time(at), 24*time.Hour
	for query, want := range map[string]*open311.Filter{
		"":                                       {From: now.Add(-90 * day), To: now, Limit: 50},
		"status=open,closed&service_code=1,%202": {ServiceCodes: []string{"1", "2"}, Status: []open311.Status{"open", "closed"}, From: now.Add(-90 * day), To: now, Limit: 50},
		"service_request_id=a,b":                 {IDs: []string{"a", "b"}, Limit: 50},
		"start_date=2026-01-01T00:00:00Z":        {From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), Limit: 50},
		"end_date=2026-04-01T00:00:00Z":          {From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), Limit: 50},
		"page=3&page_size=10":                    {From: now.Add(-90 * day), To: now, Offset: 20, Limit: 10},
		"start_date=2026-01-01T00:00:00Z&end_date=2026-04-02T00:00:00Z": nil,
		"start_date=2026-02-01T00:00:00Z&end_date=2026-01-02T00:00:00Z": nil,
		"start_date=yesterday": nil, "end_date=1": nil, "status=done": nil, "page=0": nil, "page_size=1001": nil, "page=x": nil,
		"service_request_id=" + strings.Repeat("a,", 101): nil,
	} {
		o := &office{}
		got := get(o, "/requests.json?"+query)
		if want == nil {
			if got.Code != http.StatusBadRequest || o.filter.Limit != 0 {
				t.Errorf("%q: %d %s", query, got.Code, got.Body)
			}
			continue
		}
		if diff := cmp.Diff(*want, o.filter); diff != "" || got.Code != http.StatusOK {
			t.Errorf("%q: %d %s", query, got.Code, diff)
		}
	}
}

func TestDiscovery(t *testing.T) {
	got := get(&office{}, "/discovery.json")
	var found struct {
		Endpoints []struct {
			URL     string
			Formats []string
		}
	}
	if err := json.Unmarshal(got.Body.Bytes(), &found); err != nil || len(found.Endpoints) != 1 {
		t.Fatalf("%s, %v", got.Body, err)
	}
	if e := found.Endpoints[0]; e.URL != "https://api.example.cn/open311/v2" || len(e.Formats) != 2 {
		t.Errorf("%+v", e)
	}
	if code := serve(&office{}, httptest.NewRequest(http.MethodDelete, "/requests.json", nil)).Code; code != http.StatusMethodNotAllowed {
		t.Errorf("DELETE answers %d", code)
	}
}

var _ clock.Clock = still{}

func FuzzReport(f *testing.F) {
	f.Add("service_code=1&lat=1&long=2&attribute[A]=b")
	f.Add("attribute[[]]=x&lat=NaN&long=Inf&service_code=%00")
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/requests.xml", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		got := serve(&office{}, r)
		if got.Code == http.StatusInternalServerError {
			t.Errorf("%q: %s", body, got.Body)
		}
		if err := xml.Unmarshal(got.Body.Bytes(), new(struct{ XMLName xml.Name })); err != nil {
			t.Errorf("%q answers no XML: %v: %s", body, err, got.Body)
		}
	})
}
