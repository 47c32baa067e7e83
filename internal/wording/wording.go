package wording

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"citygraph/internal/lang"
	"citygraph/internal/notice/preference"
)

//go:embed texts/*.yaml
var files embed.FS

// Library holds the texts. It is safe for concurrent use.
type Library struct{ texts map[string]*text }

// text is one notice's words.
type text struct {
	topic  preference.Topic
	params map[string]Kind
	parts  [4]*template.Template // title and body, in Chinese and in English
}

// Written is a text filled in.
type Written struct {
	Topic       preference.Topic // of the text's file; none for a common text
	Title, Body lang.Text
}

// What a lock screen shows at least: more characters would be cut there.
const (
	maxTitle = 40
	maxBody  = 180
)

// source is how a text stands in its file.
type source struct {
	About  string          `yaml:"about"` // when it is sent, for the translator
	Params map[string]Kind `yaml:"params"`
	ZH     words           `yaml:"zh"`
	EN     words           `yaml:"en"`
}

type words struct {
	Title string `yaml:"title"`
	Body  string `yaml:"body"`
}

// Texts are the city's own.
var Texts = must(Read(files))

// must is for what is compiled in: texts that break a rule stop the process at start, and the build's tests.
func must(l *Library, err error) *Library {
	if err != nil {
		panic(err)
	}
	return l
}

// common is the file of texts that belong to every topic.
const common = "common"

// Read reads every texts/*.yaml and holds it to the rules: the file is named for a topic, or common; every text
// explains itself and has all four parts; it declares each parameter it uses and uses each it declares,
// in both languages; and no parameter is of a kind that must not stand on a lock screen.
func Read(fsys fs.FS) (*Library, error) {
	names, err := fs.Glob(fsys, "texts/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	l := &Library{texts: map[string]*text{}}
	for _, name := range names {
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		var sources map[string]source
		if err := yaml.UnmarshalWithOptions(content, &sources, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		file := strings.TrimSuffix(path.Base(name), ".yaml")
		topic := preference.Topic(strings.ToUpper(file))
		switch {
		case file == common:
			topic = ""
		case !topic.IsValid():
			return nil, fmt.Errorf("%s: no topic is called so", name)
		}
		for key, src := range sources {
			t, err := src.parse(topic)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", name, key, err)
			}
			l.texts[file+"/"+key] = t
		}
	}
	return l, nil
}

func (s source) parse(topic preference.Topic) (*text, error) {
	if s.About == "" {
		return nil, errors.New("it does not say when it is sent")
	}
	for name, kind := range s.Params {
		safe, known := lockScreen[kind]
		switch {
		case !known:
			return nil, fmt.Errorf("parameter %s: there is no kind %q", name, kind)
		case !safe:
			return nil, fmt.Errorf("parameter %s: a %s must not stand on a lock screen", name, kind)
		}
	}
	t := &text{topic: topic, params: s.Params}
	for i, part := range []string{s.ZH.Title, s.ZH.Body, s.EN.Title, s.EN.Body} {
		if part == "" {
			return nil, errors.New("a title or body is missing")
		}
		parsed, err := template.New("").Option("missingkey=error").Parse(part)
		if err != nil {
			return nil, err
		}
		t.parts[i] = parsed
	}
	return t, t.usesItsParams()
}

// usesItsParams fills each language with markers and looks for all of them: a parameter forgotten in a
// translation is found here, and one that is not declared fails to execute.
func (t *text) usesItsParams() error {
	for _, part := range []int{0, 2} {
		marks := map[string]string{}
		for name := range t.params {
			marks[name] = "⟦" + name + "⟧"
		}
		title, err := fill(t.parts[part], marks)
		if err != nil {
			return err
		}
		body, err := fill(t.parts[part+1], marks)
		if err != nil {
			return err
		}
		for name, mark := range marks {
			if !strings.Contains(title+body, mark) {
				return fmt.Errorf("parameter %s is not used in both languages", name)
			}
		}
	}
	return nil
}

func fill(t *template.Template, values map[string]string) (string, error) {
	var out strings.Builder
	err := t.Execute(&out, values)
	return out.String(), err
}

// Names lists the texts, in the order of the alphabet.
func (l *Library) Names() []string { return slices.Sorted(maps.Keys(l.texts)) }

// Kinds are the declared parameters of a text.
func (l *Library) Kinds(name string) map[string]Kind {
	if t := l.texts[name]; t != nil {
		return maps.Clone(t.params)
	}
	return nil
}

// Write fills a text in, in both languages. It fails for a text or parameter nobody declared, one that is
// missing, or one of another kind: each a mistake of the code that calls.
func (l *Library) Write(name string, params Params) (Written, error) {
	t := l.texts[name]
	if t == nil {
		return Written{}, fmt.Errorf("wording: no text is called %q", name)
	}
	zh, en := map[string]string{}, map[string]string{}
	for key, kind := range t.params {
		value, ok := params[key]
		if !ok || value.Kind != kind {
			return Written{}, fmt.Errorf("wording: %s wants a %s called %s", name, kind, key)
		}
		zh[key], en[key] = value.Text.In(lang.ZH), value.Text.In(lang.EN)
	}
	if len(params) > len(t.params) {
		return Written{}, fmt.Errorf("wording: %s declares %d parameters and got %d", name, len(t.params), len(params))
	}
	var out [4]string
	for i, part := range t.parts {
		values, limit := zh, maxTitle
		if i >= 2 {
			values = en
		}
		if i%2 == 1 {
			limit = maxBody
		}
		filled, err := fill(part, values)
		if err != nil {
			return Written{}, fmt.Errorf("wording: %s: %w", name, err)
		}
		out[i] = shorten(strings.TrimSpace(filled), limit)
	}
	return Written{Topic: t.topic, Title: lang.Text{ZH: out[0], EN: out[2]}, Body: lang.Text{ZH: out[1], EN: out[3]}}, nil
}

// shorten cuts a line to so many characters, with an ellipsis in the place of the last.
func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
