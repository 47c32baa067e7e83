package wording_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"
	"unicode/utf8"

	"citygraph/internal/lang"
	"citygraph/internal/mask"
	"citygraph/internal/notice/preference"
	"citygraph/internal/wording"
)

const hostile = "a\n\r\tb\u202eевил\u0000{{.secret}}<no value>"

// shapes are values of every kind that may be declared: the usual, the shortest, the longest, and what a
// form might let through.
var shapes = map[wording.Kind][]wording.Value{
	wording.Label: {
		wording.ALabel(lang.Text{ZH: "路灯", EN: "Street light"}), wording.ALabel(lang.Text{}),
		wording.ALabel(lang.Text{ZH: "仅中文"}), wording.ALabel(lang.Text{ZH: strings.Repeat("长", 500), EN: strings.Repeat("long ", 200)}),
		wording.ALabel(lang.Text{ZH: hostile, EN: hostile}),
	},
	wording.Sentence: {
		wording.ASentence(lang.Text{ZH: "请勿外出。", EN: "Stay inside."}), wording.ASentence(lang.Text{ZH: strings.Repeat("长", 500)}),
		wording.ASentence(lang.Text{ZH: hostile, EN: hostile}),
	},
	wording.Code:       {wording.ACode("HZ20261124-Z964GVCE"), wording.ACode(""), wording.ACode(strings.Repeat("9", 500)), wording.ACode(hostile)},
	wording.Instant:    {wording.AnInstant(time.Date(2026, 12, 31, 23, 59, 0, 0, time.UTC)), wording.AnInstant(time.Time{})},
	wording.Day:        {wording.ADay(time.Date(2026, 12, 31, 23, 59, 0, 0, time.UTC)), wording.ADay(time.Time{})},
	wording.Count:      {wording.ACount(0), wording.ACount(1), wording.ACount(-1), wording.ACount(1 << 40)},
	wording.MaskedName: {wording.AName(mask.Name("张小明")), wording.AName(""), wording.AName(mask.Name(strings.Repeat("长", 50)))},
	wording.OwnAmount:  {wording.AnOwnAmount(28650), wording.AnOwnAmount(0), wording.AnOwnAmount(-5)},
}

// secret are the kinds that must not stand on a lock screen.
var secret = []wording.Kind{wording.Amount, wording.FullName, wording.Diagnosis, wording.Mark}

// Every text with every shape of every parameter, in both languages, is fit for a lock screen: its kinds may
// be seen by strangers, and it is one line of sensible length with nothing left to fill in.
func TestEveryTextWithEveryShape(t *testing.T) {
	names := wording.Texts.Names()
	if len(names) == 0 {
		t.Fatal("there are no texts")
	}
	for _, name := range names {
		kinds := wording.Texts.Kinds(name)
		for _, params := range combine(t, name, kinds) {
			got, err := wording.Texts.Write(name, params)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for part, text := range map[string]string{
				"zh title": got.Title.ZH, "en title": got.Title.EN, "zh body": got.Body.ZH, "en body": got.Body.EN,
			} {
				most := 40
				if strings.HasSuffix(part, "body") {
					most = 180
				}
				switch {
				case text == "" && filled(params), utf8.RuneCountInString(text) > most:
					t.Errorf("%s: %s has %d characters", name, part, utf8.RuneCountInString(text))
				case strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.C, r) }):
					t.Errorf("%s: %s has marks that are not seen: %q", name, part, text)
				}
			}
		}
		for param, kind := range kinds {
			for _, s := range secret {
				if kind == s {
					t.Errorf("%s shows a %s, %s, on a lock screen", name, kind, param)
				}
			}
		}
	}
}

// filled reports whether some parameter has text, as a body of nothing else needs.
func filled(params wording.Params) bool {
	for _, v := range params {
		if v.Text.ZH == "" {
			return false
		}
	}
	return true
}

// combine gives each shape of each parameter its turn, the others at their usual.
func combine(t *testing.T, name string, kinds map[string]wording.Kind) []wording.Params {
	t.Helper()
	usual := wording.Params{}
	for param, kind := range kinds {
		if len(shapes[kind]) == 0 {
			t.Fatalf("%s: no shapes of a %s", name, kind)
		}
		usual[param] = shapes[kind][0]
	}
	all := []wording.Params{usual}
	for param, kind := range kinds {
		for _, shape := range shapes[kind] {
			turn := wording.Params{}
			for other, value := range usual {
				turn[other] = value
			}
			turn[param] = shape
			all = append(all, turn)
		}
	}
	return all
}

func TestValuesInBothLanguages(t *testing.T) {
	at := time.Date(2026, 6, 1, 16, 30, 0, 0, time.UTC) // half past midnight in Shanghai
	for name, tt := range map[string]struct {
		got    wording.Value
		zh, en string
	}{
		"instant":    {wording.AnInstant(at), "6月2日 00:30", "2 June 00:30"},
		"day":        {wording.ADay(at), "6月2日", "2 June"},
		"count":      {wording.ACount(3), "3", "3"},
		"name":       {wording.AName("张小明"), "张**", "张**"},
		"own amount": {wording.AnOwnAmount(-1205), "-¥12.05", "-¥12.05"},
		"label":      {wording.ALabel(lang.Text{ZH: " 路\n灯 ", EN: "A\u202e light"}), "路 灯", "A light"},
	} {
		if tt.got.Text.ZH != tt.zh || tt.got.Text.EN != tt.en {
			t.Errorf("%s: %+v", name, tt.got.Text)
		}
	}
}

func TestTheCaseTextReadsAsBefore(t *testing.T) {
	got, err := wording.Texts.Write("city_case/accepted", wording.Params{
		"category": wording.ALabel(lang.Text{ZH: "路灯", EN: "Street light"}), "number": wording.ACode("HZ20261124-Z964GVCE"),
	})
	if err != nil || got.Topic != preference.CityCase || got.Title.ZH != "您的上报已受理" || got.Body.ZH != "“路灯”（HZ20261124-Z964GVCE）已由城管受理。" ||
		got.Title.EN != "Your report was accepted" || got.Body.EN != "Street light (HZ20261124-Z964GVCE) has been taken on." {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWriteRefusesWhatIsNotDeclared(t *testing.T) {
	good := func() wording.Params {
		return wording.Params{"category": wording.ALabel(lang.Text{ZH: "路灯"}), "number": wording.ACode("HZ1")}
	}
	missing, extra, wrong := good(), good(), good()
	delete(missing, "number")
	extra["name"] = wording.AName("张三")
	wrong["number"] = wording.ACount(1)
	for name, tt := range map[string]struct {
		text   string
		params wording.Params
	}{
		"no such text": {"city_case/eaten", good()}, "a missing one": {"city_case/accepted", missing},
		"one too many": {"city_case/accepted", extra}, "another kind": {"city_case/accepted", wrong},
	} {
		if got, err := wording.Texts.Write(tt.text, tt.params); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// What a translator can get wrong is found when the file is read, not on somebody's phone.
func TestReadRefuses(t *testing.T) {
	const good = "told:\n  about: x\n  params: {n: count}\n  zh: {title: 标题, body: '{{.n}}'}\n  en: {title: title, body: '{{.n}}'}\n"
	read := func(file, content string) error {
		_, err := wording.Read(fstest.MapFS{"texts/" + file: {Data: []byte(content)}})
		return err
	}
	if err := read("city_case.yaml", good); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	for name, err := range map[string]error{
		"no such topic":              read("weather.yaml", good),
		"not YAML":                   read("city_case.yaml", "told: [\n"),
		"a key nobody knows":         read("city_case.yaml", good+"  fr: {title: t, body: b}\n"),
		"no explanation":             read("city_case.yaml", strings.Replace(good, "about: x", "about: ''", 1)),
		"no title":                   read("city_case.yaml", strings.Replace(good, "title: 标题", "title: ''", 1)),
		"a broken template":          read("city_case.yaml", strings.Replace(good, "标题", "'{{.n'", 1)),
		"a parameter not declared":   read("city_case.yaml", strings.Replace(good, "标题", "'{{.m}}'", 1)),
		"one lost in translation":    read("city_case.yaml", strings.Replace(good, "body: '{{.n}}'}\n  en", "body: 正文}\n  en", 1)),
		"a kind nobody knows":        read("city_case.yaml", strings.Replace(good, "count", "secret", 1)),
		"a diagnosis":                read("city_case.yaml", strings.Replace(good, "count", "diagnosis", 1)),
		"a mark":                     read("city_case.yaml", strings.Replace(good, "count", "mark", 1)),
		"an amount of anybody's":     read("city_case.yaml", strings.Replace(good, "count", "amount", 1)),
		"a child's full name":        read("city_case.yaml", strings.Replace(good, "count", "full-name", 1)),
		"a function of the template": read("city_case.yaml", strings.Replace(good, "标题", "'{{call .n}}'", 1)),
	} {
		if err == nil {
			t.Errorf("%s: read", name)
		}
	}
}
