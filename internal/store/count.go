package store

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Kind tells a statement from the marks around it.
type Kind string

// The kinds. A Statement is any query or command that is not a transaction mark.
const (
	Statement Kind = "statement"
	Begin     Kind = "begin"
	Commit    Kind = "commit"
	Rollback  Kind = "rollback"
)

// Counter counts what was sent to the database under one context. It is safe for concurrent use.
type Counter struct {
	statements, begins, commits, rollbacks atomic.Int64

	keep  bool
	mu    sync.Mutex
	texts []string
}

type counterKey struct{}

// CountStatements returns a context whose statements the counter counts, from ent, the job queue and
// raw SQL alike. A counter already in ctx stops hearing of what is done under the new one.
func CountStatements(ctx context.Context) (context.Context, *Counter) {
	return withCounter(ctx, &Counter{})
}

// RecordStatements is CountStatements that keeps the texts of the statements too.
func RecordStatements(ctx context.Context) (context.Context, *Counter) {
	return withCounter(ctx, &Counter{keep: true})
}

func withCounter(ctx context.Context, c *Counter) (context.Context, *Counter) {
	return context.WithValue(ctx, counterKey{}, c), c
}

// Statements is the number of statements, transaction marks apart.
func (c *Counter) Statements() int { return int(c.statements.Load()) }

// Marks is the number of transactions begun, committed and rolled back.
func (c *Counter) Marks() (begins, commits, rollbacks int) {
	return int(c.begins.Load()), int(c.commits.Load()), int(c.rollbacks.Load())
}

// Texts are the statements in order of sending, when they are recorded.
func (c *Counter) Texts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.texts)
}

func (c *Counter) add(kind Kind, query string) {
	switch kind {
	case Begin:
		c.begins.Add(1)
	case Commit:
		c.commits.Add(1)
	case Rollback:
		c.rollbacks.Add(1)
	default:
		c.statements.Add(1)
		if c.keep {
			c.mu.Lock()
			c.texts = append(c.texts, query)
			c.mu.Unlock()
		}
	}
}

// probe tells the counter of the context and the metrics hook what reaches the database.
type probe struct {
	observe func(context.Context, Kind, time.Duration)
}

func (p probe) count(ctx context.Context, kind Kind, query string) {
	if c, ok := ctx.Value(counterKey{}).(*Counter); ok {
		c.add(kind, query)
	}
}

// watch counts at once and returns the function that reports the time taken.
func (p probe) watch(ctx context.Context, kind Kind, query string) func() {
	p.count(ctx, kind, query)
	if p.observe == nil {
		return func() {}
	}
	started := time.Now()
	return func() { p.observe(ctx, kind, time.Since(started)) }
}
