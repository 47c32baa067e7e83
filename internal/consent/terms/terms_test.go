package terms_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"citygraph/internal/consent/terms"
	"citygraph/internal/lang"
)

// Every purpose has a text in both languages, which says how to withdraw: PIPL art. 17.
func TestEveryPurposeHasItsText(t *testing.T) {
	c, err := terms.Load()
	if err != nil {
		t.Fatal(err)
	}
	current := c.Current()
	var purposes []string
	for _, text := range current {
		purposes = append(purposes, string(text.Purpose))
		if !strings.Contains(text.Body.ZH, "撤回") || !strings.Contains(text.Body.EN, "withdraw") {
			t.Errorf("%s does not say how to withdraw", text.Purpose)
		}
		if !slices.Contains(c.Standing(text.Purpose), text.Version) {
			t.Errorf("%s does not stand", text.Purpose)
		}
	}
	if diff := cmp.Diff(terms.Purpose("").Values(), purposes); diff != "" {
		t.Error(diff)
	}
}

// texts is a folder with a first version of everything, and the changes of a test.
func texts(changes map[string]string) fstest.MapFS {
	folder := fstest.MapFS{"README.md": {Data: []byte("how to")}}
	for _, p := range terms.Purpose("").Values() {
		for _, language := range []string{"zh", "en"} {
			folder[p+"/1.0."+language+".md"] = &fstest.MapFile{Data: []byte("# Title " + language + "\n\nText.\n")}
		}
	}
	for file, text := range changes {
		if text == "" {
			delete(folder, file)
			continue
		}
		folder[file] = &fstest.MapFile{Data: []byte(text)}
	}
	return folder
}

// A lawyer mends a word, and nobody is asked again; then the processing changes, and everybody is.
func TestVersions(t *testing.T) {
	version := func(v, title string) map[string]string {
		return map[string]string{"MARKETING/" + v + ".zh.md": "# " + title + "\n新", "MARKETING/" + v + ".en.md": "# " + title + "\r\n\r\nnew"}
	}
	changes := version("1.2", "mended")
	maps.Copy(changes, version("1.10", "mended again"))
	c, err := terms.Read(texts(changes))
	if err != nil {
		t.Fatal(err)
	}
	if latest := c.Latest(terms.Marketing); latest.Version != "1.10" || latest.Title.EN != "mended again" || latest.Body.In(lang.EN) != "new" {
		t.Errorf("the latest is %+v", latest)
	}
	if diff := cmp.Diff([]string{"1.0", "1.2", "1.10"}, c.Standing(terms.Marketing)); diff != "" {
		t.Error(diff)
	}
	maps.Copy(changes, version("2.0", "more"))
	if c, err = terms.Read(texts(changes)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"2.0"}, c.Standing(terms.Marketing)); diff != "" {
		t.Error(diff)
	}
	if old, found := c.Find(terms.Marketing, "1.2"); !found || old.Title.ZH != "mended" {
		t.Errorf("the old text is %+v, %t", old, found)
	}
	if _, found := c.Find(terms.Marketing, "1.3"); found {
		t.Error("a version nobody wrote is found")
	}
	if diff := cmp.Diff([]string{"1.0"}, c.Standing(terms.Location)); diff != "" {
		t.Error(diff)
	}
}

func TestFoldersThatLackSomething(t *testing.T) {
	for name, changes := range map[string]map[string]string{
		"a language":    {"MARKETING/1.0.en.md": ""},
		"a purpose":     {"MARKETING/1.0.en.md": "", "MARKETING/1.0.zh.md": ""},
		"a title":       {"MARKETING/1.0.en.md": "Title\n\nText."},
		"a text":        {"MARKETING/1.0.en.md": "# Title\n \n"},
		"a version":     {"MARKETING/first.en.md": "# Title\n\nText."},
		"our languages": {"MARKETING/1.0.fr.md": "# Titre\n\nTexte."},
		"a meaning":     {"GOSSIP/1.0.en.md": "# Title\n\nText."},
		"a folder":      {"1.0.en.md": "# Title\n\nText."},
	} {
		if c, err := terms.Read(texts(changes)); err == nil {
			t.Errorf("without %s it is read as %v", name, c)
		}
	}
	if _, err := terms.Read(texts(nil)); err != nil {
		t.Errorf("with everything: %v", err)
	}
}

func TestOnlyPurposesAreRead(t *testing.T) {
	for _, want := range terms.Purpose("").Values() {
		var p terms.Purpose
		if err := p.UnmarshalGQL(want); err != nil || string(p) != want {
			t.Errorf("%s is read as %q, %v", want, p, err)
		}
		var out bytes.Buffer
		if p.MarshalGQL(&out); out.String() != `"`+want+`"` {
			t.Errorf("%s is written as %s", want, &out)
		}
	}
	for _, v := range []any{"", "GOSSIP", "marketing", 1, nil} {
		var p terms.Purpose
		if err := p.UnmarshalGQL(v); err == nil || p != "" {
			t.Errorf("%v is read as %q", v, p)
		}
	}
}
