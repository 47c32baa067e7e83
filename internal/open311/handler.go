package open311

import (
	"context"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/lang"
)

// Options say what a handler serves.
type Options struct {
	Office       Office
	Jurisdiction string // the id of the city, such as hangzhou.gov.cn
	Root         string // the public address of the endpoint, for discovery
	Contact      string
	// Authenticate turns an api_key, which is an access token, into the context its holder asks in.
	Authenticate func(ctx context.Context, key string) (context.Context, error)
	// Limit holds a caller to a rate: RATE_LIMITED. May be nil.
	Limit func(r *http.Request) error
	Clock clock.Clock
	Log   zerolog.Logger
}

// Handler serves GeoReport v2.
type Handler struct {
	Options
	router chi.Router
}

// bodyLimit is the most a report may have, in bytes; a description is 2,000 characters.
const bodyLimit = 64 << 10

// New returns the handler of everything below the endpoint's root.
func New(o Options) *Handler {
	h := &Handler{Options: o, router: chi.NewRouter()}
	h.router.Get("/discovery.{format}", h.serve(h.discovery))
	h.router.Get("/services.{format}", h.serve(h.services))
	h.router.Get("/services/{code}.{format}", h.serve(h.definition))
	h.router.Get("/requests.{format}", h.serve(h.requests))
	h.router.Post("/requests.{format}", h.serve(h.open))
	h.router.Get("/requests/{id}.{format}", h.serve(h.request))
	h.router.Get("/tokens/{id}.{format}", h.serve(h.token))
	h.router.NotFound(h.serve(func(*http.Request) (any, error) { return nil, fault.New(fault.NotFound) }))
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.router.ServeHTTP(w, r) }

// serve does what all resources share: format, language, rate, jurisdiction and key.
func (h *Handler) serve(resource func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f := format(chi.URLParam(r, "format"))
		if contentTypes[f] == "" {
			h.refuse(w, r, formatJSON, fault.New(fault.NotFound))
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
		accept := r.Header.Get("Accept-Language")
		if len(accept) > 256 {
			accept = "" // too long to be honest
		}
		r = r.WithContext(lang.With(r.Context(), lang.Negotiate(accept)))
		ctx, err := h.enter(r)
		if err != nil {
			h.refuse(w, r, f, err)
			return
		}
		body, err := resource(r.WithContext(ctx))
		if err != nil {
			h.refuse(w, r, f, err)
			return
		}
		status := http.StatusOK
		if r.Method == http.MethodPost {
			status = http.StatusCreated
		}
		h.answer(w, f, status, body)
	}
}

// enter returns the context the caller asks in.
func (h *Handler) enter(r *http.Request) (context.Context, error) {
	if h.Limit != nil {
		if err := h.Limit(r); err != nil {
			return nil, err
		}
	}
	if err := readForm(r); err != nil {
		return nil, err
	}
	if id := r.Form.Get("jurisdiction_id"); id != "" && id != h.Jurisdiction {
		return nil, fault.New(fault.NotFound).At("jurisdiction_id")
	}
	return h.Authenticate(r.Context(), keyOf(r))
}

func (h *Handler) services(r *http.Request) (any, error) {
	found, err := h.Office.Services(r.Context())
	return list{"services", orEmpty(found)}, err
}

func (h *Handler) definition(r *http.Request) (any, error) {
	return h.Office.Definition(r.Context(), chi.URLParam(r, "code"))
}

func (h *Handler) request(r *http.Request) (any, error) {
	found, err := h.Office.Request(r.Context(), chi.URLParam(r, "id"))
	return list{"service_requests", []Request{found}}, err
}

func (h *Handler) token(r *http.Request) (any, error) {
	found, err := h.Office.Request(r.Context(), chi.URLParam(r, "id"))
	return list{"service_requests", []Token{{RequestID: found.ID, Token: found.ID}}}, err
}

func (h *Handler) requests(r *http.Request) (any, error) {
	f, err := filterOf(r.Form, h.Clock.Now())
	if err != nil {
		return nil, err
	}
	found, err := h.Office.Requests(r.Context(), f)
	return list{"service_requests", orEmpty(found)}, err
}

func (h *Handler) open(r *http.Request) (any, error) {
	report, err := reportOf(r)
	if err != nil {
		return nil, err
	}
	receipt, err := h.Office.Open(r.Context(), report)
	return list{"service_requests", []Receipt{receipt}}, err
}

// orEmpty makes [] of nothing, where nil would be null.
func orEmpty[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// changed is when this description of the endpoint was last changed.
var changed = time.Date(2026, 11, 27, 0, 0, 0, 0, clock.Shanghai)
