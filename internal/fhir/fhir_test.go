package fhir_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"citygraph/internal/fhir"
)

// read reads a file to its end: what is good, what is refused, and how it ended.
func read(name, text string) (kept, refused []string, end error) {
	r := fhir.NewReader(name, strings.NewReader(text))
	for {
		one, err := r.Next()
		problem, bad := errors.AsType[fhir.Problem](err)
		switch {
		case bad:
			refused = append(refused, problem.Error())
		case errors.Is(err, io.EOF):
			return kept, refused, nil
		case err != nil:
			return kept, refused, err
		default:
			kept = append(kept, fmt.Sprint(one.Place)+" "+one.Ref())
		}
	}
}

const one = `{"resourceType":"Slot","id":"%d"}`

func TestEveryFormIsRead(t *testing.T) {
	slot := fmt.Sprintf(one, 1)
	for _, c := range []struct{ name, text, want string }{
		{"a.ndjson", "\ufeff" + slot + "\r\n\n" + slot, "[a.ndjson:1 Slot/1 a.ndjson:3 Slot/1]"},
		{"a.json", slot, "[a.json Slot/1]"},
		{"a.json", `{"entry":[{"resource":` + slot + `},{"fullUrl":"urn:uuid:7","resource":` + slot + `}],"resourceType":"Bundle"}`,
			"[a.json: entry 1 Slot/1 a.json: entry 2 urn:uuid:7]"},
		{"a.json", `{"resourceType":"Bundle"}`, "[]"},
	} {
		kept, refused, err := read(c.name, c.text)
		if fmt.Sprint(kept) != c.want || len(refused) > 0 || err != nil {
			t.Errorf("%s: kept %v, refused %v, %v; want %s", c.text, kept, refused, err, c.want)
		}
	}
}

// What is wrong with one resource is told with its place, and those around it are read.
func TestABadResourceIsRefusedByItself(t *testing.T) {
	good := fmt.Sprintf(one, 1)
	for bad, want := range map[string]string{
		`[]`:                             "this is not a JSON object",
		`{"id":"1"}`:                     "resourceType is missing",
		`{"resourceType":"Slot"}`:        "it has no id",
		`{"resourceType":"Slot","id":1}`: "id is not as in R4: it is a JSON number",
		"{\"resourceType\":\"Slot\",\"id\":\"\xff\"}":                                                        "the text is not UTF-8",
		`{"resourceType":"Slot","id":"1","fhirVersion":"3.0.2"}`:                                             `this is FHIR "3.0.2", not R4`,
		`{"resourceType":"Slot","id":"1","freeBusyType":"FREE"}`:                                             "this is FHIR DSTU2, not R4",
		`{"resourceType":"X","id":"1","meta":{"profile":["http://hl7.org/fhir/5.0/StructureDefinition/X"]}}`: `this is FHIR "5.0", not R4`,
	} {
		for name, text := range map[string]string{
			"a.ndjson": good + "\n" + bad + "\n" + good,
			"a.json":   `{"resourceType":"Bundle","entry":[{"resource":` + good + `},{"resource":` + bad + `},{"resource":` + good + `}]}`,
		} {
			kept, refused, err := read(name, text)
			if len(kept) != 2 || len(refused) != 1 || err != nil {
				t.Fatalf("%s: kept %v, refused %v, %v", text, kept, refused, err)
			}
			if !strings.Contains(refused[0], want) {
				t.Errorf("%s: refused %q, want %q", text, refused[0], want)
			}
		}
	}
	for _, bad := range []string{`{"a":`, strings.Repeat("x", 2<<20)} {
		if kept, refused, err := read("a.ndjson", good+"\n"+bad+"\n"+good); len(kept) != 2 || len(refused) != 1 || err != nil {
			t.Errorf("%.10s: kept %v, refused %d, %v", bad, kept, len(refused), err)
		}
	}
}

// What is wrong with the whole of a file ends it.
func TestABrokenFileEndsThere(t *testing.T) {
	for _, text := range []string{"", "[]", `{"entry":{}}`, `{"entry":[` + fmt.Sprintf(one, 1), `{"a":"` + strings.Repeat("x", 3<<20) + `"}`} {
		if _, _, err := read("a.json", text); err == nil {
			t.Errorf("%.20s was read to its end", text)
		}
	}
}

// A file is read one resource at a time: a hundred times as long, it takes no more for each.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	for name, wrap := range map[string][3]string{"a.ndjson": {"", "\n", ""}, "a.json": {`{"entry":[{"resource":`, `},{"resource":`, `}]}`}} {
		each := func(n int) float64 {
			rows := make([]string, n)
			for i := range rows {
				rows[i] = fmt.Sprintf(one, i)
			}
			text := wrap[0] + strings.Join(rows, wrap[1]) + wrap[2]
			return testing.AllocsPerRun(2, func() {
				r := fhir.NewReader(name, strings.NewReader(text))
				for range rows {
					if _, err := r.Next(); err != nil {
						t.Fatal(err)
					}
				}
			}) / float64(n)
		}
		if few, many := each(50), each(5000); many > few*1.05 {
			t.Errorf("%s: %.1f allocations for each of 50 resources, and %.1f of 5000", name, few, many)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add("a.json", `{"resourceType":"Bundle","entry":[{"resource":`+fmt.Sprintf(one, 1)+`},{}]}`)
	f.Add("a.json", fmt.Sprintf(one, 1))
	f.Add("a.ndjson", fmt.Sprintf(one, 1)+"\n{\n"+fmt.Sprintf(one, 2))
	f.Fuzz(func(t *testing.T, name, text string) {
		r := fhir.NewReader(name, strings.NewReader(text))
		for {
			one, err := r.Next()
			if _, bad := errors.AsType[fhir.Problem](err); err != nil && !bad {
				return
			}
			if r.Offset() > int64(len(text)) {
				t.Fatalf("at byte %d of %d", r.Offset(), len(text))
			}
			if err == nil && (one.Type == "" || one.Ref() == "") {
				t.Fatalf("read %+v", one)
			}
		}
	})
}
