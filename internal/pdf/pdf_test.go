package pdf_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"

	"citygraph/internal/fault"
	"citygraph/internal/pdf"
)

// written is a file as programs write them.
func written(t testing.TB) []byte {
	t.Helper()
	doc := fpdf.New("P", "mm", "A4", "")
	doc.AddPage()
	doc.SetFont("Helvetica", "", 12)
	doc.Cell(40, 10, "Consent for the trip")
	doc.Bookmark("first", 0, 0)
	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// of is a file of an object beside a catalog.
func of(object string) []byte {
	return []byte("%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n2 0 obj\n" + object + "\nendobj\nstartxref\n0\n%%EOF\n")
}

// packed is a stream of objects, with more in its dictionary.
func packed(objects, more string) string {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write([]byte(objects))
	_ = w.Close()
	return fmt.Sprintf("<< /Type /ObjStm /N 1 /First 4 /Length %d /Filter /FlateDecode %s>>\nstream\n%s\nendstream", out.Len(), more, out.String())
}

func TestWhatProgramsWriteIsTaken(t *testing.T) {
	for name, file := range map[string][]byte{
		"of fpdf":                    written(t),
		"with objects packed":        of(packed("7 0 << /Type /Page >>", "")),
		"that opens at a page":       of("<< /OpenAction [3 0 R /Fit] >>"),
		"with outlines":              of("<< /Type /Outlines /First 3 0 R >>"),
		"with a link to a page":      of("<< /A << /S /URI /URI (https://example.org) >> >>"),
		"with a picture like a name": of("<< /Length 9 >>\nstream\n\x00/JS \x01/AA\nendstream"),
	} {
		if err := pdf.Check(file); err != nil {
			t.Errorf("a file %s: %v", name, err)
		}
	}
}

func TestWhatActsIsRefused(t *testing.T) {
	for name, object := range map[string]string{
		"a script":                         "<< /S /JavaScript /JS (app.alert(1)) >>",
		"a script, escaped":                "<< /S /J#61va#53cript >>",
		"the short name of one":            "<< /JS 3 0 R >>",
		"a program to start":               "<< /S /Launch /F (cmd.exe) >>",
		"another file":                     "<< /Type /EmbeddedFile >>",
		"a list of files":                  "<< /EmbeddedFiles << /Names [(a) 3 0 R] >> >>",
		"another file, untyped":            "<< /EF << /F 3 0 R >> >>",
		"a form of scripts":                "<< /XFA 3 0 R >>",
		"media":                            "<< /Subtype /RichMedia >>",
		"an action on opening":             "<< /OpenAction << /S /GoTo >> >>",
		"an action on opening, elsewhere":  "<< /OpenAction 3 0 R >>",
		"actions on events":                "<< /AA << >> >>",
		"a form that is sent":              "<< /S /SubmitForm >>",
		"a lock":                           "<< /Encrypt 3 0 R >>",
		"a script in packed objects":       packed("7 0 << /S /JavaScript >>", ""),
		"an escaped one in packed objects": packed("7 0 << /S /#4a#61vaScript >>", ""),
		"actions in packed objects":        packed("7 0 << /AA << >> >>", ""),
		"objects packed another way":       strings.ReplaceAll(packed("7 0 << >>", ""), "/FlateDecode", "/LZWDecode"),
		"objects packed twice":             packed("7 0 << >>", "/Filter /FlateDecode "),
		"objects packed with a predictor":  packed("7 0 << >>", "/DecodeParms << /Predictor 12 >> "),
		"packed objects of no type":        "<< /N 1 /First 4 /Filter [/ASCII85Decode /FlateDecode] >>\nstream\nx\nendstream",
		"packed objects in a string":       "(" + strings.ReplaceAll(packed("", ""), ")", "") + ")",
		"packed objects in a stream":       "<< /Length 3 >>\nstream\n" + packed("7 0 << >>", ""),
		"a script in a comment":            "% /JavaScript\n<< >>",
	} {
		if err := pdf.Check(of(object)); fault.CodeOf(err) != fault.AttachmentUnsupported {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsNoWholePDFIsRefused(t *testing.T) {
	whole := written(t)
	for name, c := range map[string]struct {
		file []byte
		want fault.Code
	}{
		"nothing":                  {nil, fault.PhotoUnreadable},
		"a beginning":              {whole[:len(whole)/2], fault.PhotoUnreadable},
		"no catalog":               {[]byte("%PDF-1.4\n%%EOF"), fault.PhotoUnreadable},
		"a string without end":     {of("(never"), fault.PhotoUnreadable},
		"a stream without end":     {of("<< >>\nstream\n"), fault.PhotoUnreadable},
		"packed objects, torn":     {of("<< /Type /ObjStm /First 4 /Filter /FlateDecode >>\nstream\nxx\nendstream"), fault.PhotoUnreadable},
		"too much":                 {append(make([]byte, pdf.MaxBytes), whole...), fault.AttachmentTooLarge},
		"what unfolds to too much": {of(packed(strings.Repeat(" ", 40<<20), "")), fault.AttachmentTooLarge},
	} {
		if err := pdf.Check(c.file); fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// Whatever comes, the check ends, and the names it is there for never pass.
func FuzzCheck(f *testing.F) {
	f.Add(written(f))
	f.Add(of(packed("7 0 << /Type /Page >>", "")))
	f.Add(of("<< /S /J#61vaScript >>"))
	f.Add(of("<< /OpenAction [3 0 R /Fit] >>"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if err := pdf.Check(file); err == nil && (!pdf.Is(file) || bytes.Contains(file, []byte("/JavaScript "))) {
			t.Fatal("taken")
		}
	})
}
