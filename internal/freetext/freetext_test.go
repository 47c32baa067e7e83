package freetext_test

import (
	"testing"

	"citygraph/internal/fault"
	"citygraph/internal/freetext"
)

func TestWhatPeopleType(t *testing.T) {
	for _, tt := range []struct {
		name, typed, line, lines string // "" where it is refused
	}{
		{"words", " 周五春游\r\n", "周五春游", "周五春游"},
		{"a family in one emoji", "👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"},
		{"two lines and a tab", "一\r\n二\t三", "", "一\n二\t三"},
		{"a bell", "a\ab", "", ""},
		{"writing turned round", "a\u202eb", "", ""},
		{"no UTF-8", "a\xffb", "", ""},
		{"nothing", " \n ", "", ""},
		{"too much", "一二三四五六七八九十甲", "", ""},
	} {
		for want, tidy := range map[*string]func(string, *string, int) error{&tt.line: freetext.Line, &tt.lines: freetext.Lines} {
			got := tt.typed
			err := tidy("body", &got, 10)
			if *want == "" && fault.CodeOf(err) != fault.BadUserInput || *want != "" && (err != nil || got != *want) {
				t.Errorf("%s: %q, %v, want %q", tt.name, got, err, *want)
			}
		}
	}
}
