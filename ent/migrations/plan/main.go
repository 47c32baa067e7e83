// Command plan writes the next migration of both databases: the difference between ent/schema and
// what the files so far build. It is run from the top of the repository, with the reason as its
// argument:
//
//	CITYGRAPH_DEV_DATABASE_URL=postgres://… go run ./ent/migrations/plan add_case_photos
//
// The PostgreSQL server is used to replay the files in a database of its own. Without a difference
// nothing is written.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"

	"ariga.io/atlas/sql/migrate"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver of the planning database

	dbmigrate "citygraph/ent/db/migrate"
)

// devDatabase names the PostgreSQL server to plan on; the database of the URL itself is not touched.
const devDatabase = "CITYGRAPH_DEV_DATABASE_URL"

var reason = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 || !reason.MatchString(os.Args[1]) {
		log.Fatal("usage: plan reason_in_snake_case")
	}
	if err := plan(context.Background(), os.Args[1]); err != nil {
		log.Fatalf("plan migration: %v", err)
	}
}

func plan(ctx context.Context, name string) error {
	server, err := pgx.ParseConfig(os.Getenv(devDatabase))
	if err != nil || os.Getenv(devDatabase) == "" { // before the first file is written: both or none
		return errors.Join(fmt.Errorf("%s must name a PostgreSQL server", devDatabase), err)
	}
	lite, err := sql.Open("sqlite", "file:plan?mode=memory&cache=shared&_pragma=foreign_keys(1)")
	if err != nil {
		return err
	}
	err = withScratch(ctx, server, func(scratch *sql.DB) error {
		if err := diff(ctx, dialect.SQLite, "sqlite", lite, name); err != nil {
			return err
		}
		return diff(ctx, dialect.Postgres, "postgres", scratch, name)
	})
	return errors.Join(err, lite.Close())
}

// withScratch runs fn on an empty database that is dropped afterwards.
func withScratch(ctx context.Context, server *pgx.ConnConfig, fn func(*sql.DB) error) error {
	admin := stdlib.OpenDB(*server)
	name := fmt.Sprintf("citygraph_plan_%d", os.Getpid())
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return errors.Join(err, admin.Close())
	}
	config := server.Copy()
	config.Database = name
	scratch := stdlib.OpenDB(*config)
	err := errors.Join(fn(scratch), scratch.Close())
	_, dropErr := admin.ExecContext(ctx, "DROP DATABASE "+name)
	return errors.Join(err, dropErr, admin.Close())
}

// diff replays the files of one database and writes what ent/schema has beyond them.
func diff(ctx context.Context, name, folder string, db *sql.DB, why string) error {
	dir, err := migrate.NewLocalDir(filepath.Join("ent", "migrations", folder))
	if err != nil {
		return err
	}
	m, err := schema.NewMigrate(entsql.OpenDB(name, db),
		schema.WithDir(dir), schema.WithMigrationMode(schema.ModeReplay), schema.WithDialect(name),
		schema.WithFormatter(migrate.DefaultFormatter), schema.WithDropColumn(true), schema.WithDropIndex(true))
	if err != nil {
		return err
	}
	if err := m.NamedDiff(ctx, why, dbmigrate.Tables...); err != nil && !errors.Is(err, migrate.ErrNoPlan) {
		return fmt.Errorf("%s: %w", folder, err)
	}
	return nil
}
