// Package open311 speaks Open311 GeoReport v2, in JSON and XML, so that any Open311 client and the city's
// other systems can read and file cases. It knows the protocol and nothing of cases: an Office answers.
// Source: GeoReport v2, wiki.open311.org/GeoReport_v2.
package open311

import (
	"context"
	"encoding/xml"
	"time"

	"github.com/google/uuid"
)

// Office answers for the city. Its faults become the protocol's errors.
type Office interface {
	// Services lists what can be reported, in the caller's language.
	Services(ctx context.Context) ([]Service, error)
	// Definition tells what a report of a service must say; NOT_FOUND for an unknown code.
	Definition(ctx context.Context, serviceCode string) (Definition, error)
	// Open files a report; anyone signed in may. It takes effect once for a key.
	Open(ctx context.Context, r Report) (Receipt, error)
	// Request tells of one request; NOT_FOUND for an unknown one.
	Request(ctx context.Context, requestID string) (Request, error)
	// Requests lists requests, newest first, at most a page.
	Requests(ctx context.Context, f Filter) ([]Request, error)
}

// Service is one thing that can be reported.
type Service struct {
	XMLName     xml.Name `json:"-" xml:"service"`
	Code        string   `json:"service_code" xml:"service_code"`
	Name        string   `json:"service_name" xml:"service_name"`
	Description string   `json:"description" xml:"description"`
	Metadata    bool     `json:"metadata" xml:"metadata"` // whether there is a Definition with attributes
	Type        Type     `json:"type" xml:"type"`
	Keywords    string   `json:"keywords" xml:"keywords"`
	Group       string   `json:"group" xml:"group"`
}

// Type is when a report gets its number.
type Type string

// Realtime reports get it at once.
const Realtime Type = "realtime"

// Definition is what a report of a service must say.
type Definition struct {
	XMLName    xml.Name    `json:"-" xml:"service_definition"`
	Code       string      `json:"service_code" xml:"service_code"`
	Attributes []Attribute `json:"attributes" xml:"attributes>attribute"`
}

// Attribute is one thing to be said.
type Attribute struct {
	Variable            bool    `json:"variable" xml:"variable"` // whether the reporter fills it in
	Code                string  `json:"code" xml:"code"`
	Datatype            string  `json:"datatype" xml:"datatype"` // string, number, datetime, text, singlevaluelist or multivaluelist
	Required            bool    `json:"required" xml:"required"`
	DatatypeDescription string  `json:"datatype_description" xml:"datatype_description"`
	Order               int     `json:"order" xml:"order"`
	Description         string  `json:"description" xml:"description"`
	Values              []Value `json:"values,omitempty" xml:"values>value,omitempty"`
}

// Value is one choice of a list.
type Value struct {
	Key  string `json:"key" xml:"key"`
	Name string `json:"name" xml:"name"`
}

// Report is what a client files.
type Report struct {
	Key         uuid.UUID // makes it take effect once
	ServiceCode string
	Lat, Long   float64 // WGS-84, degrees
	Address     string
	Description string
	Attributes  map[string][]string // values by attribute code
}

// Receipt is the answer to a report.
type Receipt struct {
	XMLName   xml.Name `json:"-" xml:"request"`
	RequestID string   `json:"service_request_id" xml:"service_request_id"`
	Notice    string   `json:"service_notice" xml:"service_notice"`
	AccountID *string  `json:"account_id" xml:"account_id"`
}

// Token is the answer to a look-up of a request by its token, which is its id: every service is realtime.
type Token struct {
	XMLName   xml.Name `json:"-" xml:"request"`
	RequestID string   `json:"service_request_id" xml:"service_request_id"`
	Token     string   `json:"token" xml:"token"`
}

// Status is how the public sees a request.
type Status string

// The statuses.
const (
	StatusOpen   Status = "open"
	StatusClosed Status = "closed"
)

// Request is a report as the public sees it.
type Request struct {
	XMLName     xml.Name `json:"-" xml:"request"`
	ID          string   `json:"service_request_id" xml:"service_request_id"`
	Status      Status   `json:"status" xml:"status"`
	StatusNotes string   `json:"status_notes" xml:"status_notes"`
	ServiceName string   `json:"service_name" xml:"service_name"`
	ServiceCode string   `json:"service_code" xml:"service_code"`
	Description string   `json:"description" xml:"description"`
	Agency      string   `json:"agency_responsible" xml:"agency_responsible"`
	Notice      string   `json:"service_notice" xml:"service_notice"`
	Requested   Time     `json:"requested_datetime" xml:"requested_datetime"`
	Updated     Time     `json:"updated_datetime" xml:"updated_datetime"`
	Expected    *Time    `json:"expected_datetime" xml:"expected_datetime"`
	Address     string   `json:"address" xml:"address"`
	AddressID   string   `json:"address_id" xml:"address_id"`
	Zipcode     string   `json:"zipcode" xml:"zipcode"`
	Lat         float64  `json:"lat" xml:"lat"`
	Long        float64  `json:"long" xml:"long"`
	MediaURL    string   `json:"media_url" xml:"media_url"`
}

// Filter narrows a list of requests; empty parts do not.
type Filter struct {
	IDs, ServiceCodes []string
	Status            []Status
	From, To          time.Time
	Offset, Limit     int
}
