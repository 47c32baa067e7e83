package form_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citygraph/internal/citycase/form"
	"citygraph/internal/fault"
	"citygraph/internal/lang"
)

var (
	noon   = time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)
	label  = lang.Text{ZH: "故障", EN: "fault"}
	fields = []form.Field{
		{Key: "fault", Type: form.OneOf, Required: true, Label: label, Options: []form.Option{{Key: "DARK"}, {Key: "LEANING"}}},
		{Key: "signs", Type: form.SeveralOf, Label: label, Options: []form.Option{{Key: "NOISE"}, {Key: "SMELL"}}},
		{Key: "pole", Type: form.String, Label: label},
		{Key: "story", Type: form.Text, Label: label},
		{Key: "metres", Type: form.Number, Label: label},
		{Key: "since", Type: form.DateTime, Label: label},
	}
	dark = form.Answer{Key: "fault", Values: []string{"DARK"}}
)

func TestAnswersAreKeptInOrderAndPlain(t *testing.T) {
	got, err := form.Check(fields, []form.Answer{
		{Key: "since", Values: []string{"2026-11-26T20:00:00+08:00"}}, {Key: "metres", Values: []string{" -1.5 "}},
		{Key: "story", Values: []string{"一\n二"}}, {Key: "pole", Values: []string{"  "}},
		{Key: "signs", Values: []string{"SMELL", "NOISE", "SMELL"}}, dark,
	}, noon)
	want := []form.Answer{
		dark, {Key: "signs", Values: []string{"SMELL", "NOISE"}}, {Key: "story", Values: []string{"一\n二"}},
		{Key: "metres", Values: []string{"-1.5"}}, {Key: "since", Values: []string{"2026-11-26T12:00:00Z"}},
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err := form.Check(nil, nil, noon); err != nil || len(got) != 0 {
		t.Errorf("a category without questions: %v, %v", got, err)
	}
}

func TestAnswersThatDoNotFit(t *testing.T) {
	for name, tt := range map[string]struct {
		answer form.Answer
		code   fault.Code
		field  string
	}{
		"nothing chosen":      {form.Answer{Key: "fault", Values: []string{" "}}, fault.CaseFieldRequired, "attributes.fault"},
		"no option":           {form.Answer{Key: "fault", Values: []string{"dark"}}, fault.BadUserInput, "attributes.fault"},
		"two of one":          {form.Answer{Key: "fault", Values: []string{"DARK", "LEANING"}}, fault.BadUserInput, "attributes.fault"},
		"no option of many":   {form.Answer{Key: "signs", Values: []string{"NOISE", "SIGHT"}}, fault.BadUserInput, "attributes.signs"},
		"too many":            {form.Answer{Key: "signs", Values: make([]string, 1000)}, fault.BadUserInput, "attributes.signs"},
		"no question":         {form.Answer{Key: "colour", Values: []string{"red"}}, fault.BadUserInput, "attributes"},
		"a long line":         {form.Answer{Key: "pole", Values: []string{strings.Repeat("长", 201)}}, fault.BadUserInput, "attributes.pole"},
		"a line that is two":  {form.Answer{Key: "pole", Values: []string{"a\nb"}}, fault.BadUserInput, "attributes.pole"},
		"a NUL":               {form.Answer{Key: "story", Values: []string{"a\x00b"}}, fault.BadUserInput, "attributes.story"},
		"broken UTF-8":        {form.Answer{Key: "story", Values: []string{"a\xff"}}, fault.BadUserInput, "attributes.story"},
		"a long text":         {form.Answer{Key: "story", Values: []string{strings.Repeat("长", 2001)}}, fault.BadUserInput, "attributes.story"},
		"a word for a number": {form.Answer{Key: "metres", Values: []string{"NaN"}}, fault.BadUserInput, "attributes.metres"},
		"an exponent":         {form.Answer{Key: "metres", Values: []string{"1e9"}}, fault.BadUserInput, "attributes.metres"},
		"a day":               {form.Answer{Key: "since", Values: []string{"2026-11-26"}}, fault.BadUserInput, "attributes.since"},
		"tomorrow":            {form.Answer{Key: "since", Values: []string{"2026-11-28T00:00:00Z"}}, fault.BadUserInput, "attributes.since"},
	} {
		answers := []form.Answer{tt.answer}
		if tt.answer.Key != "fault" {
			answers = append(answers, dark)
		}
		got, err := form.Check(fields, answers, noon)
		if got != nil || fault.CodeOf(err) != tt.code || strings.Join(fault.From(err).Field, ".") != tt.field {
			t.Errorf("%s: %v, %v at %v", name, got, err, fault.From(err).Field)
		}
	}
	if _, err := form.Check(fields, []form.Answer{dark, dark}, noon); fault.CodeOf(err) != fault.BadUserInput {
		t.Errorf("answered twice: %v", err)
	}
	if _, err := form.Check(fields, nil, noon); fault.CodeOf(err) != fault.CaseFieldRequired {
		t.Errorf("not answered: %v", err)
	}
}
