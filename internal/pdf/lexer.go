package pdf

import "bytes"

// token is a kind of what a PDF is written in, as far as the check tells them apart.
type token int

const (
	other  token = iota
	name         // lexer.name
	stream       // the keyword after a dictionary: the stream begins at lexer.at
	over         // of the text
	broken       // a string that never ends
)

// lexer reads a text from its beginning. Strings and comments say nothing.
type lexer struct {
	text []byte
	at   int
	name string
	read map[string]int // how often each of the names that are matched was read

	depth  int
	names  []string // of the dictionary that was read last, however deep they stand in it
	many   bool     // whether that has more names than are kept
	closed bool     // whether that ended just before
}

func (l *lexer) next() token {
	closed := l.closed
	l.closed = false
	for l.at < len(l.text) && white(l.text[l.at]) {
		l.at++
	}
	if l.at >= len(l.text) {
		return over
	}
	switch l.text[l.at] {
	case '%':
		l.closed = closed
		for l.at < len(l.text) && l.text[l.at] != '\n' && l.text[l.at] != '\r' {
			l.at++
		}
	case '(':
		return l.words()
	case '<':
		return l.angle()
	case '>':
		l.at++
		if l.at < len(l.text) && l.text[l.at] == '>' {
			l.at++
			l.depth = max(0, l.depth-1)
			l.closed = l.depth == 0
		}
	case '/':
		return l.word()
	case ')', '[', ']', '{', '}':
		l.at++
	default:
		from := l.at
		for l.at < len(l.text) && !white(l.text[l.at]) && !delimits(l.text[l.at]) {
			l.at++
		}
		switch keyword := string(l.text[from:min(l.at, from+16)]); {
		case keyword == "stream" && closed:
			return l.begin()
		case keyword == "obj", keyword == "endobj":
			l.depth = 0 // whatever was left open
		}
	}
	return other
}

// word reads a name.
func (l *lexer) word() token {
	l.name, l.at = nameAt(l.text, l.at)
	switch l.name {
	case "ObjStm", "First", "OpenAction":
		l.read[l.name]++
	}
	if l.depth > 0 {
		if len(l.names) < mostNames {
			l.names = append(l.names, l.name)
		} else {
			l.many = true
		}
	}
	return name
}

// words passes over a string.
func (l *lexer) words() token {
	for depth := 0; l.at < len(l.text); l.at++ {
		switch l.text[l.at] {
		case '\\':
			l.at++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				l.at++
				return other
			}
		}
	}
	return broken
}

// angle opens a dictionary, or passes over a string in hexadecimal.
func (l *lexer) angle() token {
	l.at++
	if l.at < len(l.text) && l.text[l.at] == '<' {
		l.at++
		if l.depth == 0 {
			l.names, l.many = l.names[:0], false
		}
		l.depth++
		return other
	}
	ends := bytes.IndexByte(l.text[l.at:], '>')
	if ends < 0 {
		return broken
	}
	l.at += ends + 1
	return other
}

// begin goes to the first byte of a stream.
func (l *lexer) begin() token {
	if l.at < len(l.text) && l.text[l.at] == '\r' {
		l.at++
	}
	if l.at < len(l.text) && l.text[l.at] == '\n' {
		l.at++
	}
	return stream
}

// skipStream passes over the bytes of a stream. Its length is not believed.
func (l *lexer) skipStream() bool {
	ends := bytes.Index(l.text[l.at:], []byte("endstream"))
	if ends < 0 {
		return false
	}
	l.at += ends + len("endstream")
	return true
}

// destination reports whether what follows is a place in the document: an array, a name or a string, and no action.
func (l *lexer) destination() bool {
	at := l.at
	for at < len(l.text) && white(l.text[at]) {
		at++
	}
	return at < len(l.text) && (l.text[at] == '[' || l.text[at] == '(' || l.text[at] == '/')
}

// nameAt is the name that begins with the slash at a place, with its escapes resolved, and where it ends.
func nameAt(text []byte, at int) (string, int) {
	var found []byte
	for at++; at < len(text) && !white(text[at]) && !delimits(text[at]); at++ {
		b := text[at]
		if b == '#' && at+2 < len(text) {
			if high, low := digit(text[at+1]), digit(text[at+2]); high >= 0 && low >= 0 {
				b = byte(high<<4 | low) //nolint:gosec // two hexadecimal digits
				at += 2
			}
		}
		if len(found) <= longestName {
			found = append(found, b)
		}
	}
	return string(found), at
}

func digit(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}

func white(b byte) bool {
	return b == ' ' || b == '\n' || b == '\r' || b == '\t' || b == '\f' || b == 0
}

func delimits(b byte) bool {
	switch b {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}
