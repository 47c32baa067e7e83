package blobstore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"

	"citygraph/internal/clock"
)

// Root is the path under which a city serves files, and Inbox the one under which it takes them.
const (
	Root  = "/files/"
	Inbox = "/uploads/"
)

// Links makes and checks addresses of files: whoever has one may read the file, or send it, until it
// expires. Any replica with the same key takes them.
type Links struct {
	Key   []byte // 32 bytes or more
	Base  string // scheme and host of the city as clients see it; empty makes links relative to it
	Clock clock.Clock
}

// To is the link to a file by its path below Root, good until the instant, to the second.
func (l Links) To(path string, until time.Time) string { return l.make(Root+path, path, until) }

// Into is the address to send a file to by its path below Inbox, good until the instant, to the second.
func (l Links) Into(path string, until time.Time) string {
	return l.make(Inbox+path, inward(path), until)
}

// inward is what is signed of an address to send to: a link to read a file is never one.
func inward(path string) string { return "into\x00" + path }

func (l Links) make(path, signed string, until time.Time) string {
	expires := strconv.FormatInt(until.Unix(), 10)
	query := url.Values{"expires": {expires}, "signature": {l.sign(signed, expires)}}
	return l.Base + (&url.URL{Path: path, RawQuery: query.Encode()}).String()
}

// standing is what a link is worth.
type standing int

const (
	forged standing = iota
	expired
	good
)

// check tells what a request for what was signed is worth. An address nobody has signed is forged, whatever it says.
func (l Links) check(signed string, query url.Values) standing {
	expires := query.Get("expires")
	if !hmac.Equal([]byte(query.Get("signature")), []byte(l.sign(signed, expires))) {
		return forged
	}
	until, err := strconv.ParseInt(expires, 10, 64)
	switch {
	case err != nil:
		return forged
	case !l.Clock.Now().Before(time.Unix(until, 0)):
		return expired
	}
	return good
}

// left is for how many seconds more an address that is good stays so.
func (l Links) left(query url.Values) int {
	until, err := strconv.ParseInt(query.Get("expires"), 10, 64)
	if err != nil {
		return 0
	}
	return int(until - l.Clock.Now().Unix())
}

func (l Links) sign(what, expires string) string {
	mac := hmac.New(sha256.New, l.Key)
	mac.Write([]byte(what + "\x00" + expires))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
