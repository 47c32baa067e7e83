// Package event carries what happened in one domain to the others, inside the transaction of its
// cause: domains do not know each other, and an effect that fails undoes its cause.
package event

import (
	"context"
	"reflect"
)

// Bus hands events to the handlers registered for their type. Register everything before the first
// Emit; after that a Bus is safe for concurrent use.
type Bus struct {
	handlers map[reflect.Type][]func(context.Context, any) error
}

// New returns a bus nobody listens to yet.
func New() *Bus { return &Bus{handlers: map[reflect.Type][]func(context.Context, any) error{}} }

// On registers a handler for events of type E.
func On[E any](b *Bus, handle func(context.Context, E) error) {
	t := reflect.TypeFor[E]()
	b.handlers[t] = append(b.handlers[t], func(ctx context.Context, e any) error {
		return handle(ctx, e.(E)) //nolint:forcetypeassert // the map is keyed by the type
	})
}

// Emit hands e to its handlers in the order of their registration, in the caller's transaction. The
// first error stops it, and is the caller's to return so that the transaction rolls back.
func (b *Bus) Emit(ctx context.Context, e any) error {
	for _, handle := range b.handlers[reflect.TypeOf(e)] {
		if err := handle(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
