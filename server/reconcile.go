package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"citygraph/ent/db/topup"
	"citygraph/internal/clock"
	"citygraph/internal/payment/reconcile"
	"citygraph/server/wiring"
)

// ledgerDay says of which provider and day.
type ledgerDay struct {
	Provider topup.Provider
	Day      time.Time
}

// billFiles are the files of a reconciliation.
type billFiles struct {
	Records string
	Earlier string // of the day before; empty without
	Out     string // for the differences; empty prints them
}

// exitUnread is the exit code of a reconciliation that could not compare; 1 is that of one that found differences.
const exitUnread = 2

func statementCommand(a app, environ map[string]string) *cobra.Command {
	var day, provider, file string
	cmd := &cobra.Command{
		Use:   "statement",
		Short: "Write down what the book has of a provider's day",
		Long: `Write the postings of a payment provider's clearing account on one day of the city's clock as CSV, ordered by
order: ` + reconcile.Header + `.

kind is TOP_UP for what was paid in and REFUND for what went back. Payments that could not be put on a card and
their refunds are not posted, and are not in it. It is a form that "server ledger reconcile" reads.`,
		Example: "  server ledger statement --date 2026-11-26 --provider SANDBOX --out 2026-11-26.csv",
		Args:    cobra.NoArgs,
		RunE: configured(environ, func(ctx context.Context, cfg Config, out io.Writer) error {
			which, err := dayOf(day, provider)
			if err != nil {
				return err
			}
			return toFile(file, out, func(out io.Writer) error { return a.StateLedger(ctx, cfg, which, out) })
		}),
	}
	dayFlags(cmd, &day, &provider)
	cmd.Flags().StringVar(&file, "out", "", "the file to write; standard output when left out")
	return cmd
}

func reconcileCommand(a app, environ map[string]string) *cobra.Command {
	var day, provider string
	var files billFiles
	cmd := &cobra.Command{
		Use:   "reconcile FILE",
		Short: "Compare a provider's records of a day with the book",
		Long: `Compare a payment provider's records of one day with the postings of its clearing account, and list every
difference: missing_at_provider, missing_in_book, amount_differs, duplicate, status_differs, transaction_differs.

FILE is in the form of "server ledger statement", or a trade bill of WeChat Pay of the type ALL. A line that cannot be
read is told by its number, and then nothing is compared. A record may be posted up to days after its day. A posting of
just after midnight may have its record the day before: name that day's file with --before. What could not be put on a
card and was given back needs no posting.

It ends with 0 when all agree, with 1 when anything differs, and with 2 when it could not compare. What it needs of
memory does not grow with the file or the book.`,
		Example: "  server ledger reconcile --provider SANDBOX --date 2026-11-26 --before 2026-11-25.csv --out differences.csv 2026-11-26.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files.Records = args[0]
			return configured(environ, func(ctx context.Context, cfg Config, out io.Writer) error {
				which, err := dayOf(day, provider)
				if err != nil {
					return err
				}
				return a.Reconcile(ctx, cfg, which, files, out)
			})(cmd, nil)
		},
	}
	dayFlags(cmd, &day, &provider)
	cmd.Flags().StringVar(&files.Earlier, "before", "", "the provider's records of the day before")
	cmd.Flags().StringVar(&files.Out, "out", "", "the file to write the differences to, as CSV; printed when left out")
	return cmd
}

func dayFlags(cmd *cobra.Command, day, provider *string) {
	cmd.Flags().StringVar(day, "date", "", "the day by the city's clock, such as 2026-11-26")
	cmd.Flags().StringVar(provider, "provider", string(topup.ProviderSandbox), "the payment provider")
	_ = cmd.MarkFlagRequired("date") // the flag stands above
}

func dayOf(day, provider string) (ledgerDay, error) {
	at, err := time.ParseInLocation(time.DateOnly, day, clock.Shanghai)
	switch {
	case err != nil:
		return ledgerDay{}, fmt.Errorf("--date must be a day such as 2026-11-26, not %q", day)
	case at.After(time.Now()):
		return ledgerDay{}, errors.New("--date is still to come")
	}
	which := ledgerDay{topup.Provider(strings.ToUpper(provider)), at}
	if topup.ProviderValidator(which.Provider) != nil {
		return ledgerDay{}, fmt.Errorf("there is no provider %q", provider)
	}
	return which, nil
}

// toFile has a file written whole or not at all; without a name it writes to out.
func toFile(name string, out io.Writer, write func(io.Writer) error) error {
	if name == "" {
		return write(out)
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone when it was renamed
	if err := errors.Join(write(f), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func stateLedger(ctx context.Context, cfg Config, which ledgerDay, out io.Writer) error {
	return withCity(ctx, cfg, func(city *wiring.City) error {
		if err := city.Migrated(ctx); err != nil {
			return err
		}
		table := reconcile.NewTable(out, reconcile.Header)
		if err := city.Bills.Statement(ctx, which.Provider, which.Day, table.Record); err != nil {
			return err
		}
		table.Flush()
		return table.Error()
	})
}

func reconcileLedger(ctx context.Context, cfg Config, which ledgerDay, files billFiles, out io.Writer) error {
	var summary reconcile.Summary
	err := withCity(ctx, cfg, func(city *wiring.City) error {
		if err := city.Migrated(ctx); err != nil {
			return err
		}
		return listDifferences(files.Out, out, func(found func(reconcile.Difference) error) (err error) {
			q := reconcile.Query{Provider: which.Provider, Day: which.Day, Records: records(files.Records, out)}
			if files.Earlier != "" {
				q.Earlier = records(files.Earlier, out)
			}
			summary, err = city.Bills.Compare(ctx, q, found)
			return err
		})
	})
	if err == nil {
		err = printSummary(out, summary)
	}
	if err != nil {
		return codedError{err, exitUnread}
	}
	if n := summary.All(); n > 0 {
		return fmt.Errorf("the provider and the book differ in %d places", n)
	}
	return nil
}

// listDifferences has differences written to a file as CSV, or printed.
func listDifferences(file string, out io.Writer, compare func(found func(reconcile.Difference) error) error) error {
	if file == "" {
		return compare(func(d reconcile.Difference) error {
			_, err := fmt.Fprintf(out, "DIFFERENCE %s\n", d)
			return err
		})
	}
	return toFile(file, out, func(out io.Writer) error {
		table := reconcile.NewTable(out, reconcile.DifferencesHeader)
		if err := compare(table.Difference); err != nil {
			return err
		}
		table.Flush()
		return table.Error()
	})
}

// records are those of a file. What cannot be read is printed line by line; then the file is of no use.
func records(name string, out io.Writer) reconcile.Source {
	return func(each func(reconcile.Entry) error) error {
		f, err := os.Open(name) //nolint:gosec // the operator names the file
		if err != nil {
			return err
		}
		defer f.Close()
		bad := 0
		err = reconcile.Read(f, each, func(p reconcile.Problem) {
			bad++
			fmt.Fprintf(out, "UNREADABLE %s: %s\n", name, p.Error())
		})
		if err == nil && bad > 0 {
			err = fmt.Errorf("%d lines cannot be read", bad)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
}

func printSummary(out io.Writer, s reconcile.Summary) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range []struct {
		what  string
		value int64
	}{
		{"records of the provider", s.Records}, {"  paid in, fen", s.PaidIn}, {"  given back, fen", s.GivenBack},
		{"postings in the book", s.Postings}, {"  paid in, fen", s.BookIn}, {"  given back, fen", s.BookBack},
		{"matched", s.Matched}, {"matched with another day", s.OtherDay}, {"given back and never posted", s.NeverPosted},
	} {
		fmt.Fprintf(table, "%s\t%d\n", line.what, line.value)
	}
	for _, sort := range reconcile.Sorts() {
		fmt.Fprintf(table, "%s\t%d\n", sort, s.Differences[sort])
	}
	return table.Flush()
}
