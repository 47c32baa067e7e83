package oneroster_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"citygraph/internal/oneroster"
)

// rows reads a file; rows are told as line:values of the columns asked for, and problems as they are.
func rows(t *testing.T, file oneroster.File, text string, columns ...string) (read []string, told []string) {
	t.Helper()
	r, err := oneroster.NewReader(file, strings.NewReader(text), func(p oneroster.Problem) { told = append(told, p.Error()) })
	if err != nil {
		return nil, append(told, err.Error())
	}
	for {
		row, err := r.Next()
		problem, bad := errors.AsType[oneroster.Problem](err)
		switch {
		case errors.Is(err, io.EOF):
			return read, told
		case bad:
			told = append(told, problem.Error())
			continue
		case err != nil:
			t.Fatal(err)
		}
		var values []string
		for _, c := range columns {
			values = append(values, row.Get(c))
		}
		read = append(read, strings.Join(values, "|"))
	}
}

func TestRowsAreReadWhateverTheOrderOfTheirColumns(t *testing.T) {
	read, told := rows(t, oneroster.Orgs, "\ufeffname, TYPE ,sourcedId,metadata.x\r\n\"学军, \"\"小学\"\"\",school, a ,1\r\n\r\nb school,school,b,\n", "sourcedId", "name", "metadata.x")
	if !slices.Equal(read, []string{`a|学军, "小学"|1`, "b|b school|"}) || len(told) > 0 {
		t.Errorf("%q, %q", read, told)
	}
}

func TestADialectIsToldOf(t *testing.T) {
	read, told := rows(t, oneroster.Classes, "sourcedId,orgSourcedId,title,sessionSourcedIds,colour\nc,s,Maths,\"x,y\",red\n", "sourcedId", "schoolSourcedId", "termSourcedIds")
	if !slices.Equal(read, []string{"c|s|x,y"}) {
		t.Errorf("%q", read)
	}
	want := []string{
		"classes.csv:1: warning: columns of another dialect: orgSourcedId for schoolSourcedId, sessionSourcedIds for termSourcedIds",
		`classes.csv:1: warning: unknown columns are passed over: "colour"`,
	}
	if !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
}

func TestWhatCannotBeReadIsToldWithItsPlace(t *testing.T) {
	const head = "sourcedId,name,type\n"
	for _, tt := range []struct{ name, text, want string }{
		{"an empty file", "", "orgs.csv: it is empty"},
		{"semicolons", "sourcedId;name;type\na;b;school\n", "orgs.csv:1: its columns are set apart by semicolons, not by commas"},
		{"tabs", "sourcedId\tname\ttype\n", "orgs.csv:1: its columns are set apart by tabs, not by commas"},
		{"missing columns", "sourcedId,title\n", "orgs.csv:1: it has no column name, type"},
		{"another encoding", "sourcedId,name,type\xd0\xa1\xff\n", "orgs.csv:1: it is not in UTF-8"},
		{"too few values", head + "a,b\n", "orgs.csv:2: it has 2 values, and there are 3 columns"},
		{"a blank value", head + "a,,school\n", "orgs.csv:2: name is blank"},
		{"a control character", head + "a,b\x07c,school\n", "orgs.csv:2: name has a control character"},
		{"a long value", head + "a," + strings.Repeat("长", 256) + ",school\n", "orgs.csv:2: name is longer than 255 characters"},
		{"a long record", head + "a," + strings.Repeat("x", 70_000) + ",school\n", "orgs.csv:2: it is longer than 64 KiB"},
		{"a stray quotation mark", head + "a,b\"c,school\n", "orgs.csv:2: a quotation mark stands where none may"},
		{"an open quotation mark", head + "a,\"b,school\n", "orgs.csv:2: a quotation mark is never closed"},
		{"GBK", head + "a,\xd1\xa7\xbe\xfc,school\n", "orgs.csv:2: it is not in UTF-8"},
		{"columns without end", head + strings.Repeat(",", 300) + "\n", "orgs.csv:2: it has more than 200 columns"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := tt.text
			open := strings.Contains(tt.want, "never closed")
			if strings.HasPrefix(text, head) && !open {
				text += "z,last,school\n"
			}
			read, told := rows(t, oneroster.Orgs, text, "name")
			if !slices.Equal(told, []string{tt.want}) {
				t.Errorf("told %q", told)
			}
			if strings.HasPrefix(text, head) && !open && !slices.Equal(read, []string{"last"}) {
				t.Errorf("the row after it: %q", read)
			}
		})
	}
}

func TestARowThatIsNoMoreNeedsItsIdentifierAlone(t *testing.T) {
	read, told := rows(t, oneroster.Orgs, "sourcedId,status,name,type\na,tobedeleted,,\n", "sourcedId")
	if !slices.Equal(read, []string{"a"}) || len(told) > 0 {
		t.Errorf("%q, %q", read, told)
	}
}

// written is a set of files in a directory, or in a ZIP below a folder.
func written(t *testing.T, zipped bool, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if !zipped {
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	var all bytes.Buffer
	w := zip.NewWriter(&all)
	for name, text := range files {
		f, err := w.Create("export/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "set.zip")
	if err := os.WriteFile(name, all.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestTheManifestSaysWhatAFileIs(t *testing.T) {
	files := map[string]string{
		"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,delta\nfile.classes,absent\nsource.systemName,\n",
		"orgs.csv":     "sourcedId,name,type\n", "users.csv": "x", "classes.csv": "x", "enrollments.csv": "x",
	}
	for _, zipped := range []bool{false, true} {
		var told []string
		s, err := oneroster.Open(written(t, zipped, files), func(p oneroster.Problem) { told = append(told, p.Error()) })
		if err != nil {
			t.Fatal(err)
		}
		if s.Version != "1.2" || s.Mode(oneroster.Orgs) != oneroster.Bulk || s.Mode(oneroster.Users) != oneroster.Delta || s.Mode(oneroster.Classes) != oneroster.Absent {
			t.Errorf("zipped %v: %q, modes %v %v %v", zipped, s.Version, s.Mode(oneroster.Orgs), s.Mode(oneroster.Users), s.Mode(oneroster.Classes))
		}
		if len(told) != 2 { // classes and enrolments lie there, and are not of the set
			t.Errorf("told %q", told)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestASetThatIsNoneIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		files      map[string]string
	}{
		{"nothing", "there is no file of OneRoster", map[string]string{"readme.txt": "x"}},
		{"a file that is not there", "users.csv is said to be bulk, and is not there", map[string]string{"manifest.csv": "propertyName,value\nfile.users,bulk\n"}},
		{"another version", `manifest.csv:2: the version is "2.0"`, map[string]string{"manifest.csv": "propertyName,value\noneroster.version,2.0\n"}},
		{"another word", `manifest.csv:2: "file.users" is "some"`, map[string]string{"manifest.csv": "propertyName,value\nfile.users,some\n", "users.csv": ""}},
	} {
		for _, zipped := range []bool{false, true} {
			_, err := oneroster.Open(written(t, zipped, tt.files), func(oneroster.Problem) {})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s, zipped %v: %v", tt.name, zipped, err)
			}
		}
	}
	if _, err := oneroster.Open(filepath.Join(written(t, false, map[string]string{"a": "no zip"}), "a"), func(oneroster.Problem) {}); err == nil {
		t.Error("a file that is no ZIP is a set")
	}
}

func TestAZIPThatGrowsWithoutMeasureIsStopped(t *testing.T) {
	bomb := "sourcedId,name,type\n" + strings.Repeat("a,b,school\n", 1<<20)
	s, err := oneroster.Open(written(t, true, map[string]string{"orgs.csv": bomb}), func(oneroster.Problem) {})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, from, err := s.Reader(oneroster.Orgs, func(oneroster.Problem) {})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	for range 1 << 21 {
		if _, err = r.Next(); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "grows without measure") {
		t.Errorf("error %v", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add("sourcedId,name,type\na,\"b\"\"c\",school\r\n")
	f.Add("\ufeffsourcedId;name;type\n")
	f.Add("sourcedId,name,type\na,\"b\n\n,,\"")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := oneroster.NewReader(oneroster.Orgs, strings.NewReader(text), func(oneroster.Problem) {})
		if err != nil {
			return
		}
		for last := 0; ; {
			row, err := r.Next()
			problem, bad := errors.AsType[oneroster.Problem](err)
			switch {
			case errors.Is(err, io.EOF):
				return
			case bad && problem.Row <= last:
				t.Fatalf("row %d comes after row %d", problem.Row, last)
			case bad:
				last = problem.Row
				continue
			case err != nil:
				t.Fatal(err)
			case row.Line <= last:
				t.Fatalf("row %d comes after row %d", row.Line, last)
			case row.Get("sourcedId") == "" || strings.ContainsAny(row.Get("name"), "\x00\n"):
				t.Fatalf("%q", row.Get("name"))
			}
			last = row.Line
		}
	})
}
