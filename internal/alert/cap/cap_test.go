package cap_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	protocol "citygraph/internal/alert/cap"
	"citygraph/internal/lang"
)

var now = time.Date(2026, 6, 20, 4, 0, 0, 0, time.UTC)

// flood is a good alert of one line, for tests that spoil it.
const flood = `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>330100-1</identifier><sender>met@hangzhou.gov.cn</sender>` +
	`<sent>2026-06-20T11:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>` +
	`<info><language>zh-CN</language><category>Met</category><event>暴雨</event><urgency>Immediate</urgency><severity>Extreme</severity>` +
	`<certainty>Observed</certainty><effective>2026-06-20T11:30:00+08:00</effective><expires>2026-06-20T20:00:00+08:00</expires>` +
	`<headline>暴雨红色预警</headline><description>三小时降雨100毫米以上。</description><instruction>请勿外出。</instruction>` +
	`<area><areaDesc>西湖区</areaDesc><polygon>30.2,120.1 30.3,120.1 30.3,120.2 30.2,120.1</polygon><circle>30.2,120.1 5</circle>` +
	`<geocode><valueName>GB/T2260</valueName><value>330106</value></geocode></area></info></alert>`

func read(t testing.TB, text string) ([]protocol.Message, []protocol.Problem) {
	t.Helper()
	messages, problems, err := protocol.Read(strings.NewReader(text), now)
	if err != nil {
		t.Fatal(err)
	}
	return messages, problems
}

func TestReadOne(t *testing.T) {
	messages, problems := read(t, flood)
	want := []protocol.Message{{
		Place: protocol.Place{Line: 1, Column: 1}, Identifier: "330100-1", IdentifiedAt: protocol.Place{Line: 1, Column: 53}, Sender: "met@hangzhou.gov.cn",
		Sent: now.Add(-time.Hour), Status: "ACTUAL", Type: "ALERT", Category: "MET", Event: lang.Text{ZH: "暴雨"},
		Urgency: "IMMEDIATE", Severity: "EXTREME", Certainty: "OBSERVED", Headline: lang.Text{ZH: "暴雨红色预警"},
		Description: lang.Text{ZH: "三小时降雨100毫米以上。"}, Instruction: lang.Text{ZH: "请勿外出。"},
		Effective: now.Add(-30 * time.Minute), Expires: now.Add(8 * time.Hour),
		Areas: []protocol.Area{{Place: messages[0].Areas[0].Place, Name: "西湖区", Codes: []string{"330106"}}},
	}}
	if diff := cmp.Diff(want, messages); diff != "" || len(problems) > 0 {
		t.Errorf("%v %s", problems, diff)
	}
}

func TestReadBothLanguages(t *testing.T) {
	english := `<info><language>en-US</language><category>Met</category><event>Rainstorm</event><urgency>Immediate</urgency>` +
		`<severity>Extreme</severity><certainty>Observed</certainty><headline>Red rainstorm warning</headline>` +
		`<area><areaDesc>Shangcheng District</areaDesc></area></info></alert>`
	messages, problems := read(t, strings.Replace(flood, "</alert>", english, 1))
	if len(problems) > 0 || messages[0].Headline != (lang.Text{ZH: "暴雨红色预警", EN: "Red rainstorm warning"}) ||
		messages[0].Description.EN != "Red rainstorm warning" || len(messages[0].Areas) != 2 {
		t.Errorf("%v %+v", problems, messages)
	}
	alone, problems := read(t, strings.Replace(flood, "zh-CN", "en", 1))
	if len(problems) > 0 || alone[0].Headline.ZH != "暴雨红色预警" || alone[0].Instruction.ZH != "请勿外出。" {
		t.Errorf("one language stands for both: %v %+v", problems, alone)
	}
}

// swap spoils the good alert.
func swap(old, by string) string {
	if !strings.Contains(flood, old) {
		panic(old)
	}
	return strings.Replace(flood, old, by, 1)
}

func TestBadAlertsAreRefusedWithTheirPlace(t *testing.T) {
	element := func(name string) string { return fmt.Sprintf("<%s>", name) }
	at := func(what string) int { return strings.Index(flood, what) + 1 }
	for name, tt := range map[string]struct {
		text   string
		column int // 0 where it does not matter
		reason string
	}{
		"wrong namespace":        {swap("cap:1.2", "cap:1.1"), 1, "namespace"},
		"no namespace":           {swap(` xmlns="urn:oasis:names:tc:emergency:cap:1.2"`, ""), 1, "namespace"},
		"no info":                {until(flood, "<info>") + "</alert>", 1, "info is missing"},
		"no identifier":          {swap("<identifier>330100-1</identifier>", ""), 1, "identifier is missing"},
		"a space in it":          {swap("330100-1", "330100 1"), at("<identifier>"), "identifier must be"},
		"a long identifier":      {swap("330100-1", strings.Repeat("9", 129)), at("<identifier>"), "identifier must be"},
		"no sender":              {swap("met@hangzhou.gov.cn", ""), 1, "sender is missing"},
		"no sent":                {swap("<sent>2026-06-20T11:00:00+08:00</sent>", ""), 1, "sent is missing"},
		"sent on a day":          {swap("<sent>2026-06-20T11:00:00+08:00", "<sent>2026-06-20"), at("<sent>"), "sent must be an instant"},
		"unknown status":         {swap("Actual", "Real"), at("<status>"), "status must be one of Actual"},
		"status in capitals":     {swap("Actual", "ACTUAL"), at("<status>"), "status must be one of Actual"},
		"an acknowledgement":     {swap("<msgType>Alert", "<msgType>Ack"), at("<msgType>"), "msgType must be one of"},
		"not public":             {swap("Public", "Restricted"), at("<scope>"), "scope Public"},
		"update of nothing":      {swap("<msgType>Alert", "<msgType>Update"), 1, "references is missing"},
		"bad references":         {swap("</scope>", "</scope><references>330100-0</references>"), 0, "references must be"},
		"unknown category":       {swap("Met", "Weather"), at("<category>"), "category must be one of"},
		"unknown urgency":        {swap("Immediate", "Now"), at("<urgency>"), "urgency must be one of"},
		"unknown severity":       {swap("Extreme", "Red"), at("<severity>"), "severity must be one of"},
		"unknown certainty":      {swap("Observed", "Sure"), at("<certainty>"), "certainty must be one of"},
		"no event":               {swap("<event>暴雨</event>", ""), at("<info>"), "event is missing"},
		"a long event":           {swap("<event>暴雨", "<event>"+strings.Repeat("雨", 41)), at("<event>"), "longer than 40"},
		"a long headline":        {swap("<headline>", "<headline>"+strings.Repeat("雨", 121)), at("<headline>"), "longer than 120"},
		"expired":                {swap("2026-06-20T20:00:00+08:00", "2026-06-20T12:00:00+08:00"), at("<expires>"), "has expired"},
		"expired by default":     {strings.ReplaceAll(strings.Replace(flood, "<expires>2026-06-20T20:00:00+08:00</expires>", "", 1), "2026-06-20T11", "2026-06-19T11"), at("<info>"), "has expired"},
		"over before it begins":  {swap("2026-06-20T20:00:00+08:00", "2026-06-20T11:30:00+08:00"), at("<expires>"), "before it is effective"},
		"no area":                {until(flood, "<area>") + "</info></alert>", at("<info>"), "area is missing"},
		"no areaDesc":            {swap("<areaDesc>西湖区</areaDesc>", ""), at("<area>"), "areaDesc is missing"},
		"an open polygon":        {swap("30.3,120.2 30.2,120.1<", "30.3,120.2 30.2,120.2<"), at("<polygon>"), "end where it begins"},
		"a polygon of three":     {swap(" 30.3,120.1", ""), at("<polygon>"), "four points"},
		"a point off the earth":  {swap("30.3,120.2", "30.3,190.2"), at("<polygon>"), "point 3"},
		"a point that is none":   {swap("30.3,120.2", "30.3;120.2"), at("<polygon>"), "point 3"},
		"a point that is NaN":    {swap("30.3,120.2", "NaN,120.2"), at("<polygon>"), "point 3"},
		"a circle without end":   {swap("120.1 5<", "120.1 Inf<"), at("<circle>"), "circle must be"},
		"a second Chinese info":  {strings.Replace(flood, "</alert>", strings.TrimPrefix(flood, until(flood, "<info>")), 1), 0, "in this language already"},
		"a text that is too big": {swap("请勿外出。", strings.Repeat("雨", 6000)), 0, "too long"},
		"too deep":               {swap("西湖区", strings.Repeat("<x>", 9)+strings.Repeat("</x>", 9)), 0, "too large"},
		"too many elements":      {swap("</scope>", "</scope>"+strings.Repeat("<x/>", 2001)), 0, "too large"},
		"a type declaration":     {`<!DOCTYPE alert [<!ENTITY a "b">]>` + flood, 1, "document type"},
		"one inside":             {swap("<info>", "<!DOCTYPE a><info>"), at("<info>"), "document type"},
		"an entity":              {swap("请勿外出", "&secret;"), 0, "breaks off"},
		"broken off":             {flood[:len(flood)-8], 0, "breaks off"},
		"another encoding":       {`<?xml version="1.0" encoding="GBK"?>` + flood, 0, ""},
		"nothing":                {"", 1, "no alert"},
		"no alert":               {"<feed><entry/></feed>", 1, "no alert"},
		"deep in wrappers":       {strings.Repeat("<a>", 5) + flood + strings.Repeat("</a>", 5), 0, "nested too deeply"},
		"an empty one":           {swap(element("identifier")+"330100-1", element("identifier")+" "), 1, "identifier is missing"},
	} {
		messages, problems, err := protocol.Read(strings.NewReader(tt.text), now)
		if name == "another encoding" {
			if err == nil {
				t.Errorf("%s: %v", name, messages)
			}
			continue
		}
		if err != nil || len(messages) != 0 || len(problems) != 1 {
			t.Errorf("%s: kept %d, refused %v, %v", name, len(messages), problems, err)
			continue
		}
		if p := problems[0]; p.Line != 1 || tt.column > 0 && p.Column != tt.column || !strings.Contains(p.Reason, tt.reason) {
			t.Errorf("%s: %v, want %d %s", name, p, tt.column, tt.reason)
		}
	}
}

func TestTheGoodOnesAreKept(t *testing.T) {
	second := strings.Replace(flood, "330100-1", "330100-2", 1)
	file := "<?xml version=\"1.0\"?>\n<alerts>\n" + strings.Join([]string{
		flood, strings.Replace(second, "Extreme", "Red", 1), flood, second,
	}, "\n") + "\n</alerts>\n"
	messages, problems := read(t, file)
	if len(messages) != 2 || messages[1].Identifier != "330100-2" || messages[1].Line != 6 {
		t.Errorf("kept %+v", messages)
	}
	if len(problems) != 2 || problems[0].Line != 4 || problems[1].Line != 5 || !strings.Contains(problems[1].Error(), "5:") ||
		!strings.Contains(problems[1].Reason, "already") {
		t.Errorf("refused %v", problems)
	}
	torn, problems := read(t, flood+"\n"+flood[:50])
	if len(torn) != 1 || len(problems) != 1 || problems[0].Line != 2 {
		t.Errorf("a torn file: kept %d, refused %v", len(torn), problems)
	}
}

func TestALongFileIsRefused(t *testing.T) {
	many := strings.Repeat("<alert/>", protocol.MaxAlerts+5)
	if _, problems := read(t, "<a>"+many+"</a>"); len(problems) != protocol.MaxAlerts+1 {
		t.Errorf("%d problems", len(problems))
	}
	long := "<a>" + strings.Repeat(" ", protocol.MaxBytes) + "</a>"
	if _, _, err := protocol.Read(strings.NewReader(long), now); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("a long file: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(flood)
	f.Add("<alerts>" + flood + strings.Replace(flood, "Extreme", "Red", 1) + "</alerts>")
	f.Add(flood[:300])
	f.Add(`<!DOCTYPE a><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>`)
	f.Fuzz(func(t *testing.T, text string) {
		messages, problems, err := protocol.Read(strings.NewReader(text), now)
		if err == nil && len(messages)+len(problems) == 0 {
			t.Fatal("a file without alerts was not refused")
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Reason == "" {
				t.Fatalf("refused at %+v", p)
			}
		}
		for _, m := range messages {
			if m.Identifier == "" || m.Sender == "" || m.Headline.ZH == "" || m.Severity == "" || len(m.Areas) == 0 ||
				!m.Expires.After(now) || !m.Expires.After(m.Effective) || m.Type != "ALERT" && len(m.References) == 0 {
				t.Fatalf("kept %+v", m)
			}
		}
	})
}

// until is what stands before the first mark.
func until(text, mark string) string {
	before, _, _ := strings.Cut(text, mark)
	return before
}
