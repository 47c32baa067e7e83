package feed_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"citygraph/internal/open311"
	"citygraph/internal/open311/feed"
)

const jsonRow = `{"service_request_id":%d,"status":"closed","status_notes":null,"service_code":"006","description":"a \"dark\" lamp, [one]",
 "requested_datetime":"2026-01-31T08:00:00+08:00","updated_datetime":"2026-02-01T08:00:00Z","lat":30.25,"long":"120.1"}`

const xmlRow = `<request><service_request_id>%d</service_request_id><status>open</status><service_code>006</service_code>
 <description>a &lt;dark&gt; lamp</description><requested_datetime>2026-01-31T08:00:00+08:00</requested_datetime><lat>30.25</lat><long> 120.1 </long></request>`

// read reads a list to its end: the ids and places of what is good, what is refused, and how it ended.
func read(t *testing.T, text string) (kept, refused []string, end error) {
	t.Helper()
	r, err := feed.NewReader(strings.NewReader(text))
	if err != nil {
		return nil, nil, err
	}
	for {
		one, err := r.Next()
		problem, bad := errors.AsType[feed.Problem](err)
		switch {
		case bad:
			refused = append(refused, problem.Error())
		case errors.Is(err, io.EOF):
			return kept, refused, nil
		case err != nil:
			return kept, refused, err
		default:
			kept = append(kept, fmt.Sprintf("%s@%d:%d", one.ID, one.Line, one.Column))
			if text[one.Offset] != '{' && text[one.Offset] != '<' {
				t.Errorf("request %s does not begin at byte %d", one.ID, one.Offset)
			}
		}
	}
}

func TestBothFormatsSayTheSame(t *testing.T) {
	at := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	for text, description := range map[string]string{
		"\ufeff [" + fmt.Sprintf(jsonRow, 7) + "]":                                                     `a "dark" lamp, [one]`,
		"<?xml version=\"1.0\"?>\n<service_requests>" + fmt.Sprintf(xmlRow, 7) + "</service_requests>": "a <dark> lamp",
	} {
		r, err := feed.NewReader(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		one, err := r.Next()
		if err != nil || one.ID != "7" || one.ServiceCode != "006" || one.Description != description || one.Lat != 30.25 ||
			one.Long != 120.1 || !time.Time(one.Requested).Equal(at) || one.StatusNotes != "" {
			t.Errorf("read %+v, %v", one, err)
		}
		if closed := one.Status == open311.StatusClosed; closed == time.Time(one.Updated).IsZero() {
			t.Errorf("%s, updated %v", one.Status, one.Updated)
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("then %v", err)
		}
	}
}

// What is wrong with one request is told with its place, and those around it are read.
func TestABadRequestIsRefusedByItself(t *testing.T) {
	good := fmt.Sprintf(jsonRow, 1)
	for bad, want := range map[string]string{
		`{"service_request_id":2,"service_code":006}`:    `4:41: request 2: this is not JSON`,
		"{\"service_request_id\":2,\"status\":\"open\n}": `4:39: request 2: this is not JSON`,
		`[1,2]`:                             `4:1: request 2: this is not an object`,
		"{\"service_request_id\":\"\xff\"}": `4:1: request 2: the text is not UTF-8`,
		`{"service_request_id":"` + strings.Repeat("x", 1<<20) + `"}`: `4:1: request 2: a request is larger`,
		`{"service_request_id":null}`:                                 `4:1: request 2: service_request_id is missing`,
		strings.Replace(good, `"closed"`, `"lost"`, 1):                `4:1: request 2 ("1"): status is "lost"`,
		strings.Replace(good, `"006"`, `[]`, 1):                       `4:1: request 2 ("1"): service_code is not text`,
		strings.Replace(good, `"006"`, `""`, 1):                       `4:1: request 2 ("1"): service_code is missing`,
		strings.Replace(good, `30.25`, `"north"`, 1):                  `4:1: request 2 ("1"): lat is "north"`,
		strings.Replace(good, `"120.1"`, `null`, 1):                   `4:1: request 2 ("1"): long is missing`,
		strings.Replace(good, `2026-01-31T08:00:00+08:00`, `2026`, 1): `4:1: request 2 ("1"): requested_datetime is "2026"`,
		strings.Replace(good, `2026-02-01T08:00:00Z`, ``, 1):          `4:1: request 2 ("1"): updated_datetime is missing`,
	} {
		kept, refused, err := read(t, "[\n"+good+",\n"+bad+"\n,"+fmt.Sprintf(jsonRow, 3)+"]\n")
		if err != nil || len(kept) != 2 || len(refused) != 1 || !strings.HasPrefix(refused[0], want) {
			t.Errorf("%.60s: kept %v, refused %.200q, %v; want %s", bad, kept, refused, err, want)
		}
	}
	xml := "<service_requests>\n" + fmt.Sprintf(xmlRow, 1) + "\n " + strings.Replace(fmt.Sprintf(xmlRow, 2), "30.25", "north", 1) +
		fmt.Sprintf(xmlRow, 3) + "</service_requests>"
	kept, refused, err := read(t, xml)
	if err != nil || len(kept) != 2 || kept[0] != "1@2:1" || len(refused) != 1 || !strings.HasPrefix(refused[0], `4:2: request 2 ("2"): lat is "north"`) {
		t.Errorf("kept %v, refused %v, %v", kept, refused, err)
	}
}

// What is wrong with the whole ends it, and tells where.
func TestABrokenListSaysWhere(t *testing.T) {
	row := fmt.Sprintf(jsonRow, 1)
	for text, want := range map[string]string{
		"":                             "1:1: neither",
		"\t{}":                         "1:2: neither",
		"[" + row + ",\n{\"a\":":       "3:6: the list ends in the middle; the last request begins at 3:1",
		"[" + row:                      "the list ends in the middle",
		"[" + row + "] x":              "something stands after the end",
		"<errors></errors>":            "<errors> is not <service_requests>",
		"<service_requests>\n<request": "2:9: ",
		"<service_requests><a/>":       "<a> is not a <request>",
		"<service_requests><request><description>" + strings.Repeat("x", 1<<20): "larger than",
	} {
		if _, _, err := read(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
	if kept, refused, err := read(t, " [ ] "); len(kept)+len(refused) != 0 || err != nil {
		t.Errorf("an empty list: %v %v %v", kept, refused, err)
	}
}

// A list is read one request at a time: a hundred times as long, it takes no more for each.
func TestMemoryDoesNotGrowWithTheList(t *testing.T) {
	for _, row := range []string{jsonRow, xmlRow} {
		open, shut, between := "[", "]", ","
		if row == xmlRow {
			open, shut, between = "<service_requests>", "</service_requests>", ""
		}
		each := func(n int) float64 {
			rows := make([]string, n)
			for i := range rows {
				rows[i] = fmt.Sprintf(row, i)
			}
			text := open + strings.Join(rows, between) + shut
			return testing.AllocsPerRun(2, func() {
				if kept, _, err := read(t, text); len(kept) != n || err != nil {
					t.Fatal(len(kept), err)
				}
			}) / float64(n)
		}
		if few, many := each(50), each(5000); many > few*1.05 {
			t.Errorf("%.1f allocations for each of 50 requests, and %.1f of 5000", few, many)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add("[" + fmt.Sprintf(jsonRow, 1) + ",{\"a\\\"\":006},]")
	f.Add("<service_requests>" + fmt.Sprintf(xmlRow, 1) + "</service_requests>")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := feed.NewReader(strings.NewReader(text))
		if err != nil {
			return
		}
		for {
			one, err := r.Next()
			problem, bad := errors.AsType[feed.Problem](err)
			if err != nil && !bad {
				return
			}
			if at := max(one.Offset, problem.Offset); at > int64(len(text)) || r.Offset() > int64(len(text)) {
				t.Fatalf("at byte %d of %d", at, len(text))
			}
		}
	})
}
