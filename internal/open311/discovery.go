package open311

import (
	"encoding/xml"
	"net/http"
)

// discovery tells clients where the endpoints are and what they speak.
type discovery struct {
	XMLName   xml.Name   `json:"-" xml:"discovery"`
	Changeset Time       `json:"changeset" xml:"changeset"`
	Contact   string     `json:"contact" xml:"contact"`
	KeyOf     string     `json:"key_service" xml:"key_service"`
	Endpoints []endpoint `json:"endpoints" xml:"endpoints>endpoint"`
}

type endpoint struct {
	Specification string   `json:"specification" xml:"specification"`
	URL           string   `json:"url" xml:"url"`
	Changeset     Time     `json:"changeset" xml:"changeset"`
	Type          string   `json:"type" xml:"type"`
	Formats       []string `json:"formats" xml:"formats>format"`
}

func (h *Handler) discovery(*http.Request) (any, error) {
	return discovery{
		Changeset: Time(changed), Contact: h.Contact,
		KeyOf: "An api_key is an access token of the citizen app or of a mini-program.",
		Endpoints: []endpoint{{
			Specification: "http://wiki.open311.org/GeoReport_v2", URL: h.Root, Changeset: Time(changed), Type: "production",
			Formats: []string{contentTypes[formatJSON], contentTypes[formatXML]},
		}},
	}, nil
}
