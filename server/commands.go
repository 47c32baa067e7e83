package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"citygraph/internal/delivery"
)

// app is what the commands do. main fills it; tests put fakes in.
type app struct {
	Serve        func(ctx context.Context, cfg Config, out io.Writer) error
	Migrate      func(ctx context.Context, cfg Config, out io.Writer) error
	Seed         func(ctx context.Context, cfg Config, size seedSize, out io.Writer) error
	Rotate       func(ctx context.Context, cfg Config, out io.Writer) error
	ImportCAP    func(ctx context.Context, cfg Config, file string, out io.Writer) error
	Import311    func(ctx context.Context, cfg Config, from takeover, out io.Writer) error
	ImportFHIR   func(ctx context.Context, cfg Config, from supply, out io.Writer) error
	ImportRoster func(ctx context.Context, cfg Config, from rosterSet, out io.Writer) error
	TokenList    func(ctx context.Context, cfg Config, out io.Writer) error
	TokenAs      func(ctx context.Context, cfg Config, name string, out io.Writer) error

	VerifyLedger func(ctx context.Context, cfg Config, out io.Writer) error
	StateLedger  func(ctx context.Context, cfg Config, which ledgerDay, out io.Writer) error
	Reconcile    func(ctx context.Context, cfg Config, which ledgerDay, files billFiles, out io.Writer) error

	Replay      func(ctx context.Context, cfg Config, order delivery.Replay, out io.Writer) error
	DeadLetters func(ctx context.Context, cfg Config, which deadLetters, out io.Writer) error
}

// seedSize says which invented city to make. Equal sizes make equal cities.
type seedSize struct {
	Citizens int
	Seed     uint64
}

// defaultCitizens is the demo city that `go run ./server` seeds into an empty database.
const defaultCitizens = 200

// newRoot builds the command line over the app, with settings from environ.
func newRoot(a app, environ map[string]string) *cobra.Command {
	root := &cobra.Command{
		Use:   "server",
		Short: "CityGraph, the backend-for-frontend of a city's citizen app",
		Long: `CityGraph serves one GraphQL graph to a city's citizen app and mini-programs, and pushes their notices.

Without a subcommand it serves. With nothing configured it keeps everything in ./data and seeds a demo
city; DATABASE_URL and REDIS_URL make the same binary one of many replicas. See "server config".`,
		Example: `  server
  APP_ENV=production DATABASE_URL=postgres://city@db/city REDIS_URL=redis://cache:6379 server serve`,
		Version:       version,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          configured(environ, a.Serve),
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		serveCommand(a, environ), migrateCommand(a, environ), seedCommand(a, environ),
		tokenCommand(a, environ), keysCommand(a, environ), configCommand(environ), healthcheckCommand(environ),
		importCommand(a, environ), noticesCommand(a, environ), paycodeCommand(environ), ledgerCommand(a, environ),
	)
	return root
}

// configured runs the verb with checked settings.
func configured(environ map[string]string, verb func(context.Context, Config, io.Writer) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		cfg, err := loadConfig(environ)
		if err != nil {
			return err
		}
		return verb(cmd.Context(), cfg, cmd.OutOrStdout())
	}
}

func serveCommand(a app, environ map[string]string) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve the graph until told to stop",
		Long: `Serve the graph on HTTP_ADDR, and metrics and pprof on ADMIN_ADDR.

In development it migrates first, seeds an empty database with the demo city and prints how to sign in.
In production it refuses to start on unsafe settings or on a database that is not migrated.
SIGINT or SIGTERM stops it gracefully: /readyz turns 503, clients are told to reconnect, requests and
jobs finish within SHUTDOWN_TIMEOUT.`,
		Example: "  server serve\n  HTTP_ADDR=:9000 LOG_LEVEL=debug server serve",
		Args:    cobra.NoArgs,
		RunE:    configured(environ, a.Serve),
	}
}

func migrateCommand(a app, environ map[string]string) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database to this version",
		Long: `Apply the embedded migrations that the database does not have yet, each in its own transaction.

Run it once for each release, before its replicas start. Running it again changes nothing.`,
		Example: "  DATABASE_URL=postgres://city@db/city server migrate",
		Args:    cobra.NoArgs,
		RunE:    configured(environ, a.Migrate),
	}
}

func seedCommand(a app, environ map[string]string) *cobra.Command {
	var size seedSize
	cmd := &cobra.Command{
		Use:   "seed",
		Short: "Fill a database with the demo city",
		Long: `Fill a database with Hangzhou: districts, streets, hospitals, schools, scenic spots and case
categories by their facts, and as many invented citizens as asked. The same size and seed always make
the same people.`,
		Example: "  server seed\n  server seed --citizens 200000 --seed 7",
		Args:    cobra.NoArgs,
		RunE: configured(environ, func(ctx context.Context, cfg Config, out io.Writer) error {
			if size.Citizens < 0 {
				return errors.New("--citizens must not be negative")
			}
			return a.Seed(ctx, cfg, size, out)
		}),
	}
	cmd.Flags().IntVar(&size.Citizens, "citizens", defaultCitizens, "how many citizens to invent")
	cmd.Flags().Uint64Var(&size.Seed, "seed", 1, "which citizens to invent")
	return cmd
}

func keysCommand(a app, environ map[string]string) *cobra.Command {
	keys := &cobra.Command{
		Use:   "keys",
		Short: "Look after the keys of personal data",
		Args:  cobra.NoArgs,
	}
	keys.AddCommand(&cobra.Command{
		Use:   "rotate",
		Short: "Seal personal data anew under the current key and suite",
		Long: `Seal anew every person's data that are not under the first of PERSONAL_DATA_KEYS and under
PERSONAL_DATA_SUITE, and wrap their data keys anew, while replicas serve.

To change keys: add the new key as the last and restart every replica, so that all can open what it
seals; put it first and restart them again; run this; and take the old keys away when it says that
nothing is left. Interrupted, it goes on when it is run again.`,
		Example: "  PERSONAL_DATA_KEYS=2027:NEW,2026:OLD server keys rotate",
		Args:    cobra.NoArgs,
		RunE:    configured(environ, a.Rotate),
	})
	return keys
}

func tokenCommand(a app, environ map[string]string) *cobra.Command {
	var list bool
	var name string
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print an access token of the demo city's cast (development only)",
		Long: `List the named cast of the demo city, or print one access token of a member and nothing else, so
that it can be used in a command line. It needs DEV_SIGN_IN, which production refuses.`,
		Example: `  server token --list
  curl localhost:8080/graphql -H "Authorization: Bearer $(server token --as NAME)" \
    -H 'Content-Type: application/json' -d '{"query":"{ __typename }"}'`,
		Args: cobra.NoArgs,
		RunE: configured(environ, func(ctx context.Context, cfg Config, out io.Writer) error {
			if !cfg.SignIn.DevelopmentOn {
				return errors.New("tokens of the cast need DEV_SIGN_IN=true, in development only")
			}
			if list {
				return a.TokenList(ctx, cfg, out)
			}
			return a.TokenAs(ctx, cfg, name, out)
		}),
	}
	cmd.Flags().BoolVar(&list, "list", false, "list the cast with their roles")
	cmd.Flags().StringVar(&name, "as", "", "print the access token of this member")
	cmd.MarkFlagsOneRequired("list", "as")
	cmd.MarkFlagsMutuallyExclusive("list", "as")
	return cmd
}

func configCommand(environ map[string]string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print every setting, secrets hidden, and check them",
		Long: `Print every variable with its value, its default and what it is. Secrets are hidden and addresses
lose their credentials. It fails when "server serve" would refuse the settings, and says why.`,
		Example: "  server config\n  APP_ENV=production server config --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			show := printSettings
			if asJSON {
				show = printSettingsJSON
			}
			if err := show(cmd.OutOrStdout(), settings(environ)); err != nil {
				return err
			}
			_, err := loadConfig(environ)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func healthcheckCommand(environ map[string]string) *cobra.Command {
	var ready bool
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the server on this machine whether it is well",
		Long: `Ask /healthz of the server that listens on HTTP_ADDR of this machine, for container health checks:
the image has no shell. It fails when the answer is not 200 within two seconds.`,
		Example: "  server healthcheck\n  server healthcheck --ready",
		Args:    cobra.NoArgs,
		RunE: configured(environ, func(ctx context.Context, cfg Config, _ io.Writer) error {
			path := "/healthz"
			if ready {
				path = "/readyz"
			}
			return askHealth(ctx, cfg.HTTP.Addr, path)
		}),
	}
	cmd.Flags().BoolVar(&ready, "ready", false, "ask /readyz, which also checks the database")
	return cmd
}

// askHealth fails unless the server on this machine answers 200.
func askHealth(ctx context.Context, listen, path string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("health check: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("health check: %s answered %d", path, response.StatusCode)
	}
	return nil
}
