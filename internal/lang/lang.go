// Package lang knows the two languages CityGraph speaks and which of them a request asked for.
package lang

import (
	"context"

	"golang.org/x/text/language"
)

// Tag is a language CityGraph speaks.
type Tag string

// The languages. ZH is the default.
const (
	ZH Tag = "zh-CN"
	EN Tag = "en"
)

var matcher = language.NewMatcher([]language.Tag{language.SimplifiedChinese, language.English})

// Negotiate picks the language for an Accept-Language header; anything unknown or malformed is ZH.
func Negotiate(header string) Tag {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return ZH
	}
	if _, i, confidence := matcher.Match(tags...); i == 1 && confidence > language.No {
		return EN
	}
	return ZH
}

type key struct{}

// With returns a context that speaks the language.
func With(ctx context.Context, t Tag) context.Context { return context.WithValue(ctx, key{}, t) }

// From returns the language of the context, ZH when none was set.
func From(ctx context.Context) Tag {
	if t, ok := ctx.Value(key{}).(Tag); ok {
		return t
	}
	return ZH
}

// Text is one sentence or name in both languages.
type Text struct{ ZH, EN string }

// In returns the text in the language; a missing English text falls back to Chinese.
func (t Text) In(tag Tag) string {
	if tag == EN && t.EN != "" {
		return t.EN
	}
	return t.ZH
}
