// Package edgetest is a small generated schema with lists, a @oneOf input, subscriptions, failures
// and panics, for tests of the edge against the real executor.
package edgetest

//go:generate go run github.com/99designs/gqlgen generate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/internal/edge"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Secret stands in the private cause of every failure. It must never reach a client.
const Secret = "pq: password=hunter2"

// City resolves the schema and counts what it was asked.
type City struct {
	calls atomic.Int64 // resolvers entered
	open  atomic.Int64 // subscription producers running
}

// Schema returns the executable schema over the city.
func (c *City) Schema() graphql.ExecutableSchema {
	return NewExecutableSchema(Config{Resolvers: root{c}})
}

// Calls tells how many resolvers have been entered.
func (c *City) Calls() int64 { return c.calls.Load() }

// Open tells how many subscription producers are running.
func (c *City) Open() int64 { return c.open.Load() }

type root struct{ *City }

func (r root) Query() QueryResolver               { r.calls.Add(1); return query(r) }
func (r root) Mutation() MutationResolver         { r.calls.Add(1); return mutation(r) }
func (r root) Subscription() SubscriptionResolver { r.calls.Add(1); return subscription(r) }
func (r root) Spot() SpotResolver                 { r.calls.Add(1); return spot(r) }

type (
	query        root
	mutation     root
	subscription root
	spot         root
)

func page(first *int32) *SpotConnection {
	n := 2
	if first != nil {
		n = min(n, int(*first))
	}
	c := &SpotConnection{}
	for i := range n {
		c.Edges = append(c.Edges, &SpotEdge{Node: &Spot{
			ID: fmt.Sprint("spot_", i), Name: "西湖", Grade: GradeAaa, Tags: []string{"lake"},
		}})
	}
	return c
}

func (query) Spots(_ context.Context, first, _ *int32) (*SpotConnection, error) {
	return page(first), nil
}

func (query) Spot(_ context.Context, id string) (*Spot, error) {
	if id != "spot_0" {
		return nil, fault.New(fault.NotFound)
	}
	return page(nil).Edges[0].Node, nil
}

func (query) Find(context.Context, FindInput) (string, error)   { return "found", nil }
func (query) Place(context.Context, PlaceInput) (string, error) { return "placed", nil }

func (query) Echo(_ context.Context, i *int32, f *float64, ids []string, fen *int64) (string, error) {
	return fmt.Sprint(i != nil, f != nil, len(ids), fen != nil), nil
}

func (query) Whoami(ctx context.Context) (string, error) {
	return viewer.From(ctx).PersonID, nil
}

func (query) Long(_ context.Context, bytes int32) (string, error) {
	return strings.Repeat("长", int(bytes)/3), nil
}

func (query) Panics(context.Context) (*string, error)  { panic(Secret) }
func (query) Fails(context.Context) (string, error)    { return "", errors.New(Secret) }
func (query) Missing(context.Context) (*string, error) { return nil, fault.New(fault.NotFound) }

// Help answers.
func (mutation) Help(context.Context) (string, error) { return "coming", nil }

// Rename echoes.
func (mutation) Rename(_ context.Context, name string) (string, error) { return name, nil }

func (spot) Near(_ context.Context, _ *Spot, first, _ *int32) (*SpotConnection, error) {
	return page(first), nil
}

func (spot) Story(_ context.Context, s *Spot) (string, error) { return "story of " + s.ID, nil }

// produce runs send until it returns or the subscriber has gone, then closes its channel.
func produce[T any](ctx context.Context, c *City, send func(emit func(T) bool)) <-chan T {
	ch := make(chan T)
	c.open.Add(1)
	go func() {
		defer c.open.Add(-1)
		defer close(ch)
		send(func(v T) bool {
			select {
			case ch <- v:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	return ch
}

func (s subscription) Count(ctx context.Context, to int32) (<-chan int32, error) {
	return produce(ctx, s.City, func(emit func(int32) bool) {
		for i := int32(1); i <= to && emit(i); i++ {
		}
	}), nil
}

func (s subscription) Idle(ctx context.Context) (<-chan int32, error) {
	return produce(ctx, s.City, func(func(int32) bool) { <-ctx.Done() }), nil
}

func (s subscription) Breaks(ctx context.Context) (<-chan int32, error) {
	return produce(ctx, s.City, func(emit func(int32) bool) {
		emit(1)
		edge.Fail(ctx, errors.New(Secret))
	}), nil
}

func (subscription) Refuses(context.Context) (<-chan int32, error) {
	return nil, fault.New(fault.Forbidden).Because(errors.New(Secret))
}

func (s subscription) Flood(ctx context.Context, bytes int32) (<-chan string, error) {
	text := strings.Repeat("x", int(bytes))
	return produce(ctx, s.City, func(emit func(string) bool) {
		for emit(text) {
		}
	}), nil
}
