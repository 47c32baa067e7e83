package wiring

import (
	"context"

	"citygraph/internal/edge"
	"citygraph/internal/fault"
	"citygraph/internal/ratelimit"
)

// limiter holds to a rule, shared with the other replicas where there is a Redis.
func (c *City) limiter(rule ratelimit.Rule) (edge.Limiter, error) {
	if c.options.Unlimited {
		return nil, nil //nolint:nilnil // no limiter is no limit
	}
	return ratelimit.New(c.redis, c.options.Clock, rule)
}

// limitByAddress holds callers of a verb to a limit by their network address.
func limitByAddress(l edge.Limiter) func(context.Context) error {
	return func(ctx context.Context) error {
		address := edge.AddressFrom(ctx)
		if l == nil || address == "" {
			return nil
		}
		if wait, ok := l.Take(ctx, []string{address}, 1); !ok {
			return fault.New(fault.RateLimited).After(wait)
		}
		return nil
	}
}
