// Package wording is what notices say, in the two languages. The sentences are in texts/, a file for each
// topic, which a translator can edit; this package reads them once, holds them to their rules, and fills
// them in. It knows no rows.
package wording

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"citygraph/internal/clock"
	"citygraph/internal/lang"
	"citygraph/internal/mask"
)

// Kind is what sort of thing a parameter is, which decides how it is written and whether strangers may
// see it: a notice stands on a lock screen.
type Kind string

// The kinds.
const (
	Label      Kind = "label"       // a public name: a category, a district, a hospital
	Sentence   Kind = "sentence"    // a public sentence, such as an alert's headline
	Code       Kind = "code"        // a public number: of a case, a queue
	Instant    Kind = "instant"     // a time of a day
	Day        Kind = "day"         // a day
	Count      Kind = "count"       // how many
	MaskedName Kind = "masked-name" // 张*
	OwnAmount  Kind = "own-amount"  // money of the recipient's own
	Amount     Kind = "amount"      // money of anybody's
	FullName   Kind = "full-name"
	Diagnosis  Kind = "diagnosis"
	Mark       Kind = "mark" // a school mark or ranking
)

// lockScreen are the kinds that may stand on a lock screen, where it is not known who looks (DOMAIN: no
// diagnosis, mark, amount of another's, or child's full name). The others may not be in a text at all.
var lockScreen = map[Kind]bool{
	Label: true, Sentence: true, Code: true, Instant: true, Day: true, Count: true, MaskedName: true, OwnAmount: true,
	Amount: false, FullName: false, Diagnosis: false, Mark: false,
}

// longest is how many characters a value of the kind may have; a longer one is cut.
var longest = map[Kind]int{Label: 40, Sentence: 120, Code: 32}

// Value is one parameter as it is written in each language.
type Value struct {
	Kind Kind      `json:"kind"`
	Text lang.Text `json:"text"`
}

// Params are the parameters of a text by name.
type Params map[string]Value

// ALabel is a public name.
func ALabel(name lang.Text) Value { return Value{Label, tidy(Label, name)} }

// ASentence is a public sentence.
func ASentence(words lang.Text) Value { return Value{Sentence, tidy(Sentence, words)} }

// ACode is a public number.
func ACode(code string) Value { return Value{Code, tidy(Code, lang.Text{ZH: code, EN: code})} }

// AnInstant is a time of a day in Shanghai.
func AnInstant(at time.Time) Value {
	local := at.In(clock.Shanghai)
	return Value{Instant, lang.Text{ZH: local.Format("1月2日 15:04"), EN: local.Format("2 January 15:04")}}
}

// ADay is a service day in Shanghai.
func ADay(at time.Time) Value {
	local := at.In(clock.Shanghai)
	return Value{Day, lang.Text{ZH: local.Format("1月2日"), EN: local.Format("2 January")}}
}

// ACount is how many.
func ACount(n int) Value { return Value{Count, lang.Text{ZH: strconv.Itoa(n), EN: strconv.Itoa(n)}} }

// AName is a person's name, masked.
func AName(name mask.Name) Value {
	return Value{MaskedName, lang.Text{ZH: name.String(), EN: name.String()}}
}

// Names are names of persons, each masked.
func Names(names ...mask.Name) Value {
	masked := make([]string, len(names))
	for i, n := range names {
		masked[i] = n.String()
	}
	return Value{MaskedName, lang.Text{ZH: strings.Join(masked, "、"), EN: strings.Join(masked, ", ")}}
}

// AnOwnAmount is money of the recipient's own, in fen.
func AnOwnAmount(fen int64) Value {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	yuan := fmt.Sprintf("%s¥%d.%02d", sign, fen/100, fen%100)
	return Value{OwnAmount, lang.Text{ZH: yuan, EN: yuan}}
}

// tidy makes one line of a value within the length of its kind: what comes from a form must not bring
// lines, or marks that turn the writing round, onto a lock screen.
func tidy(k Kind, t lang.Text) lang.Text {
	one := func(s string) string {
		s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
			switch {
			case unicode.IsSpace(r):
				return ' '
			case unicode.Is(unicode.C, r), r == utf8.RuneError:
				return -1
			}
			return r
		}, s)), " ")
		if runes := []rune(s); len(runes) > longest[k] {
			return string(runes[:longest[k]-1]) + "…"
		}
		return s
	}
	return lang.Text{ZH: one(t.ZH), EN: one(t.EN)}
}
