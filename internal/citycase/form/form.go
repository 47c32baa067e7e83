// Package form is the questions a category of city case asks besides where and what: typed attributes, as
// the service definition of Open311 GeoReport v2 has them.
package form

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/internal/fault"
	"citygraph/internal/lang"
)

// Type is the kind of answer a question takes. The kinds are those of Open311.
type Type string

// The types.
const (
	String    Type = "STRING"     // one line
	Text      Type = "TEXT"       // several lines
	Number    Type = "NUMBER"     // a decimal number
	DateTime  Type = "DATE_TIME"  // an instant, RFC 3339
	OneOf     Type = "ONE_OF"     // one of the options
	SeveralOf Type = "SEVERAL_OF" // any of the options
)

const (
	mostValues = 20
	mostString = 200 // characters
	mostText   = 2000
)

// Types lists every type.
func Types() []Type { return []Type{String, Text, Number, DateTime, OneOf, SeveralOf} }

// MarshalGQL writes the enum value.
func (t Type) MarshalGQL(w io.Writer) { graphql.MarshalString(string(t)).MarshalGQL(w) }

// UnmarshalGQL refuses: a type is never an input.
func (t *Type) UnmarshalGQL(any) error { return fmt.Errorf("a field type is not an input") }

// Field is a question.
type Field struct {
	Key      string    `json:"key"` // stable, ours
	Type     Type      `json:"type"`
	Required bool      `json:"required,omitempty"`
	Label    lang.Text `json:"label"`
	Options  []Option  `json:"options,omitempty"`
}

// Option is an answer a question offers.
type Option struct {
	Key   string    `json:"key"`
	Label lang.Text `json:"label"`
}

// Answer is what was answered to a question; only SEVERAL_OF has more than one value.
type Answer struct {
	Key    string   `json:"key"`
	Values []string `json:"values"`
}

// Check holds answers to the questions, and returns them in the questions' order with what is empty left
// out. An answer missing is CASE_FIELD_REQUIRED; one that does not fit, to no question, or given twice is
// BAD_USER_INPUT. Both name attributes and the key.
func Check(fields []Field, answers []Answer, now time.Time) ([]Answer, error) {
	given := make(map[string][]string, len(answers))
	for _, a := range answers {
		if !slices.ContainsFunc(fields, func(f Field) bool { return f.Key == a.Key }) {
			return nil, fault.BadInput("attributes", "没有这个填写项。", "There is no such question.")
		}
		if _, twice := given[a.Key]; twice {
			return nil, bad(a.Key, "填写了两次。", "It is answered twice.")
		}
		given[a.Key] = a.Values
	}
	var kept []Answer
	for _, f := range fields {
		values, err := f.check(given[f.Key], now)
		if err != nil {
			return nil, err
		}
		if len(values) > 0 {
			kept = append(kept, Answer{f.Key, values})
		} else if f.Required {
			return nil, fault.New(fault.CaseFieldRequired).At("attributes", f.Key).Say(
				fmt.Sprintf("请填写“%s”。", f.Label.ZH), fmt.Sprintf("Please answer: %s.", f.Label.EN))
		}
	}
	return kept, nil
}

func bad(key, zh, en string) error {
	return fault.New(fault.BadUserInput).At("attributes", key).Say(zh, en)
}

// check returns the values in the form in which they are kept.
func (f Field) check(values []string, now time.Time) ([]string, error) {
	if len(values) > mostValues || len(values) > 1 && f.Type != SeveralOf {
		return nil, bad(f.Key, "填写的内容过多。", "It has too many answers.")
	}
	var kept []string
	for _, v := range values {
		v = strings.TrimSpace(v)
		if v == "" {
			continue
		}
		v, err := f.value(v, now)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(kept, v) {
			kept = append(kept, v)
		}
	}
	return kept, nil
}

func (f Field) value(v string, now time.Time) (string, error) {
	if !utf8.ValidString(v) || strings.ContainsFunc(v, func(r rune) bool { return control(r, f.Type) }) {
		return "", bad(f.Key, "包含不允许的字符。", "It has characters that are not allowed.")
	}
	switch f.Type {
	case String, Text:
		most := map[Type]int{String: mostString, Text: mostText}[f.Type]
		if utf8.RuneCountInString(v) > most {
			return "", bad(f.Key, fmt.Sprintf("不能超过%d个字。", most), fmt.Sprintf("It must not be longer than %d characters.", most))
		}
	case Number:
		if !number(v) {
			return "", bad(f.Key, "必须是数字。", "It must be a number.")
		}
	case DateTime:
		at, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return "", bad(f.Key, "必须是日期时间。", "It must be a date and time.")
		}
		if at.After(now) {
			return "", bad(f.Key, "不能晚于现在。", "It must not be in the future.")
		}
		return at.UTC().Format(time.RFC3339), nil
	case OneOf, SeveralOf:
		if !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Key == v }) {
			return "", bad(f.Key, "请从选项中选择。", "It must be one of the options.")
		}
	}
	return v, nil
}

// number takes what a person writes for one: no exponent, no NaN, no hexadecimal.
func number(v string) bool {
	_, err := strconv.ParseFloat(v, 64)
	return err == nil && len(v) <= 24 && strings.Trim(v, "+-.0123456789") == ""
}

func control(r rune, t Type) bool {
	return r < ' ' && (t != Text || r != '\n' && r != '\t') || r == 0x7f
}
