package terms

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"citygraph/internal/lang"
)

// Text is the wording of one purpose in one version.
type Text struct {
	Purpose Purpose
	Version string // major.minor; a new major asks for consent again
	Title   lang.Text
	Body    lang.Text

	major, minor int
}

// Catalogue is every version of every text, the oldest first.
type Catalogue map[Purpose][]Text

//go:embed texts
var files embed.FS

// Load reads the texts this version of the server was built with.
func Load() (Catalogue, error) {
	texts, err := fs.Sub(files, "texts")
	if err != nil {
		return nil, err
	}
	return Read(texts)
}

// name is the path of a text: PURPOSE/major.minor.language.md.
var name = regexp.MustCompile(`^([A-Z_]+)/((\d{1,3})\.(\d{1,3}))\.(zh|en)\.md$`)

// Read makes a catalogue of a folder of texts. It fails for a purpose without a text, a version that lacks
// a language, and a file whose name or form is not that of a text; README.md is none.
func Read(texts fs.FS) (Catalogue, error) {
	found := map[string]*Text{} // by purpose and version
	err := fs.WalkDir(texts, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || file == "README.md" {
			return err
		}
		return add(found, texts, file)
	})
	if err != nil {
		return nil, err
	}
	c := Catalogue{}
	for _, t := range found {
		if t.Title.ZH == "" || t.Title.EN == "" {
			return nil, fmt.Errorf("text %s of %s lacks a language", t.Version, t.Purpose)
		}
		c[t.Purpose] = append(c[t.Purpose], *t)
	}
	for _, p := range purposes {
		if len(c[p]) == 0 {
			return nil, fmt.Errorf("purpose %s has no text", p)
		}
		slices.SortFunc(c[p], func(a, b Text) int {
			return cmp.Or(cmp.Compare(a.major, b.major), cmp.Compare(a.minor, b.minor))
		})
	}
	return c, nil
}

func add(found map[string]*Text, texts fs.FS, file string) error {
	parts := name.FindStringSubmatch(file)
	if len(parts) == 0 || !Purpose(parts[1]).IsValid() {
		return fmt.Errorf("%s is not named PURPOSE/major.minor.language.md", file)
	}
	content, err := fs.ReadFile(texts, file)
	if err != nil {
		return err
	}
	head, body, _ := strings.Cut(string(content), "\n")
	title, marked := strings.CutPrefix(strings.TrimSpace(head), "# ")
	body = strings.TrimSpace(body)
	if !marked || body == "" {
		return fmt.Errorf("%s does not begin with a title and go on with a text", file)
	}
	key := path.Join(parts[1], parts[2])
	t := found[key]
	if t == nil {
		t = &Text{Purpose: Purpose(parts[1]), Version: parts[2]}
		t.major, _ = strconv.Atoi(parts[3]) // digits, by the pattern
		t.minor, _ = strconv.Atoi(parts[4])
		found[key] = t
	}
	if parts[5] == "zh" {
		t.Title.ZH, t.Body.ZH = title, body
	} else {
		t.Title.EN, t.Body.EN = title, body
	}
	return nil
}

// Current is the newest text of every purpose, in the order of the purposes.
func (c Catalogue) Current() []Text {
	current := make([]Text, len(purposes))
	for i, p := range purposes {
		current[i] = c.Latest(p)
	}
	return current
}

// Latest is the newest text of the purpose.
func (c Catalogue) Latest(p Purpose) Text { return c[p][len(c[p])-1] }

// Find is a text by its version, and false when there never was one.
func (c Catalogue) Find(p Purpose, version string) (Text, bool) {
	for _, t := range c[p] {
		if t.Version == version {
			return t, true
		}
	}
	return Text{}, false
}

// Standing are the versions a consent to which still counts: those that ask for the same as the newest. Where
// what is done with the data has changed, consent is asked for again: PIPL art. 14.
func (c Catalogue) Standing(p Purpose) []string {
	var versions []string
	for _, t := range c[p] {
		if t.major == c.Latest(p).major {
			versions = append(versions, t.Version)
		}
	}
	return versions
}
