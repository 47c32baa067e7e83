// Package pdf tells a PDF that may be handed on from one that acts: it runs nothing, opens nothing, sends nothing and carries no other file.
// It reads what the file says of itself, and renders nothing. What it cannot follow it refuses.
package pdf

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"slices"

	"citygraph/internal/fault"
)

const (
	// MaxBytes bounds a file.
	MaxBytes = 10 << 20

	trailer      = 1024 // bytes at the end, among which a file says that it ends
	mostUnfolded = 32 << 20
	mostStreams  = 10_000 // of objects
	mostNames    = 10_000 // of a stream's dictionary
	longestName  = 127    // as PDF has it
)

// Is reports whether a file says that it is a PDF.
func Is(file []byte) bool { return bytes.HasPrefix(file, []byte("%PDF-")) }

// acts are the names of what acts or carries another file. They are refused wherever they stand, in strings and streams too: what is a string
// to one reader is an object to another.
var acts = map[string]bool{
	"JavaScript": true, "Launch": true, "EmbeddedFile": true, "FileAttachment": true, "RichMedia": true, "XFA": true,
	"Rendition": true, "SubmitForm": true, "ImportData": true, "GoToR": true, "GoToE": true, "Encrypt": true, "Movie": true, "Sound": true,
	"SetOCGState": true,
}

// short are those that bytes of a picture spell by chance; alone, without one of acts, they do nothing.
var short = map[string]bool{"JS": true, "AA": true, "EF": true}

// noFiles is an empty list of files, which programs write.
var noFiles = regexp.MustCompile(`^\s*<<\s*/Names\s*\[\s*\]\s*>>`)

// matched are names that must stand where they are read as names, each as often as the file has their bytes: nothing hides one.
var matched = []string{"ObjStm", "First", "OpenAction"}

// check is one look at a file.
type check struct {
	unfolded int64 // bytes of object streams that may still come
	streams  int
	catalog  bool // whether there is one
}

// Check refuses a PDF that acts, with ATTACHMENT_TYPE_UNSUPPORTED; one that is no whole PDF, with PHOTO_UNREADABLE; and one that is too large, or
// unfolds to too much, with ATTACHMENT_TOO_LARGE. It takes time and memory in proportion to what it reads, which is bounded.
func Check(file []byte) error {
	if len(file) > MaxBytes {
		return fault.New(fault.AttachmentTooLarge)
	}
	if !Is(file) || !bytes.Contains(file[max(0, len(file)-trailer):], []byte("%%EOF")) {
		return unreadable()
	}
	c := &check{unfolded: mostUnfolded}
	if err := c.look(file, true); err != nil {
		return err
	}
	if !c.catalog {
		return unreadable()
	}
	return nil
}

// look reads the objects of a file, or of an object stream.
func (c *check) look(text []byte, whole bool) error {
	spelt := map[string]int{}
	for at := bytes.IndexByte(text, '/'); at >= 0; {
		spelled, end := nameAt(text, at)
		if acts[spelled] || spelled == "EmbeddedFiles" && !noFiles.Match(text[end:min(len(text), end+100)]) {
			return active()
		}
		if slices.Contains(matched, spelled) {
			spelt[spelled]++
		}
		next := bytes.IndexByte(text[end:], '/')
		if next < 0 {
			break
		}
		at = end + next
	}
	l := &lexer{text: text, read: map[string]int{}}
	for {
		t := l.next()
		switch {
		case t == over:
			return same(spelt, l.read)
		case t == broken:
			return unreadable()
		case t == name && short[l.name]:
			return active()
		case t == name && l.name == "OpenAction" && !l.destination():
			return active()
		case t == name && l.name == "Catalog":
			c.catalog = true
		case t == stream && whole:
			if err := c.stream(l); err != nil {
				return err
			}
		}
	}
}

// same holds a text to showing all of the names that must not hide.
func same(spelt, read map[string]int) error {
	for _, n := range matched {
		if spelt[n] != read[n] {
			return active()
		}
	}
	return nil
}

// stream looks into a stream of objects, and passes over any other.
func (c *check) stream(l *lexer) error {
	if l.many {
		return unreadable()
	}
	holds, flate := false, 0
	for _, n := range l.names {
		holds = holds || n == "ObjStm" || n == "First"
		if n == "FlateDecode" {
			flate++
		}
	}
	from := l.at
	if !l.skipStream() {
		return unreadable()
	}
	if !holds {
		return nil
	}
	for _, n := range l.names {
		switch n {
		case "Type", "ObjStm", "N", "First", "Length", "Filter", "FlateDecode", "Extends":
		default:
			return active() // packed in a way that this does not open
		}
	}
	c.streams++
	if flate != 1 || c.streams > mostStreams {
		return active()
	}
	r, err := zlib.NewReader(bytes.NewReader(l.text[from:]))
	if err != nil {
		return unreadable()
	}
	defer r.Close()
	objects, err := io.ReadAll(io.LimitReader(r, c.unfolded+1))
	if int64(len(objects)) > c.unfolded {
		return fault.New(fault.AttachmentTooLarge)
	}
	if err != nil {
		return unreadable()
	}
	c.unfolded -= int64(len(objects))
	return c.look(objects, false)
}

func unreadable() error { return fault.New(fault.PhotoUnreadable) }

func active() error {
	return fault.New(fault.AttachmentUnsupported).Say("PDF不能加密，也不能含有脚本、嵌入文件或自动动作，请重新导出后上传。",
		"A PDF must not be encrypted, and have no scripts, embedded files or actions. Export it anew.")
}
