package edge

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"citygraph/internal/fault"
	"citygraph/internal/lang"
	"citygraph/internal/requestid"
)

// Present is the one way an error reaches a client: a stable code, a safe sentence in the language
// of ctx and, where they help, the field at fault and the seconds to wait. An error that is no
// *fault.Fault becomes INTERNAL; its cause goes to the log of ctx with the request id, never out.
func Present(ctx context.Context, err error) *gqlerror.Error {
	out := &gqlerror.Error{}
	var wrapped *gqlerror.Error
	if errors.As(err, &wrapped) {
		out.Path, out.Locations = wrapped.Path, wrapped.Locations
	} else {
		out.Path = graphql.GetPath(ctx)
	}
	f := faceOf(ctx, err, out.Path)
	out.Message = f.Sentence(lang.From(ctx))
	out.Extensions = map[string]any{"code": string(f.Code)}
	if len(f.Field) > 0 {
		out.Extensions["field"] = f.Field
	}
	if f.RetryAfter > 0 {
		out.Extensions["retryAfter"] = seconds(f.RetryAfter)
	}
	if f.Code == fault.InternalError {
		out.Extensions["requestId"] = requestid.From(ctx)
		report(ctx, f)
	}
	return out
}

// faceOf finds the fault to show for err. Input that a scalar refuses to read fails below the field
// it was given to, and is the client's mistake whatever the scalar's own error says.
func faceOf(ctx context.Context, err error, path ast.Path) *fault.Fault {
	var f *fault.Fault
	known := errors.As(err, &f)
	field := argumentPath(ctx, path)
	switch {
	case known && len(f.Field) == 0 && f.Code == fault.BadUserInput && field != nil:
		return f.At(field...)
	case known:
		return f
	case field != nil:
		return fault.New(fault.BadUserInput).At(field...).Because(err)
	}
	return fault.Internal(err)
}

// argumentPath is the part of path that leads into the arguments of the field being resolved, nil
// when it does not.
func argumentPath(ctx context.Context, path ast.Path) []string {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || fc.Field.Field == nil || fc.Field.Definition == nil {
		return nil
	}
	depth := len(fc.Path())
	if len(path) <= depth {
		return nil
	}
	name, ok := path[depth].(ast.PathName)
	if !ok || fc.Field.Definition.Arguments.ForName(string(name)) == nil {
		return nil
	}
	var field []string
	for _, step := range path[depth:] {
		field = append(field, fmt.Sprint(step))
	}
	return field
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// report logs the private cause of an internal fault, unless the client has simply gone away.
func report(ctx context.Context, f *fault.Fault) {
	event := zerolog.Ctx(ctx).Error() //nolint:zerologlint // sent at the end
	if errors.Is(f, context.Canceled) && ctx.Err() != nil {
		event = zerolog.Ctx(ctx).Debug() //nolint:zerologlint // sent at the end
	}
	var p *panicked
	if errors.As(f, &p) {
		event = event.Bytes("stack", p.stack)
	}
	// The id is added here and not in enter: a logger that knows it is half a kilobyte for every stream.
	event.Str("requestId", requestid.From(ctx)).Err(f).Stringer("path", graphql.GetPath(ctx)).Msg("internal fault")
}

// panicked is a recovered panic with the stack it came from.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// recovered turns a panic into an internal fault. It is the executor's RecoverFunc.
func recovered(_ context.Context, value any) error {
	return fault.Internal(&panicked{value: value, stack: debug.Stack()})
}
