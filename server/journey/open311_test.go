package journey_test

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// desk311 is the city as an Open311 client finds it.
type desk311 struct {
	t   *testing.T
	url string
}

func at311(t *testing.T, city *citytest.City) desk311 {
	t.Helper()
	server := httptest.NewServer(http.StripPrefix(wiring.Open311Root, city.Open311))
	t.Cleanup(server.Close)
	return desk311{t, server.URL + wiring.Open311Root}
}

func (d desk311) get(path string) (int, []byte) {
	d.t.Helper()
	request, err := http.NewRequest(http.MethodGet, d.url+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.send(request)
}

func (d desk311) post(form url.Values, key string) (int, []byte) {
	d.t.Helper()
	request, err := http.NewRequest(http.MethodPost, d.url+"/requests.json", strings.NewReader(form.Encode()))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Idempotency-Key", key)
	return d.send(request)
}

func (d desk311) send(request *http.Request) (int, []byte) {
	d.t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return response.StatusCode, body
}

type request311 struct {
	ID     string `json:"service_request_id" xml:"service_request_id"`
	Status string `json:"status" xml:"status"`
	Code   string `json:"service_code" xml:"service_code"`
	Notes  string `json:"status_notes" xml:"status_notes"`
}

// A request filed by Open311 is a case like any other: an officer takes it on, its reporter is told in the app,
// and only then the public reads it.
func TestARequestByOpen311IsACase(t *testing.T) {
	city := citytest.Start(t)
	d, reporter, officer := at311(t, city), city.As(t, "maming"), city.As(t, "zhaoqiang")

	status, body := d.get("/services.json")
	var services []struct {
		Code     string `json:"service_code"`
		Metadata bool   `json:"metadata"`
	}
	if err := json.Unmarshal(body, &services); err != nil || status != http.StatusOK || len(services) < 100 {
		t.Fatalf("%d services: %d, %v", len(services), status, err)
	}
	code := ""
	for _, s := range services {
		if !s.Metadata && code == "" {
			code = s.Code
		}
	}
	if status, body = d.get("/services/" + code + ".xml"); status != http.StatusOK || !strings.Contains(string(body), "<service_code>"+code+"</service_code>") {
		t.Errorf("the definition: %d %s", status, body)
	}

	key := uuid.NewString()
	form := url.Values{"service_code": {code}, "lat": {"30.259"}, "long": {"120.13"}, "description": {"路灯不亮"}, "api_key": {reporter.Token}}
	var receipts, again []request311
	if status, body = d.post(form, key); status != http.StatusCreated || json.Unmarshal(body, &receipts) != nil || len(receipts) != 1 {
		t.Fatalf("filed: %d %s", status, body)
	}
	if _, body = d.post(form, key); json.Unmarshal(body, &again) != nil || len(again) != 1 || again[0].ID != receipts[0].ID {
		t.Errorf("sent twice it is %s and %s", receipts[0].ID, body)
	}
	number := receipts[0].ID

	// Nobody has read it yet but its reporter.
	if status, _ = d.get("/requests/" + number + ".json"); status != http.StatusNotFound {
		t.Errorf("the public reads what no officer has: %d", status)
	}
	if status, _ = d.get("/requests/" + number + ".json?api_key=" + url.QueryEscape(reporter.Token)); status != http.StatusOK {
		t.Errorf("its reporter: %d", status)
	}
	caseID := caseByNumber(t, city, number)
	accept(t, officer, caseID)
	if !inboxHas(t, reporter, caseID, me(t, reporter)) {
		t.Error("its reporter is not told")
	}
	status, body = d.get("/requests/" + number + ".xml")
	var seen struct {
		Requests []request311 `xml:"request"`
	}
	if err := xml.Unmarshal(body, &seen); err != nil || status != http.StatusOK || len(seen.Requests) != 1 {
		t.Fatalf("the public: %d %s", status, body)
	}
	if r := seen.Requests[0]; r.ID != number || r.Status != "open" || r.Code != code || r.Notes != "已受理" {
		t.Errorf("the public reads %+v", r)
	}
	if strings.Contains(string(body), me(t, reporter)) {
		t.Error("the public reads who reported it")
	}
	for query, want := range map[string]int{
		"service_request_id=" + number: 1, "status=open&service_code=" + code: 1, "status=closed&service_code=" + code + "&service_request_id=" + number: 0,
	} {
		var found []request311
		if _, body = d.get("/requests.json?" + query); json.Unmarshal(body, &found) != nil || (len(found) >= 1) != (want == 1) {
			t.Errorf("%s: %s", query, body)
		}
	}
}

// What the graph refuses Open311 refuses, in the protocol's words.
func TestOpen311RefusesWhatTheGraphRefuses(t *testing.T) {
	city := citytest.Start(t)
	d, reporter := at311(t, city), city.As(t, "maming")
	good := func() url.Values {
		return url.Values{"service_code": {"component-0101"}, "lat": {"30.259"}, "long": {"120.13"}, "description": {"x"}, "api_key": {reporter.Token}}
	}
	for name, tt := range map[string]struct {
		spoil  func(url.Values)
		status int
	}{
		"nobody":              {func(f url.Values) { f.Del("api_key") }, http.StatusForbidden},
		"a forged key":        {func(f url.Values) { f.Set("api_key", reporter.Token+"x") }, http.StatusForbidden},
		"outside Hangzhou":    {func(f url.Values) { f.Set("lat", "39.9") }, http.StatusBadRequest},
		"an unknown service":  {func(f url.Values) { f.Set("service_code", "nothing") }, http.StatusBadRequest},
		"nothing said":        {func(f url.Values) { f.Del("description") }, http.StatusBadRequest},
		"an unknown question": {func(f url.Values) { f.Set("attribute[nothing]", "x") }, http.StatusBadRequest},
	} {
		form := good()
		tt.spoil(form)
		status, body := d.post(form, uuid.NewString())
		var problems []struct {
			Code        int
			Description string
		}
		if status != tt.status || json.Unmarshal(body, &problems) != nil || len(problems) != 1 || problems[0].Code != status || problems[0].Description == "" {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}
