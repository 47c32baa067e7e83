package wiring

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent"
	"github.com/vektah/gqlparser/v2/ast"

	"citygraph/graph"
	"citygraph/graph/scalar"
	"citygraph/internal/citycase"
	"citygraph/internal/delivery"
	"citygraph/internal/edge"
	"citygraph/internal/idempotency"
	"citygraph/internal/notice"
	"citygraph/internal/observe"
	"citygraph/internal/place"
	"citygraph/internal/ratelimit"
	"citygraph/internal/reaction"
	"citygraph/internal/viewer"
)

// serve puts the graph over the domains, and the edge over the graph.
func (c *City) serve() error {
	o := c.options
	desk := &notice.Desk{
		DB: c.DB, Hub: c.hub, Admit: c.Accounts.Standing, Fail: edge.Fail,
		Deliver: func(ctx context.Context, notificationID string) error {
			return c.Queue.Enqueue(ctx, delivery.Args{NotificationID: notificationID})
		},
	}
	reaction.CityCases(c.bus, c.DB, desk)
	reaction.People(c.bus, c.DB)
	cases := &citycase.Cases{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Events: c.bus, Cache: c.cache,
		Places: &place.Finder{DB: c.DB, Cache: c.cache},
		Once:   idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: o.Clock},
	}
	o.Limits.AssumedSize = cmp.Or(o.Limits.AssumedSize, graph.DefaultPage)
	limiter, err := c.limiter(ratelimit.Requests())
	if err != nil {
		return err
	}
	c.Edge = edge.New(edge.Options{
		Schema:    graph.NewSchema(&graph.Resolver{DB: c.DB, Accounts: c.Accounts, Records: c.Records, Cases: cases, Desk: desk}),
		Documents: o.Documents, AnyDocument: o.Introspection, Introspection: o.Introspection, Suggestions: o.Introspection,
		Origins: o.Origins, Address: o.Address, Limits: o.Limits, Limiter: limiter,
		Authenticate: c.authenticate, Observe: c.observe,
		Log: o.Log, Clock: o.Clock,
	})
	return nil
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
		session.Watch = func(ctx context.Context) <-chan struct{} { return c.Accounts.Ended(ctx, id) }
	}
	return viewer.With(ctx, proof.Viewer), session, nil
}

func (c *City) observe(ctx context.Context, op edge.Operation) {
	outcome := "ok"
	if len(op.Codes) > 0 {
		outcome = op.Codes[0]
	}
	observe.SetOperation(ctx, op.Name, outcome)
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
