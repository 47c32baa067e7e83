package mask_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"citygraph/internal/mask"
)

func TestMasks(t *testing.T) {
	for _, tt := range []struct{ name, got, want string }{
		{"name of two", mask.Name("张三").String(), "张*"},
		{"long name is not counted out", mask.Name("欧阳震华华").String(), "欧**"},
		{"single character", mask.Name("张").String(), "*"},
		{"no name", mask.Name("").String(), ""},
		{"masked before", mask.Name("李**").String(), "李**"},
		{"id number", mask.IDNumber("330106199001011234"), "330106********1234"},
		{"id number with X", mask.IDNumber("33010619900101123X"), "330106********123X"},
		{"old id number", mask.IDNumber("330106900101123"), "***************"},
		{"no id number", mask.IDNumber(""), ""},
		{"phone", mask.Phone("13812345678"), "138****5678"},
		{"landline", mask.Phone("0571-8888"), "*********"},
		{"no phone", mask.Phone(""), ""},
		{"card", mask.CardNumber("3301000012345678"), "**** **** **** 5678"},
		{"short card", mask.CardNumber("123"), "****"},
		{"card of its last four only", mask.CardNumber("1234"), "****"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

// A name hides itself wherever somebody prints what holds it.
func TestNameIsMaskedHoweverItIsPrinted(t *testing.T) {
	const name = mask.Name("李小龙")
	type person struct{ Name mask.Name }
	var plain, structured, answer bytes.Buffer
	log := zerolog.New(&plain)
	log.Info().Stringer("name", name).Interface("person", person{name}).Send()
	slog.New(slog.NewJSONHandler(&structured, nil)).Info("x", "name", name, "person", person{name})
	name.MarshalGQL(&answer)
	encoded, err := json.Marshal(person{name})
	if err != nil {
		t.Fatal(err)
	}
	for how, got := range map[string]string{
		"%v": fmt.Sprintf("%v", person{name}), "%+v": fmt.Sprintf("%+v", person{name}), "%#v": fmt.Sprintf("%#v", person{name}),
		"string": name.String(), "%q": fmt.Sprintf("%q", name), "%x": fmt.Sprintf("%x", name), "error": fmt.Errorf("%v", name).Error(),
		"json": string(encoded), "zerolog": plain.String(), "slog": structured.String(), "graphql": answer.String(),
	} {
		if strings.Contains(got, "小") || strings.Contains(got, "e5b08f") || !strings.Contains(got, "*") && how != "%x" {
			t.Errorf("%s gives %s", how, got)
		}
	}
	if answer.String() != `"李**"` {
		t.Errorf("a client sees %s", &answer)
	}
}

func TestAMaskedNameIsNeverRead(t *testing.T) {
	name := mask.Name("李小龙")
	if err := name.UnmarshalGQL("王五"); err == nil || name != "李小龙" {
		t.Errorf("read as %s, %v", name, err)
	}
}

func FuzzMasks(f *testing.F) {
	f.Add("330106199001011234")
	f.Add("13812345678")
	f.Add("欧阳\xff")
	f.Fuzz(func(t *testing.T, s string) {
		for _, m := range []struct {
			name, masked string
			most         int // characters that may show
		}{
			{"name", mask.Name(s).String(), 1}, {"id number", mask.IDNumber(s), 10},
			{"phone", mask.Phone(s), 7}, {"card", mask.CardNumber(s), 4},
		} {
			shown := utf8.RuneCountInString(strings.NewReplacer("*", "", " ", "").Replace(m.masked))
			if shown > m.most || s != "" && !strings.Contains(m.masked, "*") {
				t.Errorf("%s %q shows as %q", m.name, s, m.masked)
			}
			if utf8.ValidString(s) && !utf8.ValidString(m.masked) {
				t.Errorf("%s %q is cut within a character: %q", m.name, s, m.masked)
			}
		}
	})
}
