package observe

import (
	"bytes"
	"strings"
)

// redactJSON copies a JSON line, hiding the values of secret names and scrubbing every other string.
func redactJSON(out, line []byte) []byte {
	for at := 0; at < len(line); {
		switch c := line[at]; {
		case c == '"':
			end := stringEnd(line, at)
			text := line[at:end]
			value := skip(line, end, " :")
			isName := bytes.IndexByte(line[end:value], ':') >= 0
			if isName && isSecretName(bytes.Trim(text, `"`), false) {
				out = append(append(out, text...), `:"`+Redacted+`"`...)
				at = valueEnd(line, value)
				continue
			}
			out = redactText(out, text)
			at = end
		case isDigit(c):
			end := at
			for end < len(line) && isWord(line[end]) {
				end++
			}
			if personalNumber(line[at:end]) > 0 {
				out = append(out, '0') // a bare number stays a number
			} else {
				out = append(out, line[at:end]...)
			}
			at = end
		default:
			out = append(out, c)
			at++
		}
	}
	return out
}

// stringEnd returns the index after the JSON string that opens at from.
func stringEnd(line []byte, from int) int {
	for i := from + 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(line)
}

// valueEnd returns the index after the JSON value that begins at from, nested ones included.
func valueEnd(line []byte, from int) int {
	depth := 0
	for i := from; i < len(line); i++ {
		switch line[i] {
		case '"':
			i = stringEnd(line, i) - 1
		case '{', '[':
			depth++
		case '}', ']', ',', '\n':
			if depth == 0 {
				return i
			}
			if line[i] == '}' || line[i] == ']' {
				depth--
			}
		}
	}
	return len(line)
}

// redactText copies text that is not JSON, or the inside of a JSON string with its escapes.
func redactText(out, text []byte) []byte {
	for at := 0; at < len(text); {
		c := text[at]
		switch {
		case c == '\\':
			end := at + 2
			if at+1 < len(text) && text[at+1] == 'u' {
				end = at + 6
			}
			end = min(end, len(text))
			out, at = append(out, text[at:end]...), end
		case bytes.HasPrefix(text[at:], []byte("://")):
			out, at = append(out, "://"...), at+3
			if end := userinfoEnd(text, at); end > at {
				out, at = append(out, Redacted...), end
			}
		case isWord(c):
			kept, hiddenTo := inspect(text, at)
			out = append(out, text[at:kept]...)
			if hiddenTo > kept {
				out = append(out, Redacted...)
			}
			at = hiddenTo
		default:
			out, at = append(out, c), at+1
		}
	}
	return out
}

// inspect looks at the word that begins at from: text up to kept may be shown, and what follows up to
// hiddenTo may not.
func inspect(text []byte, from int) (kept, hiddenTo int) {
	end := from
	for end < len(text) && isWord(text[end]) {
		end++
	}
	word := text[from:end]
	if credential := skip(text, end, " "); credential > end && isScheme(word) {
		return credential, tokenEnd(text, credential)
	}
	value := skip(text, end, `\": =`)
	separators := text[end:value]
	if query := bytes.IndexByte(separators, '=') >= 0; (query || bytes.IndexByte(separators, ':') >= 0) && isSecretName(word, query) {
		stop := tokenEnd(text, value)
		if next := skip(text, stop, " "); next > stop && isScheme(text[value:stop]) {
			stop = tokenEnd(text, next)
		}
		return value, stop
	}
	if n := personalNumber(text[from:]); n > 0 {
		return from, from + n
	}
	if bytes.HasPrefix(word, []byte("eyJ")) && len(word) >= 16 { // base64 of {" begins every JWT
		return from, tokenEnd(text, from)
	}
	return end, end
}

func isScheme(word []byte) bool {
	return bytes.EqualFold(word, []byte("bearer")) || bytes.EqualFold(word, []byte("basic"))
}

// tokenEnd returns where a credential that begins at from ends.
func tokenEnd(text []byte, from int) int {
	if i := bytes.IndexAny(text[from:], "\"\\&;, \t\r\n{}[]()<>"); i >= 0 {
		return from + i
	}
	return len(text)
}

// userinfoEnd returns the index of the @ that ends the credentials of an address, or from when it has none.
func userinfoEnd(text []byte, from int) int {
	authority := text[from:]
	if i := bytes.IndexAny(authority, "/?# \"\\"); i >= 0 {
		authority = authority[:i]
	}
	return from + max(bytes.LastIndexByte(authority, '@'), 0)
}

// personalNumber returns the length of the mobile or resident id number that begins the text, 0 if none.
// Spaces and hyphens between the groups of a mobile number are part of it.
func personalNumber(text []byte) int {
	digits := 0
	for digits < len(text) && isDigit(text[digits]) {
		digits++
	}
	ends := digits == len(text) || !isWord(text[digits])
	switch {
	case digits == 18 && ends, digits == 15 && ends && isBirthDate(text[6:12]):
		return digits
	case digits == 17 && len(text) > 17 && (text[17] == 'X' || text[17] == 'x') && (len(text) == 18 || !isWord(text[18])):
		return 18
	case digits == 11 && ends && isMobile(text):
		return 11
	case digits == 13 && ends && text[0] == '8' && text[1] == '6' && isMobile(text[2:]):
		return 13
	case digits == 3 && isMobile(text) && len(text) >= 13 && grouped(text[:13]) && (len(text) == 13 || !isWord(text[13])):
		return 13
	}
	return 0
}

func isMobile(digits []byte) bool { return digits[0] == '1' && digits[1] >= '3' }

// isBirthDate reports whether six digits can be a date of birth, as old resident numbers hold one.
func isBirthDate(digits []byte) bool {
	month, day := string(digits[2:4]), string(digits[4:6])
	return month >= "01" && month <= "12" && day >= "01" && day <= "31"
}

// grouped reports the form 138-1234-5678 or 138 1234 5678.
func grouped(text []byte) bool {
	for i, c := range text {
		if separator := i == 3 || i == 8; separator != (c == '-' || c == ' ') || !separator && !isDigit(c) {
			return false
		}
	}
	return true
}

func skip(text []byte, from int, set string) int {
	for from < len(text) && strings.IndexByte(set, text[from]) >= 0 {
		from++
	}
	return from
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-'
}
