package paycode

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"
)

// WellKnown is where the published keys are (RFC 8615).
const WellKnown = "/.well-known/jwks.json"

// Published serves the public halves of the ring's keys, as a JWK set. Anyone may read it. A gate asks again within
// the hour: so long a new key is published before it signs.
func (r *Ring) Published() (http.Handler, error) {
	set, err := r.KeySet()
	if err != nil {
		return nil, err
	}
	tag := fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(set))[:16])
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/jwk-set+json")
		h.Set("Cache-Control", "public, max-age=3600")
		h.Set("ETag", tag)
		h.Set("Access-Control-Allow-Origin", "*") // a gate may be a page in a browser
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(set))
	}), nil
}
