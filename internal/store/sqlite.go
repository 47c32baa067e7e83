package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/gofrs/flock"
	"modernc.org/sqlite"
)

// busyTimeout is how long a connection waits for another process to finish writing.
const busyTimeout = 5 * time.Second

// claimSuffix names the file beside the database whose lock is the claim of HoldAlone.
const claimSuffix = ".lock"

func openSQLite(ctx context.Context, o Options, path string, p probe) (*Store, error) {
	if path == "" {
		return nil, errors.New("open database: sqlite:// needs a file path")
	}
	synchronous := strings.ToUpper(o.Synchronous)
	switch synchronous {
	case "":
		synchronous = "FULL"
	case "OFF", "NORMAL", "FULL", "EXTRA":
	default:
		return nil, fmt.Errorf("open database: synchronous %q is not OFF, NORMAL, FULL or EXTRA", o.Synchronous)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	// The writer comes first: it creates the file and turns on the write-ahead log the readers need. What it
	// deletes it overwrites with zeros; see Purge.
	writer, err := openFile(ctx, path, p, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"journal_mode(WAL)", "synchronous(" + synchronous + ")", "secure_delete(ON)"},
	})
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	reader, err := openFile(ctx, path, p, url.Values{"_pragma": {"query_only(1)"}})
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader.SetMaxOpenConns(o.MaxConns)
	reader.SetMaxIdleConns(o.MaxConns)
	return &Store{dialect: dialect.SQLite, writer: writer, reader: reader, claim: flock.New(path + claimSuffix), log: o.Log}, nil
}

func openFile(ctx context.Context, path string, p probe, params url.Values) (*sql.DB, error) {
	// Times are texts here: one zone and one format make them sort.
	params.Set("_time_format", "sqlite")
	params.Set("_timezone", "UTC")
	params["_pragma"] = append([]string{
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"foreign_keys(1)",
		"temp_store(MEMORY)",
		fmt.Sprintf("mmap_size(%d)", 256<<20),
		fmt.Sprintf("cache_size(%d)", -8<<10), // KiB
	}, params["_pragma"]...)
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: params.Encode()}
	connector, err := sqlite.NewConnector(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := sql.OpenDB(probedConnector{connector, p})
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), db.Close())
	}
	return db, nil
}
