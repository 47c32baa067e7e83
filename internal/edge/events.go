package edge

import (
	"context"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
)

// events stand between the channel of a subscription's resolver and the executor. The executor waits for
// an event at the depth of its own calls, on a stack twice as large as the wait itself needs; so the flow
// waits for it here, and asks the executor once it has come. The type of the channel is the resolver's, so
// this goes by reflection.
type events struct {
	source, sink reflect.Value // not valid until the resolver has answered
}

// tap is the executor's resolver middleware. The first to answer is the root field.
func (e *events) tap(ctx context.Context, next graphql.Resolver) (any, error) {
	answer, err := next(ctx)
	source := reflect.ValueOf(answer)
	if e.source.IsValid() || err != nil || source.Kind() != reflect.Chan || source.IsNil() {
		return answer, err
	}
	e.source, e.sink = source, reflect.MakeChan(reflect.ChanOf(reflect.BothDir, source.Type().Elem()), 1)
	return e.sink.Convert(source.Type()).Interface(), nil
}

// wait passes the next event on when it comes, or the end. A resolver closes its channel when its context
// ends.
func (e *events) wait() {
	if !e.source.IsValid() {
		return
	}
	if event, ok := e.source.Recv(); ok {
		e.sink.Send(event)
	} else {
		e.sink.Close()
	}
}
