package edge

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"citygraph/internal/memo"
)

// run is one admitted operation on its way through the executor.
type run struct {
	handler   *Handler
	op        *operation
	opCtx     *graphql.OperationContext
	cost      int
	transport string
	started   time.Time
	codes     []string
}

// admit makes an operation ready to run for a caller: variables fit, the price is within the limit
// and paid. Nothing has been resolved yet.
func (h *Handler) admit(ctx context.Context, q *request, op *operation, who caller, transport string) (*run, *refusal) {
	if f := checkVariables(h.Schema.Schema(), op.ast, q.variables, h.Limits); f != nil {
		return nil, unfit(f)
	}
	cost, f := op.price.of(q.variables, h.Limits)
	if f != nil {
		return nil, unfit(f)
	}
	if !op.always || who.session == nil {
		if refusal := h.charge(ctx, who, cost); refusal != nil {
			return nil, refusal
		}
	}
	ctx = context.WithValue(graphql.StartOperationTrace(ctx), documentKey{}, op.document)
	opCtx, errs := h.exec.CreateOperationContext(ctx, &graphql.RawParams{
		Query:         op.document.text,
		OperationName: op.ast.Name,
		Variables:     q.variables,
	})
	if len(errs) > 0 {
		return nil, unfit(errVariable)
	}
	opCtx.DisableIntrospection = !h.Introspection
	return &run{handler: h, op: op, opCtx: opCtx, cost: cost, transport: transport, started: h.Clock.Now()}, nil
}

func (r *run) subscription() bool { return r.op.ast.Operation == ast.Subscription }

// flow is a run that has begun: its answers, one for a query or mutation, any number for a
// subscription.
type flow struct {
	*run
	ctx       context.Context
	cancel    context.CancelFunc
	last      *ending
	events    events
	responses graphql.ResponseHandler // nil when it could not begin
	ended     gqlerror.List           // what ended a subscription
}

// begin hands the run to the executor. The flow must be taken to its end.
func (r *run) begin(ctx context.Context) (f *flow) {
	f = &flow{run: r, cancel: func() {}, last: &ending{}}
	if !r.subscription() {
		ctx, f.cancel = context.WithTimeout(ctx, r.handler.Limits.Timeout)
	} else {
		r.opCtx.ResolverMiddleware = f.events.tap
	}
	f.ctx = context.WithValue(ctx, endingKey{}, f.last)
	defer f.survive()
	f.responses, f.ctx = r.handler.exec.DispatchOperation(f.ctx, r.opCtx)
	return f
}

// answer gives the one answer of a query or mutation to emit, and returns the errors that stood in its way.
func (f *flow) answer(emit func(*graphql.Response) bool) gqlerror.List {
	f.next(emit)
	return f.end()
}

// next takes an answer, which a subscription has waited for with events.wait, gives it to emit, and reports
// whether to go on. Data given to emit is valid only until it returns.
func (f *flow) next(emit func(*graphql.Response) bool) bool {
	defer f.survive()
	if f.responses == nil {
		return false
	}
	response := f.responses(memo.With(f.ctx))
	switch {
	case response == nil:
		return false
	case f.subscription() && response.Data == nil:
		f.ended = response.Errors // it could not start
		return false
	}
	inDocumentOrder(response.Errors)
	f.note(response.Errors)
	return emit(response) && f.subscription()
}

// end closes the flow's books. The errors are those that ended a subscription.
func (f *flow) end() gqlerror.List {
	defer f.cancel()
	if f.ended == nil {
		f.ended = f.last.present(f.ctx)
	}
	f.note(f.ended)
	f.observe(f.ctx)
	return f.ended
}

// survive ends the flow with INTERNAL after a panic outside the resolvers.
func (f *flow) survive() {
	if p := recover(); p != nil {
		Fail(f.ctx, recovered(f.ctx, p))
	}
}

// inDocumentOrder sorts the errors by the fields they are of: root fields of a query are resolved at once, and the
// same request must not be answered in one order now and in another then.
func inDocumentOrder(errs gqlerror.List) {
	place := func(e *gqlerror.Error) gqlerror.Location {
		if len(e.Locations) == 0 {
			return gqlerror.Location{}
		}
		return e.Locations[0]
	}
	slices.SortStableFunc(errs, func(a, b *gqlerror.Error) int {
		one, other := place(a), place(b)
		return cmp.Or(one.Line-other.Line, one.Column-other.Column)
	})
}

func (r *run) note(errs gqlerror.List) {
	const most = 20
	for _, e := range errs {
		if code, ok := e.Extensions["code"].(string); ok && len(r.codes) < most {
			r.codes = append(r.codes, code)
		}
	}
}

func (r *run) observe(ctx context.Context) {
	if r.handler.Observe == nil {
		return
	}
	r.handler.Observe(ctx, Operation{
		Name:       r.op.ast.Name,
		Kind:       r.op.ast.Operation,
		DocumentID: r.op.document.id,
		Cost:       r.cost,
		Duration:   r.handler.Clock.Now().Sub(r.started),
		Codes:      r.codes,
		Transport:  r.transport,
	})
}

type endingKey struct{}

// ending collects what made a subscription end early.
type ending struct {
	mu  sync.Mutex
	err error
}

// Fail says why the subscription of ctx ends before its time: a resolver calls it and then closes
// its channel, and the client gets err, presented, in place of a normal end. The first call counts.
// It works on every transport and does nothing outside an operation.
func Fail(ctx context.Context, err error) {
	e, ok := ctx.Value(endingKey{}).(*ending)
	if !ok {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
	}
}

func (e *ending) present(ctx context.Context) gqlerror.List {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		return nil
	}
	return gqlerror.List{Present(ctx, e.err)}
}
