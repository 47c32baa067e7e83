package storetest

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"citygraph/internal/id"
)

// templateLock is held on the server while a template database is made.
const templateLock = 0x74706c74 // "tplt"

// postgresURL copies a migrated template database, which the server does faster than migrating. The
// template is kept between runs, named by its migrations.
func postgresURL(t testing.TB, server, fingerprint string, fsys fs.FS) string {
	t.Helper()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the test's context is over by now; closing lets go of the lock too
		if err := conn.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	template := "citygraph_template_" + fingerprint
	if err := ensureTemplate(ctx, conn, template, func(building string) {
		migrateURL(t, withDatabase(t, server, building), fsys)
	}); err != nil {
		t.Fatal(err)
	}
	name := strings.ToLower(id.New("citygraph_test"))
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := conn.Exec(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return withDatabase(t, server, name)
}

func ensureTemplate(ctx context.Context, conn *pgx.Conn, template string, migrate func(database string)) error {
	if found, err := databaseExists(ctx, conn, template); found || err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
		return err
	}
	if found, err := databaseExists(ctx, conn, template); err != nil || found {
		return errors.Join(err, unlock(ctx, conn))
	}
	building := template + "_building" // a run that died here leaves it, and nobody copies it
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+building); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+building); err != nil {
		return err
	}
	migrate(building)
	_, err := conn.Exec(ctx, "ALTER DATABASE "+building+" RENAME TO "+template)
	return errors.Join(err, unlock(ctx, conn))
}

func unlock(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", templateLock)
	return err
}

func databaseExists(ctx context.Context, conn *pgx.Conn, name string) (found bool, err error) {
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&found)
	return found, err
}

func withDatabase(t testing.TB, server, name string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
