package wiring

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"entgo.io/ent"
	"github.com/vektah/gqlparser/v2/ast"

	"citygraph/graph"
	"citygraph/graph/scalar"
	"citygraph/internal/charge"
	"citygraph/internal/citycase"
	"citygraph/internal/citycase/georeport"
	"citygraph/internal/consent"
	"citygraph/internal/consent/terms"
	"citygraph/internal/edge"
	"citygraph/internal/entitlement"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/observe"
	"citygraph/internal/open311"
	"citygraph/internal/paycode"
	"citygraph/internal/place"
	"citygraph/internal/ratelimit"
	"citygraph/internal/reaction"
	"citygraph/internal/transit"
	"citygraph/internal/viewer"
)

// serve puts the graph over the domains, and the edge over the graph.
func (c *City) serve() error {
	o := c.options
	reaction.People(c.bus, c.DB)
	once := idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: o.Clock}
	c.Cases = &citycase.Cases{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Events: c.bus, Cache: c.cache,
		Hub: c.hub, Admit: c.Accounts.Standing, Fail: edge.Fail,
		Places: &place.Finder{DB: c.DB, Cache: c.cache},
		Once:   once, For: c.register.For, ActsFor: c.register.ActsFor,
	}
	entitlements := &entitlement.Entitlements{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Once: once, Records: c.Records, For: c.register.For,
	}
	reaction.Entitlements(c.bus, c.DB)
	texts, err := terms.Load()
	if err != nil {
		return err
	}
	c.consents = &consent.Consents{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Once: once, Records: c.Records, Texts: texts, Guards: c.register.Guards,
	}
	c.keepRecords()
	o.Limits.AssumedSize = cmp.Or(o.Limits.AssumedSize, graph.DefaultPage)
	limiter, err := c.limiter(ratelimit.Requests())
	if err != nil {
		return err
	}
	c.Open311 = open311.New(open311.Options{
		Office: georeport.Office{Cases: c.Cases, PhotoURL: c.Photos.URL}, Jurisdiction: "hangzhou.gov.cn", Root: o.Base + Open311Root, Contact: "12345",
		Authenticate: func(ctx context.Context, key string) (context.Context, error) {
			ctx, _, err := c.authenticate(ctx, key)
			return ctx, err
		},
		Limit: limitRequests(limiter, o.Address), Clock: o.Clock, Log: o.Log,
	})
	if c.KeySet, err = o.PayCodes.Published(); err != nil {
		return err
	}
	c.Rides = &transit.Uploads{Office: c.Transit, Operators: o.TransitOperators, Limit: limitRequests(limiter, o.Address), Log: o.Log}
	till := &charge.Till{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Events: c.bus, Once: once, Book: c.Book, Ring: o.PayCodes, Low: o.LowBalance,
		Lender: c.Credit.Lender, HoldLife: cmp.Or(o.HoldLife, 7*24*time.Hour),
	}
	c.Edge = edge.New(edge.Options{
		Schema: graph.NewSchema(&graph.Resolver{
			DB: c.DB, Accounts: c.Accounts, Records: c.Records, Register: c.register, Cases: c.Cases, Desk: c.desk, Exports: c.Exports,
			Photos: c.Photos, TopUps: c.TopUps, Credit: c.Credit, Day: c.Day, Rosters: c.Rosters, Board: c.Board, Attachments: c.Attachments, Bureau: c.Bureau, Talk: c.Talk,
			Attendances: c.Attendance, Leaves: c.Leave, Planner: c.Planner,
			Insurance:    c.insurance,
			Bills:        c.ClinicBills,
			Issuer:       &paycode.Issuer{DB: c.DB, Clock: o.Clock, Ring: o.PayCodes, For: c.register.For},
			Cards:        c.cards,
			Till:         till,
			Transit:      c.Transit,
			Archive:      c.archive,
			Care:         c.Care,
			Entitlements: entitlements, Consents: c.consents, Alerts: c.Alerts, Grants: c.Grants,
			Booking: c.Booking,
		}),
		Documents: o.Documents, AnyDocument: o.Introspection, Introspection: o.Introspection, Suggestions: o.Introspection,
		Origins: o.Origins, Address: o.Address, Limits: o.Limits, Limiter: limiter,
		Authenticate: c.authenticate, Observe: c.observe,
		Log: o.Log, Clock: o.Clock,
	})
	return nil
}

// Open311Root is where Open311 is served.
const Open311Root = "/open311/v2"

// open311Cost is what a request of Open311 draws on its address's budget; a page of fifty cases costs a
// client of the graph about as much.
const open311Cost = 500

// limitRequests holds callers to the limit of requests by their network address.
func limitRequests(l edge.Limiter, address func(*http.Request) string) func(*http.Request) error {
	return func(r *http.Request) error {
		if l == nil || address == nil {
			return nil
		}
		if wait, ok := l.Take(r.Context(), []string{"address:" + address(r)}, open311Cost); !ok {
			return fault.New(fault.RateLimited).After(wait)
		}
		return nil
	}
}

// authenticate makes the viewer of a request from its bearer token.
func (c *City) authenticate(ctx context.Context, bearer string) (context.Context, *edge.Session, error) {
	ctx = scalar.WithCursorKey(ctx, c.options.CursorKey)
	if bearer == "" {
		return ctx, nil, nil
	}
	proof, err := c.Accounts.Authenticate(ctx, bearer)
	if err != nil {
		return ctx, nil, err
	}
	session := &edge.Session{Key: proof.Viewer.PersonID, ExpiresAt: proof.ExpiresAt}
	if id := proof.Viewer.SessionID; id != "" {
		session.Watch = func(ctx context.Context, ended func()) { c.Accounts.Ended(ctx, id, ended) }
	} else {
		session.Watch = func(ctx context.Context, ended func()) { c.Accounts.Gone(ctx, proof.Viewer.PersonID, ended) }
	}
	return viewer.With(ctx, proof.Viewer), session, nil
}

func (c *City) observe(ctx context.Context, op edge.Operation) {
	outcome := "ok"
	if len(op.Codes) > 0 {
		outcome = op.Codes[0]
	}
	if op.Transport == "http" { // the access log has told of a stream when it opened
		observe.SetOperation(ctx, op.Name, outcome)
	}
	traceOperation(ctx, op, outcome)
	if m := c.options.Metrics; m != nil && op.Kind != ast.Subscription {
		m.Operation(op.Name, outcome, op.Duration)
	}
}

// Unruled fails when a type has no row rule: what no rule guards must not be served.
func Unruled(policies map[string]ent.Policy) error {
	var bare []string
	for name, policy := range policies {
		if policy == nil {
			bare = append(bare, name)
		}
	}
	if len(bare) == 0 {
		return nil
	}
	slices.Sort(bare)
	return fmt.Errorf("types without a row rule in ent/rule: %s", strings.Join(bare, ", "))
}
