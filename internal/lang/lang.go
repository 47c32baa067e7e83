// Package lang knows the two languages CityGraph speaks and which of them a request asked for.
package lang

import (
	"context"
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"
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

// Text is one sentence or name in both languages. As a GraphQL String it shows in the caller's language.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en,omitempty"`
}

// In returns the text in the language; a missing English text falls back to Chinese.
func (t Text) In(tag Tag) string {
	if tag == EN && t.EN != "" {
		return t.EN
	}
	return t.ZH
}

// MarshalGQLContext writes the text in the language of the request.
func (t Text) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	graphql.MarshalString(t.In(From(ctx))).MarshalGQL(w)
	return nil
}

// UnmarshalGQLContext refuses: a text in both languages is never an input.
func (t *Text) UnmarshalGQLContext(context.Context, any) error {
	return errors.New("a bilingual text is not an input")
}
