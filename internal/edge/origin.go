package edge

import (
	"net/http"
	"net/url"
	"strings"
)

// origins decides which web pages may talk to the server.
//
// Sign-in is by bearer token only, so a foreign page has no ambient authority to borrow, and a POST
// must be application/json, which no page can send across origins without a preflight, or bring a header
// that forces one (see readForm). What is left is the plain GET. It runs queries only and the browser hides the answer, but it can still burn
// budget; and refusing every GET that lacks a preflight header would also refuse curl, CDNs,
// EventSource and the protocol audit. So a plain GET is refused exactly where it can be a forgery:
// when a browser says it is cross-site, or when it brings cookies. A header that forces a preflight
// lifts that, because the preflight was answered for allowed origins only.
type origins map[string]bool

func newOrigins(allowed []string) origins {
	o := make(origins, len(allowed))
	for _, origin := range allowed {
		o[strings.ToLower(strings.TrimSuffix(origin, "/"))] = true
	}
	return o
}

var preflightHeaders = []string{"X-Requested-With", "X-Client-Name", "Apollo-Require-Preflight"}

// admit reports whether the page behind the request may send it, and for an allowed foreign origin
// sets the headers that let the page read the answer.
func (o origins) admit(header http.Header, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return r.Method != http.MethodGet || !suspicious(r)
	}
	if sameHost(origin, r.Host) {
		return true
	}
	if !o[strings.ToLower(origin)] {
		return false
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After, ETag")
	return true
}

// suspicious reports whether a GET without Origin may have been caused by a foreign page.
func suspicious(r *http.Request) bool {
	if preflighted(r) {
		return false
	}
	if mediaType(r.Header.Get("Content-Type")) == "application/json" {
		return false
	}
	return r.Header.Get("Sec-Fetch-Site") == "cross-site" || r.Header.Get("Cookie") != ""
}

// preflight answers the browser's question for an origin that admit has already allowed.
func preflight(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	header.Set("Access-Control-Allow-Headers",
		"Authorization, Content-Type, X-Request-Id, X-Device-Id, "+strings.Join(preflightHeaders, ", "))
	header.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}

// sameHost reports whether the origin's host is the one the request was sent to. The scheme is not
// compared: behind a proxy that ends TLS the server does not know its own.
func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	return strings.EqualFold(withoutDefaultPort(u.Host), withoutDefaultPort(host))
}

func withoutDefaultPort(host string) string {
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
}
