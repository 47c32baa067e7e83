package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"text/tabwriter"

	"github.com/rs/zerolog"

	"citygraph/internal/fault"
	"citygraph/internal/lang"
	"citygraph/internal/seed"
	"citygraph/server/wiring"
)

// firstQuery is what GraphiQL opens with.
const firstQuery = `# Welcome to CityGraph. Public data needs no sign-in.
query FirstLook {
  clinics(text: "zdyy", first: 3) {
    edges {
      node {
        name
        grade
        district { name }
        departments(first: 3) {
          edges { node { name } }
        }
      }
    }
  }
}

# This one needs a token of the cast in the Authorization header below.
query Home {
  me {
    maskedName
    card { maskedNumber balance }
  }
  unreadCount
  myCases(first: 3) {
    edges {
      node { number status category { name } }
    }
  }
}
`

// withCity opens the city without serving it.
func withCity(ctx context.Context, cfg Config, fn func(*wiring.City) error) error {
	o, err := cityOptions(ctx, cfg, zerolog.Nop())
	if err != nil {
		return err
	}
	city, err := wiring.Open(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(fn(city), city.Close())
}

func migrate(ctx context.Context, cfg Config, out io.Writer) error {
	return withCity(ctx, cfg, func(city *wiring.City) error {
		if err := city.Migrate(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, "The database is at this version.")
		return err
	})
}

func seedDatabase(ctx context.Context, cfg Config, size seedSize, out io.Writer) error {
	return withCity(ctx, cfg, func(city *wiring.City) error {
		if cfg.IsProduction() {
			if err := city.Migrated(ctx); err != nil {
				return err
			}
		} else if err := city.Migrate(ctx); err != nil {
			return err
		}
		return seedCity(ctx, city, size, out)
	})
}

func rotateKeys(ctx context.Context, cfg Config, out io.Writer) error {
	return withCity(ctx, cfg, func(city *wiring.City) error {
		if err := city.Migrated(ctx); err != nil {
			return err
		}
		bar := newProgress(out, "rotating keys")
		rotated, err := city.Records.Rotate(ctx, bar.set)
		if err != nil {
			return err
		}
		if _, err := city.Exports.Rotate(ctx); err != nil {
			return err
		}
		if _, err := city.Attachments.Rotate(ctx); err != nil {
			return err
		}
		if _, err := city.Photos.Rotate(ctx); err != nil {
			return err
		}
		if _, err := city.Rosters.Rotate(ctx); err != nil {
			return err
		}
		bar.done(fmt.Sprintf("%d people's data were sealed anew; nothing is left under another key.", rotated))
		return nil
	})
}

func tokenList(_ context.Context, _ Config, out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, m := range seed.Cast {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.Key, m.Roles(), m.Name, m.About.In(lang.EN))
	}
	return table.Flush()
}

func tokenAs(ctx context.Context, cfg Config, name string, out io.Writer) error {
	cfg.SignIn.AccessTTL = developmentAccess
	return withCity(ctx, cfg, func(city *wiring.City) error {
		tokens, err := city.Accounts.SignInForDevelopment(ctx, name)
		if fault.CodeOf(err) == fault.NotFound {
			return fmt.Errorf("nobody in the cast is called %q: see `server token --list`", name)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, tokens.AccessToken)
		return err
	})
}

// welcome tells a newcomer where to go.
func welcome(out io.Writer, addr net.Addr) {
	port := addr.String()[strings.LastIndexByte(addr.String(), ':'):]
	here := "http://localhost" + port
	fmt.Fprintf(out, `
CityGraph serves the demo city of Hangzhou.

  GraphiQL      %s/
  GraphQL       %s/graphql
  Push outbox   %s/dev/outbox

Sign in as one of the cast with the header  Authorization: Bearer $(go run ./server token --as NAME)

`, here, here, here)
	_ = tokenList(context.Background(), Config{}, out) // a terminal that cannot be written to needs no help
	fmt.Fprintln(out)
}
