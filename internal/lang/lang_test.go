package lang_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"citygraph/internal/lang"
)

func TestNegotiate(t *testing.T) {
	for header, want := range map[string]lang.Tag{
		"":                            lang.ZH,
		"*":                           lang.ZH,
		"zh":                          lang.ZH,
		"zh-CN":                       lang.ZH,
		"zh-CN,zh;q=0.9,en;q=0.8":     lang.ZH,
		"zh-TW":                       lang.ZH, // the nearest we have
		"zh-Hant-HK":                  lang.ZH,
		"en":                          lang.EN,
		"EN":                          lang.EN,
		"en-US,en;q=0.9":              lang.EN,
		"en-GB;q=0.5":                 lang.EN,
		"en-US,en;q=0.9,zh-CN;q=0.8":  lang.EN,
		"en;q=0.3, zh;q=0.7":          lang.ZH,
		"fr":                          lang.ZH,
		"fr-FR, en;q=0.5":             lang.EN,
		"ja,ko;q=0.9":                 lang.ZH,
		"cy":                          lang.EN, // whoever reads Welsh reads English
		"bo":                          lang.ZH, // and whoever reads Tibetan, Chinese
		"en;q=0":                      lang.ZH, // refused by name
		"en;q=":                       lang.ZH,
		"en;q=two":                    lang.ZH,
		";;;,,,":                      lang.ZH,
		"en\x00":                      lang.ZH,
		"😀":                           lang.ZH,
		strings.Repeat("a-", 100_000): lang.ZH,
		strings.Repeat("en,", 50_000): lang.EN,
	} {
		if got := lang.Negotiate(header); got != want {
			t.Errorf("%.40q: %s, want %s", header, got, want)
		}
	}
}

func FuzzNegotiate(f *testing.F) {
	for _, header := range []string{"", "en-GB;q=0.5", "zh-TW,en", "*;q=0", "x-klingon", "en-u-ca-chinese"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := lang.Negotiate(header); got != lang.ZH && got != lang.EN {
			t.Errorf("%q negotiates %q", header, got)
		}
	})
}

func TestContextSpeaksItsLanguage(t *testing.T) {
	if got := lang.From(t.Context()); got != lang.ZH {
		t.Errorf("by default %s", got)
	}
	english := lang.With(t.Context(), lang.EN)
	if got := lang.From(english); got != lang.EN {
		t.Errorf("set to en: %s", got)
	}
	if got := lang.From(lang.With(english, lang.ZH)); got != lang.ZH {
		t.Errorf("set back to zh: %s", got)
	}
}

func TestTextInTheCallersLanguage(t *testing.T) {
	both, onlyZH := lang.Text{ZH: "西湖", EN: `West "Lake"`}, lang.Text{ZH: "西溪"}
	for _, tt := range []struct {
		text lang.Text
		tag  lang.Tag
		want string
	}{
		{both, lang.ZH, `"西湖"`},
		{both, lang.EN, `"West \"Lake\""`},
		{onlyZH, lang.EN, `"西溪"`},
		{both, "fr", `"西湖"`},
		{lang.Text{}, lang.EN, `""`},
	} {
		var out bytes.Buffer
		if err := tt.text.MarshalGQLContext(lang.With(t.Context(), tt.tag), &out); err != nil || out.String() != tt.want {
			t.Errorf("%+v in %s is written %s, %v", tt.text, tt.tag, &out, err)
		}
	}
	var out bytes.Buffer
	if err := both.MarshalGQLContext(context.Background(), &out); err != nil || out.String() != `"西湖"` {
		t.Errorf("without a language it is written %s, %v", &out, err)
	}
	if err := both.UnmarshalGQLContext(t.Context(), "x"); err == nil || both.ZH != "西湖" {
		t.Errorf("read from an input: %+v, %v", both, err)
	}
}
