package edge

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// media is a kind of answer.
type media string

const (
	mediaJSON     media = "application/json"
	mediaResponse media = "application/graphql-response+json"
	mediaStream   media = "text/event-stream"
)

// status is the HTTP status of an answer to a well-formed request whose document or variables were
// refused: the older media type always says 200, the newer one tells.
func (m media) status() int {
	if m == mediaResponse {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// preference is one entry of an Accept or Accept-Encoding header.
type preference struct {
	value string
	q     float64
}

// preferences parses a header of weighted values. Entries it cannot read are left out.
func preferences(header []string) []preference {
	var prefs []preference
	for _, part := range strings.Split(strings.Join(header, ","), ",") {
		value, params, _ := strings.Cut(part, ";")
		p := preference{value: strings.ToLower(strings.TrimSpace(value)), q: 1}
		if p.value == "" {
			continue
		}
		for _, param := range strings.Split(params, ";") {
			name, weight, _ := strings.Cut(param, "=")
			if strings.EqualFold(strings.TrimSpace(name), "q") {
				q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
				if err != nil || q < 0 || q > 1 {
					q = 0
				}
				p.q = q
			}
		}
		prefs = append(prefs, p)
	}
	return prefs
}

// accepted picks the answer's media type: the heaviest entry, the first of equals. Wildcards and
// silence mean application/json; an event stream must be asked for by name.
func accepted(header []string) (media, bool) {
	prefs := preferences(header)
	if len(prefs) == 0 {
		return mediaJSON, true
	}
	var best media
	var weight float64
	for _, p := range prefs {
		m := media(p.value)
		switch m {
		case mediaJSON, mediaResponse, mediaStream:
		case "*/*", "application/*":
			m = mediaJSON
		default:
			continue
		}
		if p.q > weight {
			best, weight = m, p.q
		}
	}
	return best, weight > 0
}

// encodingFor picks the compression of an answer, "" for none. Brotli wins among equals.
func encodingFor(header []string) string {
	weights := map[string]float64{}
	for _, p := range preferences(header) {
		weights[p.value] = p.q
	}
	best, weight := "", 0.0
	for _, name := range []string{"br", "gzip"} {
		q, named := weights[name]
		if !named {
			q = weights["*"]
		}
		if q > weight {
			best, weight = name, q
		}
	}
	return best
}

// mediaType is the bare media type of a Content-Type header, "" when it cannot be read.
func mediaType(header string) string {
	t, _, err := mime.ParseMediaType(header)
	if err != nil {
		return ""
	}
	return t
}

func vary(header http.Header) {
	header.Set("Vary", "Accept, Accept-Encoding, Accept-Language, Authorization, Origin")
}
