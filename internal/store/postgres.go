package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

func openPostgres(ctx context.Context, o Options, p probe) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err) // pgx keeps the password out of it
	}
	cfg.MaxConns = int32(min(o.MaxConns, 1<<15)) //nolint:gosec // bounded
	cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	cfg.ConnConfig.Tracer = tracer{p}
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	cfg.AfterConnect = readTimesInUTC
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	return &Store{dialect: dialect.Postgres, writer: db, reader: db, pool: pool, log: o.Log}, nil
}

// readTimesInUTC makes times come back as on SQLite, whatever the zone of the machine.
func readTimesInUTC(_ context.Context, c *pgx.Conn) error {
	c.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// tracer counts and times at pgx's own level, so that batches and the job queue are seen as well.
type tracer struct{ probe probe }

type traceKey struct{}

type traced struct {
	kind    Kind
	started time.Time
}

func (t tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	kind := kindOf(d.SQL)
	t.probe.count(ctx, kind, d.SQL)
	if t.probe.observe == nil {
		return ctx
	}
	return context.WithValue(ctx, traceKey{}, traced{kind, time.Now()})
}

func (t tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if q, ok := ctx.Value(traceKey{}).(traced); ok {
		t.probe.observe(ctx, q.kind, time.Since(q.started))
	}
}

func (t tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	if t.probe.observe == nil {
		return ctx
	}
	return context.WithValue(ctx, traceKey{}, traced{Statement, time.Now()})
}

func (t tracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	t.probe.count(ctx, kindOf(d.SQL), d.SQL)
}

func (t tracer) TraceBatchEnd(ctx context.Context, c *pgx.Conn, _ pgx.TraceBatchEndData) {
	t.TraceQueryEnd(ctx, c, pgx.TraceQueryEndData{})
}

// kindOf tells transaction marks, which pgx sends as text, from statements.
func kindOf(query string) Kind {
	switch word, _, _ := strings.Cut(query, " "); word {
	case "begin":
		return Begin
	case "commit":
		return Commit
	case "rollback":
		return Rollback
	}
	return Statement
}
