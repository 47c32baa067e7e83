package observe

import (
	"io"
	"net/url"
)

// Redacted stands where a secret was.
const Redacted = "[redacted]"

// Redactor is a writer that removes credentials and personal numbers from log lines before they
// reach the next writer: values named like a secret, bearer tokens and JWTs, URL credentials,
// Chinese mobile numbers and resident id numbers. It is the last line of defence: code should not log
// them in the first place. A JSON line stays valid JSON.
type Redactor struct{ next io.Writer }

// NewRedactor returns a Redactor in front of next.
func NewRedactor(next io.Writer) *Redactor { return &Redactor{next: next} }

// Write redacts one line. It reports the length it was given, as callers of io.Writer expect.
func (r *Redactor) Write(line []byte) (int, error) {
	if _, err := r.next.Write(Redact(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}

// Redact returns the line without secrets, in one pass over its bytes.
func Redact(line []byte) []byte {
	out := make([]byte, 0, len(line)+len(Redacted))
	if len(line) > 0 && line[0] == '{' {
		return redactJSON(out, line)
	}
	return redactText(out, line)
}

// RedactURL returns the address without credentials, query and fragment. What does not parse as an
// address is hidden altogether.
func RedactURL(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Opaque != "" && u.Scheme != "file" {
		return Redacted
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// secretNames are endings of names whose value is hidden, in lower case without separators, so that
// "accessToken", "access_token" and "X-Access-Token" all match.
var secretNames = []string{
	"token", "secret", "password", "passwd", "authorization", "cookie", "apikey", "signingkey", "sessionkey",
	"privatekey", "jscode", "phone", "phonenumber", "mobile", "idnumber", "idcard", "nationalid", "openid", "unionid",
}

// isSecretName reports whether a value under the name is hidden. A bare "code" is an error code in a
// log field, but a one-time credential in a query string.
func isSecretName(name []byte, query bool) bool {
	var buffer [64]byte
	plain := buffer[:0]
	for _, c := range name[max(len(name)-len(buffer), 0):] { // the ending decides
		switch {
		case c >= 'A' && c <= 'Z':
			plain = append(plain, c+'a'-'A')
		case c != '-' && c != '_':
			plain = append(plain, c)
		}
	}
	if word := string(plain); query && (word == "code" || word == "key" || word == "signature") {
		return true
	}
	for _, ending := range secretNames {
		if len(plain) >= len(ending) && string(plain[len(plain)-len(ending):]) == ending {
			return true
		}
	}
	return false
}
